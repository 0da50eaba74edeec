"""One JSON line per log entry, with the request id that travels from HTTP through gRPC and the bus."""

import logging
import sys
from contextvars import ContextVar
from secrets import token_hex
from typing import Any, TextIO

import structlog

request_id_var: ContextVar[str] = ContextVar("request_id", default="")


def new_request_id() -> str:
    """A fresh request id: 32 hexadecimal characters."""
    return token_hex(16)


def _add_request_id(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if request_id := request_id_var.get():
        event.setdefault("request_id", request_id)
    return event


def configure_logging(level: str = "info", stream: TextIO = sys.stderr) -> None:
    """Send structlog and the standard library to one stream as JSON lines; later calls replace the first."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for noisy in ("asyncio", "httpx", "httpcore", "alembic", "aiogram.event", "matplotlib", "clickhouse_connect"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose calls take an event in snake_case and facts as keywords."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
