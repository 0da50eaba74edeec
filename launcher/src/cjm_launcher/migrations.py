"""Bringing schemas to the newest revision on their own, as operators do before an upgrade."""

from importlib import import_module
from pathlib import Path
from typing import Any

from cjm_kit.db import Database
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
    url: str = services.read_settings(name, values).database_url  # type: ignore[attr-defined]
    database = Database(url)
    package = import_module(f"cjm_{name}")
    try:
        await database.migrate(Path(str(package.__file__)).parent / "migrations")
    finally:
        await database.close()
    return True
