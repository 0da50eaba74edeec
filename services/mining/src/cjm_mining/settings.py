"""Settings of mining, the only reader of its environment (`CJM_MINING_...`)."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from cjm_kit.settings import RelationalSettings


class MiningSettings(RelationalSettings):
    """Settings of mining.

    Attributes:
        workers_count: Analyses computed at the same time, each in a process of its own.
        time_limit_seconds: Time for one analysis.
        memory_limit_bytes: Resident memory for one analysis.
        picture_time_limit_seconds: Time for one picture.
        worker_idle_seconds: How long a worker process without a job is kept.
    """

    model_config = SettingsConfigDict(env_prefix="CJM_MINING_", extra="ignore", env_ignore_empty=True)

    workers_count: int = Field(default=1, ge=1, le=64)
    time_limit_seconds: float = Field(default=120.0, gt=0)
    memory_limit_bytes: int = Field(default=2 * 2**30, ge=2**20)
    picture_time_limit_seconds: float = Field(default=20.0, gt=0)
    worker_idle_seconds: float = Field(default=60.0, ge=0)
