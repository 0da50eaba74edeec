"""Settings of the bot, the only reader of its environment (`CJM_BOT_...`)."""

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from cjm_kit.settings import RelationalSettings


class BotSettings(RelationalSettings):
    """Settings of the bot.

    Attributes:
        token: Token of the Telegram bot; without one there is no Telegram.
        api_url: Address of the Bot API server.
        messages_per_second: Highest rate of messages over all chats; Telegram allows 30.
    """

    model_config = SettingsConfigDict(env_prefix="CJM_BOT_", extra="ignore", env_ignore_empty=True)

    token: SecretStr | None = None
    api_url: str = "https://api.telegram.org"
    messages_per_second: float = Field(default=25, gt=0, le=30)

    @field_validator("token")
    @classmethod
    def _token_has_its_form(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None:
            number, separator, secret = token.get_secret_value().partition(":")
            if not (number.isdigit() and separator and secret):
                msg = "CJM_BOT_TOKEN is not a bot token; copy it whole from BotFather, for example 123456:ABC..."
                raise ValueError(msg)
        return token
