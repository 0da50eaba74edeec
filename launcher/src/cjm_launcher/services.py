"""What can run on its own, by name: its settings and how it is built. Modules are loaded only when needed."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from cjm_kit.runtime import Component
from cjm_kit.settings import ServiceSettings

# In the order in which they start: each may ask the ones before it. The intake is the way in of ingest, apart from it
# so that the writing and reading of the event store do not hold up senders.
SERVICE_NAMES = ("catalog", "ingest", "intake", "mining", "metrics", "bot", "gateway")


def read_settings(name: str, values: Mapping[str, Any] | None = None) -> ServiceSettings:
    """Settings of a service from its environment, with some values given instead.

    Args:
        name: One of `SERVICE_NAMES`.
        values: Settings by name that win over the environment.

    Raises:
        pydantic.ValidationError: A setting is missing or not valid.
    """
    module = import_module(f"{_package(name)}.settings")
    settings: ServiceSettings = getattr(module, f"{name.capitalize()}Settings")(**(values or {}))
    return settings


async def build(name: str, settings: ServiceSettings) -> Component:
    """Wire one service."""
    module = import_module(f"{_package(name)}.{'intake_main' if name == 'intake' else 'main'}")
    component: Component = await module.build(settings)
    return component


def _package(name: str) -> str:
    return "cjm_ingest" if name == "intake" else f"cjm_{name}"
