"""What a User-Agent header says about the device."""

from functools import lru_cache

from ua_parser import parse_device, parse_os, parse_user_agent

from cjm_ingest.application.intake import Device


@lru_cache(maxsize=4096)
def device_of(user_agent: str) -> Device | None:
    """Browser, system and kind of device; None for programs that are not browsers."""
    system = parse_os(user_agent)
    if system is None or system.family == "Other":
        return None
    browser = parse_user_agent(user_agent)
    hardware = parse_device(user_agent)
    if hardware is not None and hardware.family == "Spider":
        return None
    name = hardware.family if hardware is not None else ""
    return Device(browser.family if browser is not None else "", system.family, _category(user_agent, name))


def _category(user_agent: str, hardware: str) -> str:
    if "iPad" in user_agent or "Tablet" in user_agent or "tablet" in hardware.lower() or "Kindle" in hardware:
        return "tablet"
    if "Mobi" in user_agent or "iPhone" in user_agent:
        return "mobile"
    return "tablet" if "Android" in user_agent else "desktop"
