"""Wiring of the intake, the way in for events over REST: without the event store, so that nothing holds it up."""

from contextlib import AsyncExitStack

from cjm_access import DatasetAccess
from cjm_ingest.adapters.event_json import decode_body
from cjm_ingest.adapters.event_stream import EventStream
from cjm_ingest.adapters.senders import Senders
from cjm_ingest.adapters.stream_health import StreamHealth
from cjm_ingest.adapters.user_agent import device_of
from cjm_ingest.application.coalescer import Coalescer
from cjm_ingest.application.intake import Intake
from cjm_ingest.entrypoints.intake_rpc import IntakeServicer
from cjm_ingest.settings import IntakeSettings
from cjm_kit.bus import Bus
from cjm_kit.identity import IdentitySigner
from cjm_kit.rpc import RpcClient, RpcServer
from cjm_kit.runtime import Component
from cjm_kit.telemetry import Telemetry
from cjm_protos.ingest.v1 import intake_pb2_grpc


async def build(settings: IntakeSettings) -> Component:
    """Put the intake together; any number of them may run at the same time.

    Args:
        settings: What differs between installations.

    Returns:
        The intake, not yet started.
    """
    telemetry = Telemetry("intake")
    stack = AsyncExitStack()
    health: list[StreamHealth] = []

    async def is_ready() -> bool:
        return bool(health) and await health[0].is_good()

    async def start() -> None:
        signer = IdentitySigner(settings.identity_secret.get_secret_value())
        bus = await Bus.connect(settings, "intake")
        stack.push_async_callback(bus.close)
        catalog = RpcClient(settings.catalog_target, signer, "intake")
        stack.push_async_callback(catalog.close)
        access = DatasetAccess(catalog, "intake")
        await access.listen(bus)
        stream = EventStream(bus, settings.intake_stream_bytes)
        await stream.ensure()
        coalescer = Coalescer(stream.publish)
        coalescer.start()
        stack.push_async_callback(coalescer.stop)
        intake = Intake(Senders(signer, access).require_write, decode_body, device_of, coalescer.add)
        events = telemetry.counter("events", "Events that reached the intake, by outcome", ["outcome"])
        server = RpcServer(
            settings,
            [(intake_pb2_grpc.add_IntakeServiceServicer_to_server, IntakeServicer(intake, events))],
            signer,
            telemetry,
            is_ready,
        )
        await server.start()
        stack.push_async_callback(server.stop)
        health.append(StreamHealth(bus, stream, settings.nats_monitor_url))

    return Component("intake", start, stack.aclose, is_ready, telemetry=telemetry)
