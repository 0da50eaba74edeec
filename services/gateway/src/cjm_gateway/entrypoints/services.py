"""The services behind the gateway."""

import asyncio
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from cjm_kit.identity import IdentitySigner, acting_as, service_identity
from cjm_kit.rpc import RpcClient
from cjm_protos.bot.v1 import link_pb2_grpc
from cjm_protos.catalog.v1 import (
    account_pb2_grpc,
    dataset_pb2_grpc,
    import_log_pb2_grpc,
    journal_pb2_grpc,
    mapping_pb2_grpc,
    token_pb2_grpc,
)
from cjm_protos.ingest.v1 import fixes_pb2_grpc, imports_pb2_grpc, intake_pb2_grpc, questions_pb2_grpc
from cjm_protos.metrics.v1 import report_pb2_grpc
from cjm_protos.mining.v1 import analysis_pb2_grpc

if TYPE_CHECKING:
    from cjm_gateway.settings import GatewaySettings

SERVICE_NAME = "gateway"
# Without these nobody signs in or no event is taken; without another one a part of the page says that it is missing.
ESSENTIAL_SERVICES = ("catalog", "intake")


@dataclass(frozen=True, slots=True)
class Channels:
    """One connection per service."""

    catalog: RpcClient
    ingest: RpcClient
    intake: RpcClient
    mining: RpcClient
    metrics: RpcClient
    bot: RpcClient

    async def readiness(self) -> dict[str, bool]:
        """Which services say that they are ready, by name; asked now, all at once."""
        names = [item.name for item in fields(self)]
        clients: list[RpcClient] = [getattr(self, name) for name in names]
        return dict(zip(names, await asyncio.gather(*(client.is_serving() for client in clients)), strict=True))

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(getattr(self, item.name).close() for item in fields(self)))


@dataclass(frozen=True, slots=True)
class Services:
    """The calls the gateway makes, by service contract."""

    channels: Channels
    accounts: "account_pb2_grpc.AccountServiceAsyncStub"
    tokens: "token_pb2_grpc.TokenServiceAsyncStub"
    datasets: "dataset_pb2_grpc.DatasetServiceAsyncStub"
    mappings: "mapping_pb2_grpc.MappingServiceAsyncStub"
    import_log: "import_log_pb2_grpc.ImportLogServiceAsyncStub"
    journal: "journal_pb2_grpc.JournalServiceAsyncStub"
    intake: "intake_pb2_grpc.IntakeServiceAsyncStub"
    imports: "imports_pb2_grpc.ImportServiceAsyncStub"
    questions: "questions_pb2_grpc.QuestionServiceAsyncStub"
    fixes: "fixes_pb2_grpc.FixServiceAsyncStub"
    analyses: "analysis_pb2_grpc.AnalysisServiceAsyncStub"
    reports: "report_pb2_grpc.ReportServiceAsyncStub"
    links: "link_pb2_grpc.LinkServiceAsyncStub"


def as_gateway() -> AbstractContextManager[None]:
    """Make calls inside the block in the gateway's own name, not in that of the person who asks."""
    return acting_as(service_identity(SERVICE_NAME))


def connect(settings: "GatewaySettings", signer: IdentitySigner) -> Services:
    """Open the connections; they are made when first used and renewed for ever."""
    channels = Channels(
        catalog=RpcClient(settings.catalog_target, signer, SERVICE_NAME),
        ingest=RpcClient(settings.ingest_target, signer, SERVICE_NAME),
        intake=RpcClient(settings.intake_target, signer, SERVICE_NAME),
        mining=RpcClient(settings.mining_target, signer, SERVICE_NAME),
        metrics=RpcClient(settings.metrics_target, signer, SERVICE_NAME),
        bot=RpcClient(settings.bot_target, signer, SERVICE_NAME),
    )
    return Services(
        channels=channels,
        accounts=channels.catalog.stub(account_pb2_grpc.AccountServiceStub),
        tokens=channels.catalog.stub(token_pb2_grpc.TokenServiceStub),
        datasets=channels.catalog.stub(dataset_pb2_grpc.DatasetServiceStub),
        mappings=channels.catalog.stub(mapping_pb2_grpc.MappingServiceStub),
        import_log=channels.catalog.stub(import_log_pb2_grpc.ImportLogServiceStub),
        journal=channels.catalog.stub(journal_pb2_grpc.JournalServiceStub),
        intake=channels.intake.stub(intake_pb2_grpc.IntakeServiceStub),
        imports=channels.ingest.stub(imports_pb2_grpc.ImportServiceStub),
        questions=channels.ingest.stub(questions_pb2_grpc.QuestionServiceStub),
        fixes=channels.ingest.stub(fixes_pb2_grpc.FixServiceStub),
        analyses=channels.mining.stub(analysis_pb2_grpc.AnalysisServiceStub),
        reports=channels.metrics.stub(report_pb2_grpc.ReportServiceStub),
        links=channels.bot.stub(link_pb2_grpc.LinkServiceStub),
    )
