"""Every failure is a problem with a reason and a sentence; nothing unknown leaks."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import httpx
import pytest
from fastapi import FastAPI, Query
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field, ValidationError

from cjm_gateway.entrypoints.http.app import create_app
from cjm_gateway.entrypoints.http.parameters import only_known_parameters
from cjm_gateway.entrypoints.http.problems import on_app_error, violations_of
from cjm_gateway.entrypoints.http.shapes import Body
from cjm_gateway.entrypoints.services import Channels
from cjm_kit.errors import AppError


async def _reason(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "instance", "reason", "errors", "request_id"}
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer.headers["x-request-id"]
    return answer.status_code, body["reason"]


async def test_what_the_framework_refuses_looks_like_our_own_refusals(admin: httpx.AsyncClient) -> None:
    json_headers = {"Content-Type": "application/json"}
    assert await _reason(await admin.get("/api/v1/nothing")) == (404, "route_not_found")
    assert await _reason(await admin.get("/api")) == (404, "route_not_found")
    assert await _reason(await admin.get("/v1/track")) == (404, "route_not_found")
    answer = await admin.put("/api/v1/datasets", json={})
    assert await _reason(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST"
    answer = await admin.get("/api/v1/analyses/x/cancel")
    assert (await _reason(answer), answer.headers["allow"]) == ((405, "method_not_allowed"), "POST")
    answer = await admin.post("/api/v1/datasets", content=b'{"name": ', headers=json_headers)
    assert await _reason(answer) == (400, "body_not_json")
    for body in (b'{"name": "\xff"}', b"[" * 200_000, b'{"name": ' + b"1" * 5000 + b"}"):
        answer = await admin.post("/api/v1/datasets", content=body, headers=json_headers)
        assert await _reason(answer) == (400, "body_not_json")
        assert "The body cannot be read. Send JSON encoded as UTF-8" in answer.json()["detail"]
    answer = await admin.post("/api/v1/datasets", content=b"name=x", headers={"Content-Type": "text/plain"})
    assert await _reason(answer) == (415, "media_type_unsupported")
    answer = await admin.post("/api/v1/datasets", content=b" " * (2 << 20), headers=json_headers)
    assert await _reason(answer) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("body", "field", "reason", "words"),
    [
        ({}, "name", "field_missing", 'Field "name" is missing. Send it.'),
        ({"name": 5}, "name", "wrong_type", 'Field "name" must be text.'),
        ({"name": "x", "is_public": "perhaps"}, "is_public", "wrong_type", 'Field "is_public" must be true or false.'),
        ({"name": "x", "is_pubic": True}, "is_pubic", "field_unknown", "check the spelling"),
        ({"name": "x", "case": "order"}, "case", "value_invalid", 'Field "case" must be "customer" or "session".'),
        ({"name": "x", "session_gap_minutes": -1}, "session_gap_minutes", "value_invalid", "must be at least 0."),
        ({"name": "x", "session_gap_minutes": 2**31}, "session_gap_minutes", "value_invalid", "below 2147483648."),
        ({"name": "x", "session_gap_minutes": 1.5}, "session_gap_minutes", "wrong_type", "must be a whole number."),
        ({"name": "x" * 1000}, "name", "name_too_long", ""),
        ([], "body", "wrong_type", 'Field "body" must be an object.'),
        ({"name": ""}, "name", "name_empty", ""),
    ],
)
async def test_a_faulty_field_is_named(
    admin: httpx.AsyncClient, body: Any, field: str, reason: str, words: str
) -> None:
    answer = await admin.post("/api/v1/datasets", json=body)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["field"], error["reason"]) == (field, reason)
    assert words in error["detail"]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"name": ', "line 1 column 10"),
        (b'{\n  "name": "x",\n  is_public: true\n}', "line 3 column 3"),
        (b'{"name": "x"} {}', "line 1 column 15"),
        (b'{"name": "a\nb"}', "line 1 column 12"),
        (b"name=x", "line 1 column 1"),
    ],
)
async def test_broken_json_is_told_by_its_place_in_our_words(admin: httpx.AsyncClient, body: bytes, place: str) -> None:
    answer = await admin.post("/api/v1/datasets", content=body, headers={"Content-Type": "application/json"})
    assert await _reason(answer) == (400, "body_not_json")
    assert answer.json()["detail"] == f"The body is not valid JSON at {place}. Correct it there and send it again."


_WRONG: Any = (
    None,
    True,
    "x",
    "",
    "\ud800",
    -1,
    0.5,
    10**30,
    "1" * 5000,
    float("nan"),
    [],
    ["x", 1],
    [None],
    {},
    {"a": 1},
)


def _faults() -> Iterator[Any]:
    """What pydantic finds when every field of every form and every parameter gets every kind of wrong value."""
    forms: list[Any] = [Body]
    for form in forms:
        forms.extend(form.__subclasses__())
        fields = [field.alias or name for name, field in form.model_fields.items()]
        bodies = [*_WRONG, *({field: wrong, "unknown": 1} for field in fields for wrong in _WRONG)]
        for read, body in [(form.model_validate, body) for body in bodies] + [(form.model_validate_json, "{")]:
            try:
                read(body)
            except ValidationError as failure:
                for error in failure.errors():
                    yield {**error, "loc": ("body", *error["loc"])}
    dependants = [getattr(item, "dependant", None) for item in iter_route_contexts(create_app().routes)]
    for dependant in dependants:
        if dependant is not None:
            dependants.extend(dependant.dependencies)
            for parameter in [*dependant.query_params, *dependant.path_params, *dependant.body_params]:
                for wrong in _WRONG:
                    yield from parameter.validate(wrong, {}, loc=("query", parameter.alias))[1] or []


def test_no_word_of_the_library_that_checks_forms_reaches_anybody() -> None:
    faults = list(_faults())
    rules = {error["type"] for error in faults}
    assert {"missing", "extra_forbidden", "literal_error", "less_than_equal", "int_from_float", "json_invalid"} <= rules
    assert len({error["loc"] for error in faults}) > 100
    told = {}
    for error in faults:
        (violation,) = violations_of(RequestValidationError([error]))
        told[error["type"]] = violation.detail
        assert violation.detail.startswith(f'Field "{violation.field}" '), error
        assert error["msg"].lower() not in violation.detail.lower(), error
        assert not re.search(r"[Ii]nput|valid (string|integer|dictionary)|[{}]|None", violation.detail), (
            violation.detail
        )
    without = [rule for rule, detail in told.items() if "see its description at /docs" in detail]
    assert not without, "these need a sentence of their own in problems.py"


def _with_half(annotation: Any) -> list[Any]:
    """What a field of this type can hold with half of a character pair in it."""
    if annotation is str:
        return ["x\ud800"]
    if get_origin(annotation) is dict:
        return [{"x\ud800": 1}]
    halves = [half for part in get_args(annotation) for half in _with_half(part)]
    return [halves] if halves and get_origin(annotation) is list else halves


def test_half_of_a_character_pair_is_refused_in_every_text_of_every_form() -> None:
    forms: list[Any] = Body.__subclasses__()
    texts = [
        (form, field.alias or name, value)
        for form in forms
        for name, field in form.model_fields.items()
        for value in _with_half(field.annotation)
    ]
    assert len(texts) > 30
    for form, name, value in texts:
        with pytest.raises(ValidationError) as caught:
            form.model_validate({name: value})
        told = {item.field.split(".")[0]: item for item in violations_of(caught.value)}[name]
        assert told.reason == "invalid_utf8"
        assert told.detail == f'Field "{told.field}" contains half of a character pair. Correct it.'


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "session", {"username": "\ud800", "password": "x"}, "username"),
        ("PUT", "me/password", {"old_password": "x", "new_password": "\udc00"}, "new_password"),
        ("POST", "datasets", {"name": "a\ud83d"}, "name"),
        ("PATCH", "datasets/{id}", {"goal_activity": "\ud800"}, "goal_activity"),
        ("POST", "datasets/{id}/exports", {"object": "map", "format": "svg", "name": "\ud800"}, "name"),
        ("POST", "datasets/{id}/grants", {"username": "\ud800"}, "username"),
        ("POST", "users", {"username": "\ud800", "password": "x"}, "username"),
        ("POST", "tokens", {"name": "t", "dataset_ids": ["x", "\ud800"]}, "dataset_ids.1"),
        ("POST", "mappings", {"name": "m", "columns": [{"field": "time", "column": "\ud800"}]}, "columns.0.column"),
        ("POST", "datasets", {"name": "x", "\ud800": 1}, "body"),
    ],
)
async def test_half_of_a_character_pair_is_named_with_its_field(
    admin: httpx.AsyncClient, dataset_id: str, method: str, path: str, body: Any, field: str
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await admin.request(
        method, f"/api/v1/{path.format(id=dataset_id)}", content=json.dumps(body), headers=headers
    )
    assert await _reason(answer) == (400, "invalid_request")
    assert answer.json()["detail"] == f'Field "{field}" contains half of a character pair. Correct it.'
    (error,) = answer.json()["errors"]
    assert (error["field"], error["reason"]) == (field, "invalid_utf8")


async def test_half_of_a_character_pair_in_an_address_is_read_as_the_sign_for_what_cannot_be_read(
    admin: httpx.AsyncClient,
) -> None:
    assert (await admin.get("/api/v1/datasets?name_contains=%ED%A0%80")).json()["items"] == []
    assert (await admin.get("/api/v1/datasets/%ED%A0%80")).status_code == 404
    answer = await admin.get("/api/v1/datasets?%ED%A0%80=1")
    assert answer.json()["errors"][0]["field"] == "\ufffd" * 3


def test_a_rule_nobody_wrote_a_sentence_for_is_not_quoted() -> None:
    error = {
        "type": "uuid_parsing",
        "loc": ("body", "id"),
        "msg": "Input should be a valid UUID",
        "ctx": {"error": "x"},
    }
    (violation,) = violations_of(RequestValidationError([error]))
    assert violation.detail == 'Field "id" is not right; see its description at /docs.'


@pytest.mark.parametrize(
    ("address", "reason", "words"),
    [
        ("datasets?limit=many", "invalid_request", 'Field "limit" must be a whole number.'),
        ("datasets?limit=0", "invalid_request", 'Field "limit" must be at least 1.'),
        ("datasets?limit=201", "invalid_request", 'Field "limit" must be at most 200.'),
        ("analyses?status=done", "invalid_request", '"status.0" must be "queued", "running", "succeeded", "partial"'),
        ("analyses?deleted=perhaps", "invalid_request", 'Field "deleted" must be true or false.'),
        ("datasets/{id}/variants?from=2024-02-30", "date_invalid", 'Field "from": "2024-02-30" is not a date'),
        ("datasets/no-id/variants", "dataset_not_found", "Check the id."),
    ],
)
async def test_a_faulty_parameter_is_named(
    admin: httpx.AsyncClient, dataset_id: str, address: str, reason: str, words: str
) -> None:
    answer = await admin.get(f"/api/v1/{address.format(id=dataset_id)}")
    assert (answer.json()["reason"], words in answer.json()["detail"]) == (reason, True), answer.text


async def test_faults_in_a_list_carry_their_row(admin: httpx.AsyncClient) -> None:
    columns = [{"field": "time", "column": "t"}, {"field": "x"}]
    answer = await admin.post("/api/v1/mappings", json={"name": "m", "columns": columns})
    assert [(error["field"], error["row"]) for error in answer.json()["errors"]] == [("columns.1.column", 2)]


async def test_query_parameters_are_checked(admin: httpx.AsyncClient) -> None:
    answer = await admin.get("/api/v1/datasets?limit=1000")
    assert await _reason(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "limit"


_FRAME = "case, session_gap_minutes, from, to, f"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("datasets/{id}/directly-follows?filter=device_category:tv", {"filter": f"It takes activity, {_FRAME}."}),
        ("datasets/{id}/variants?form=2024-01-01&from=2024-01-01", {"form": 'Did you mean "from"?'}),
        ("datasets/{id}/variants?curser=x&Limit=3", {"curser": '"cursor"?', "Limit": '"limit"?'}),
        ("datasets/{id}/reports/daily?bye=", {"bye": 'Did you mean "by"?'}),
        ("home?dataset=x", {"dataset": 'Did you mean "dataset_id"?'}),
        ("datasets/{id}/journeys-by-day?from_=2024-01-01", {"from_": 'Did you mean "from"?'}),
        ("analyses?statuses=done", {"statuses": 'Did you mean "status"?'}),
        ("imports/x/progress?a", {"a": "It takes none; leave it out."}),
        ("tokens/x/received?since=1", {"since": "It takes none; leave it out."}),
        ("me?x=1&x=2", {"x": '"x" is not a parameter of this address.'}),
    ],
)
async def test_a_parameter_that_is_not_known_is_refused(
    admin: httpx.AsyncClient, dataset_id: str, address: str, told: dict[str, str]
) -> None:
    answer = await admin.get(f"/api/v1/{address.format(id=dataset_id)}")
    assert await _reason(answer) == (400, "invalid_request")
    errors = answer.json()["errors"]
    assert [(error["field"], error["reason"]) for error in errors] == [(name, "parameter_unknown") for name in told]
    for error, words in zip(errors, told.values(), strict=True):
        assert words in error["detail"]


async def test_parameters_of_a_form_are_known_by_the_names_they_are_sent_with() -> None:
    class Asked(BaseModel):
        size: int = 1
        from_: Annotated[str, Field(alias="from")] = ""

    app = FastAPI(dependencies=[only_known_parameters], exception_handlers={AppError: on_app_error})

    @app.get("/")
    async def read(asked: Annotated[Asked, Query()], by: str = "") -> str:
        return f"{asked.size} {asked.from_} {by}"

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert (await client.get("/?size=2&from=x&by=y")).json() == "2 x y"
        answer = await client.get("/?from_=x&asked=1")
    assert [error["field"] for error in answer.json()["errors"]] == ["from_", "asked"]


async def test_an_unforeseen_failure_says_nothing_about_its_cause(
    running: Any, admin: httpx.AsyncClient, dataset_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cjm_gateway.entrypoints.http.events.instant", lambda _: 1 / 0)
    answer = await admin.get(f"/api/v1/datasets/{dataset_id}/events", headers={"X-Request-Id": "from-outside-1"})
    assert await _reason(answer) == (500, "internal")
    assert "division" not in answer.text
    assert answer.json()["request_id"] == "from-outside-1"


async def test_a_request_id_that_could_harm_is_replaced(running: Any) -> None:
    answer = await running.client().get("/healthz", headers={"X-Request-Id": "short"})
    assert len(answer.headers["x-request-id"]) == 32
    answer = await running.client().get("/healthz", headers={"X-Request-Id": 'x" onload="' * 3})
    assert len(answer.headers["x-request-id"]) == 32


async def test_a_part_that_is_down_is_told_apart_from_a_fault(running: Any, admin: httpx.AsyncClient) -> None:
    await running.catalog_stop()
    answer = await admin.get("/api/v1/datasets")
    assert await _reason(answer) == (503, "service_unavailable")
    assert answer.headers["retry-after"] == "1"
    answer = await admin.get("/readyz")
    assert (answer.status_code, answer.json()["services"]["catalog"]) == (503, False)
    assert (await admin.get("/healthz")).status_code == 200


async def test_metrics_name_routes_and_not_ids(running: Any, admin: httpx.AsyncClient, dataset_id: str) -> None:
    await admin.get(f"/api/v1/datasets/{dataset_id}")
    await admin.get("/api/v1/no/such/thing")
    await running.client().get("/api/v1/analyses/some-id")
    text = (await admin.get("/metrics")).text
    assert 'route="/api/v1/datasets/{dataset_id}",status="200"' in text
    assert 'route="/api/v1/analyses/{analysis_id}",status="401"' in text
    assert 'route="unmatched",status="404"' in text
    assert dataset_id not in text


async def test_a_number_too_large_for_any_message_is_refused(admin: httpx.AsyncClient, dataset_id: str) -> None:
    for gap in (-1, 10_081, 2**31, 10**30):
        answer = await admin.patch(f"/api/v1/datasets/{dataset_id}", json={"session_gap_minutes": gap})
        assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(
    ("down", "status"), [("bot", 200), ("mining", 200), ("ingest", 200), ("intake", 503), ("catalog", 503)]
)
async def test_only_what_people_and_senders_need_makes_it_not_ready(
    admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, down: str, status: int
) -> None:
    async def readiness(_: Channels) -> dict[str, bool]:
        return {name: name != down for name in ("catalog", "ingest", "intake", "mining", "metrics", "bot")}

    monkeypatch.setattr(Channels, "readiness", readiness)
    answer = await admin.get("/readyz")
    assert (answer.status_code, answer.json()["services"][down]) == (status, False)
