"""Alembic environment of the bot."""

from cjm_bot.adapters.store import metadata
from cjm_kit.db import run_migrations

run_migrations(metadata)
