"""Files on their way in: mappings, good rows, bad rows, logs, removal, all as a user would try them."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from cjm_testkit.product import MAPPING_SIMPLE, Product, created, ended


def upload(
    client: httpx.Client,
    dataset_id: str,
    content: bytes,
    mapping: dict[str, Any] | None = None,
    name: str = "events.csv",
    **fields: str,
) -> httpx.Response:
    data = {"mapping": json.dumps(mapping or MAPPING_SIMPLE), **fields}
    files = {"file": (name, content, "text/csv")}
    return client.post(f"/api/v1/datasets/{dataset_id}/imports", data=data, files=files)


def imported(client: httpx.Client, dataset_id: str, content: bytes, **arguments: Any) -> dict[str, Any]:
    started = created(upload(client, dataset_id, content, **arguments), 202)
    return ended(client, f"/api/v1/imports/{started['id']}")


def events_of(client: httpx.Client, dataset_id: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/datasets/{dataset_id}/events", params={"limit": 200})
    items: list[dict[str, Any]] = created(answer, 200)["items"]
    return items


GOOD = b"customer,action,time\nc1,visit,2024-01-01 10:00:00\nc1,buy,2024-01-01 11:00:00\nc2,visit,2024-01-02 10:00:00\n"


def test_good_file(admin: httpx.Client, dataset: dict[str, Any]) -> None:
    done = imported(admin, dataset["id"], GOOD)
    assert (done["status"], done["rows_read"], done["rows_accepted"], done["rows_rejected"]) == ("completed", 3, 3, 0)
    events = events_of(admin, dataset["id"])
    assert [(event["customer_id"], event["action_type"]) for event in events] == [
        ("c2", "visit"),
        ("c1", "buy"),
        ("c1", "visit"),
    ]
    assert created(admin.get(f"/api/v1/datasets/{dataset['id']}"), 200)["events"] == 3


@pytest.mark.parametrize(
    "content",
    [
        GOOD.replace(b",", b";"),
        GOOD.replace(b",", b"\t"),
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        gzip.compress(GOOD),
    ],
    ids=["semicolon", "tab", "byte order mark", "crlf", "gzip"],
)
def test_forms_of_the_same_file(admin: httpx.Client, dataset: dict[str, Any], content: bytes) -> None:
    assert imported(admin, dataset["id"], content)["rows_accepted"] == 3


def test_bad_rows_are_named_and_good_ones_kept(admin: httpx.Client, dataset: dict[str, Any]) -> None:
    content = GOOD + b"c3,visit,31.02.2024\n,visit,2024-01-03 10:00:00\nc4,,2024-01-03 10:00:00\nc5,buy,\n"
    done = imported(admin, dataset["id"], content)
    assert (done["status"], done["rows_accepted"], done["rows_rejected"]) == ("completed", 3, 4)
    errors = created(admin.get(f"/api/v1/imports/{done['id']}/errors"), 200)["items"]
    assert [(error["row"], error["field"], error["reason"]) for error in errors] == [
        (4, "time", "not_a_date"),
        (5, "customer_id", "field_missing"),
        (6, "action_type", "field_missing"),
        (7, "time", "field_missing"),
    ]
    assert "31.02.2024" in errors[0]["detail"]
    assert "4" in errors[0]["detail"]
    table = admin.get(f"/api/v1/imports/{done['id']}/errors.csv")
    assert len(list(csv.DictReader(io.StringIO(table.text)))) == 4


def test_all_or_nothing(admin: httpx.Client, dataset: dict[str, Any]) -> None:
    done = imported(admin, dataset["id"], GOOD + b"c3,visit,never\n", all_or_nothing="true")
    assert done["status"] == "failed"
    assert done["error"]["reason"]
    assert events_of(admin, dataset["id"]) == []


def test_check_stores_nothing_and_its_file_can_be_used(admin: httpx.Client, dataset: dict[str, Any]) -> None:
    checked = imported(admin, dataset["id"], GOOD + b"c3,visit,never\n", check_only="true")
    assert (checked["status"], checked["rows_accepted"], checked["rows_rejected"]) == ("completed", 3, 1)
    assert events_of(admin, dataset["id"]) == []
    parts = {"from_import_id": (None, checked["id"]), "mapping": (None, json.dumps(MAPPING_SIMPLE))}
    started = created(admin.post(f"/api/v1/datasets/{dataset['id']}/imports", files=parts), 202)
    assert ended(admin, f"/api/v1/imports/{started['id']}")["rows_accepted"] == 3


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "file_empty"),
        (b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40, "file_not_text"),
        (b"customer,time\nc1,2024-01-01\n", "column_missing"),
        (b"customer,action,time\n", "file_no_rows"),
        (gzip.compress(GOOD * 1000)[:-20], "file_truncated"),
        (b"customer,action,time\nc1,visit,never\n", "no_good_rows"),
    ],
)
def test_hopeless_file_fails_with_a_reason(
    admin: httpx.Client, dataset: dict[str, Any], content: bytes, reason: str
) -> None:
    answer = upload(admin, dataset["id"], content)
    if answer.status_code == 202:
        done = ended(admin, f"/api/v1/imports/{answer.json()['id']}")
        assert done["status"] == "failed"
        found = done["error"]
    else:
        assert answer.status_code == 400
        found = answer.json()
    assert found["reason"] == reason
    assert len(found["detail"]) > 20
    assert events_of(admin, dataset["id"]) == []


@pytest.mark.parametrize(
    "row",
    [
        b"c9," + b"x" * 10_000_000 + b",2024-01-01 10:00:00",
        b"c9,vi\x00sit,2024-01-01 10:00:00",
        b"c9,vi\xff\xfesit,2024-01-01 10:00:00",
        b"c9,visit",
        b"c9,visit,2024-01-01 10:00:00,extra,more",
    ],
    ids=["10 MB field", "NUL byte", "invalid UTF-8", "cut line", "too many columns"],
)
def test_strange_row_costs_only_itself(admin: httpx.Client, dataset: dict[str, Any], row: bytes) -> None:
    done = imported(admin, dataset["id"], GOOD + row + b"\nc7,buy,2024-01-05 10:00:00\n")
    assert (done["status"], done["rows_accepted"], done["rows_rejected"]) == ("completed", 4, 1)
    errors = created(admin.get(f"/api/v1/imports/{done['id']}/errors"), 200)["items"]
    assert [error["row"] for error in errors] == [4]


def test_import_is_removed_as_a_whole(
    admin: httpx.Client, dataset: dict[str, Any], product: Product, new_name: Callable[[str], str]
) -> None:
    first = imported(admin, dataset["id"], GOOD)
    second = imported(admin, dataset["id"], b"customer,action,time\nc8,visit,2024-02-01\n")
    admin.patch(f"/api/v1/datasets/{dataset['id']}", json={"is_public": True})
    name = new_name("user").replace(" ", "-")
    created(admin.post("/api/v1/users", json={"username": name, "password": "a long password"}))
    with product.client(name, "a long password") as other:
        assert other.delete(f"/api/v1/imports/{first['id']}").status_code == 403
    assert admin.delete(f"/api/v1/imports/{first['id']}").status_code == 204
    assert [event["import_id"] for event in events_of(admin, dataset["id"])] == [second["id"]]
    assert created(admin.get(f"/api/v1/datasets/{dataset['id']}"), 200)["events"] == 1
    assert created(admin.get(f"/api/v1/imports/{first['id']}"), 200)["status"] == "removed"
    graph = created(admin.get(f"/api/v1/datasets/{dataset['id']}/directly-follows"), 200)
    assert (graph["events"], graph["cases"]) == (1, 1)


def test_same_file_twice_is_two_imports_but_same_ids_count_once(admin: httpx.Client, dataset: dict[str, Any]) -> None:
    columns = [*MAPPING_SIMPLE["columns"], {"field": "event_id", "column": "id", "function": None}]
    content = b"id,customer,action,time\n1,c1,visit,2024-01-01\n2,c1,buy,2024-01-02\n2,c1,buy,2024-01-02\n"
    mapping = {"name": "with id", "columns": columns}
    done = imported(admin, dataset["id"], content, mapping=mapping)
    assert (done["rows_accepted"], done["rows_duplicate"]) == (3, 1)
    again = imported(admin, dataset["id"], content, mapping=mapping)
    assert (again["rows_accepted"], again["rows_duplicate"]) == (3, 3)
    assert len(events_of(admin, dataset["id"])) == 2


def test_mapping_is_checked_and_reused(
    admin: httpx.Client, dataset: dict[str, Any], new_name: Callable[[str], str]
) -> None:
    mapping = {**MAPPING_SIMPLE, "name": new_name("mapping")}
    stored = created(admin.post("/api/v1/mappings", json=mapping))
    assert created(admin.get(f"/api/v1/mappings/{stored['id']}"), 200)["columns"] == stored["columns"]
    for _ in range(2):
        started = admin.post(
            f"/api/v1/datasets/{dataset['id']}/imports",
            files={"file": ("events.csv", GOOD)},
            data={"mapping_id": stored["id"]},
        )
        assert ended(admin, f"/api/v1/imports/{created(started, 202)['id']}")["rows_accepted"] == 3
    twice = [*MAPPING_SIMPLE["columns"], {"field": "time", "column": "other", "function": None}]
    no_column = [*MAPPING_SIMPLE["columns"][:2], {"field": "time", "column": "", "function": "date"}]
    for change, reason, status in (
        ({"name": ""}, "name_empty", 400),
        ({"name": mapping["name"]}, "mapping_name_taken", 409),
        ({"columns": []}, "columns_empty", 400),
        ({"columns": twice}, "field_repeated", 400),
        ({"columns": no_column}, "function_without_column", 400),
    ):
        answer = admin.post("/api/v1/mappings", json={**mapping, "name": new_name("other"), **change})
        assert answer.status_code == status, answer.text
        body = answer.json()
        assert reason in {body["reason"], *(error["reason"] for error in body["errors"])}, body


def test_mapping_functions(admin: httpx.Client, dataset: dict[str, Any]) -> None:
    columns = [
        {"field": "customer_id", "column": "id", "function": "string"},
        {"field": "action_type", "column": "action", "function": "lower"},
        {"field": "time", "column": "time", "function": "datetime"},
        {"field": "channel_type", "column": "channel", "function": "upper"},
        {"field": "value", "column": "value", "function": "float"},
        {"field": "properties.count", "column": "count", "function": "int"},
        {"field": "properties.day", "column": "time", "function": "date"},
    ]
    content = b'id,action,time,channel,value,count\n"7",  Web ,2021-08-01 10:00, app ,2.5,3\n'
    mapping = {"name": "functions", "columns": columns, "timezone": "Europe/Berlin"}
    done = imported(admin, dataset["id"], content, mapping=mapping)
    assert done["rows_accepted"] == 1, done
    event = events_of(admin, dataset["id"])[0]
    assert (event["customer_id"], event["action_type"]) == ("7", "web")
    assert event["time"] == "2021-08-01T08:00:00.000Z"
    assert event["fields"]["channel_type"] == "APP"
    assert float(event["fields"]["value"]) == 2.5
    assert str(event["properties"]["count"]) == "3"
    assert str(event["properties"]["day"]).startswith("2021-08-01")


def test_cut_last_line_of_a_real_clickstream(admin: httpx.Client, dataset: dict[str, Any], shared_data: Path) -> None:
    mapping = {
        "name": "rees46",
        "columns": [
            {"field": "customer_id", "column": "user_id", "function": None},
            {"field": "action_type", "column": "event_type", "function": None},
            {"field": "time", "column": "event_time", "function": "datetime"},
            {"field": "value", "column": "price", "function": "float"},
        ],
    }
    content = (shared_data / "clickstream" / "rees46_2019-10.csv").read_bytes()
    done = imported(admin, dataset["id"], content, mapping=mapping)
    assert (done["rows_accepted"], done["rows_rejected"]) == (17_434, 1)
    errors = created(admin.get(f"/api/v1/imports/{done['id']}/errors"), 200)["items"]
    assert [error["row"] for error in errors] == [17_435]


def test_large_real_log(admin: httpx.Client, dataset: dict[str, Any], shared_data: Path) -> None:
    facts = json.loads((shared_data / "FACTS.json").read_text())["eventlogs/bpic2012.xes.gz"]
    packed = shared_data / "eventlogs" / "bpic2012.csv.gz"
    with gzip.open(packed, "rt") as file:
        header = next(csv.reader(file))
    names = dict(zip(("customer_id", "action_type", "time"), _log_columns(header), strict=True))
    columns = [{"field": field, "column": column, "function": None} for field, column in names.items()]
    mapping = {"name": "bpic", "columns": columns}
    done = imported(admin, dataset["id"], packed.read_bytes(), mapping=mapping, name="bpic.csv.gz")
    assert done["rows_accepted"] == facts["events"]
    graph = created(admin.get(f"/api/v1/datasets/{dataset['id']}/directly-follows"), 200)
    assert (graph["events"], graph["cases"], graph["variants_total"]) == (
        facts["events"],
        facts["cases"],
        facts["variants"],
    )
    top = [[edge["source"], edge["target"], edge["count"]] for edge in graph["edges"]][: len(facts["dfg_top10"])]
    assert sorted(map(tuple, top)) == sorted(map(tuple, facts["dfg_top10"]))
    assert len(graph["edges"]) == facts["dfg_edges"]
    assert graph["starts"] == facts["start_activities"]


def _log_columns(header: list[str]) -> tuple[str, str, str]:
    def find(*names: str) -> str:
        return next(name for name in names if name in header)

    return (
        find("case:concept:name", "case_id", "case"),
        find("concept:name", "activity"),
        find("time:timestamp", "timestamp", "time"),
    )
