"""Settings of the gateway, the only reader of its environment (`CJM_GATEWAY_...`)."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from cjm_kit.settings import ServiceSettings


class GatewaySettings(ServiceSettings):
    """Settings of the gateway.

    Attributes:
        http_host: Address to listen on; "0.0.0.0" opens it to the network.
        http_port: Port to listen on; 0 takes a free one.
        public_https: True when browsers reach the gateway over HTTPS that ends in front of it.
        trusted_proxies: Addresses, comma-separated, whose X-Forwarded-For and X-Forwarded-Proto are believed.
        max_upload_bytes: Largest file that may be imported.
        token_events_per_minute: Events that one API token may send in a minute, by each gateway; 0 sets no limit.
        import_from_private_addresses: True when files may be imported by web addresses of this machine and its network.
        static_dir: Folder of the built page.
        samples_dir: Folder served under /samples; None serves none.
    """

    model_config = SettingsConfigDict(env_prefix="CJM_GATEWAY_", extra="ignore", env_ignore_empty=True)

    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=0, le=65535)
    public_https: bool = False
    trusted_proxies: str = ""
    max_upload_bytes: int = Field(default=2 << 30, gt=0)
    token_events_per_minute: int = Field(default=0, ge=0)
    import_from_private_addresses: bool = False
    static_dir: Path = Path(__file__).parent / "static"
    samples_dir: Path | None = None
