"""gRPC for single and batched events."""

from typing import Any

from prometheus_client import Counter

from cjm_ingest.application.intake import BodyResult, Intake, SentBody
from cjm_kit.rpc import allow
from cjm_protos.ingest.v1 import intake_pb2, intake_pb2_grpc


class IntakeServicer(intake_pb2_grpc.IntakeServiceServicer):
    """Takes the bodies of many requests at once. The bodies carry their own identities, so any caller may bring them.

    Args:
        intake: The use case.
        events: Counts events by outcome, label `outcome`.
    """

    def __init__(self, intake: Intake, events: Counter) -> None:
        self._intake = intake
        self._accepted, self._refused = events.labels("accepted"), events.labels("refused")

    @allow("service", "staff", "system")
    async def AppendEvents(
        self, request: intake_pb2.AppendEventsRequest, context: Any
    ) -> intake_pb2.AppendEventsResponse:
        """Answer each body after its accepted events are on disk."""
        bodies = [
            SentBody(
                body.identity,
                body.dataset_id,
                body.body,
                body.is_ndjson,
                body.user_agent,
                body.received_at_ms,
                body.wants_times,
            )
            for body in request.bodies
        ]
        results = await self._intake.append(bodies)
        self._accepted.inc(sum(result.accepted_count for result in results))
        self._refused.inc(sum(len(result.refused) for result in results))
        return intake_pb2.AppendEventsResponse(results=map(_result, results))


def _result(result: BodyResult) -> intake_pb2.EventBodyResult:
    return intake_pb2.EventBodyResult(
        accepted_count=result.accepted_count,
        rejected=[
            intake_pb2.RejectedEvent(index=item.index, reason=item.reason, field=item.field, detail=item.detail)
            for item in result.refused
        ],
        error_reason=result.error_reason,
        error_detail=result.error_detail,
        accepted_times_ms=result.accepted_times_ms,
    )
