"""Wiring of the gateway."""

from cjm_gateway.adapters.answers import KeptAnswers
from cjm_gateway.adapters.debugger_bus import DebuggerBus
from cjm_gateway.adapters.remote_file import HttpFiles
from cjm_gateway.application.live_debugger import LiveDebugger
from cjm_gateway.entrypoints.http.app import create_app
from cjm_gateway.entrypoints.http.auth import Door
from cjm_gateway.entrypoints.http.edge import Edge
from cjm_gateway.entrypoints.http.fast_lane import FastLane
from cjm_gateway.entrypoints.http.gateway import Gateway
from cjm_gateway.entrypoints.http.idempotency import RunOnce
from cjm_gateway.entrypoints.http.page import Folder, Samples, WebPage
from cjm_gateway.entrypoints.http.server import HttpServer
from cjm_gateway.entrypoints.services import SERVICE_NAME, connect
from cjm_gateway.settings import GatewaySettings
from cjm_kit.bus import Bus
from cjm_kit.identity import IdentitySigner
from cjm_kit.runtime import Component
from cjm_kit.telemetry import Telemetry

_FACTS_ABOUT_TOKENS = ("token.revoked", "user.changed", "dataset.updated", "dataset.deleted")


async def build(settings: GatewaySettings) -> Component:
    """Put the gateway together; nothing is reached before its start."""
    telemetry = Telemetry(SERVICE_NAME)
    signer = IdentitySigner(settings.identity_secret.get_secret_value())
    gateway = Gateway(settings, connect(settings, signer), signer, telemetry, HttpFiles(settings))
    app = create_app()
    app.state.gateway = gateway
    page = WebPage(Folder.read(settings.static_dir))
    samples = Samples(Folder.read(settings.samples_dir))
    api = Door(gateway, RunOnce(gateway, app), app.state.routes.find)
    edge = Edge(gateway, api, page, samples)
    server = HttpServer(edge, settings, FastLane(gateway, edge))
    buses: list[Bus] = []

    async def forget_tokens(_message: object) -> None:
        gateway.tokens.forget()

    async def start() -> None:
        bus = await Bus.connect(settings, SERVICE_NAME)
        buses.append(bus)
        gateway.answers = await KeptAnswers.open(bus)
        debugger_bus = DebuggerBus(bus)
        gateway.debugger = LiveDebugger(debugger_bus)
        await debugger_bus.hear(gateway.debugger.heard)
        # Plain subscriptions, not durable consumers: every gateway must hear of every fact, and only while it runs.
        for fact in _FACTS_ABOUT_TOKENS:
            await bus.client.subscribe(f"cjm.catalog.{fact}.v1", cb=forget_tokens)
        component.failed = await server.start()

    async def stop() -> None:
        gateway.stopping.set()
        await server.stop()
        await gateway.services.channels.close()
        for bus in buses:
            await bus.close()

    async def is_ready() -> bool:
        return (await gateway.readiness())[0]

    component = Component(SERVICE_NAME, start, stop, is_ready, telemetry=telemetry)
    return component
