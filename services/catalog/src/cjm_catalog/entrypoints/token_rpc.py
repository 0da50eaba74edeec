"""TokenService."""

from typing import Any

from cjm_catalog.application.tokens import Tokens, TokenView
from cjm_catalog.entrypoints.translate import caller, timestamp
from cjm_kit.rpc import allow
from cjm_protos.catalog.v1 import token_pb2, token_pb2_grpc


class TokenServicer(token_pb2_grpc.TokenServiceServicer):
    """API tokens of external systems."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    @allow("admin")
    async def CreateToken(self, request: token_pb2.CreateTokenRequest, context: Any) -> token_pb2.CreateTokenResponse:
        """Makes a token and returns its secret, this once."""
        view, secret = await self._tokens.create(caller(), request.name, request.scopes, request.dataset_ids)
        return token_pb2.CreateTokenResponse(token=_token_message(view), secret=secret)

    @allow("admin")
    async def ListTokens(self, request: token_pb2.ListTokensRequest, context: Any) -> token_pb2.ListTokensResponse:
        """Lists tokens, newest first."""
        page = await self._tokens.page(request.page_size, request.page_token)
        return token_pb2.ListTokensResponse(
            tokens=[_token_message(view) for view in page.items], next_page_token=page.next_cursor
        )

    @allow("admin")
    async def GetToken(self, request: token_pb2.GetTokenRequest, context: Any) -> token_pb2.GetTokenResponse:
        """Returns one token."""
        return token_pb2.GetTokenResponse(token=_token_message(await self._tokens.get(request.token_id)))

    @allow("admin")
    async def RevokeToken(self, request: token_pb2.RevokeTokenRequest, context: Any) -> token_pb2.RevokeTokenResponse:
        """Ends a token."""
        return token_pb2.RevokeTokenResponse(token=_token_message(await self._tokens.revoke(request.token_id)))

    @allow("service")
    async def AuthenticateToken(
        self, request: token_pb2.AuthenticateTokenRequest, context: Any
    ) -> token_pb2.AuthenticateTokenResponse:
        """Tells what a presented secret allows."""
        view = await self._tokens.authenticate(request.secret)
        return token_pb2.AuthenticateTokenResponse(token=_token_message(view))


def _token_message(view: TokenView) -> token_pb2.Token:
    token = view.token
    return token_pb2.Token(
        token_id=token.token_id,
        name=token.name,
        secret_prefix=token.secret_prefix,
        scopes=token.scopes,
        dataset_ids=view.dataset_ids,
        created_by=view.created_by,
        created_at=timestamp(token.created_at),
        last_used_at=timestamp(token.last_used_at),
        revoked_at=timestamp(token.revoked_at),
    )
