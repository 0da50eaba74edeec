"""Making, listing, ending and recognising API tokens."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from cjm_catalog.application.accounts import usernames
from cjm_catalog.application.ports import Clock, Records, Store
from cjm_catalog.domain.accounts import TOUCH_INTERVAL, Caller, secret_hash
from cjm_catalog.domain.checks import (
    Page,
    checked_name,
    checked_page_size,
    decode_cursor,
    encode_cursor,
    invalid,
    moment,
    text,
)
from cjm_catalog.domain.datasets import MAX_NAME_LENGTH, Dataset
from cjm_catalog.domain.facts import TokenRevoked
from cjm_catalog.domain.tokens import PREFIX_LENGTH, SECRET_START, Token, TokenDataset, checked_scopes
from cjm_kit.errors import AppError, Code, FieldViolation


@dataclass(frozen=True)
class TokenView:
    """A token with its datasets and the name of who made it."""

    token: Token
    dataset_ids: Sequence[str]
    created_by: str


@dataclass(frozen=True)
class Tokens:
    """The use cases around API tokens."""

    store: Store
    now: Clock

    async def create(
        self, caller: Caller, name: str, scopes: Sequence[str], dataset_ids: Sequence[str]
    ) -> tuple[TokenView, str]:
        """Makes a token.

        Args:
            caller: the administrator who makes it.
            name: 1-100 characters.
            scopes: what it may do; empty means "events:write".
            dataset_ids: datasets it may touch, at least one.

        Returns:
            The token and its secret, which is kept only as a hash.

        Raises:
            AppError: INVALID_ARGUMENT for a bad name, scope_unknown, dataset_ids_empty, or dataset_not_found with one
                violation per unknown dataset (first = row 1).
        """
        secret = SECRET_START + secrets.token_urlsafe(32)
        token = Token(
            token_id=str(uuid4()),
            name=checked_name("name", name, MAX_NAME_LENGTH),
            secret_hash=secret_hash(secret),
            secret_prefix=secret[:PREFIX_LENGTH],
            scopes=checked_scopes(scopes),
            created_by_id=caller.user_id,
            created_at=self.now(),
        )
        if not dataset_ids:
            raise invalid("dataset_ids", "dataset_ids_empty", "The token is for no dataset. Choose at least one.")
        async with self.store.write() as records:
            existing = {dataset.dataset_id for dataset in await records.all(Dataset, dataset_id=list(dataset_ids))}
            unknown = tuple(
                FieldViolation("dataset_ids", "dataset_not_found", f'There is no dataset "{dataset_id}".', row=row)
                for row, dataset_id in enumerate(dataset_ids, start=1)
                if dataset_id not in existing
            )
            if unknown:
                raise AppError(
                    Code.INVALID_ARGUMENT,
                    "dataset_not_found",
                    "The token names a dataset that does not exist. Check dataset_ids.",
                    violations=unknown,
                )
            await records.add(token)
            for dataset_id in sorted(existing):
                await records.add(TokenDataset(token.token_id, dataset_id))
            return (await _views(records, [token]))[0], secret

    async def page(self, page_size: int, cursor: str) -> Page[TokenView]:
        """Lists tokens, newest first, revoked ones too.

        Raises:
            AppError: INVALID_ARGUMENT page_size_out_of_range, page_token_invalid.
        """
        limit = checked_page_size(page_size)
        after = decode_cursor(cursor, moment, text)
        async with self.store.read() as records:
            tokens = await records.page(Token, ("created_at", "token_id"), after, limit + 1, newest_first=True)
            views = await _views(records, tokens[:limit])
        last = tokens[limit - 1] if len(tokens) > limit else None
        return Page(views, encode_cursor(last.created_at.isoformat(), last.token_id) if last else "")

    async def get(self, token_id: str) -> TokenView:
        """Returns one token, revoked or not.

        Raises:
            AppError: NOT_FOUND token_not_found.
        """
        async with self.store.read() as records:
            return (await _views(records, [await _existing(records, token_id)]))[0]

    async def revoke(self, token_id: str) -> TokenView:
        """Ends a token for good; one that is revoked already stays so.

        Raises:
            AppError: NOT_FOUND token_not_found.
        """
        async with self.store.write() as records:
            token = await _existing(records, token_id, lock=True)
            if token.revoked_at is None:
                token = replace(token, revoked_at=self.now())
                await records.save(token)
                await records.tell(TokenRevoked(token_id))
            return (await _views(records, [token]))[0]

    async def authenticate(self, secret: str) -> TokenView:
        """Tells what a presented secret allows, and notes its use, to about a minute.

        Raises:
            AppError: UNAUTHENTICATED token_invalid for an unknown or revoked one.
        """
        now = self.now()
        async with self.store.read() as records:
            token = await records.get(Token, secret_hash=secret_hash(secret))
            if token is None or token.revoked_at is not None:
                raise AppError(
                    Code.UNAUTHENTICATED, "token_invalid", "The token is unknown or revoked. Ask your administrator."
                )
            view = (await _views(records, [token]))[0]
        if token.last_used_at is not None and now - token.last_used_at < TOUCH_INTERVAL:
            return view
        async with self.store.write() as records:
            current = await records.get(Token, lock=True, token_id=token.token_id)
            if current is not None:
                await records.save(replace(current, last_used_at=now))
        return replace(view, token=replace(token, last_used_at=now))


async def _existing(records: Records, token_id: str, *, lock: bool = False) -> Token:
    token = await records.get(Token, lock=lock, token_id=token_id)
    if token is None:
        raise AppError(Code.NOT_FOUND, "token_not_found", "There is no such token. Check the id.")
    return token


async def _views(records: Records, tokens: Sequence[Token]) -> list[TokenView]:
    names = await usernames(records, {token.created_by_id for token in tokens})
    bindings = await records.all(TokenDataset, token_id=[token.token_id for token in tokens])
    bound = {binding.dataset_id for binding in bindings}
    there = {dataset.dataset_id for dataset in await records.all(Dataset, dataset_id=sorted(bound))}
    datasets: dict[str, list[str]] = {token.token_id: [] for token in tokens}
    for binding in bindings:
        if binding.dataset_id in there:
            datasets[binding.token_id].append(binding.dataset_id)
    return [TokenView(token, sorted(datasets[token.token_id]), names[token.created_by_id]) for token in tokens]
