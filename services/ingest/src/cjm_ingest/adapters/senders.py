"""Who may send events where."""

from typing import Final

from cjm_access import DatasetAccess
from cjm_ingest.application.intake import RefusedBodyError
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import IdentitySigner

_SCOPE: Final = "events:write"


class Senders:
    """Checks senders.

    Args:
        signer: Checks signatures.
        access: Knows what staff may do.
    """

    def __init__(self, signer: IdentitySigner, access: DatasetAccess) -> None:
        self._signer = signer
        self._access = access

    async def require_write(self, token: str, dataset_id: str) -> None:
        """Make sure that a sender may write to a dataset.

        Raises:
            RefusedBodyError: `identity_invalid`, `token_scope`, `dataset_not_found`, `dataset_write_not_allowed`,
                `service_unavailable` when catalog does not answer.
        """
        try:
            identity = self._signer.verify(token)
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
