"""The only reader of the environment of metrics (`CJM_METRICS_...`)."""

from pydantic_settings import SettingsConfigDict

from cjm_kit.settings import ServiceSettings


class MetricsSettings(ServiceSettings):
    """Settings of metrics; it has none of its own."""

    model_config = SettingsConfigDict(env_prefix="CJM_METRICS_", extra="ignore", env_ignore_empty=True)
