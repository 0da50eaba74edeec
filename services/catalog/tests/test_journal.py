"""What is deleted comes back, and the journal tells who did what."""

from contextlib import nullcontext
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from cjm_catalog.adapters.database import SqlStore
from cjm_catalog.application.datasets import Datasets
from cjm_kit.db import Database
from cjm_kit.errors import Code
from cjm_protos.catalog.v1 import dataset_pb2 as dataset
from cjm_protos.catalog.v1 import import_log_pb2 as imports
from cjm_protos.catalog.v1 import journal_pb2 as journal
from cjm_protos.catalog.v1 import mapping_pb2 as mapping
from cjm_protos.catalog.v1 import token_pb2 as token

from .conftest import Catalog, good_mapping, refused
from .test_datasets import NOTHING, access_of, names_seen


async def delete(catalog: Catalog, who: str, dataset_id: str, *, for_good: bool = False) -> None:
    with catalog.acting(who):
        request = dataset.DeleteDatasetRequest(dataset_id=dataset_id, for_good=for_good)
        await catalog.datasets.DeleteDataset(request)


async def restore(catalog: Catalog, who: str, dataset_id: str) -> dataset.Dataset:
    with catalog.acting(who):
        request = dataset.RestoreDatasetRequest(dataset_id=dataset_id)
        return (await catalog.datasets.RestoreDataset(request)).dataset


async def read(catalog: Catalog, who: str, **request: object) -> list[journal.JournalEntry]:
    with catalog.acting(who):
        asked = journal.ListJournalRequest(**request)  # type: ignore[arg-type]
        return list((await catalog.journal.ListJournal(asked)).entries)


async def told(catalog: Catalog, who: str, **request: object) -> list[str]:
    """What was done and to what, in order of the words: within one moment there is no other."""
    entries = await read(catalog, who, **request)
    return sorted(f"{journal.JournalKind.Name(entry.kind)[13:].lower()} {entry.name}" for entry in entries)


async def export(catalog: Catalog, who: str, dataset_id: str, **changes: str) -> journal.JournalEntry:
    values = {"object": "map", "format": "svg", "address": "/explore/map?dataset=a&steps=12", **changes}
    with catalog.acting(who):
        request = journal.NoteExportRequest(dataset_id=dataset_id, **values)
        return (await catalog.journal.NoteExport(request)).entry


async def test_a_deleted_dataset_is_away_and_comes_back_whole(catalog: Catalog, database: Database) -> None:
    await catalog.user("eva")
    helper = await catalog.user("ben")
    kept = await catalog.dataset("eva", "Shop", is_public=True)
    with catalog.acting("admin"):
        grant = dataset.CreateGrantRequest(dataset_id=kept.dataset_id, username="ben")
        await catalog.datasets.CreateGrant(grant)
        wanted = token.CreateTokenRequest(name="till", dataset_ids=[kept.dataset_id], scopes=["events:write"])
        created = await catalog.tokens.CreateToken(wanted)
    with catalog.acting("eva"):
        opened = imports.CreateImportRequest(dataset_id=kept.dataset_id, file_name="a.csv", mapping=good_mapping(""))
        entry = (await catalog.imports.CreateImport(opened)).entry
    await delete(catalog, "eva", kept.dataset_id)

    for who in ("eva", "ben", "admin"):
        assert await names_seen(catalog, who) == []
        with catalog.acting(who):
            with refused(Code.NOT_FOUND, "dataset_not_found"):
                await catalog.datasets.GetDataset(dataset.GetDatasetRequest(dataset_id=kept.dataset_id))
            assert not (await catalog.imports.ListImports(imports.ListImportsRequest())).entries
    stranger = await catalog.user("zoe")
    for user_id, could_analyse in ((helper.user_id, True), (stranger.user_id, False)):
        request = dataset.GetAccessRequest(dataset_id=kept.dataset_id, subject=f"user:{user_id}")
        answer = await catalog.datasets.GetAccess(request)
        assert answer == dataset.GetAccessResponse(access=None, could_analyse=could_analyse)
    for subject in (f"user:{helper.user_id}", f"token:{created.token.token_id}", "service:mining"):
        assert await access_of(catalog, kept.dataset_id, subject) == NOTHING
    known = await catalog.tokens.AuthenticateToken(token.AuthenticateTokenRequest(secret=created.secret))
    assert not known.token.dataset_ids
    # The log tells of its import to who could analyse it, and who works on the import goes on.
    reading = imports.GetImportRequest(import_id=entry.import_id)
    listings = [
        imports.ListImportsRequest(dataset_id=dataset_id, with_deleted_datasets=True)
        for dataset_id in ("", kept.dataset_id)
    ]
    assert entry.dataset_name == "Shop"
    for name in ("eva", "ben", "admin", None):
        with catalog.acting(name) if name else nullcontext():
            assert (await catalog.imports.GetImport(reading)).entry == entry
            for listing in listings:
                assert list((await catalog.imports.ListImports(listing)).entries) == [entry]
    with catalog.acting("zoe"):
        with refused(Code.NOT_FOUND, "import_not_found"):
            await catalog.imports.GetImport(reading)
        assert not (await catalog.imports.ListImports(listings[0])).entries
        with refused(Code.NOT_FOUND, "dataset_not_found"):
            await catalog.imports.ListImports(listings[1])
    with refused(Code.NOT_FOUND, "dataset_not_found"):
        await delete(catalog, "eva", kept.dataset_id)

    assert await restore(catalog, "eva", kept.dataset_id) == kept
    assert await access_of(catalog, kept.dataset_id, f"user:{helper.user_id}") == (True, True, True, False)
    assert (await access_of(catalog, kept.dataset_id, f"token:{created.token.token_id}"))[2]
    known = await catalog.tokens.AuthenticateToken(token.AuthenticateTokenRequest(secret=created.secret))
    assert list(known.token.dataset_ids) == [kept.dataset_id]
    assert await restore(catalog, "eva", kept.dataset_id) == kept, "a second time changes nothing"
    assert await told(catalog, "eva") == ["deleted Shop", "restored Shop"]
    async with database.read() as session:
        subjects = [row.subject for row in await session.execute(text("SELECT subject FROM outbox"))]
    assert "cjm.catalog.dataset.deleted.v1" not in subjects
    assert subjects.count("cjm.catalog.dataset.updated.v1") == 2


async def test_its_name_is_free_and_must_be_free_when_it_comes_back(catalog: Catalog) -> None:
    await catalog.user("eva")
    first = await catalog.dataset("eva", "Shop")
    await delete(catalog, "eva", first.dataset_id)
    second = await catalog.dataset("eva", "SHOP")
    with refused(Code.ALREADY_EXISTS, "dataset_name_taken") as error:
        await restore(catalog, "eva", first.dataset_id)
    assert error.detail == 'There is another dataset named "Shop" now. Rename that one, then restore this one.'
    await delete(catalog, "eva", second.dataset_id)
    await restore(catalog, "eva", first.dataset_id)
    assert await names_seen(catalog, "eva") == ["Shop"]


@pytest.mark.parametrize("is_public", [False, True])
async def test_only_the_owner_and_administrators_bring_back_and_erase(catalog: Catalog, *, is_public: bool) -> None:
    for name in ("eva", "ben", "zoe"):
        await catalog.user(name)
    gone = await catalog.dataset("eva", "Shop", is_public=is_public)
    with catalog.acting("admin"):
        await catalog.datasets.CreateGrant(dataset.CreateGrantRequest(dataset_id=gone.dataset_id, username="zoe"))
    await delete(catalog, "admin", gone.dataset_id)
    # Who could not analyse it learns nothing of it, not even that it was there.
    for name, refusal in (
        ("ben", (Code.NOT_FOUND, "dataset_not_found")),
        ("zoe", (Code.PERMISSION_DENIED, "dataset_manage_not_allowed")),
    ):
        with refused(*refusal):
            await restore(catalog, name, gone.dataset_id)
        with refused(*refusal):
            await delete(catalog, name, gone.dataset_id, for_good=True)
    note = journal.NoteExportRequest(dataset_id=gone.dataset_id, object="map", name="mine", format="svg")
    with catalog.acting("ben"), refused(Code.NOT_FOUND, "dataset_not_found"):
        await catalog.journal.NoteExport(note)
    assert await read(catalog, "ben") == []
    read_by = {name: (await read(catalog, name))[0] for name in ("eva", "admin", "zoe")}
    until = (catalog.clock() + timedelta(days=30)).replace(tzinfo=None)
    assert {entry.restorable_until.ToDatetime() for entry in read_by.values()} == {until}
    assert {name: entry.can_restore for name, entry in read_by.items()} == {"eva": True, "admin": True, "zoe": False}
    await delete(catalog, "eva", gone.dataset_id, for_good=True)
    assert not any(entry.HasField("restorable_until") or entry.can_restore for entry in await read(catalog, "admin"))
    with refused(Code.NOT_FOUND, "dataset_not_found"):
        await restore(catalog, "admin", gone.dataset_id)
    assert await told(catalog, "admin") == ["deleted Shop", "erased Shop"]


async def test_after_thirty_days_it_is_erased(catalog: Catalog, database: Database) -> None:
    async def no_bus() -> None:
        pass

    await catalog.user("eva")
    old, young = [await catalog.dataset("eva", name) for name in ("Old", "Young")]
    await delete(catalog, "eva", old.dataset_id)
    catalog.clock.pass_by(days=1)
    await delete(catalog, "eva", young.dataset_id)
    catalog.clock.pass_by(days=29, seconds=1)
    await Datasets(SqlStore(database, no_bus), catalog.clock).erase_old()
    with refused(Code.NOT_FOUND, "dataset_not_found"):
        await restore(catalog, "eva", old.dataset_id)
    await restore(catalog, "eva", young.dataset_id)
    async with database.read() as session:
        facts = await session.execute(text("SELECT payload FROM outbox WHERE subject LIKE '%dataset.deleted%'"))
    assert len(facts.all()) == 1


async def test_only_the_newest_deletion_can_be_taken_back(catalog: Catalog) -> None:
    await catalog.user("eva")
    shop = await catalog.dataset("eva", "Shop")
    for _ in range(2):
        await delete(catalog, "eva", shop.dataset_id)
        catalog.clock.pass_by(hours=1)
        await restore(catalog, "eva", shop.dataset_id)
        catalog.clock.pass_by(hours=1)
    await delete(catalog, "eva", shop.dataset_id)
    entries = await read(catalog, "eva", kinds=[journal.JOURNAL_KIND_DELETED])
    assert [entry.HasField("restorable_until") for entry in entries] == [True, False, False]


async def test_an_export_keeps_who_what_and_where(catalog: Catalog) -> None:
    eva = await catalog.user("eva")
    shop = await catalog.dataset("eva", "Shop")
    made = await export(catalog, "eva", shop.dataset_id, name="By day", object="chart", format="png")
    assert (await read(catalog, "eva")) == [made]
    assert (made.kind, made.object, made.format) == (journal.JOURNAL_KIND_EXPORTED, "chart", "png")
    assert (made.name, made.dataset_name) == ("By day", "Shop")
    assert (made.created_by, made.created_by_id) == ("eva", eva.user_id)
    assert made.address == "/explore/map?dataset=a&steps=12"
    assert made.created_at.ToDatetime() == catalog.clock().replace(tzinfo=None)
    await delete(catalog, "eva", shop.dataset_id)
    assert (await export(catalog, "eva", shop.dataset_id, object="model")).dataset_name == "Shop"
    assert not {"events_changed", "restorable_until"} & {descriptor.name for descriptor, _ in made.ListFields()}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"object": "world"}, "export_unknown"),
        ({"format": "exe"}, "export_format_unknown"),
        ({"name": "x" * 256}, "export_name_invalid"),
        ({"name": "a\nb"}, "export_name_invalid"),
        ({"object_id": "x" * 256}, "export_name_invalid"),
        ({"address": "https://elsewhere.example"}, "export_address_invalid"),
        ({"address": "//elsewhere.example"}, "export_address_invalid"),
        ({"address": "/\\elsewhere.example"}, "export_address_invalid"),
        ({"address": "/a b"}, "export_address_invalid"),
        ({"address": "/" + "x" * 2000}, "export_address_invalid"),
    ],
)
async def test_an_export_that_says_nonsense_is_refused(catalog: Catalog, changes: dict[str, str], reason: str) -> None:
    shop = await catalog.dataset("admin", "Shop")
    with refused(Code.INVALID_ARGUMENT, reason) as error:
        await export(catalog, "admin", shop.dataset_id, **changes)
    assert [violation.field for violation in error.violations] == list(changes)
    assert await read(catalog, "admin") == []


async def test_only_who_sees_a_dataset_exports_from_it_and_reads_of_it(catalog: Catalog) -> None:
    for name in ("eva", "ben"):
        await catalog.user(name)
    private = await catalog.dataset("eva", "Private")
    public = await catalog.dataset("eva", "Public", is_public=True)
    with refused(Code.NOT_FOUND, "dataset_not_found"):
        await export(catalog, "ben", private.dataset_id)
    await export(catalog, "eva", private.dataset_id, name="1")
    await export(catalog, "eva", public.dataset_id, name="2")
    await export(catalog, "ben", public.dataset_id, name="3")
    assert await told(catalog, "eva") == ["exported 1", "exported 2", "exported 3"]
    assert await told(catalog, "ben") == ["exported 2", "exported 3"]
    assert await told(catalog, "admin", dataset_id=private.dataset_id) == ["exported 1"]
    assert await told(catalog, "ben", dataset_id=private.dataset_id) == []
    await delete(catalog, "eva", public.dataset_id, for_good=True)
    assert await told(catalog, "ben") == ["exported 3"], "his own stay"
    assert await told(catalog, "eva", dataset_id=public.dataset_id) == ["erased Public", "exported 2"]


async def test_what_a_service_notes_is_kept_once(catalog: Catalog) -> None:
    eva = await catalog.user("eva")
    shop = await catalog.dataset("eva", "Shop")
    request = journal.NoteEntryRequest(
        entry_id=str(uuid4()),
        user_id=eva.user_id,
        kind=journal.JOURNAL_KIND_FIXED,
        object="duplicates",
        dataset_id=shop.dataset_id,
        events_changed=0,
        events_removed=12,
    )
    for _ in range(2):
        await catalog.journal.NoteEntry(request)
    [entry] = await read(catalog, "eva")
    assert (entry.object, entry.dataset_name, entry.created_by) == ("duplicates", "Shop", "eva")
    assert (entry.HasField("events_changed"), entry.events_changed, entry.events_removed) == (True, 0, 12)
    request.user_id = str(uuid4())
    with refused(Code.NOT_FOUND, "user_not_found"):
        await catalog.journal.NoteEntry(request)
    request.user_id, request.kind = eva.user_id, journal.JOURNAL_KIND_UNSPECIFIED
    with refused(Code.INVALID_ARGUMENT, "journal_kind_unknown"):
        await catalog.journal.NoteEntry(request)


async def test_a_deleted_mapping_is_told_to_all_staff(catalog: Catalog) -> None:
    for name in ("eva", "ben"):
        await catalog.user(name)
    with catalog.acting("eva"):
        made = (await catalog.mappings.CreateMapping(mapping.CreateMappingRequest(mapping=good_mapping()))).mapping
        await catalog.mappings.DeleteMapping(mapping.DeleteMappingRequest(mapping_id=made.mapping_id))
    [entry] = await read(catalog, "ben")
    assert (entry.object, entry.name, entry.created_by, entry.dataset_id) == ("mapping", "shop", "eva", "")


async def test_pages_are_newest_first_without_gaps(catalog: Catalog) -> None:
    shop = await catalog.dataset("admin", "Shop")
    for number in range(5):
        await export(catalog, "admin", shop.dataset_id, name=str(number))
        catalog.clock.pass_by(seconds=number % 2)
    await delete(catalog, "admin", shop.dataset_id)
    names: list[str] = []
    cursor = ""
    while True:
        with catalog.acting("admin"):
            request = journal.ListJournalRequest(kinds=[journal.JOURNAL_KIND_EXPORTED], page_size=2, page_token=cursor)
            answer = await catalog.journal.ListJournal(request)
        names += [entry.name for entry in answer.entries]
        cursor = answer.next_page_token
        if not cursor:
            break
    assert [sorted(names[:1]), sorted(names[1:3]), sorted(names[3:])] == [["4"], ["2", "3"], ["0", "1"]]
