"""Settings of ingest and of its intake, the only readers of their environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from cjm_kit.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    """Settings of the intake; environment variables begin with `CJM_INTAKE_`.

    Attributes:
        intake_stream_bytes: Size at which the stream of incoming events takes no more.
    """

    model_config = SettingsConfigDict(env_prefix="CJM_INTAKE_", extra="ignore", env_ignore_empty=True)

    intake_stream_bytes: int = Field(default=1 << 30, gt=0)


class IngestSettings(ServiceSettings):
    """Settings of ingest; environment variables begin with `CJM_INGEST_`.

    Attributes:
        max_upload_bytes: Largest file that is taken, in bytes as sent.
        import_workers: Imports at the same time.
        reader_threads: Questions answered at the same time.
        max_question_seconds: Time for one question with all its queries.
        max_question_memory_bytes: Memory for one query.
    """

    model_config = SettingsConfigDict(env_prefix="CJM_INGEST_", extra="ignore", env_ignore_empty=True)

    max_upload_bytes: int = Field(default=2 << 30, gt=0)
    import_workers: int = Field(default=1, ge=1, le=2)
    reader_threads: int = Field(default=2, ge=1)
    max_question_seconds: float = Field(default=60.0, gt=0)
    max_question_memory_bytes: int = Field(default=2_000_000_000, gt=0)

    @property
    def store_dir(self) -> Path:
        """Folder of the event store."""
        return self.data_dir / "events"

    @property
    def imports_dir(self) -> Path:
        """Folder of uploaded files, rejected rows and reports."""
        return self.data_dir / "imports"
