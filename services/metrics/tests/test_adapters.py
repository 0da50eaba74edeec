"""How metrics asks the owners of events."""

from typing import Any
from zoneinfo import ZoneInfo

from cjm_kit.identity import IdentitySigner
from cjm_kit.rpc import RpcClient, RpcServer, allow
from cjm_kit.settings import ServiceSettings
from cjm_kit.telemetry import Telemetry
from cjm_metrics.adapters import GrpcSources
from cjm_metrics.domain import DatasetInfo, EventScope
from cjm_protos.ingest.v1 import questions_pb2 as asked
from cjm_protos.ingest.v1 import questions_pb2_grpc

LIMIT_OF_INGEST_SECONDS = 60


class Questions(questions_pb2_grpc.QuestionServiceServicer):
    """Answers nothing and notes how long there is for it."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    @allow("service")
    async def CountByDay(self, request: asked.CountByDayRequest, context: Any) -> asked.CountByDayResponse:
        """No days."""
        self.waits.append(context.time_remaining())
        return asked.CountByDayResponse()

    @allow("service")
    async def ListFieldValues(
        self, request: asked.ListFieldValuesRequest, context: Any
    ) -> asked.ListFieldValuesResponse:
        """No values."""
        self.waits.append(context.time_remaining())
        return asked.ListFieldValuesResponse()

    @allow("service")
    async def ListEvents(self, request: asked.ListEventsRequest, context: Any) -> asked.ListEventsResponse:
        """No events."""
        self.waits.append(context.time_remaining())
        return asked.ListEventsResponse()


async def test_it_waits_until_ingest_says_itself_that_a_question_takes_too_long(
    settings: ServiceSettings, signer: IdentitySigner
) -> None:
    questions = Questions()  # type: ignore[abstract]
    server = RpcServer(
        settings,
        [(questions_pb2_grpc.add_QuestionServiceServicer_to_server, questions)],
        signer,
        Telemetry("ingest"),
    )
    await server.start()
    client = RpcClient(f"127.0.0.1:{server.port}", signer, "metrics")
    sources, scopes = GrpcSources(client, client), [EventScope(DatasetInfo("1", "shop", "UTC"))]
    await sources.count_by_day(scopes, ZoneInfo("UTC"), "")
    await sources.values(scopes, "channel_type")
    await sources.newest(scopes, 10)
    await client.close()
    await server.stop()
    assert min(questions.waits) > LIMIT_OF_INGEST_SECONDS
