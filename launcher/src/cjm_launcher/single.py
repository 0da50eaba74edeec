"""Everything in one process tree: the services, an embedded NATS server and all data under one folder."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cjm_catalog.bootstrap import create_first_admin
from cjm_catalog.settings import CatalogSettings
from cjm_kit import runtime
from cjm_kit.errors import AppError
from cjm_kit.logging import get_logger
from cjm_kit.runtime import Component
from cjm_launcher import instance, services
from cjm_launcher.demo import load_demo
from cjm_launcher.metrics_listener import metrics_listener
from cjm_launcher.nats_server import NatsServer
from cjm_launcher.service_process import ServiceProcess
from cjm_launcher.settings import LauncherSettings, Sample

_log = get_logger(__name__)
ADMIN_NAME = "admin"
LOG_NAME = "cjm.log"
# In a process of its own, with its niceness: nobody waits for the writer.
_APART = {"ingest": 15}
# Several parts may each need their time to let running calls end.
_STOP_SECONDS = 20.0


async def run_all(settings: LauncherSettings, say: Callable[[str], None]) -> int:
    """Run the whole product until a signal or the first failure.

    Args:
        settings: What the operator chose; the data folder is locked by the caller.
        say: Called with one line for the terminal.

    Returns:
        Exit code: 0 after a signal, 1 after a failure.

    Raises:
        AppError: It cannot start; the sentence says why and what to do.
    """
    started_at = time.monotonic()
    data_dir = settings.data_dir.resolve()
    nats = NatsServer(data_dir / "nats")
    common = _common_settings(data_dir, nats)
    catalog_settings = CatalogSettings(**_settings_of("catalog", common, settings))
    say("Starting: message bus, catalog, ingest, mining, metrics, bot, gateway ...")
    given = settings.admin_password
    password = await create_first_admin(catalog_settings, given)
    parts: list[Component] = [Component("nats", nats.start, nats.stop, _always_ready, failed=nats.died)]
    log_path = settings.data_dir / LOG_NAME if settings.log_file else None
    processes = {
        name: ServiceProcess(name, _settings_apart(name, common, settings), log_path, niceness)
        for name, niceness in _APART.items()
    }
    # They come up while the others do. Both of their components stop them, the second time to no effect: in its turn
    # when all have started, here when the start failed before that.
    parts.extend(
        Component(f"{name} process", process.start, process.stop, _always_ready, failed=process.died)
        for name, process in processes.items()
    )
    parts.extend(
        _apart(name, processes[name]) if name in processes else _deferred(name, _settings_of(name, common, settings))
        for name in services.SERVICE_NAMES
    )
    if settings.metrics_listen:
        parts.append(metrics_listener(parts[:], settings.metrics_listen))
    address = page_address(settings.host, settings.port)

    async def greet() -> None:
        say(f"Ready after {time.monotonic() - started_at:.1f} s: {address}")
        if password is not None and given is None:
            say(f'Sign in as "{ADMIN_NAME}" with the password  {password}  (shown only this once).')
        if password is not None and settings.demo:
            try:
                await load_demo(Sample.SHOP, address, ADMIN_NAME, password, settings.samples_dir, say)
            except (AppError, OSError) as failure:
                reason = failure.detail if isinstance(failure, AppError) else str(failure)
                say(f"The sample data could not be loaded: {reason} Everything else works.")
        say(f"Open {address} - stop with Ctrl-C.")

    code = await runtime.run(parts, on_ready=greet, stop_seconds=_STOP_SECONDS)
    _log.info("stopped", exit_code=code)
    return code


def page_address(host: str, port: int) -> str:
    """Where this machine finds what listens on a host and port."""
    # Not every machine takes "localhost" for its IPv6 address, too.
    host = {"127.0.0.1": "localhost", "0.0.0.0": "localhost", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _common_settings(data_dir: Path, nats: NatsServer) -> dict[str, Any]:
    ports = {name: instance.free_port() for name in services.SERVICE_NAMES}
    return {
        "identity_secret": instance.identity_secret(data_dir),
        "nats_url": nats.url,
        "nats_monitor_url": nats.monitor_url,
        "data_dir": data_dir,
        **{f"{name}_target": f"127.0.0.1:{port}" for name, port in ports.items() if name != "gateway"},
        "ports": ports,
    }


def _settings_of(name: str, common: dict[str, Any], settings: LauncherSettings) -> dict[str, Any]:
    values = {key: value for key, value in common.items() if key != "ports"}
    values["data_dir"] = common["data_dir"] / name
    values["rpc_listen"] = f"127.0.0.1:{common['ports'][name]}"
    values["log_level"] = settings.log_level
    if name in {"gateway", "ingest"}:
        values["max_upload_bytes"] = settings.max_upload_bytes
    if name == "gateway":
        # Thousands of senders a second wait for it, and the wire would cost as much as the work.
        values["intake_target"] = f"inprocess:{common['intake_target']}"
        values["http_host"] = settings.host
        values["http_port"] = settings.port
        values["samples_dir"] = settings.samples_dir.resolve()
    return values


def _settings_apart(name: str, common: dict[str, Any], settings: LauncherSettings) -> dict[str, Any]:
    metrics_listen = f"127.0.0.1:{instance.free_port()}" if settings.metrics_listen else ""
    return {**_settings_of(name, common, settings), "metrics_listen": metrics_listen}


def _apart(name: str, process: ServiceProcess) -> Component:
    return Component(name, process.until_ready, process.stop, process.is_ready, telemetry=process)


def _deferred(name: str, values: dict[str, Any]) -> Component:
    """A service that is built when it is started, because building may need the bus."""
    built: list[Component] = []
    died: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start() -> None:
        component = await services.build(name, services.read_settings(name, values))
        built.append(component)
        deferred.telemetry = component.telemetry
        await component.start()
        if component.failed is not None:
            component.failed.add_done_callback(lambda future: _pass_on(future, died))

    async def stop() -> None:
        if built:
            await built[0].stop()

    async def is_ready() -> bool:
        return bool(built) and await built[0].is_ready()

    deferred = Component(name, start, stop, is_ready, failed=died)
    return deferred


def _pass_on(source: "asyncio.Future[None]", target: "asyncio.Future[None]") -> None:
    if target.done() or source.cancelled():
        return
    failure = source.exception()
    if failure is None:
        target.set_result(None)
    else:
        target.set_exception(failure)


async def _always_ready() -> bool:
    return True
