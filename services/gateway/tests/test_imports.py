"""File imports over HTTP: forms in any order, limits, faults, removal, rejected rows, progress."""

import csv
import io
import json
import re
from typing import Any

import httpx
import pytest

from cjm_gateway.entrypoints.http import progress
from cjm_kit.errors import AppError, Code

COLUMNS = [
    {"field": "customer_id", "column": "c", "function": None, "repairs": []},
    {
        "field": "action_type",
        "column": "a",
        "function": "lower",
        "repairs": [
            {"reason": "field_missing", "action": "use_text", "text": "Unknown"},
            {"reason": "text_too_long", "action": "cut", "text": ""},
        ],
    },
    {"field": "time", "column": "t", "function": "datetime", "repairs": []},
]
STEP_RULES = [{"pattern": "/p/*", "name": "Page"}, {"pattern": "cart", "name": "Cart"}]
MAPPING = json.dumps(
    {
        "columns": COLUMNS,
        "timezone": "Europe/Berlin",
        "decimal_sign": ",",
        "step_rules": STEP_RULES,
        "encoding": "windows-1251",
        "separator": ";",
        "headerless": True,
    }
)
CONTENT = b"c,a,t\n1,buy,2024-05-07\n" * 70_000


@pytest.fixture
def path(dataset_id: str) -> str:
    return f"/api/v1/datasets/{dataset_id}/imports"


def _parts(*names: str, **more: str) -> list[tuple[str, Any]]:
    known: dict[str, Any] = {
        "file": ("покупки.csv", CONTENT),
        "mapping": (None, MAPPING),
        "all_or_nothing": (None, "true"),
        "check_only": (None, "true"),
    }
    return [(name, known[name] if name in known else (None, more[name])) for name in names]


@pytest.mark.parametrize(
    "names",
    [
        ("file", "mapping", "all_or_nothing", "check_only"),
        ("all_or_nothing", "mapping", "file", "check_only"),
        ("mapping", "check_only", "all_or_nothing", "file"),
    ],
)
async def test_a_file_arrives_whole_whatever_the_order_of_the_form(
    running: Any, admin: httpx.AsyncClient, path: str, names: tuple[str, ...]
) -> None:
    answer = await admin.post(path, files=_parts(*names))
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert answer.headers["location"] == f"/api/v1/imports/{body['id']}"
    assert (body["file_name"], body["status"]) == ("покупки.csv", "queued")
    assert (body["all_or_nothing"], body["check_only"]) == (True, True)
    assert (body["mapping"]["columns"], body["mapping"]["step_rules"]) == (COLUMNS, STEP_RULES)
    assert (body["mapping"]["timezone"], body["mapping"]["decimal_sign"]) == ("Europe/Berlin", ",")
    written = [body["mapping"][name] for name in ("encoding", "separator", "headerless")]
    assert written == ["windows-1251", ";", True]
    assert running.behind.imports.files[body["id"]] == CONTENT


async def test_a_stored_mapping_and_the_file_of_an_earlier_check(
    running: Any, admin: httpx.AsyncClient, path: str
) -> None:
    mapping = (
        await admin.post("/api/v1/mappings", json={"name": "Shop", "columns": COLUMNS, "step_rules": STEP_RULES})
    ).json()
    assert mapping["step_rules"] == STEP_RULES
    assert [item["id"] for item in (await admin.get("/api/v1/mappings")).json()["items"]] == [mapping["id"]]
    assert (await admin.get(f"/api/v1/mappings/{mapping['id']}")).json() == mapping
    first = await admin.post(path, files={"file": ("a.csv", b"x")}, data={"mapping_id": mapping["id"]})
    assert first.status_code == 202, first.text
    form = {"from_import_id": (None, first.json()["id"]), "mapping_id": (None, mapping["id"])}
    second = await admin.post(path, files=form)
    assert second.status_code == 202, second.text
    assert running.behind.imports.reused == [(second.json()["id"], first.json()["id"])]
    assert second.json()["file_name"] == "a.csv"
    assert (await admin.delete(f"/api/v1/mappings/{mapping['id']}")).status_code == 204
    assert (await admin.get(f"/api/v1/mappings/{mapping['id']}")).status_code == 404
    assert [item["id"] for item in (await admin.get("/api/v1/imports?status=queued")).json()["items"]] == [
        second.json()["id"],
        first.json()["id"],
    ]
    assert (await admin.get("/api/v1/imports?status=completed&status=failed")).json()["items"] == []


async def test_an_import_can_replace_its_dataset(admin: httpx.AsyncClient, path: str) -> None:
    answer = await admin.post(path, files=_parts("file", "mapping", "replaces_dataset", replaces_dataset="true"))
    assert answer.status_code == 202, answer.text
    assert answer.json()["replaces_dataset"] is True
    second = await admin.post(path, files=_parts("file", "mapping"))
    assert (second.status_code, second.json()["reason"]) == (409, "dataset_being_replaced")
    wrong = await admin.post(path, files=_parts("file", "mapping", "replaces_dataset", replaces_dataset="all"))
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "replaces_dataset")


async def test_a_file_is_checked_before_its_dataset_is_made(
    running: Any, admin: httpx.AsyncClient, analyst: Any
) -> None:
    answer = await admin.post("/api/v1/imports", files=_parts("file", "mapping", "check_only"))
    assert answer.status_code == 202, answer.text
    check = answer.json()
    assert (check["dataset_id"], check["check_only"], check["status"]) == (None, True, "queued")
    assert running.behind.imports.files[check["id"]] == CONTENT
    assert (await admin.get(f"/api/v1/imports/{check['id']}")).json()["steps"] == [{"activity": "buy", "count": 2}]
    assert (await analyst.get(f"/api/v1/imports/{check['id']}")).json()["reason"] == "import_not_found"
    assert [item["id"] for item in (await admin.get("/api/v1/imports")).json()["items"]] == [check["id"]]
    assert (await analyst.get("/api/v1/imports")).json()["items"] == []
    assert (await admin.get("/api/v1/datasets")).json()["items"] == []
    answer = await admin.post("/api/v1/imports", files=_parts("file", "mapping"))
    assert (answer.status_code, [error["reason"] for error in answer.json()["errors"]]) == (400, ["dataset_missing"])
    dataset = (await admin.post("/api/v1/datasets", json={"name": "Shop"})).json()
    form = {"from_import_id": (None, check["id"]), "mapping": (None, MAPPING)}
    real = await admin.post(f"/api/v1/datasets/{dataset['id']}/imports", files=form)
    assert (real.status_code, real.json()["dataset_id"]) == (202, dataset["id"])
    assert running.behind.imports.reused == [(real.json()["id"], check["id"])]


async def test_a_name_in_use_is_told_before_a_dataset_is_made(admin: httpx.AsyncClient, analyst: Any) -> None:
    await admin.post("/api/v1/datasets", json={"name": "Shop"})
    free = await analyst.get("/api/v1/datasets/name-check", params={"name": "Shop 2"})
    assert (free.status_code, free.content) == (204, b"")
    taken = await analyst.get("/api/v1/datasets/name-check", params={"name": "sHOP"})
    assert (taken.status_code, taken.json()["reason"]) == (409, "dataset_name_taken")


_FILE = ("file", ("a", b"x"))
_MAPPING = ("mapping", (None, MAPPING))
_NO_PATTERN = ("mapping", (None, json.dumps({"columns": COLUMNS, "step_rules": [{"name": "x"}]})))
_NO_COLUMN = ("mapping", (None, '{"columns": [{"field": "time"}]}'))


@pytest.mark.parametrize(
    ("form", "field", "reason"),
    [
        ([_FILE], "mapping", "mapping_required"),
        ([_FILE, _MAPPING, ("mapping_id", (None, "x"))], "mapping", "mapping_required"),
        ([_MAPPING], "file", "file_required"),
        ([("file", (None, "text")), _MAPPING], "file", "file_required"),
        ([_FILE, ("mapping", (None, "{"))], "mapping", "value_invalid"),
        ([_FILE, ("mapping", (None, "[]"))], "mapping", "wrong_type"),
        ([_FILE, _NO_COLUMN], "mapping.columns.0.column", "field_missing"),
        ([_FILE, _NO_PATTERN], "mapping.step_rules.0.pattern", "field_missing"),
        ([_FILE, _MAPPING, ("check_only", (None, "perhaps"))], "check_only", "wrong_type"),
        ([_FILE, _MAPPING, ("checkonly", (None, "true"))], "checkonly", "field_unknown"),
    ],
)
async def test_a_faulty_form_is_explained_and_opens_nothing(
    admin: httpx.AsyncClient, path: str, form: Any, field: str, reason: str
) -> None:
    answer = await admin.post(path, files=form)
    assert answer.status_code == 400, answer.text
    assert [(error["field"], error["reason"]) for error in answer.json()["errors"]] == [(field, reason)]
    assert (await admin.get("/api/v1/imports")).json()["items"] == []


async def test_a_mapping_that_is_no_json_says_where(admin: httpx.AsyncClient, path: str) -> None:
    answer = await admin.post(path, files=[_FILE, ("mapping", (None, '{"columns":\n [,]}'))])
    detail = 'Field "mapping" is not valid JSON at line 2 column 3; correct it and send it again.'
    assert answer.json()["detail"] == detail


@pytest.mark.parametrize(
    ("content_type", "body", "words"),
    [
        ("multipart/form-data", b"--x--", "names no boundary"),
        ("multipart/form-data; boundary=x", b"--y\r\n\r\nz", "not built as its header says"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nz\r\n--x--", "not built"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="url"\r\n\r\nz\r\n' * 20 + b"--x--",
            "more fields than there are",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="url"\r\n\r\n' + b"z" * (1100 << 10) + b"\r\n--x--",
            "larger than 1 MiB",
        ),
        (
            "multipart/form-data; boundary=x; charset=punycode",
            b'--x\r\nContent-Disposition: form-data; name="url"\r\n\r\n\\ud800\r\n--x--',
            "as its header says",
        ),
    ],
)
async def test_a_form_that_cannot_be_read_is_told_what_to_do(
    admin: httpx.AsyncClient, path: str, content_type: str, body: bytes, words: str
) -> None:
    answer = await admin.post(path, content=body, headers={"Content-Type": content_type})
    expected = (413, "field_too_large") if "1 MiB" in words else (400, "form_unreadable")
    assert (answer.status_code, answer.json()["reason"]) == expected
    assert words in answer.json()["detail"]
    assert "." in answer.json()["detail"][:-1]


@pytest.mark.parametrize(
    ("part", "field"),
    [
        (b'name="url"\r\n\r\nhttp://\\ud800', "url"),
        (b'name="mapping_id"\r\n\r\n\\ud800', "mapping_id"),
        (b'name="file"; filename="\\ud800.csv"\r\n\r\na', "file"),
        (b'name="mapping"\r\n\r\n{"name": "\\\\ud800"}', "mapping"),
    ],
)
async def test_half_of_a_character_pair_in_a_form_is_named(
    admin: httpx.AsyncClient, path: str, part: bytes, field: str
) -> None:
    """Programs that write Python's escapes into a form say so with this charset."""
    body = b"--x\r\nContent-Disposition: form-data; " + part + b"\r\n"
    if field != "file" and field != "url":
        body += b'--x\r\nContent-Disposition: form-data; name="url"\r\n\r\nhttp://localhost/a\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x; charset=unicode_escape"}
    answer = await admin.post(path, content=body + b"--x--", headers=headers)
    assert answer.status_code == 400, answer.text
    error = answer.json()["errors"][0]
    assert (error["field"], error["reason"]) == (field, "invalid_utf8")
    assert re.fullmatch(rf'Field "{field}" contains half of a character pair[^.]*\. Correct it\.', error["detail"])


async def test_mapping_faults_found_by_catalog_name_the_column(admin: httpx.AsyncClient, path: str) -> None:
    mapping = json.dumps({"columns": [*COLUMNS, {"field": "time", "column": "t2"}]})
    answer = await admin.post(path, files={"file": ("a", b"x"), "mapping": (None, mapping)})
    assert answer.status_code == 400
    assert "field_repeated" in {error["reason"] for error in answer.json()["errors"]}


@pytest.mark.parametrize(
    ("rules", "reason", "row"),
    [
        ([{"pattern": "a", "name": "A"}, {"pattern": "a", "name": "B"}], "step_rule_repeated", 2),
        ([{"pattern": "a", "name": " "}], "step_rule_name_empty", 1),
        ([{"pattern": str(number), "name": "A"} for number in range(501)], "step_rules_too_many", None),
    ],
)
async def test_a_faulty_step_rule_is_named_with_its_number(
    admin: httpx.AsyncClient, path: str, rules: list[dict[str, str]], reason: str, row: int | None
) -> None:
    mapping = {"name": "x", "columns": COLUMNS, "step_rules": rules}
    form: dict[str, Any] = {"file": ("a", b"x"), "mapping": (None, json.dumps(mapping))}
    for answer in (await admin.post("/api/v1/mappings", json=mapping), await admin.post(path, files=form)):
        assert answer.status_code == 400, answer.text
        (error,) = answer.json()["errors"]
        assert (error["field"], error["reason"], error["row"]) == ("step_rules", reason, row)


@pytest.mark.parametrize(
    ("field", "repair", "reason"),
    [
        ("value", {"reason": "not_a_number", "action": "use_text", "text": "0"}, "repair_not_possible"),
        ("value", {"reason": "no_number", "action": "leave_empty"}, "repair_reason_unknown"),
        ("value", {"reason": "not_a_number", "action": "leave_empty", "text": "0"}, "repair_text_not_used"),
    ],
)
async def test_a_repair_that_cannot_be_is_named_with_its_column(
    admin: httpx.AsyncClient, path: str, field: str, repair: dict[str, str], reason: str
) -> None:
    mapping = {"name": "x", "columns": [*COLUMNS, {"field": field, "column": "v", "repairs": [repair]}]}
    form: dict[str, Any] = {"file": ("a", b"x"), "mapping": (None, json.dumps(mapping))}
    for answer in (await admin.post("/api/v1/mappings", json=mapping), await admin.post(path, files=form)):
        assert answer.status_code == 400, answer.text
        (error,) = answer.json()["errors"]
        assert (error["field"], error["reason"], error["row"]) == (field, reason, 4)


async def test_a_mapping_sent_as_a_file_is_read_whole_or_refused(admin: httpx.AsyncClient, path: str) -> None:
    fitting = MAPPING.ljust(1 << 20).encode()
    for content, status in ((fitting, 202), (fitting + b" ", 413)):
        answer = await admin.post(path, files={"file": ("a", b"x"), "mapping": ("mapping.json", content)})
        assert answer.status_code == status, answer.text
    assert answer.json()["reason"] == "field_too_large"
    assert answer.json()["detail"].startswith('Field "mapping" is larger than 1 MiB.')
    assert len((await admin.get("/api/v1/imports")).json()["items"]) == 1


async def test_the_largest_set_of_step_rules_fits_through(admin: httpx.AsyncClient, path: str) -> None:
    rules = [{"pattern": f"{number:03}" + "x" * 497, "name": "y" * 512} for number in range(500)]
    form: dict[str, Any] = {
        "file": ("a", b"x"),
        "mapping": (None, json.dumps({"columns": COLUMNS, "step_rules": rules})),
    }
    answer = await admin.post(path, files=form)
    assert answer.status_code == 202, answer.text
    assert answer.json()["mapping"]["step_rules"] == rules


async def test_a_file_that_is_too_large_is_refused_with_its_size(admin: httpx.AsyncClient, path: str) -> None:
    answer = await admin.post(path, files={"file": ("a.csv", b"x" * 3_000_001), "mapping": (None, MAPPING)})
    assert (answer.status_code, answer.json()["reason"]) == (413, "file_too_large")
    assert "3.0 MB" in answer.json()["detail"]
    answer = await admin.post(path, files={"file": ("a.csv", b"x" * 3_000_000), "mapping": (None, MAPPING)})
    assert answer.status_code == 202
    answer = await admin.post(path, files={"file": ("a.csv", b"x" * 9_000_000), "mapping": (None, MAPPING)})
    assert (answer.status_code, answer.json()["reason"]) == (413, "body_too_large")


async def test_what_is_no_form_is_refused(admin: httpx.AsyncClient, path: str) -> None:
    assert (await admin.post(path, json={"mapping_id": "x"})).status_code == 415
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await admin.post(path, content=b"rubbish", headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (400, "form_unreadable")


async def test_an_import_whose_file_cannot_be_stored_is_closed_in_the_log(
    running: Any, admin: httpx.AsyncClient, path: str
) -> None:
    running.behind.imports.failure = AppError(Code.UNAVAILABLE, "disk_full", "The disk is full.")
    answer = await admin.post(path, files=_parts("file", "mapping"))
    assert (answer.status_code, answer.json()["reason"]) == (503, "disk_full")
    (entry,) = (await admin.get("/api/v1/imports")).json()["items"]
    assert (entry["status"], entry["error"]) == ("failed", {"reason": "disk_full", "detail": "The disk is full."})


async def test_somebody_who_may_not_write_is_refused_before_the_file(
    admin: httpx.AsyncClient, analyst: Any, dataset_id: str, path: str
) -> None:
    assert (await analyst.post(path, files=_parts("file", "mapping"))).status_code == 404
    await admin.patch(f"/api/v1/datasets/{dataset_id}", json={"is_public": True})
    answer = await analyst.post(path, files=_parts("file", "mapping"))
    assert (answer.status_code, answer.json()["reason"]) == (403, "dataset_write_not_allowed")


async def test_an_import_can_be_followed_cancelled_and_its_rejected_rows_read(
    running: Any, admin: httpx.AsyncClient, path: str
) -> None:
    import_id = (await admin.post(path, files=_parts("file", "mapping"))).json()["id"]
    answer = await admin.get(f"/api/v1/imports/{import_id}")
    assert answer.status_code == 200, answer.text
    details = answer.json()
    assert (details["rows_read"], details["rows_rejected"], details["progress_ratio"]) == (3, 1, 0.5)
    left_out, repaired = details["findings"]
    assert left_out["examples"] == [{"row": 2, "value": "x", "detail": "Row 2."}]
    assert (left_out["repair"], left_out["actions"]) == (None, [])
    assert repaired["repair"] == {"reason": "field_missing", "action": "use_text", "text": "Unknown"}
    assert repaired["actions"] == ["use_text"]
    assert details["steps"] == [{"activity": "buy", "count": 2}]
    rows = (await admin.get(details["errors_url"])).json()
    assert (rows["items"][0]["row"], rows["next_cursor"]) == (2, "more")
    answer = await admin.get(f"{details['errors_url']}.csv")
    assert '"\'=1+1"' in answer.text
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["row"], row["value"]) for row in table] == [("2", "'=1+1"), ("7", "-5")]
    async with admin.stream("GET", f"/api/v1/imports/{import_id}/progress") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.aiter_lines()
        assert await anext(lines) == "event: progress"
        data = await anext(lines)
        assert json.loads(data.removeprefix("data: "))["id"] == import_id
    assert (await admin.delete(f"/api/v1/imports/{import_id}")).status_code == 204
    assert running.behind.imports.cancelled == [import_id]
    assert (await admin.get("/api/v1/imports/none/progress")).status_code == 404


async def test_rejected_rows_that_are_refused_are_no_file(admin: httpx.AsyncClient, running: Any, path: str) -> None:
    import_id = (await admin.post(path, files=_parts("file", "mapping"))).json()["id"]
    running.behind.imports.rows_failure = AppError(Code.PERMISSION_DENIED, "analyse_not_allowed", "Not yours.")
    answer = await admin.get(f"/api/v1/imports/{import_id}/errors.csv")
    assert (answer.status_code, answer.json()["reason"]) == (403, "analyse_not_allowed")


async def test_a_stream_ends_in_time_so_that_rights_are_checked_anew(
    admin: httpx.AsyncClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(progress, "STREAM_SECONDS", 0.2)
    import_id = (await admin.post(path, files=_parts("file", "mapping"))).json()["id"]
    answer = await admin.get(f"/api/v1/imports/{import_id}/progress", timeout=10)
    assert answer.text.startswith("event: progress")


async def test_a_connection_carries_no_identity_from_one_request_to_the_next(admin: Any, path: str) -> None:
    """asyncio reads on in the context of the task that took the last piece of a large body."""
    assert (await admin.post(path, files=_parts("file", "mapping"))).status_code == 202
    admin.cookies.clear()
    assert (await admin.get("/api/v1/me")).json()["reason"] == "unauthenticated"
    credentials = {"username": "admin", "password": "admin's password for tests"}
    answer = await admin.post("/api/v1/session", json=credentials)
    assert answer.status_code == 200, answer.text
