"""Applies the revisions of this folder; called by `cjm_kit.db.Database.migrate`."""

from cjm_kit.db import run_migrations
from cjm_mining.adapters.database import metadata

run_migrations(metadata)
