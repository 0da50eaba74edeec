"""Datasets, grants and who may do what."""

from typing import Any

import pytest
from sqlalchemy import text

from cjm_kit.db import Database
from cjm_kit.errors import Code
from cjm_protos.catalog.v1 import account_pb2 as account
from cjm_protos.catalog.v1 import dataset_pb2 as dataset
from cjm_protos.catalog.v1 import facts_pb2, token_pb2

from .conftest import Catalog, refused

NOTHING = (False, False, False, False)
SEES = (True, False, False, False)
WORKS = (True, True, True, False)
EVERYTHING = (True, True, True, True)


def rights(access: dataset.Access) -> tuple[bool, bool, bool, bool]:
    return access.can_see, access.can_analyse, access.can_write, access.can_manage


async def access_of(catalog: Catalog, dataset_id: str, subject: str) -> tuple[bool, bool, bool, bool]:
    answer = await catalog.datasets.GetAccess(dataset.GetAccessRequest(dataset_id=dataset_id, subject=subject))
    return rights(answer.access)


async def names_seen(catalog: Catalog, name: str, **request: object) -> list[str]:
    with catalog.acting(name):
        answer = await catalog.datasets.ListDatasets(dataset.ListDatasetsRequest(**request))  # type: ignore[arg-type]
    return [item.name for item in answer.datasets]


async def test_a_dataset_keeps_what_it_was_given(catalog: Catalog) -> None:
    await catalog.user("eva")
    request = dataset.CreateDatasetRequest(
        name=" Shop ",
        is_public=True,
        time_zone="Europe/Berlin",
        default_case=dataset.CASE_NOTION_SESSION,
        session_gap_minutes=30,
        goal_activity="purchase",
    )
    with catalog.acting("eva"):
        made = (await catalog.datasets.CreateDataset(request)).dataset
        read = (await catalog.datasets.GetDataset(dataset.GetDatasetRequest(dataset_id=made.dataset_id))).dataset
    assert made == read
    assert (read.name, read.owner, read.owner_id) == ("Shop", "eva", catalog.users["eva"].user_id)
    assert (read.time_zone, read.session_gap_minutes, read.goal_activity) == ("Europe/Berlin", 30, "purchase")
    access = await catalog.datasets.GetAccess(
        dataset.GetAccessRequest(dataset_id=read.dataset_id, subject="service:mining")
    )
    assert (access.time_zone, access.goal_activity) == ("Europe/Berlin", "purchase")
    assert read.default_case == dataset.CASE_NOTION_SESSION
    assert rights(read.access) == EVERYTHING
    plain = await catalog.dataset("eva", "plain")
    assert (plain.time_zone, plain.default_case, plain.is_public) == ("UTC", dataset.CASE_NOTION_CUSTOMER, False)


async def test_private_is_invisible_and_public_is_seen_only(catalog: Catalog) -> None:
    for name in ("anna", "bert"):
        await catalog.user(name)
    private, public = await catalog.dataset("anna", "private"), await catalog.dataset("anna", "public", is_public=True)
    assert await names_seen(catalog, "bert") == ["public"]
    assert await names_seen(catalog, "anna") == ["private", "public"]
    assert await names_seen(catalog, "admin") == ["private", "public"]
    assert await names_seen(catalog, "anna", public_only=True) == ["public"]
    listed = await catalog.datasets.ListDatasets(dataset.ListDatasetsRequest())
    assert [rights(item.access) for item in listed.datasets] == [EVERYTHING] * 2
    rename: dict[str, Any] = {"name": "mine now"}
    with catalog.acting("bert"):
        for call in (
            catalog.datasets.GetDataset(dataset.GetDatasetRequest(dataset_id=private.dataset_id)),
            catalog.datasets.UpdateDataset(dataset.UpdateDatasetRequest(dataset_id=private.dataset_id, **rename)),
            catalog.datasets.DeleteDataset(dataset.DeleteDatasetRequest(dataset_id=private.dataset_id)),
            catalog.datasets.ListGrants(dataset.ListGrantsRequest(dataset_id=private.dataset_id)),
        ):
            with refused(Code.NOT_FOUND, "dataset_not_found"):
                await call
        seen = (await catalog.datasets.GetDataset(dataset.GetDatasetRequest(dataset_id=public.dataset_id))).dataset
        assert rights(seen.access) == SEES
        for call in (
            catalog.datasets.UpdateDataset(dataset.UpdateDatasetRequest(dataset_id=public.dataset_id, **rename)),
            catalog.datasets.DeleteDataset(dataset.DeleteDatasetRequest(dataset_id=public.dataset_id)),
            catalog.datasets.ListGrants(dataset.ListGrantsRequest(dataset_id=public.dataset_id)),
        ):
            with refused(Code.PERMISSION_DENIED, "dataset_manage_not_allowed"):
                await call


@pytest.mark.parametrize("is_public", [True, False])
async def test_a_grant_lets_work_until_it_is_taken_back(catalog: Catalog, is_public: bool) -> None:
    for name in ("anna", "bert"):
        await catalog.user(name)
    dataset_id = (await catalog.dataset("anna", "data", is_public=is_public)).dataset_id
    bert = catalog.users["bert"].user_id
    without = SEES if is_public else NOTHING
    assert await access_of(catalog, dataset_id, f"user:{bert}") == without
    with catalog.acting("admin"):
        request = dataset.CreateGrantRequest(dataset_id=dataset_id, username="BERT")
        first = (await catalog.datasets.CreateGrant(request)).grant
        catalog.clock.pass_by(minutes=1)
        again = dataset.CreateGrantRequest(dataset_id=dataset_id, user_id=bert)
        assert (await catalog.datasets.CreateGrant(again)).grant == first
        assert (first.user_id, first.username) == (bert, "bert")
    assert await access_of(catalog, dataset_id, f"user:{bert}") == WORKS
    assert await names_seen(catalog, "bert") == ["data"]
    with catalog.acting("anna"):
        grants = (await catalog.datasets.ListGrants(dataset.ListGrantsRequest(dataset_id=dataset_id))).grants
        assert list(grants) == [first]
    with catalog.acting("admin"):
        for _ in range(2):
            await catalog.datasets.DeleteGrant(dataset.DeleteGrantRequest(dataset_id=dataset_id, user_id=bert))
    assert await access_of(catalog, dataset_id, f"user:{bert}") == without


async def test_a_grant_names_one_existing_account_and_dataset(catalog: Catalog) -> None:
    dataset_id = (await catalog.dataset("admin", "data")).dataset_id
    with catalog.acting("admin"):
        for who in ({}, {"user_id": "x", "username": "y"}):
            with refused(Code.INVALID_ARGUMENT, "grant_account_missing"):
                await catalog.datasets.CreateGrant(dataset.CreateGrantRequest(dataset_id=dataset_id, **who))
        with refused(Code.NOT_FOUND, "user_not_found"):
            await catalog.datasets.CreateGrant(dataset.CreateGrantRequest(dataset_id=dataset_id, username="nobody"))
        with refused(Code.NOT_FOUND, "dataset_not_found"):
            await catalog.datasets.CreateGrant(dataset.CreateGrantRequest(dataset_id="none", username="admin"))
        with refused(Code.NOT_FOUND, "dataset_not_found"):
            await catalog.datasets.DeleteGrant(dataset.DeleteGrantRequest(dataset_id="none", user_id="x"))


async def test_access_of_every_kind_of_subject(catalog: Catalog) -> None:
    for name in ("anna", "bert"):
        await catalog.user(name)
    dataset_id = (await catalog.dataset("anna", "data", is_public=True)).dataset_id
    other_id = (await catalog.dataset("anna", "other", is_public=True)).dataset_id
    with catalog.acting("admin"):
        made = await catalog.tokens.CreateToken(token_pb2.CreateTokenRequest(name="till", dataset_ids=[dataset_id]))
        await catalog.accounts.UpdateUser(
            account.UpdateUserRequest(user_id=catalog.users["bert"].user_id, is_disabled=True)
        )
    token = f"token:{made.token.token_id}"
    assert await access_of(catalog, dataset_id, f"user:{catalog.users['anna'].user_id}") == EVERYTHING
    assert await access_of(catalog, dataset_id, f"user:{catalog.users['admin'].user_id}") == EVERYTHING
    assert await access_of(catalog, dataset_id, f"user:{catalog.users['bert'].user_id}") == NOTHING
    assert await access_of(catalog, dataset_id, "user:nobody") == NOTHING
    assert await access_of(catalog, dataset_id, "service:ingest") == EVERYTHING
    assert await access_of(catalog, dataset_id, token) == (False, False, True, False)
    assert await access_of(catalog, other_id, token) == NOTHING
    with catalog.acting("admin"):
        await catalog.tokens.RevokeToken(token_pb2.RevokeTokenRequest(token_id=made.token.token_id))
    assert await access_of(catalog, dataset_id, token) == NOTHING
    missing = await catalog.datasets.GetAccess(dataset.GetAccessRequest(dataset_id="none", subject="service:ingest"))
    assert (missing.exists, rights(missing.access), missing.time_zone) == (False, NOTHING, "")
    for subject in ("", "user:", "robot:x"):
        with refused(Code.INVALID_ARGUMENT, "subject_invalid"):
            await access_of(catalog, dataset_id, subject)


async def test_whether_a_name_is_free_is_told_also_of_datasets_one_may_not_see(catalog: Catalog) -> None:
    await catalog.user("anna")
    await catalog.dataset("admin", "Shop")
    with catalog.acting("anna"):
        await catalog.datasets.CheckDatasetName(dataset.CheckDatasetNameRequest(name="Shop 2"))
        with refused(Code.ALREADY_EXISTS, "dataset_name_taken"):
            await catalog.datasets.CheckDatasetName(dataset.CheckDatasetNameRequest(name=" sHOP "))
        with refused(Code.INVALID_ARGUMENT, "name_too_long"):
            await catalog.datasets.CheckDatasetName(dataset.CheckDatasetNameRequest(name="x" * 101))
        assert list((await catalog.datasets.ListDatasets(dataset.ListDatasetsRequest())).datasets) == []


async def test_names_are_unique_when_made_and_when_changed(catalog: Catalog) -> None:
    await catalog.dataset("admin", "Shop")
    other = await catalog.dataset("admin", "other")
    with refused(Code.ALREADY_EXISTS, "dataset_name_taken"):
        await catalog.dataset("admin", " sHOP ")
    with catalog.acting("admin"):
        with refused(Code.ALREADY_EXISTS, "dataset_name_taken"):
            await catalog.datasets.UpdateDataset(dataset.UpdateDatasetRequest(dataset_id=other.dataset_id, name="SHOP"))
        same = dataset.UpdateDatasetRequest(dataset_id=other.dataset_id, name="OTHER")
        assert (await catalog.datasets.UpdateDataset(same)).dataset.name == "OTHER"


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"name": ""}, "name_empty", "name"),
        ({"name": "x" * 101}, "name_too_long", "name"),
        ({"time_zone": "Mars/Olympus"}, "time_zone_unknown", "time_zone"),
        ({"session_gap_minutes": 10081}, "session_gap_out_of_range", "session_gap_minutes"),
        ({"session_gap_minutes": -1}, "session_gap_out_of_range", "session_gap_minutes"),
        ({"goal_activity": "x" * 501}, "goal_activity_invalid", "goal_activity"),
        ({"goal_activity": "\0"}, "goal_activity_invalid", "goal_activity"),
    ],
)
async def test_bad_settings_are_refused(catalog: Catalog, change: dict[str, Any], reason: str, field: str) -> None:
    dataset_id = (await catalog.dataset("admin", "data")).dataset_id
    with catalog.acting("admin"):
        with refused(Code.INVALID_ARGUMENT, reason) as error:
            await catalog.datasets.UpdateDataset(dataset.UpdateDatasetRequest(dataset_id=dataset_id, **change))
        assert [violation.field for violation in error.violations] == [field]
        with refused(Code.INVALID_ARGUMENT, reason):
            await catalog.datasets.CreateDataset(dataset.CreateDatasetRequest(**{"name": "new", **change}))


async def test_a_change_leaves_the_rest_as_it_was(catalog: Catalog) -> None:
    made = await catalog.dataset("admin", "data")
    with catalog.acting("admin"):
        for change in (
            {"is_public": True},
            {"time_zone": "Asia/Tokyo"},
            {"default_case": dataset.CASE_NOTION_SESSION, "session_gap_minutes": 60},
            {"goal_activity": "purchase"},
            {"goal_activity": ""},
        ):
            request = dataset.UpdateDatasetRequest(dataset_id=made.dataset_id, **change)
            changed = (await catalog.datasets.UpdateDataset(request)).dataset
            made.MergeFrom(dataset.Dataset(**change))
            if change == {"goal_activity": ""}:
                made.goal_activity = ""
            assert changed == made


async def test_datasets_are_listed_by_name_in_pages_and_searched(catalog: Catalog) -> None:
    await catalog.user("eva")
    for number in range(5):
        await catalog.dataset("eva", f"{'abcde'[number]} 100%")
    await catalog.dataset("eva", "B_x")

    async def names(cursor: str = "") -> list[str]:
        request = dataset.ListDatasetsRequest(page_size=2, page_token=cursor)
        answer = await catalog.datasets.ListDatasets(request)
        rest = await names(answer.next_page_token) if answer.next_page_token else []
        return [item.name for item in answer.datasets] + rest

    with catalog.acting("eva"):
        assert await names() == ["a 100%", "b 100%", "B_x", "c 100%", "d 100%", "e 100%"]
    assert await names_seen(catalog, "eva", name_contains="b") == ["b 100%", "B_x"]
    assert await names_seen(catalog, "eva", name_contains="_X") == ["B_x"]
    assert await names_seen(catalog, "eva", name_contains="0%") == [f"{letter} 100%" for letter in "abcde"]


async def test_deleting_for_good_takes_grants_tokens_and_log_along_and_tells(
    catalog: Catalog, database: Database
) -> None:
    await catalog.user("eva")
    dataset_id = (await catalog.dataset("eva", "data")).dataset_id
    with catalog.acting("admin"):
        await catalog.datasets.CreateGrant(dataset.CreateGrantRequest(dataset_id=dataset_id, username="admin"))
        token = await catalog.tokens.CreateToken(token_pb2.CreateTokenRequest(name="till", dataset_ids=[dataset_id]))
    with catalog.acting("eva"):
        await catalog.datasets.UpdateDataset(dataset.UpdateDatasetRequest(dataset_id=dataset_id, is_public=True))
        await catalog.datasets.DeleteDataset(dataset.DeleteDatasetRequest(dataset_id=dataset_id, for_good=True))
        with refused(Code.NOT_FOUND, "dataset_not_found"):
            await catalog.datasets.GetDataset(dataset.GetDatasetRequest(dataset_id=dataset_id))
    known = await catalog.tokens.AuthenticateToken(token_pb2.AuthenticateTokenRequest(secret=token.secret))
    assert list(known.token.dataset_ids) == []
    await catalog.dataset("eva", "data")
    async with database.read() as session:
        rows = (await session.execute(text("SELECT subject, payload FROM outbox ORDER BY created_at"))).all()
    assert [row.subject for row in rows] == [
        "cjm.catalog.dataset.created.v1",
        "cjm.catalog.grant.changed.v1",
        "cjm.catalog.dataset.updated.v1",
        "cjm.catalog.dataset.deleted.v1",
        "cjm.catalog.dataset.created.v1",
    ]
    assert facts_pb2.DatasetCreated.FromString(rows[0].payload).name == "data"
    assert facts_pb2.GrantChanged.FromString(rows[1].payload).user_id == catalog.users["admin"].user_id
    assert facts_pb2.DatasetDeleted.FromString(rows[3].payload).dataset_id == dataset_id
