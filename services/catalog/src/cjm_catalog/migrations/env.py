"""Alembic's entry: the kit holds the connection, the tables are declared in the adapter."""

from cjm_catalog.adapters.tables import metadata
from cjm_kit.db import run_migrations

run_migrations(metadata)
