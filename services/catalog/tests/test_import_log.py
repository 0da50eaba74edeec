"""The import log over gRPC."""

import asyncio

from cjm_kit.errors import AppError, Code
from cjm_protos.catalog.v1 import dataset_pb2 as dataset
from cjm_protos.catalog.v1 import import_log_pb2 as log
from cjm_protos.catalog.v1 import mapping_pb2 as mapping

from .conftest import Catalog, good_mapping, refused


async def opened(
    catalog: Catalog,
    owner: str,
    dataset_id: str,
    file_name: str = "shop.csv",
    *,
    is_check: bool = False,
    replaces_dataset: bool = False,
) -> log.ImportEntry:
    with catalog.acting(owner):
        request = log.CreateImportRequest(
            dataset_id=dataset_id,
            file_name=file_name,
            mapping=good_mapping(""),
            is_check=is_check,
            replaces_dataset=replaces_dataset,
        )
        return (await catalog.imports.CreateImport(request)).entry


async def end(
    catalog: Catalog, entry: log.ImportEntry, status: log.ImportStatus.ValueType = log.IMPORT_STATUS_COMPLETED
) -> None:
    await catalog.imports.UpdateImport(log.UpdateImportRequest(import_id=entry.import_id, status=status))


async def test_an_import_runs_to_its_end_and_can_be_removed(catalog: Catalog) -> None:
    dataset_id = (await catalog.dataset("admin", "data")).dataset_id
    entry = await opened(catalog, "admin", dataset_id)
    assert (entry.status, entry.created_by, entry.file_name) == (log.IMPORT_STATUS_QUEUED, "admin", "shop.csv")
    catalog.clock.pass_by(minutes=1)

    async def update(**news: object) -> log.ImportEntry:
        request = log.UpdateImportRequest(import_id=entry.import_id, **news)  # type: ignore[arg-type]
        return (await catalog.imports.UpdateImport(request)).entry

    running = await update(status=log.IMPORT_STATUS_RUNNING, rows_read=10, progress_ratio=0.5, file_bytes=2**40)
    assert (running.rows_read, running.progress_ratio, running.file_bytes) == (10, 0.5, 2**40)
    assert not running.HasField("finished_at")
    end = {"status": log.IMPORT_STATUS_COMPLETED, "rows_read": 20, "rows_accepted": 18, "rows_rejected": 2}
    done = await update(**end, rows_duplicate=1)
    assert (done.progress_ratio, done.rows_accepted, done.rows_rejected, done.rows_duplicate) == (1.0, 18, 2, 1)
    assert done.finished_at.ToDatetime() == catalog.clock.time.replace(tzinfo=None)
    assert await update(**end) == done
    for late in ({"rows_read": 21}, {"status": log.IMPORT_STATUS_RUNNING}, {"status": log.IMPORT_STATUS_FAILED}):
        with refused(Code.FAILED_PRECONDITION, "import_ended"):
            await update(**late)
    removed = await update(status=log.IMPORT_STATUS_REMOVED)
    assert (removed.status, removed.finished_at) == (log.IMPORT_STATUS_REMOVED, done.finished_at)
    with refused(Code.INVALID_ARGUMENT, "import_status_unknown"):
        await update(status=log.IMPORT_STATUS_UNSPECIFIED)
    with refused(Code.NOT_FOUND, "import_not_found"):
        await catalog.imports.UpdateImport(log.UpdateImportRequest(import_id="none"))


async def test_a_dataset_tells_when_its_newest_import_was_completed(catalog: Catalog) -> None:
    dataset_id = (await catalog.dataset("admin", "data")).dataset_id
    other_id = (await catalog.dataset("admin", "other")).dataset_id

    async def told() -> list[dataset.Dataset]:
        with catalog.acting("admin"):
            return list((await catalog.datasets.ListDatasets(dataset.ListDatasetsRequest())).datasets)

    first = await opened(catalog, "admin", dataset_id)
    check = await opened(catalog, "admin", dataset_id, is_check=True)
    second = await opened(catalog, "admin", dataset_id)
    catalog.clock.pass_by(minutes=1)
    await end(catalog, first)
    completed_at = catalog.clock.time.replace(tzinfo=None)
    catalog.clock.pass_by(minutes=1)
    await end(catalog, check)
    await end(catalog, second, log.IMPORT_STATUS_FAILED)
    await end(catalog, await opened(catalog, "admin", other_id, is_check=True))
    one, other = await told()
    assert (one.last_import_at.ToDatetime(), other.HasField("last_import_at")) == (completed_at, False)
    await end(catalog, await opened(catalog, "admin", dataset_id))
    assert (await told())[0].last_import_at.ToDatetime() == catalog.clock.time.replace(tzinfo=None)


async def test_a_failed_import_says_why(catalog: Catalog) -> None:
    entry = await opened(catalog, "admin", (await catalog.dataset("admin", "data")).dataset_id)
    request = log.UpdateImportRequest(
        import_id=entry.import_id,
        status=log.IMPORT_STATUS_FAILED,
        error_reason="file_unreadable",
        error_detail='Row 7 holds "\0".',
    )
    await catalog.imports.UpdateImport(request)
    failed = (await catalog.imports.GetImport(log.GetImportRequest(import_id=entry.import_id))).entry
    assert (failed.error_reason, failed.error_detail) == ("file_unreadable", 'Row 7 holds "\N{REPLACEMENT CHARACTER}".')


async def test_an_import_keeps_its_copy_of_the_mapping(catalog: Catalog) -> None:
    dataset_id = (await catalog.dataset("admin", "data")).dataset_id
    with catalog.acting("admin"):
        kept = (await catalog.mappings.CreateMapping(mapping.CreateMappingRequest(mapping=good_mapping()))).mapping
        request = log.CreateImportRequest(dataset_id=dataset_id, file_name="a.csv", mapping_id=kept.mapping_id)
        entry = (await catalog.imports.CreateImport(request)).entry
        await catalog.mappings.DeleteMapping(mapping.DeleteMappingRequest(mapping_id=kept.mapping_id))
        read = (await catalog.imports.GetImport(log.GetImportRequest(import_id=entry.import_id))).entry
        assert read.mapping == kept
        with refused(Code.NOT_FOUND, "mapping_not_found"):
            await catalog.imports.CreateImport(request)


async def test_a_mapping_given_in_place_keeps_its_step_rules_and_repairs(catalog: Catalog) -> None:
    entry = await opened(catalog, "admin", (await catalog.dataset("admin", "data")).dataset_id)
    read = (await catalog.imports.GetImport(log.GetImportRequest(import_id=entry.import_id))).entry
    assert (read.mapping.step_rules, read.mapping.columns) == (good_mapping().step_rules, good_mapping().columns)


async def test_a_bad_import_is_refused(catalog: Catalog) -> None:
    dataset_id = (await catalog.dataset("admin", "data")).dataset_id
    both = {"mapping": good_mapping(), "mapping_id": "x"}
    with catalog.acting("admin"):
        for request, reason in (
            (log.CreateImportRequest(dataset_id=dataset_id, file_name="a.csv"), "mapping_missing"),
            (log.CreateImportRequest(dataset_id=dataset_id, file_name="a.csv", **both), "mapping_missing"),  # type: ignore[arg-type]
            (log.CreateImportRequest(dataset_id=dataset_id, file_name="", mapping=good_mapping()), "name_empty"),
            (
                log.CreateImportRequest(dataset_id=dataset_id, file_name="a.csv", mapping=mapping.Mapping()),
                "mapping_invalid",
            ),
        ):
            with refused(Code.INVALID_ARGUMENT, reason):
                await catalog.imports.CreateImport(request)


async def test_only_who_may_write_imports_and_only_who_may_see_reads(catalog: Catalog) -> None:
    for name in ("anna", "bert"):
        await catalog.user(name)
    private = (await catalog.dataset("anna", "private")).dataset_id
    public = (await catalog.dataset("anna", "public", is_public=True)).dataset_id
    hidden = await opened(catalog, "anna", private)
    catalog.clock.pass_by(seconds=1)
    shown = await opened(catalog, "anna", public)
    with refused(Code.NOT_FOUND, "dataset_not_found"):
        await opened(catalog, "bert", private)
    with refused(Code.PERMISSION_DENIED, "dataset_write_not_allowed"):
        await opened(catalog, "bert", public)
    with catalog.acting("bert"):
        with refused(Code.NOT_FOUND, "import_not_found"):
            await catalog.imports.GetImport(log.GetImportRequest(import_id=hidden.import_id))
        with refused(Code.NOT_FOUND, "dataset_not_found"):
            await catalog.imports.ListImports(log.ListImportsRequest(dataset_id=private))
        assert list((await catalog.imports.ListImports(log.ListImportsRequest())).entries) == [shown]
    with catalog.acting("anna"):
        assert list((await catalog.imports.ListImports(log.ListImportsRequest())).entries) == [shown, hidden]
    assert list((await catalog.imports.ListImports(log.ListImportsRequest(dataset_id=private))).entries) == [hidden]


async def test_who_manages_a_dataset_may_replace_it(catalog: Catalog) -> None:
    for name in ("anna", "bert", "carl"):
        await catalog.user(name)
    dataset_id = (await catalog.dataset("anna", "orders", is_public=True)).dataset_id
    with catalog.acting("admin"):
        await catalog.datasets.CreateGrant(dataset.CreateGrantRequest(dataset_id=dataset_id, username="bert"))
    await end(catalog, await opened(catalog, "bert", dataset_id))
    with refused(Code.PERMISSION_DENIED, "dataset_manage_not_allowed"):
        await opened(catalog, "bert", dataset_id, replaces_dataset=True)
    with refused(Code.PERMISSION_DENIED, "dataset_write_not_allowed"):
        await opened(catalog, "carl", dataset_id, replaces_dataset=True)
    with refused(Code.INVALID_ARGUMENT, "check_replaces_nothing"):
        await opened(catalog, "anna", dataset_id, replaces_dataset=True, is_check=True)
    for name in ("anna", "admin"):
        entry = await opened(catalog, name, dataset_id, replaces_dataset=True)
        assert entry.replaces_dataset
        await end(catalog, entry)
    assert not (await opened(catalog, "anna", dataset_id)).replaces_dataset


async def test_an_import_that_replaces_the_dataset_is_alone_with_it(catalog: Catalog) -> None:
    dataset_id = (await catalog.dataset("admin", "orders")).dataset_id
    other_id = (await catalog.dataset("admin", "visits")).dataset_id
    adding = [await opened(catalog, "admin", dataset_id, "may.csv"), await opened(catalog, "admin", dataset_id)]
    with refused(Code.FAILED_PRECONDITION, "dataset_being_imported") as refusal:
        await opened(catalog, "admin", dataset_id, replaces_dataset=True)
    assert '.csv" is still being imported' in refusal.detail
    for entry in adding:
        await end(catalog, entry)
    check = await opened(catalog, "admin", dataset_id, is_check=True)
    replacing = await opened(catalog, "admin", dataset_id, "all.csv", replaces_dataset=True)
    for also_replaces in (False, True):
        with refused(Code.FAILED_PRECONDITION, "dataset_being_replaced") as refusal:
            await opened(catalog, "admin", dataset_id, replaces_dataset=also_replaces)
        assert refusal.detail.startswith('"all.csv" is replacing')
    await opened(catalog, "admin", dataset_id, is_check=True)
    await opened(catalog, "admin", other_id, replaces_dataset=True)
    await end(catalog, replacing, log.IMPORT_STATUS_CANCELLED)
    await opened(catalog, "admin", dataset_id)
    assert not check.replaces_dataset


async def test_of_two_imports_that_come_at_once_one_is_alone_or_none_replaces(catalog: Catalog) -> None:
    dataset_id = (await catalog.dataset("admin", "orders")).dataset_id
    tries = [opened(catalog, "admin", dataset_id, replaces_dataset=True) for _ in range(4)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    reasons = sorted(result.reason for result in results if isinstance(result, AppError))
    assert reasons == ["dataset_being_replaced"] * 3


async def test_a_check_without_a_dataset_is_for_its_maker(catalog: Catalog) -> None:
    for name in ("anna", "bert"):
        await catalog.user(name)
    request = log.CreateImportRequest(file_name="a.csv", mapping=good_mapping(""), is_check=True)
    with catalog.acting("anna"):
        entry = (await catalog.imports.CreateImport(request)).entry
        request.is_check = False
        with refused(Code.INVALID_ARGUMENT, "dataset_missing"):
            await catalog.imports.CreateImport(request)
    assert entry.dataset_id == ""
    end = log.UpdateImportRequest(import_id=entry.import_id, status=log.IMPORT_STATUS_COMPLETED, rows_read=1)
    done = (await catalog.imports.UpdateImport(end)).entry
    get = log.GetImportRequest(import_id=entry.import_id)
    assert (await catalog.imports.GetImport(get)).entry == done
    for name, may_read in (("anna", True), ("bert", False), ("admin", False)):
        with catalog.acting(name):
            listed = list((await catalog.imports.ListImports(log.ListImportsRequest())).entries)
            assert listed == ([done] if may_read else [])
            if may_read:
                assert (await catalog.imports.GetImport(get)).entry == done
            else:
                with refused(Code.NOT_FOUND, "import_not_found"):
                    await catalog.imports.GetImport(get)
    assert list((await catalog.imports.ListImports(log.ListImportsRequest())).entries) == []


async def test_a_check_without_a_dataset_is_gone_after_a_week(catalog: Catalog) -> None:
    kept = await opened(catalog, "admin", (await catalog.dataset("admin", "data")).dataset_id)
    request = log.CreateImportRequest(file_name="a.csv", mapping=good_mapping(""), is_check=True)

    async def check() -> log.GetImportRequest:
        with catalog.acting("admin"):
            return log.GetImportRequest(import_id=(await catalog.imports.CreateImport(request)).entry.import_id)

    first = await check()
    catalog.clock.pass_by(days=4)
    second = await check()
    catalog.clock.pass_by(days=4)
    third = await check()
    for get in (second, third, log.GetImportRequest(import_id=kept.import_id)):
        await catalog.imports.GetImport(get)
    with refused(Code.NOT_FOUND, "import_not_found"):
        await catalog.imports.GetImport(first)


async def test_imports_are_listed_newest_first_by_state_in_pages(catalog: Catalog) -> None:
    dataset_id = (await catalog.dataset("admin", "data")).dataset_id
    entries = []
    for number in range(5):
        entries.append(await opened(catalog, "admin", dataset_id, f"{number}.csv"))
        catalog.clock.pass_by(seconds=number % 2)
    await catalog.imports.UpdateImport(
        log.UpdateImportRequest(import_id=entries[0].import_id, status=log.IMPORT_STATUS_RUNNING)
    )

    async def listed(cursor: str = "") -> list[str]:
        request = log.ListImportsRequest(statuses=[log.IMPORT_STATUS_QUEUED], page_size=3, page_token=cursor)
        answer = await catalog.imports.ListImports(request)
        rest = await listed(answer.next_page_token) if answer.next_page_token else []
        return [entry.import_id for entry in answer.entries] + rest

    expected = sorted(entries[1:], key=lambda entry: (entry.created_at.ToDatetime(), entry.import_id), reverse=True)
    assert await listed() == [entry.import_id for entry in expected]
