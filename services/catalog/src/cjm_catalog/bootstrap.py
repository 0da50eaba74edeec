"""The first administrator, made before the catalog runs."""

from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from cjm_catalog.adapters.database import SqlStore
from cjm_catalog.adapters.passwords import Argon2Passwords
from cjm_catalog.application.accounts import Accounts
from cjm_catalog.settings import CatalogSettings
from cjm_kit.db import open_database

MIGRATIONS = Path(__file__).parent / "migrations"


def utc_now() -> datetime:
    """The time now, UTC."""
    return datetime.now(UTC)


async def create_first_admin(settings: CatalogSettings, password: SecretStr | None) -> str | None:
    """Makes the first administrator, named "admin", in an empty catalog; the service need not run.

    Args:
        settings: where the database is.
        password: the password to set; None makes a random one.

    Returns:
        The password that was set, to be shown once; None when there are accounts already.

    Raises:
        AppError: INVALID_ARGUMENT password_too_short, password_too_long.
    """
    database = await open_database(settings, "catalog", MIGRATIONS)
    try:
        accounts = Accounts(SqlStore(database, _no_one_listens), Argon2Passwords(), utc_now)
        return await accounts.create_first_admin(password.get_secret_value() if password else None)
    finally:
        await database.close()


async def _no_one_listens() -> None:
    """Facts wait in the outbox until the service runs."""
