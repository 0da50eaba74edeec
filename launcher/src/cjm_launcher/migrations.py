"""Bringing schemas to the newest revision on their own, as operators do before an upgrade."""

from importlib import import_module
from pathlib import Path
from typing import Any

from cjm_kit.db import open_database
from cjm_kit.settings import RelationalSettings
from cjm_launcher import instance, services
from cjm_launcher.settings import LauncherSettings

RELATIONAL_SERVICES = ("catalog", "mining", "bot")


async def migrate(name: str, settings: LauncherSettings) -> bool:
    """Migrate what one service keeps; its settings come from the environment, else from the one-machine layout.

    Returns:
        False for a service that keeps nothing relational (the event store migrates itself when it is opened).
    """
    if name not in RELATIONAL_SERVICES:
        return False
    data_dir = settings.data_dir.resolve()
    values: dict[str, Any] = {"data_dir": data_dir / name, "identity_secret": instance.identity_secret(data_dir)}
    service_settings = services.read_settings(name, values)
    assert isinstance(service_settings, RelationalSettings)
    package = import_module(f"cjm_{name}")
    database = await open_database(service_settings, name, Path(str(package.__file__)).parent / "migrations")
    await database.close()
    return True
