"""The only reader of the environment of the catalog (`CJM_CATALOG_...`)."""

from pydantic_settings import SettingsConfigDict

from cjm_kit.settings import RelationalSettings


class CatalogSettings(RelationalSettings):
    """Settings of the catalog."""

    model_config = SettingsConfigDict(env_prefix="CJM_CATALOG_", extra="ignore", env_ignore_empty=True)
