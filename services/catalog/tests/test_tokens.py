"""API tokens."""

import re

import pytest
from sqlalchemy import text

from cjm_kit.db import Database
from cjm_kit.errors import Code
from cjm_protos.catalog.v1 import token_pb2 as token

from .conftest import Catalog, refused


async def made(catalog: Catalog, name: str = "till") -> token.CreateTokenResponse:
    dataset = await catalog.dataset("admin", f"data of {name}")
    with catalog.acting("admin"):
        return await catalog.tokens.CreateToken(token.CreateTokenRequest(name=name, dataset_ids=[dataset.dataset_id]))


async def known(catalog: Catalog, secret: str) -> token.Token:
    return (await catalog.tokens.AuthenticateToken(token.AuthenticateTokenRequest(secret=secret))).token


async def test_the_secret_is_shown_once_and_stored_hashed(catalog: Catalog, database: Database) -> None:
    new = await made(catalog)
    assert re.fullmatch(r"cjm_[A-Za-z0-9_-]{43}", new.secret)
    assert new.secret.startswith(new.token.secret_prefix)
    assert (list(new.token.scopes), new.token.created_by) == (["events:write"], "admin")
    async with database.read() as session:
        stored = repr([tuple(row) for row in await session.execute(text("SELECT * FROM tokens"))])
    assert new.secret not in stored
    recognised = await known(catalog, new.secret)
    assert list(recognised.dataset_ids) == list(new.token.dataset_ids)
    with refused(Code.UNAUTHENTICATED, "token_invalid"):
        await known(catalog, new.secret + "x")


async def test_one_token_is_told_revoked_or_not(catalog: Catalog) -> None:
    new = await made(catalog)
    await made(catalog, "another")
    with catalog.acting("admin"):
        request = token.GetTokenRequest(token_id=new.token.token_id)
        assert (await catalog.tokens.GetToken(request)).token == new.token
        revoked = (await catalog.tokens.RevokeToken(token.RevokeTokenRequest(token_id=new.token.token_id))).token
        assert (await catalog.tokens.GetToken(request)).token == revoked
        with refused(Code.NOT_FOUND, "token_not_found"):
            await catalog.tokens.GetToken(token.GetTokenRequest(token_id="none"))


async def test_a_revoked_token_is_worth_nothing_but_stays_listed(catalog: Catalog, database: Database) -> None:
    new = await made(catalog)
    with catalog.acting("admin"):
        first = await catalog.tokens.RevokeToken(token.RevokeTokenRequest(token_id=new.token.token_id))
        catalog.clock.pass_by(minutes=1)
        again = await catalog.tokens.RevokeToken(token.RevokeTokenRequest(token_id=new.token.token_id))
        assert first == again
        assert first.token.HasField("revoked_at")
        assert list((await catalog.tokens.ListTokens(token.ListTokensRequest())).tokens) == [first.token]
        with refused(Code.NOT_FOUND, "token_not_found"):
            await catalog.tokens.RevokeToken(token.RevokeTokenRequest(token_id="none"))
    with refused(Code.UNAUTHENTICATED, "token_invalid"):
        await known(catalog, new.secret)
    async with database.read() as session:
        subjects = (await session.execute(text("SELECT subject FROM outbox"))).scalars().all()
    assert subjects.count("cjm.catalog.token.revoked.v1") == 1


async def test_last_use_is_noted_to_a_minute(catalog: Catalog) -> None:
    new = await made(catalog)
    assert not new.token.HasField("last_used_at")
    start = catalog.clock.time.replace(tzinfo=None)
    assert (await known(catalog, new.secret)).last_used_at.ToDatetime() == start
    catalog.clock.pass_by(seconds=59)
    assert (await known(catalog, new.secret)).last_used_at.ToDatetime() == start
    catalog.clock.pass_by(seconds=1)
    await known(catalog, new.secret)
    with catalog.acting("admin"):
        listed = (await catalog.tokens.ListTokens(token.ListTokensRequest())).tokens[0]
    assert (listed.last_used_at.ToDatetime() - start).total_seconds() == 60


async def test_tokens_are_listed_newest_first_in_pages(catalog: Catalog) -> None:
    for number in range(5):
        await made(catalog, f"till {number}")
        catalog.clock.pass_by(seconds=number % 2)

    async def listed(cursor: str = "") -> list[token.Token]:
        answer = await catalog.tokens.ListTokens(token.ListTokensRequest(page_size=2, page_token=cursor))
        return [*answer.tokens, *(await listed(answer.next_page_token) if answer.next_page_token else [])]

    with catalog.acting("admin"):
        tokens = await listed()
        with refused(Code.INVALID_ARGUMENT, "page_token_invalid"):
            # A cursor of another list: one text instead of a time and an id.
            await catalog.tokens.ListTokens(token.ListTokensRequest(page_token="WyJhIl0"))
    assert len({item.token_id for item in tokens}) == 5
    keys = [(item.created_at.ToDatetime(), item.token_id) for item in tokens]
    assert keys == sorted(keys, reverse=True)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": ""}, "name_empty"),
        ({"scopes": ["everything"]}, "scope_unknown"),
        ({"dataset_ids": []}, "dataset_ids_empty"),
    ],
)
async def test_a_bad_token_is_refused(catalog: Catalog, change: dict[str, str], reason: str) -> None:
    dataset = await catalog.dataset("admin", "data")
    request = token.CreateTokenRequest(**{"name": "till", "dataset_ids": [dataset.dataset_id], **change})  # type: ignore[arg-type]
    with catalog.acting("admin"), refused(Code.INVALID_ARGUMENT, reason):
        await catalog.tokens.CreateToken(request)


async def test_every_dataset_of_a_token_must_exist(catalog: Catalog) -> None:
    dataset = await catalog.dataset("admin", "data")
    request = token.CreateTokenRequest(name="till", dataset_ids=[dataset.dataset_id, "none", "\0"])
    with catalog.acting("admin"), refused(Code.INVALID_ARGUMENT, "dataset_not_found") as error:
        await catalog.tokens.CreateToken(request)
    assert [(violation.field, violation.row) for violation in error.violations] == [
        ("dataset_ids", 2),
        ("dataset_ids", 3),
    ]
