"""File imports through gRPC, NATS, a worker and the event store."""

import csv
import gzip
import io
import json
import threading
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import IO, Any
from uuid import uuid4
from xml.etree.ElementTree import iterparse

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from cjm_ingest.adapters.event_store.engine import disk_full
from cjm_ingest.adapters.event_store.store import EventStore
from cjm_ingest.application import import_run
from cjm_ingest.application.appender import Appender
from cjm_ingest.application.imports import Imports
from cjm_kit.bus import Bus
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import acting_as, staff_identity
from cjm_protos.catalog.v1 import dataset_pb2, facts_pb2, import_log_pb2, mapping_pb2
from cjm_protos.ingest.v1 import imports_pb2, questions_pb2, scope_pb2

COMPLETED = import_log_pb2.IMPORT_STATUS_COMPLETED
FAILED = import_log_pb2.IMPORT_STATUS_FAILED
CANCELLED = import_log_pb2.IMPORT_STATUS_CANCELLED
REMOVED = import_log_pb2.IMPORT_STATUS_REMOVED
ABC = [("customer_id", "a"), ("action_type", "b"), ("time", "c")]
GOOD = b"x,s,2024-01-01 10:00\n"


def numbers(entry: import_log_pb2.ImportEntry) -> tuple[int, int, int, int]:
    """Rows read, accepted, rejected, duplicate."""
    return entry.rows_read, entry.rows_accepted, entry.rows_rejected, entry.rows_duplicate


async def test_a_cut_last_line_is_named_and_the_rest_is_kept(ingest: Any, shared_data: Path) -> None:
    columns = [
        ("customer_id", "user_id"),
        ("action_type", "event_type"),
        ("time", "event_time"),
        ("session_id", "user_session"),
        ("value", "price"),
        ("properties.brand", "brand"),
    ]
    entry = await ingest.run_import(shared_data / "clickstream" / "rees46_2019-10.csv", columns)
    assert entry.status == COMPLETED
    assert numbers(entry) == (17_435, 17_434, 1, 0)
    (row,) = await ingest.rejected(entry.import_id)
    assert (row.row, row.reason) == (17_435, "too_few_columns")
    assert row.detail.startswith("Row 17435 has 8 of 9 columns")
    stats = await ingest.stats()
    assert stats.events_count == 17_434
    progress = await ingest.progress(entry.import_id)
    assert progress.customers_count == stats.customers_count
    assert progress.steps[0].activity == "view"
    assert progress.findings[0].examples[0] == row


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


async def test_ties_keep_the_order_of_the_file(ingest: Any, shared_data: Path) -> None:
    path = shared_data / "eventlogs" / "bpic2012.csv.gz"
    columns = [("customer_id", "case_id"), ("action_type", "activity"), ("time", "timestamp")]
    entry = await ingest.run_import(path, columns)
    assert numbers(entry) == (262_200, 262_200, 0, 0)
    cases: dict[str, list[tuple[str, str]]] = defaultdict(list)
    with _open(path) as file:
        for row in csv.DictReader(io.TextIOWrapper(file)):
            cases[row["case_id"]].append((row["timestamp"][:23], row["activity"]))
    assert len(cases) == 13_087
    expected: Counter[tuple[str, str]] = Counter()
    for events in cases.values():
        ordered = [activity for _, activity in sorted(events, key=lambda event: event[0])]
        expected.update(pairwise(ordered))
    scope = scope_pb2.Scope(dataset_id=ingest.dataset_id, case_notion=dataset_pb2.CASE_NOTION_CUSTOMER)
    answer = await ingest.questions.GetDirectlyFollows(questions_pb2.GetDirectlyFollowsRequest(scope=scope))
    assert {(edge.source, edge.target): edge.moves_count for edge in answer.graph.edges} == expected


async def test_a_case_named_na_is_a_case(ingest: Any, shared_data: Path) -> None:
    lines = ["case,step,time"]
    case, depth, event = "", 0, {}
    with _open(shared_data / "eventlogs" / "sepsis.xes.gz") as file:
        for kind, element in iterparse(file, ("start", "end")):
            tag = element.tag.rsplit("}", 1)[-1]
            depth += (kind == "start") - (kind == "end")
            if kind == "start":
                continue
            if tag in ("string", "date") and depth == 3:
                event[element.get("key")] = element.get("value")
            elif tag == "string" and depth == 2 and element.get("key") == "concept:name":
                case = element.get("value", "")
            elif tag == "event":
                lines.append(f"{case},{event['concept:name']},{event['time:timestamp']}")
                event = {}
    data = gzip.compress("\n".join(lines).encode())
    entry = await ingest.run_import(data, [("customer_id", "case"), ("action_type", "step"), ("time", "time")])
    assert numbers(entry) == (15_214, 15_214, 0, 0)
    assert (await ingest.stats()).customers_count == 1_050
    request = questions_pb2.ListEventsRequest(
        scopes=[scope_pb2.Scope(dataset_id=ingest.dataset_id)], customer_id="NA", page_size=500
    )
    assert len((await ingest.questions.ListEvents(request)).events) == sum(line.startswith("NA,") for line in lines)


async def test_a_nameless_index_column_and_zones(ingest: Any, shared_data: Path) -> None:
    columns = [("customer_id", "case:concept:name"), ("action_type", "concept:name"), ("time", "time:timestamp")]
    entry = await ingest.run_import(shared_data / "eventlogs" / "running-example.csv", columns)
    assert numbers(entry) == (42, 42, 0, 0)
    stats = await ingest.stats()
    assert stats.first_event_at.ToJsonString() == "2010-12-30T10:02:00Z"


async def test_functions_give_the_stored_values(ingest: Any) -> None:
    fields = ["lower", "upper", "string", "int", "float", "datetime", "date"]
    values = [" Web ", " Web ", " Web ", "3", "2.5", "2021-08-01 10:00", "2021-08-01 10:00"]
    data = "a;b;c;" + ";".join(fields) + "\nx;s;2021-08-01 10:00;" + ";".join(values) + "\n"
    columns = [*ABC, *((f"properties.{name}", name, name) for name in fields)]
    entry = await ingest.run_import(b"\xef\xbb\xbf" + data.encode(), columns)
    assert numbers(entry) == (1, 1, 0, 0)
    (event,) = await ingest.events()
    assert event.time.ToJsonString() == "2021-08-01T10:00:00Z"
    assert event.event_id == f"{entry.import_id}:1"
    assert event.properties_json == (
        '{"lower":"web","upper":"WEB","string":" Web ","int":3,"float":2.5,'
        '"datetime":"2021-08-01T10:00:00.000Z","date":"2021-08-01"}'
    )


async def test_an_excel_export_without_a_header(ingest: Any) -> None:
    data = "c1;Купить;05.03.2024;1234,50\nc2;Оплата;06.03.2024;x\nc3;".encode("cp1251") + b"\x98;07.03.2024;2\n"
    columns = [("customer_id", "Column 1"), ("action_type", "Column 2"), ("time", "Column 3"), ("value", "Column 4")]
    how = {"encoding": "windows-1251", "separator": ";", "headerless": True, "decimal_sign": ","}
    entry = await ingest.run_import(data, columns, **how)
    assert numbers(entry) == (3, 1, 2, 0)
    bad = [(row.row, row.column, row.reason) for row in await ingest.rejected(entry.import_id)]
    assert bad == [(2, "Column 4", "not_a_number"), (3, "Column 2", "not_in_encoding")]
    (event,) = await ingest.events()
    assert (event.event_id, event.action_type, event.fields["value"]) == (f"{entry.import_id}:1", "Купить", "1234.5")


async def test_dates_that_fit_both_ways_are_read_as_said_whatever_their_form(ingest: Any) -> None:
    texts = ["03/04/2024 10:00", "3/4/24", "06/04/2024", "2024-04-03T10:00Z", "1712138400", "13/04/2024 10:00", "soon"]
    data = b"a,b,c\n" + b"".join(b"x,s,%s\n" % text.encode() for text in texts)
    first = await ingest.run_import(data, ABC, time_format="day_first")
    assert numbers(first) == (7, 6, 1, 0)
    days = sorted(event.time.ToJsonString()[:10] for event in await ingest.events())
    assert days == ["2024-04-03"] * 4 + ["2024-04-06", "2024-04-13"]
    second = await ingest.run_import(data, ABC, time_format="month_first")
    assert [row.row for row in await ingest.rejected(second.import_id)] == [6, 7]
    assert sum(event.time.ToJsonString().startswith("2024-03-04") for event in await ingest.events()) == 2


FILE_FAULTS = {
    "file_empty": b"",
    "file_no_rows": b"a,b,c\n",
    "no_header": b",,\n1,2,3\n",
    "column_missing": b"a,x,y\n1,2,3\n",
    "column_repeated": b"a,b,c,a\n1,2,3,4\n",
    "file_not_text": b"\x89PNG\r\n\x1a\n\0\0\0" + bytes(range(256)) * 10,
    "file_truncated": gzip.compress(b"a,b,c\n" + b"".join(b"x%d,s,2024-01-01\n" % row for row in range(9999)))[:-2000],
    "no_good_rows": b"a,b,c\nx,s,bad\n",
    "time_format_ambiguous": b"a,b,c\nx,s,1/2/2024\nx,s,3/4/2024\n",
    "row_too_long": b"a,b,c\n" + GOOD + b'x,"' + b"y\n" * 9_000_000 + GOOD,
}


async def test_what_is_wrong_with_a_whole_file_is_said(ingest: Any) -> None:
    for reason, data in FILE_FAULTS.items():
        entry = await ingest.run_import(data, ABC)
        assert (entry.status, entry.error_reason) == (FAILED, reason), entry
        assert entry.error_detail.endswith(".")
        assert (await ingest.stats()).events_count == 0
    missing = (await ingest.run_import(b"a,x,y\n1,2,3\n", ABC)).error_detail
    assert '"b", "c"' in missing
    assert '"a", "x", "y"' in missing


async def test_every_kind_of_bad_row_is_reported_and_the_others_are_kept(ingest: Any) -> None:
    rows = [
        (GOOD, None),
        (b"x,s\n", "too_few_columns"),
        (b"x,s,2024-01-01,4\n", "too_many_columns"),
        (b'x,"a\nb",2024-01-01 11:00\n', None),
        (b"x,s,31.02.2024\n", "not_a_date"),
        (b",s,2024-01-01\n", "field_missing"),
        (b"x,,2024-01-01\n", "field_missing"),
        (b"x,s,\n", "field_missing"),
        (b"x\xff,s,2024-01-01\n", "invalid_utf8"),
        (b"x\0,s,2024-01-01\n", "nul_byte"),
        (b"x,s,1500-01-01\n", "date_out_of_range"),
        (b"x,s,01.02.75\n", "year_ambiguous"),
        (b"y" * 600 + b",s,2024-01-01\n", "text_too_long"),
        (b"z" * 10_000_000 + b",s,2024-01-01\n", "field_too_large"),
        (b"\n", "not a row"),
        ("NA,ngày ✓,2024-01-01 12:00\n".encode(), None),
    ]
    entry = await ingest.run_import(b"a,b,c\r\n" + b"".join(line for line, _ in rows), ABC)
    real = [reason for _, reason in rows if reason != "not a row"]
    expected = [(row, reason) for row, reason in enumerate(real, start=1) if reason]
    assert [(row.row, row.reason) for row in await ingest.rejected(entry.import_id, page_size=3)] == expected
    assert numbers(entry) == (len(real), 3, len(expected), 0)
    assert {event.customer_id for event in await ingest.events()} == {"x", "NA"}
    assert all(f"Row {row.row}" in row.detail for row in await ingest.rejected(entry.import_id))


@pytest.mark.parametrize("number", [False, True])
async def test_the_years_of_events_begin_and_end_on_the_same_millisecond_in_files_and_sent(
    ingest: Any, number: bool
) -> None:
    times = {
        "1899-12-31T23:59:59.999Z": "-2208988800001",
        "1900-01-01T00:00:00Z": "-2208988800000",
        "2299-12-31T23:59:59.999Z": "10413791999999",
        "2300-01-01T00:00:00Z": "10413792000000",
    }
    told = list(times.values() if number else times)
    entry = await ingest.run_import(b"a,b,c\n" + "".join(f"x,file,{time}\n" for time in told).encode(), ABC)
    assert numbers(entry) == (4, 2, 2, 0)
    rejected = [(row.row, row.reason) for row in await ingest.rejected(entry.import_id)]
    assert rejected == [(1, "date_out_of_range"), (4, "date_out_of_range")]
    for values in (told, [int(text) for text in told] if number else told):
        body = json.dumps([{"customer_id": "x", "action_type": "sent", "time": time} for time in values])
        (result,) = await ingest.append(body.encode())
        assert [(item.index, item.reason) for item in result.rejected] == [
            (0, "date_out_of_range"),
            (3, "date_out_of_range"),
        ]
        assert all("outside the years 1900 to 2299" in item.detail for item in result.rejected)
    # Good ones alone are read in another way.
    body = json.dumps([{"customer_id": "x", "action_type": "sent", "time": time} for time in told[1:3]])
    (result,) = await ingest.append(body.encode())
    assert result.accepted_count == 2
    await ingest.until_events(8)
    stored = Counter(event.time.ToJsonString() for event in await ingest.events())
    assert stored == dict.fromkeys(list(times)[1:3], 4)
    last_day = Timestamp(seconds=10_413_705_600), Timestamp(seconds=10_413_792_000)
    scope = scope_pb2.Scope(dataset_id=ingest.dataset_id, from_time=last_day[0], to_time=last_day[1])
    found = await ingest.questions.ListEvents(questions_pb2.ListEventsRequest(scopes=[scope], page_size=10))
    assert [event.time.ToJsonString() for event in found.events] == ["2299-12-31T23:59:59.999Z"] * 4


async def test_many_steps_and_many_customers(ingest: Any) -> None:
    data = b"a,b,c\n" + b"".join(b"c%d,step %d,1700000000\n" % (row, row % 1000) for row in range(500_000))
    entry = await ingest.run_import(data, ABC)
    assert numbers(entry) == (500_000, 500_000, 0, 0)
    stats, progress = await ingest.stats(), await ingest.progress(entry.import_id)
    assert stats.customers_count == progress.customers_count == 500_000
    assert stats.activities_count == len(progress.steps) == 1000


async def test_the_same_event_id_counts_once(ingest: Any) -> None:
    columns = [*ABC, ("event_id", "id")]
    first = await ingest.run_import(b"a,b,c,id\nx,s,2024-01-01,1\nx,s,2024-01-01,1\nx,s,2024-01-01,2\n", columns)
    assert numbers(first) == (3, 3, 0, 1)
    again = await ingest.run_import(b"a,b,c,id\nx,s,2024-01-01,2\nx,s,2024-01-01,3\nx,s,2024-01-01,\n", columns)
    assert numbers(again) == (3, 3, 0, 1)
    assert (await ingest.stats()).events_count == 4
    sent = await ingest.append(b'{"event_id":"3","customer_id":"x","action_type":"s"}')
    assert sent[0].accepted_count == 1
    await ingest.append(b'{"event_id":"new","customer_id":"x","action_type":"s"}')
    await ingest.until_events(5)
    assert (await ingest.stats()).events_count == 5


async def test_all_or_nothing_stores_nothing_before_every_row_is_good(
    ingest: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[int] = []
    append = Appender.append

    def noted(self: Appender, *arguments: Any, **more: Any) -> int:
        stored.append(append(self, *arguments, **more))
        return stored[-1]

    monkeypatch.setattr(Appender, "append", noted)
    columns, head = [*ABC, ("event_id", "id")], b"a,b,c,id\nx,s,2024-01-01,1\nx,s,2024-01-01,1\n"
    rows = b"".join(b"x,s,2024-01-02,n%d\n" % number for number in range(150_000))
    bad = await ingest.run_import(head + rows + b"x,s,never,2\n", columns, strict=True)
    assert (bad.status, bad.error_reason, numbers(bad)) == (FAILED, "rows_rejected", (150_003, 150_002, 1, 1))
    assert [row.row for row in await ingest.rejected(bad.import_id)] == [150_003]
    assert stored == []
    good = await ingest.run_import(head + rows, columns, strict=True)
    assert (good.status, numbers(good)) == (COMPLETED, (150_002, 150_002, 0, 1))
    assert sum(stored) == 150_001 == (await ingest.stats()).events_count
    progress = await ingest.progress(good.import_id)
    assert [(step.activity, step.rows_count) for step in progress.steps] == [("s", 150_002)]
    assert (progress.customers_count, progress.progress_ratio) == (1, 1.0)


async def test_all_or_nothing_and_checks_store_nothing(ingest: Any) -> None:
    bad = b"a,b,c\n" + GOOD * 100_000 + b"x,s,bad\n" + GOOD * 100_000 + b"x,s,worse\n"
    strict = await ingest.run_import(bad, ABC, strict=True)
    assert (strict.status, strict.error_reason) == (FAILED, "rows_rejected")
    assert [row.row for row in await ingest.rejected(strict.import_id)] == [100_001, 200_002]
    check = await ingest.run_import(bad, ABC, check=True)
    assert check.status == COMPLETED
    assert numbers(check) == (200_002, 200_000, 2, 0)
    assert (await ingest.stats()).events_count == 0
    real = ingest.open_import(ABC)
    with acting_as(staff_identity(check.created_by_id, is_admin=False)):
        await ingest.imports.ReuseUpload(imports_pb2.ReuseUploadRequest(import_id=real, from_import_id=check.import_id))
    assert numbers(await ingest.ended(real)) == (200_002, 200_000, 2, 0)
    assert (await ingest.stats()).events_count == 200_000


_FAULTY = (
    b"a,b,c,d,e\n"
    b"a,buy,2024-01-01,10,ok\n"
    b"a,,2024-01-02,5,ok\n"
    b"b,buy,2024-01-03,free,ok\n"
    b"b,,2024-01-04,gratis,ok\n"
    b"c,buy,never,1,ok\n"
    b"c,buy,2024-01-06,2," + b"z" * 9000 + b"\n"
)


async def test_repaired_rows_are_taken_in_and_counted_by_what_was_wrong(ingest: Any) -> None:
    columns = [*ABC, ("value", "d"), ("properties.note", "e")]
    plain = await ingest.run_import(_FAULTY, columns, check=True)
    assert numbers(plain) == (6, 1, 5, 0)
    repairs = {
        "action_type": [
            mapping_pb2.Repair(reason="field_missing", action=mapping_pb2.REPAIR_ACTION_USE_TEXT, text="Unknown")
        ],
        "value": [mapping_pb2.Repair(reason="not_a_number", action=mapping_pb2.REPAIR_ACTION_LEAVE_EMPTY)],
        "properties.note": [mapping_pb2.Repair(reason="text_too_long", action=mapping_pb2.REPAIR_ACTION_CUT)],
    }
    # Each check takes the file of the one before, which may go; so does the import of the last.
    source = plain.import_id
    for is_check in (True, True, False):
        import_id = ingest.open_import(columns, check=is_check, repairs=repairs)
        reuse = imports_pb2.ReuseUploadRequest(import_id=import_id, from_import_id=source)
        with acting_as(staff_identity(plain.created_by_id, is_admin=False)):
            await ingest.imports.ReuseUpload(reuse)
            assert numbers(await ingest.ended(import_id)) == (6, 5, 1, 0)
            await ingest.imports.RemoveImport(imports_pb2.RemoveImportRequest(import_id=source))
        source = import_id
    findings = (await ingest.progress(source)).findings
    found = {(item.field, item.reason): item for item in findings}
    assert {key: (item.rows_count, item.repair.action) for key, item in found.items()} == {
        ("action_type", "field_missing"): (2, mapping_pb2.REPAIR_ACTION_USE_TEXT),
        ("value", "not_a_number"): (2, mapping_pb2.REPAIR_ACTION_LEAVE_EMPTY),
        ("properties.note", "text_too_long"): (1, mapping_pb2.REPAIR_ACTION_CUT),
        ("time", "not_a_date"): (1, mapping_pb2.REPAIR_ACTION_UNSPECIFIED),
    }
    assert not found["time", "not_a_date"].HasField("repair")
    assert [row.value for row in found["value", "not_a_number"].examples] == ["free", "gratis"]
    assert [row.row for row in await ingest.rejected(source)] == [5]
    events = await ingest.events()
    assert sorted(event.action_type for event in events) == ["Unknown", "Unknown", "buy", "buy", "buy"]
    assert sum(event.properties_json.count("z") for event in events) == 8192


async def test_a_check_without_a_dataset_serves_an_import_and_is_for_its_maker(ingest: Any) -> None:
    data = b"a,b,c\n" + GOOD * 2 + b"x,s,secret\n"
    dataset_id, ingest.dataset_id = ingest.dataset_id, ""
    check = await ingest.run_import(data, ABC, check=True)
    assert (check.status, numbers(check)) == (COMPLETED, (3, 2, 1, 0))
    with acting_as(staff_identity(check.created_by_id, is_admin=False)):
        assert (await ingest.progress(check.import_id)).findings[0].examples[0].value == "secret"
        assert len(await ingest.rejected(check.import_id)) == 1
    reuse = imports_pb2.ReuseUploadRequest(from_import_id=check.import_id)
    remove = imports_pb2.RemoveImportRequest(import_id=check.import_id)
    with acting_as(staff_identity(str(uuid4()), is_admin=True)):
        for asked in (ingest.progress(check.import_id), ingest.rejected(check.import_id)):
            with pytest.raises(AppError, match="import_not_found"):
                await asked
        with pytest.raises(AppError, match="import_not_found"):
            await ingest.imports.RemoveImport(remove)
    ingest.dataset_id = dataset_id
    reuse.import_id = ingest.open_import(ABC)
    with acting_as(staff_identity(check.created_by_id, is_admin=False)):
        await ingest.imports.ReuseUpload(reuse)
        assert numbers(await ingest.ended(reuse.import_id)) == (3, 2, 1, 0)
        assert (await ingest.stats()).events_count == 2
        assert (await ingest.imports.RemoveImport(remove)).rows_removed == 0
    assert not (ingest.settings.imports_dir / check.import_id).exists()
    assert (await ingest.stats()).events_count == 2


async def test_removing_takes_out_one_import_and_only_its_owner_may(ingest: Any) -> None:
    helper = str(uuid4())
    ingest.catalog.helpers.add(helper)
    first = await ingest.run_import(b"a,b,c\n" + GOOD * 3, ABC)
    await ingest.run_import(b"a,b,c\n" + GOOD * 2, ABC)
    request = imports_pb2.RemoveImportRequest(import_id=first.import_id)
    with acting_as(staff_identity(helper, is_admin=False)), pytest.raises(AppError) as refused:
        await ingest.imports.RemoveImport(request)
    assert refused.value.reason == "import_not_yours"
    with acting_as(staff_identity(first.created_by_id, is_admin=False)):
        assert (await ingest.imports.RemoveImport(request)).rows_removed == 3
        assert (await ingest.stats()).events_count == 2
        with pytest.raises(AppError) as again:
            await ingest.imports.RemoveImport(request)
    assert again.value.reason == "import_not_completed"
    assert not (ingest.settings.imports_dir / first.import_id).exists()
    assert ingest.catalog.entries[first.import_id].status == import_log_pb2.IMPORT_STATUS_REMOVED


async def steps(ingest: Any) -> Counter[str]:
    """Stored events by step."""
    return Counter(event.action_type for event in await ingest.events(500))


async def test_an_import_can_replace_the_dataset(ingest: Any) -> None:
    columns = [*ABC, ("event_id", "d")]
    first = await ingest.run_import(b"a,b,c,d\nx,old,2024-01-01,1\nx,old,2024-01-02,2\nx,old,bad,3\n", columns)
    await ingest.append(b'{"event_id":"3","customer_id":"x","action_type":"old"}')
    await ingest.until_events(3)
    # An event id of the old events is a new event here; one that comes twice is not.
    new = b"a,b,c,d\nx,new,2024-01-01,1\ny,new,2024-01-02,4\ny,new,2024-01-02,4\n"
    second = await ingest.run_import(new, columns, replaces=True)
    assert (second.status, numbers(second)) == (COMPLETED, (3, 3, 0, 1))
    assert await steps(ingest) == {"new": 2}
    assert (await ingest.stats()).activities_count == 1
    assert ingest.catalog.entries[first.import_id].status == REMOVED
    assert await ingest.rejected(first.import_id) == []
    # What was taken out can come again.
    await ingest.append(
        b'[{"event_id":"3","customer_id":"x","action_type":"sent"},{"event_id":"4","customer_id":"x","action_type":"sent"}]'
    )
    await ingest.until_events(3)
    assert await steps(ingest) == {"new": 2, "sent": 1}
    third = await ingest.run_import(b"a,b,c,d\nz,newest,2024-01-01,1\n", columns, replaces=True)
    assert await steps(ingest) == {"newest": 1}
    assert ingest.catalog.entries[second.import_id].status == REMOVED
    with acting_as(staff_identity(third.created_by_id, is_admin=False)):
        await ingest.imports.RemoveImport(imports_pb2.RemoveImportRequest(import_id=third.import_id))
    assert await steps(ingest) == {}


async def test_old_events_are_seen_until_the_new_ones_are_and_what_is_sent_meanwhile_stays(
    ingest: Any, until: Any
) -> None:
    await ingest.run_import(b"a,b,c\nx,old,2024-01-01\n", ABC)
    import_id = ingest.open_import(ABC, replaces=True)
    await ingest.upload(import_id, gzip.compress(b"a,b,c\n" + GOOD * 1_500_000, compresslevel=1))
    await until(lambda: ingest.has_rows(import_id))
    await ingest.append(b'{"event_id":"1","customer_id":"x","action_type":"sent"}')
    await ingest.until_events(2)
    assert ingest.catalog.entries[import_id].status not in (COMPLETED, FAILED)
    assert await steps(ingest) == {"old": 1, "sent": 1}
    entry = await ingest.ended(import_id)
    assert (entry.status, numbers(entry)) == (COMPLETED, (1_500_000, 1_500_000, 0, 0))
    assert (await ingest.stats()).events_count == 1_500_001
    assert (await ingest.stats()).sent_events_count == 1
    await ingest.append(
        b'{"event_id":"1","customer_id":"x","action_type":"sent again"}', b'{"customer_id":"x","action_type":"last"}'
    )
    await ingest.until_events(1_500_002)
    assert (await ingest.stats()).events_count == 1_500_002


async def test_an_import_that_does_not_complete_replaces_nothing(ingest: Any, until: Any) -> None:
    await ingest.run_import(b"a,b,c\nx,old,2024-01-01\n", ABC)
    failed = await ingest.run_import(b"a,b,c\n" + GOOD * 100_000 + b"x,s,bad\n", ABC, replaces=True, strict=True)
    assert failed.status == FAILED
    assert await steps(ingest) == {"old": 1}
    import_id = ingest.open_import(ABC, replaces=True)
    await ingest.upload(import_id, gzip.compress(b"a,b,c\n" + GOOD * 3_000_000, compresslevel=1))
    await until(lambda: ingest.has_rows(import_id))
    with acting_as(staff_identity(failed.created_by_id, is_admin=False)):
        await ingest.imports.CancelImport(imports_pb2.CancelImportRequest(import_id=import_id))
    assert (await ingest.ended(import_id)).status == CANCELLED
    # Told before, but the edition goes only after.
    await ingest.append(b'{"customer_id":"x","action_type":"sent"}')
    await ingest.until_events(2)
    assert await steps(ingest) == {"old": 1, "sent": 1}


@pytest.mark.parametrize("is_done", [False, True])
async def test_a_replacement_that_was_broken_off_at_the_swap_is_finished(
    ingest: Any, monkeypatch: pytest.MonkeyPatch, is_done: bool
) -> None:
    first = await ingest.run_import(b"a,b,c\nx,old,2024-01-01\n", ABC)
    adopt, tries = EventStore.adopt_edition, 0

    def broken_off(store: EventStore, dataset_id: str, import_id: str) -> None:
        nonlocal tries
        tries += 1
        if tries > 1 or is_done:
            adopt(store, dataset_id, import_id)
        if tries == 1:
            raise OSError("broken off")

    monkeypatch.setattr(EventStore, "adopt_edition", broken_off)
    second = await ingest.run_import(b"a,b,c\n" + GOOD * 3, ABC, replaces=True)
    assert (second.status, numbers(second), tries) == (COMPLETED, (3, 3, 0, 0), 2)
    assert await steps(ingest) == {"s": 3}
    assert ingest.catalog.entries[first.import_id].status == REMOVED


async def test_a_failed_import_waits_for_room_to_take_out_what_it_stored(
    ingest: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete_import, tries = EventStore.delete_import, 0

    def without_room(store: EventStore, dataset_id: str, import_id: str) -> int:
        nonlocal tries
        tries += 1
        if tries in (2, 3):
            raise disk_full()
        return delete_import(store, dataset_id, import_id)

    monkeypatch.setattr(EventStore, "delete_import", without_room)
    monkeypatch.setattr(import_run, "_ROOM_SECONDS", 0.01)
    entry = await ingest.run_import(b"a,b,c\n" + GOOD * 100_000 + b"x,s,bad\n", ABC, strict=True)
    assert (entry.error_reason, tries) == ("rows_rejected", 4)
    assert (await ingest.stats()).events_count == 0


async def test_cancelling_a_running_import_leaves_nothing(ingest: Any, until: Any) -> None:
    import_id = ingest.open_import(ABC)
    await ingest.upload(import_id, gzip.compress(b"a,b,c\n" + GOOD * 3_000_000, compresslevel=1))
    await until(lambda: ingest.has_rows(import_id))
    with acting_as(staff_identity(ingest.catalog.entries[import_id].created_by_id, is_admin=False)):
        await ingest.imports.CancelImport(imports_pb2.CancelImportRequest(import_id=import_id))
    assert (await ingest.ended(import_id)).status == CANCELLED
    assert (await ingest.stats()).events_count == 0


async def test_a_file_over_the_limit_is_refused_with_the_limit(ingest: Any) -> None:
    import_id = ingest.open_import(ABC)
    with pytest.raises(AppError) as refused:
        await ingest.upload(import_id, b"a,b,c\n" + GOOD * 3_300_000)
    assert (refused.value.code, refused.value.reason) == (Code.TOO_LARGE, "file_too_large")
    assert "64 MB" in refused.value.detail
    assert (await ingest.ended(import_id)).error_reason == "file_too_large"
    with pytest.raises(AppError) as late:
        await ingest.upload(import_id, b"a,b,c\n")
    assert late.value.reason == "import_not_queued"


async def test_values_of_rejected_rows_are_for_the_importer_and_for_analysts(ingest: Any) -> None:
    entry = await ingest.run_import(b"a,b,c\n" + GOOD + b"x,s,secret\n", ABC)
    viewer, helper = str(uuid4()), str(uuid4())
    ingest.catalog.helpers.add(helper)
    rows = imports_pb2.ListRejectedRowsRequest(import_id=entry.import_id)
    with acting_as(staff_identity(viewer, is_admin=False)):
        (finding,) = (await ingest.progress(entry.import_id)).findings
        assert (finding.reason, finding.rows_count, list(finding.examples)) == ("not_a_date", 1, [])
        with pytest.raises(AppError, match="dataset_analysis_not_allowed"):
            await ingest.imports.ListRejectedRows(rows)
        entry.created_by_id = viewer
        (finding,) = (await ingest.progress(entry.import_id)).findings
        assert [row.value for row in finding.examples] == ["secret"]
        assert list(finding.examples) == await ingest.rejected(entry.import_id)
    with acting_as(staff_identity(helper, is_admin=False)):
        assert len(await ingest.rejected(entry.import_id)) == 1


async def test_who_may_not_write_any_more_may_not_take_out_what_he_imported(ingest: Any) -> None:
    entry = await ingest.run_import(b"a,b,c\n" + GOOD, ABC)
    entry.created_by_id = str(uuid4())
    with acting_as(staff_identity(entry.created_by_id, is_admin=False)):
        with pytest.raises(AppError, match="dataset_write_not_allowed"):
            await ingest.imports.RemoveImport(imports_pb2.RemoveImportRequest(import_id=entry.import_id))
        with pytest.raises(AppError, match="dataset_write_not_allowed"):
            await ingest.imports.CancelImport(imports_pb2.CancelImportRequest(import_id=entry.import_id))


@pytest.mark.parametrize(("tries", "reason"), [(2, ""), (3, "import_interrupted")])
async def test_an_import_that_took_the_process_down_three_times_is_given_up(
    ingest: Any, tries: int, reason: str
) -> None:
    import_id = ingest.open_import(ABC)
    folder = ingest.settings.imports_dir / import_id
    folder.mkdir()
    (folder / "tries").write_bytes(b"." * tries)
    await ingest.upload(import_id, b"a,b,c\n" + GOOD)
    entry = await ingest.ended(import_id)
    assert (entry.error_reason, (await ingest.stats()).events_count) == (reason, 0 if reason else 1)
    assert (folder / "tries").exists() == bool(reason)


async def test_files_of_a_deleted_dataset_go(ingest: Any, bus: Bus, until: Any) -> None:
    kept = await ingest.run_import(b"a,b,c\n" + GOOD + b"x,s,bad\n", ABC)
    ingest.dataset_id = str(uuid4())
    gone = await ingest.run_import(b"a,b,c\n" + GOOD + b"x,s,bad\n", ABC)
    waiting = ingest.settings.imports_dir / str(uuid4())
    waiting.mkdir()
    (waiting / "file").write_bytes(b"a,b,c\n")
    await bus.publish(
        "cjm.ingest.import.requested.v1",
        imports_pb2.ImportRequested(import_id=waiting.name, file_import_id=waiting.name),
    )
    await bus.publish("cjm.catalog.dataset.deleted.v1", facts_pb2.DatasetDeleted(dataset_id=ingest.dataset_id))

    async def are_gone() -> bool:
        return not waiting.exists() and not (waiting.parent / gone.import_id).exists()

    await until(are_gone)
    assert (waiting.parent / kept.import_id / "rejected.jsonl").exists()


@pytest.fixture
def two_at_a_time(ingest_settings: Any) -> None:
    """Imports at the same time."""
    ingest_settings.import_workers = 2


@pytest.mark.usefixtures("two_at_a_time")
async def test_a_dataset_is_deleted_while_one_of_its_imports_ends_before_the_other(
    ingest: Any, bus: Bus, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    imports = [ingest.open_import(ABC) for _ in range(2)]
    let_end = {import_id: threading.Event() for import_id in imports}
    began: set[str] = set()
    cancelled: list[str] = []
    tries: list[str] = []
    forget = Imports.forget_dataset

    def perform(run: import_run.ImportRun, *_: Any) -> None:
        began.add(run.import_id)
        assert let_end[run.import_id].wait(30)

    async def counted(self: Imports, dataset_id: str) -> None:
        tries.append("begun")
        await forget(self, dataset_id)
        tries.append("done")

    async def have_begun() -> bool:
        return len(began) == 2

    async def is_cancelled() -> bool:
        return bool(cancelled)

    async def is_forgotten() -> bool:
        return "done" in tries

    monkeypatch.setattr(import_run.ImportRun, "perform", perform)
    monkeypatch.setattr(import_run.ImportRun, "cancel", lambda run: cancelled.append(run.import_id))
    monkeypatch.setattr(Imports, "forget_dataset", counted)
    for import_id in imports:
        await ingest.upload(import_id, b"a,b,c\n" + GOOD)
    await until(have_begun)
    await bus.publish("cjm.catalog.dataset.deleted.v1", facts_pb2.DatasetDeleted(dataset_id=ingest.dataset_id))
    await until(is_cancelled)
    first = cancelled[0]
    (second,) = {*imports} - {first}
    let_end[second].set()
    await ingest.ended(second)
    let_end[first].set()
    await until(is_forgotten)
    assert tries == ["begun", "done"]
