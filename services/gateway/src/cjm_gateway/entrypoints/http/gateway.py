"""What all rooms of the API share."""

import asyncio
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from cjm_gateway.application.coalescer import Coalescer
from cjm_gateway.application.idempotency import Records
from cjm_gateway.application.live_debugger import LiveDebugger
from cjm_gateway.application.rate_limit import RateLimit
from cjm_gateway.application.remote_file import RemoteFiles
from cjm_gateway.application.token_cache import KnownToken, TokenCache
from cjm_gateway.entrypoints.services import ESSENTIAL_SERVICES, Services
from cjm_gateway.settings import GatewaySettings
from cjm_kit.identity import Identity, IdentitySigner
from cjm_kit.telemetry import Telemetry
from cjm_protos.catalog.v1 import token_pb2
from cjm_protos.ingest.v1 import intake_pb2

INTAKE_DEADLINE_SECONDS = 20.0
QUESTION_DEADLINE_SECONDS = 65.0  # longer than ingest's own limit of 60 s, so that its explanation arrives


@dataclass(slots=True)
class Gateway:
    """The running gateway, as its rooms see it.

    Attributes:
        stopping: Set when streams to browsers must end.
        remote_files: The way to files at web addresses.
        answers: Answers to requests with an Idempotency-Key; set before the first request.
        debugger: Tells those who watch a token what is received with it; likewise.
    """

    settings: GatewaySettings
    services: Services
    signer: IdentitySigner
    telemetry: Telemetry
    remote_files: RemoteFiles
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    answers: Records = field(init=False)
    debugger: LiveDebugger = field(init=False)
    tokens: TokenCache = field(init=False)
    rate_limit: RateLimit = field(init=False)
    intake: Coalescer[intake_pb2.EventBody, intake_pb2.EventBodyResult] = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = TokenCache(self._authenticate_token)
        self.rate_limit = RateLimit(self.settings.token_events_per_minute)
        self.intake = Coalescer(self._append_events)

    async def readiness(self) -> tuple[bool, dict[str, bool]]:
        """Whether requests are welcome, and which services say that they are ready."""
        services = await self.services.channels.readiness()
        return not self.stopping.is_set() and all(services[name] for name in ESSENTIAL_SERVICES), services

    async def _authenticate_token(self, secret: str) -> KnownToken:
        request = token_pb2.AuthenticateTokenRequest(secret=secret)
        token = (await self.services.tokens.AuthenticateToken(request)).token
        scopes, dataset_ids = frozenset(token.scopes), frozenset(token.dataset_ids)
        identity = Identity(f"token:{token.token_id}", frozenset({"system"}), scopes, dataset_ids)
        return KnownToken(token.token_id, scopes, dataset_ids, self.signer.sign(identity))

    async def _append_events(self, bodies: list[intake_pb2.EventBody]) -> list[intake_pb2.EventBodyResult]:
        request = intake_pb2.AppendEventsRequest(bodies=bodies)
        answer = await self.services.intake.AppendEvents(request, timeout=INTAKE_DEADLINE_SECONDS)
        return list(answer.results)


def _gateway(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


GatewayDep = Annotated[Gateway, Depends(_gateway)]
