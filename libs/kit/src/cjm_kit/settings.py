"""Settings every service shares; a service adds its own in its `settings.py`, the only reader of its environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Common settings.

    Attributes:
        rpc_listen: Address and port of the gRPC server; port 0 takes a free one.
        nats_url: Address of the NATS server.
        nats_monitor_url: HTTP address of its monitoring endpoint; empty when it cannot be asked.
        identity_secret: Key with which identities are signed, the same for all services, at least 32 characters.
        data_dir: Folder for what this service keeps on disk.
        catalog_target: gRPC address of catalog; likewise the other targets.
        metrics_listen: Address and port of `/metrics` for Prometheus; empty for none.
        log_level: Lowest level that is logged.
        shutdown_seconds: Time for running calls to end at a stop.
    """

    # A refused value may be a secret, so errors do not repeat it. Services inherit this.
    model_config = SettingsConfigDict(
        env_prefix="CJM_", extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    rpc_listen: str = "127.0.0.1:0"
    nats_url: str = "nats://127.0.0.1:4222"
    nats_monitor_url: str = ""
    identity_secret: SecretStr = Field(min_length=32)
    data_dir: Path = Path("var")
    catalog_target: str = "127.0.0.1:7101"
    ingest_target: str = "127.0.0.1:7102"
    intake_target: str = "127.0.0.1:7106"
    mining_target: str = "127.0.0.1:7103"
    metrics_target: str = "127.0.0.1:7104"
    bot_target: str = "127.0.0.1:7105"
    metrics_listen: str = Field(default="", pattern=r"^(.+:\d+)?$")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    shutdown_seconds: float = Field(default=5.0, gt=0)


class RelationalSettings(ServiceSettings):
    """Settings of a service that keeps relational data.

    Attributes:
        database_url: SQLAlchemy URL of its database, password included; empty for a SQLite file in `data_dir`.
    """

    database_url: SecretStr = SecretStr("")
