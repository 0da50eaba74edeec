"""The REST application and its description."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.exceptions import HTTPException

from cjm_gateway.entrypoints.http import (
    analyses,
    data_quality,
    datasets,
    events,
    idempotency,
    imports,
    journal,
    mappings,
    problems,
    questions,
    received,
    reports,
    session,
    system,
    telegram,
    tokens,
    users,
)
from cjm_gateway.entrypoints.http.parameters import only_known_parameters
from cjm_kit.errors import AppError

_ROOMS = (
    session,
    users,
    tokens,
    received,
    datasets,
    data_quality,
    events,
    questions,
    mappings,
    imports,
    analyses,
    journal,
    reports,
    telegram,
    system,
)
_DESCRIPTION = """\
Send what your customers do, import files, and ask how their journeys really run.

Staff sign in with POST /api/v1/session: the answer sets the cookie cjm_session, and its csrf_token must be sent as \
X-CSRF-Token with POST, PUT, PATCH and DELETE. Systems send events with an API token: Authorization: Bearer cjm_….

A POST with an Idempotency-Key runs once: sent again within 24 hours, it gets the first answer with the header \
Idempotency-Replayed. Events need none, they count once by their event_id.

Lists come in parts: send next_cursor as cursor for the next part. Times are RFC 3339 in UTC. Every failure is an \
RFC 9457 problem with a stable reason for programs and a sentence for people."""


class RouteTable:
    """Which routes an address has."""

    def __init__(self, app: FastAPI) -> None:
        contexts = iter_route_contexts(app.routes)
        self._routes = [(item.path_regex, item.methods or set(), item) for item in contexts if item.path]

    def find(self, method: str, path: str) -> RouteContext | None:
        """The route of a method at an address."""
        return next((item for regex, methods, item in self._routes if method in methods and regex.match(path)), None)

    def methods(self, path: str) -> Sequence[str]:
        """Methods of an address in alphabetical order; empty for an unknown one."""
        return sorted({method for regex, methods, _ in self._routes if regex.match(path) for method in methods})


def create_app() -> FastAPI:
    """The REST application; `app.state.gateway` must be set before it serves."""
    app = FastAPI(
        title="Customer Journey Master",
        version=version("cjm-gateway"),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        redirect_slashes=False,
        exception_handlers={
            AppError: problems.on_app_error,
            RequestValidationError: problems.on_invalid,
            HTTPException: problems.on_http_exception,
            Exception: problems.on_unexpected,
        },
    )
    for room in _ROOMS:
        app.include_router(room.router, dependencies=[only_known_parameters] if room is not system else [])
    app.state.routes = RouteTable(app)
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = idempotency.documented(_with_problems(describe()))
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


def _with_problems(openapi: dict[str, Any]) -> dict[str, Any]:
    """The description with our problems in place of the framework's own error form."""
    components = openapi["components"]
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    problem = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"].update(problem.pop("$defs"))
    components["schemas"]["Problem"] = problem
    reference = {"$ref": "#/components/schemas/Problem"}
    components["responses"] = {
        "Problem": {"description": "A failure.", "content": {problems.MEDIA_TYPE: {"schema": reference}}}
    }
    for path, item in openapi["paths"].items():
        for operation in item.values():
            operation["responses"].pop("422", None)
            for response in operation["responses"].values():
                for content in response.get("content", {}).values():
                    # A word of OpenAPI 3.2 for the items of a stream, which 3.1 does not know.
                    content.pop("itemSchema", None)
            if path.startswith("/api/"):
                for status in ("4XX", "5XX"):
                    operation["responses"][status] = {"$ref": "#/components/responses/Problem"}
    return openapi
