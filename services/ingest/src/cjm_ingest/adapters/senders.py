"""Who may send events where."""

import time
from typing import Final

from cjm_access import DatasetAccess
from cjm_ingest.application.intake import RefusedBodyError
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import Identity, IdentitySigner

_SCOPE: Final = "events:write"
_REMEMBERED_SECONDS: Final = 5.0
_REMEMBERED_COUNT: Final = 10_000


class Senders:
    """Checks senders; a checked signature is remembered for five seconds, it costs more than an event.

    Args:
        signer: Checks signatures.
        access: Knows what staff may do.
    """

    def __init__(self, signer: IdentitySigner, access: DatasetAccess) -> None:
        self._signer = signer
        self._access = access
        self._known: dict[str, tuple[float, Identity]] = {}

    async def require_write(self, token: str, dataset_id: str) -> None:
        """Make sure that a sender may write to a dataset.

        Raises:
            RefusedBodyError: `identity_invalid`, `token_scope`, `dataset_not_found`, `dataset_write_not_allowed`,
                `service_unavailable` when catalog does not answer.
        """
        try:
            identity = self._identity(token)
            if "staff" in identity.roles:
                await self._access.require(dataset_id, "write", identity)
                return
        except AppError as failure:
            if failure.code in (Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.INTERNAL):
                detail = "Rights cannot be checked at the moment. Send the events again a little later."
                raise RefusedBodyError("service_unavailable", detail) from failure
            raise RefusedBodyError(failure.reason, failure.detail) from failure
        if _SCOPE not in identity.scopes:
            raise RefusedBodyError(
                "token_scope", 'This token may not send events. Use a token with scope "events:write".'
            )
        if dataset_id not in identity.datasets:
            detail = f"This token is not bound to dataset {dataset_id!r}. Check the id or use another token."
            raise RefusedBodyError("dataset_not_found", detail)

    def _identity(self, token: str) -> Identity:
        now = time.monotonic()
        known = self._known.get(token)
        if known and known[0] > now:
            return known[1]
        identity = self._signer.verify(token)
        if len(self._known) >= _REMEMBERED_COUNT:
            self._known.clear()
        self._known[token] = (now + _REMEMBERED_SECONDS, identity)
        return identity
