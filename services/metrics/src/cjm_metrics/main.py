"""Wiring of metrics."""

from cjm_kit.identity import IdentitySigner
from cjm_kit.rpc import RpcClient, RpcServer
from cjm_kit.runtime import Component
from cjm_kit.telemetry import Telemetry
from cjm_metrics.adapters import GrpcSources
from cjm_metrics.application import Reports
from cjm_metrics.entrypoints import ReportServicer
from cjm_metrics.settings import MetricsSettings
from cjm_protos.metrics.v1 import report_pb2_grpc


async def build(settings: MetricsSettings) -> Component:
    """Puts the service together.

    Args:
        settings: where catalog and ingest answer.

    Returns:
        The service, not yet started. It is ready while it runs: it keeps nothing, and a caller is told at once when
        catalog or ingest does not answer.
    """
    signer = IdentitySigner(settings.identity_secret.get_secret_value())
    telemetry = Telemetry("metrics")
    catalog = RpcClient(settings.catalog_target, signer, "metrics")
    ingest = RpcClient(settings.ingest_target, signer, "metrics")
    servicer = ReportServicer(Reports(GrpcSources(catalog, ingest)))
    registrations = [(report_pb2_grpc.add_ReportServiceServicer_to_server, servicer)]
    server = RpcServer(settings, registrations, signer, telemetry)
    is_running = False

    async def start() -> None:
        nonlocal is_running
        await server.start()
        is_running = True

    async def stop() -> None:
        nonlocal is_running
        is_running = False
        await server.stop()
        await catalog.close()
        await ingest.close()

    async def is_ready() -> bool:
        return is_running

    return Component("metrics", start, stop, is_ready, telemetry=telemetry)
