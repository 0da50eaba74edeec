"""API tokens of external systems."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from cjm_gateway.entrypoints.http.auth import staff_only
from cjm_gateway.entrypoints.http.gateway import GatewayDep
from cjm_gateway.entrypoints.http.shapes import Body, Instant, Page, PagingQuery, Shape, instant, instant_or_none
from cjm_protos.catalog.v1 import token_pb2

router = APIRouter(prefix="/api/v1/tokens", tags=["API tokens"], dependencies=[staff_only])


class TokenShape(Shape):
    """An API token, without its secret."""

    id: str
    name: str
    secret_prefix: str
    scopes: list[str]
    dataset_ids: list[str]
    created_by: str
    created_at: Instant
    last_used_at: Instant | None
    revoked_at: Instant | None


class NewTokenShape(TokenShape):
    """A fresh API token."""

    secret: Annotated[str, Field(description="Shown this once; only its hash is stored.")]


class NewToken(Body):
    """The token to make."""

    name: str
    dataset_ids: list[str]
    scopes: Annotated[list[str], Field(description='Default: only "events:write".', default_factory=list)]


def _facts(token: token_pb2.Token) -> dict[str, object]:
    return {
        "id": token.token_id,
        "name": token.name,
        "secret_prefix": token.secret_prefix,
        "scopes": list(token.scopes),
        "dataset_ids": list(token.dataset_ids),
        "created_by": token.created_by,
        "created_at": instant(token.created_at),
        "last_used_at": instant_or_none(token, "last_used_at"),
        "revoked_at": instant_or_none(token, "revoked_at"),
    }


@router.get("", summary="List tokens (admin)")
async def list_tokens(paging: PagingQuery, gateway: GatewayDep) -> Page[TokenShape]:
    """All tokens, newest first, revoked ones included."""
    request = token_pb2.ListTokensRequest(page_size=paging.limit, page_token=paging.cursor)
    answer = await gateway.services.tokens.ListTokens(request)
    items = [TokenShape.model_validate(_facts(token)) for token in answer.tokens]
    return Page(items=items, next_cursor=answer.next_page_token or None)


@router.post("", summary="Make a token (admin)", status_code=201)
async def create_token(body: NewToken, gateway: GatewayDep) -> NewTokenShape:
    """Make a token; its secret is in this answer and nowhere else."""
    request = token_pb2.CreateTokenRequest(name=body.name, scopes=body.scopes, dataset_ids=body.dataset_ids)
    answer = await gateway.services.tokens.CreateToken(request)
    return NewTokenShape.model_validate({**_facts(answer.token), "secret": answer.secret})


@router.delete("/{token_id}", summary="Revoke a token (admin)", status_code=204)
async def revoke_token(token_id: str, gateway: GatewayDep) -> Response:
    """End a token for good, at once."""
    await gateway.services.tokens.RevokeToken(token_pb2.RevokeTokenRequest(token_id=token_id))
    gateway.tokens.forget()
    return Response(status_code=204)
