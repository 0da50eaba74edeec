"""Settings of `cjm run` without a target: the whole product on one machine."""

from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

# The samples lie in the checkout, not in the package; an image says where it keeps them.
SAMPLES_DIR = Path(__file__).resolve().parents[3] / "samples"


class Sample(StrEnum):
    """The sample data there is."""

    SHOP = "shop"
    LOANS = "loans"


class LauncherSettings(BaseSettings):
    """What the operator of one machine may choose.

    Attributes:
        host: Address on which the web page is served.
        port: Port on which the web page is served.
        data_dir: Folder for everything that is kept.
        demo: True to fill an empty installation with sample data.
        admin_password: Password of the first administrator; a random one is printed when it is absent.
        samples_dir: Folder with sample data.
        max_upload_bytes: Largest file that may be imported, in bytes as sent.
        metrics_listen: Address and port of `/metrics` of all services for Prometheus; empty for none.
        log_level: Lowest level that is logged.
        log_file: True to write the log to `cjm.log` in the data folder and keep the terminal for people.
    """

    model_config = SettingsConfigDict(
        env_prefix="CJM_", extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    data_dir: Path = Path("var")
    demo: bool = True
    admin_password: SecretStr | None = None
    samples_dir: Path = SAMPLES_DIR
    max_upload_bytes: int = Field(default=2 << 30, gt=0)
    metrics_listen: str = Field(default="", pattern=r"^(.+:\d+)?$")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_file: bool = True
