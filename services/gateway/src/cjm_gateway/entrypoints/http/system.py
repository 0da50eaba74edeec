"""What operators and developers ask: is it alive, is it ready, how is it doing, what can it do."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from cjm_gateway.entrypoints.http.docs import docs_page
from cjm_gateway.entrypoints.http.gateway import GatewayDep
from cjm_gateway.entrypoints.http.shapes import Shape

router = APIRouter(tags=["Operation"])


class Alive(Shape):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(Shape):
    """Whether requests can be served."""

    status: Literal["ready", "not_ready"]
    services: Annotated[dict[str, bool], Field(description="Which services say that they are ready.")]


@router.get("/healthz", summary="Is the process alive")
async def get_health() -> Alive:
    """Says that the process answers; nothing about the services behind it."""
    return Alive()


@router.get("/readyz", summary="Is the system ready", responses={503: {"model": Readiness}})
async def get_readiness(response: Response, gateway: GatewayDep) -> Readiness:
    """Asks every service; 503 while catalog or ingest is not ready or the gateway is about to stop."""
    is_ready, services = await gateway.readiness()
    response.status_code = 200 if is_ready else 503
    return Readiness(status="ready" if is_ready else "not_ready", services=services)


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(gateway: GatewayDep) -> Response:
    """Requests, errors and durations by route, in the Prometheus text format."""
    return Response(gateway.telemetry.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/docs", include_in_schema=False)
async def get_docs(request: Request) -> Response:
    """The API described for people, from the same source as /openapi.json."""
    return Response(docs_page(request.app.openapi()), media_type="text/html; charset=utf-8")
