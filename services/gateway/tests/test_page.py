"""The web page, the samples, the headers, and the description of the API."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from cjm_gateway.entrypoints.http.app import create_app
from cjm_gateway.entrypoints.http.docs import docs_page
from cjm_gateway.entrypoints.http.page import Folder, WebPage
from cjm_gateway.openapi import description

OPENAPI_FILE = Path(__file__).parents[1] / "openapi.json"


async def test_the_page_answers_for_its_own_addresses(running: Any) -> None:
    browser = running.client()
    for accept in ("text/html", "application/json, Text/HTML ;level=1;q=0.1"):
        assert "<title>page</title>" in (await browser.get("/apiary", headers={"Accept": accept})).text
    browser.headers["Accept"] = "text/html,application/xhtml+xml,*/*;q=0.8"
    for path in ("/", "/index.html", "/explore/map?steps=3", "/data/datasets/1.5", "/apiary"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert answer.headers["cache-control"] == "no-cache"
        assert "<title>page</title>" in answer.text
    assert (await browser.head("/")).content == b""


@pytest.mark.parametrize(
    "accept", ["application/json", "*/*", "", "text/html;q=0, */*", "text/html;level=1;q=0.0", "text/html-x"]
)
async def test_who_wants_no_page_is_told_that_there_is_nothing(running: Any, accept: str) -> None:
    program = running.client()
    program.headers["Accept"] = accept
    for path in ("/nope", "/explore/map", "/healthzz"):
        answer = await program.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
        assert (answer.json()["reason"], answer.json()["detail"]) == ("route_not_found", f"There is nothing at {path}.")
    assert "<title>page</title>" in (await program.get("/")).text
    assert "<title>page</title>" in (await program.get("/index.html")).text


async def test_assets_are_kept_for_ever_and_sent_packed(running: Any) -> None:
    browser = running.client()
    plain = await browser.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "gzip"})
    assert plain.text == "console.log('plain')"
    assert "immutable" in plain.headers["cache-control"]
    assert plain.headers["vary"] == "Accept-Encoding"
    async with browser.stream("GET", "/assets/app-1a2b.js", headers={"Accept-Encoding": "gzip, br"}) as packed:
        assert packed.headers["content-encoding"] == "br"
        assert "javascript" in packed.headers["content-type"]
        assert b"".join([chunk async for chunk in packed.aiter_raw()]) == b"packed"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, BR;q=0.5", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br ; Q=0.000,gzip;q=0.001", "gzip"),
        ("brotli, x-gzip-like", None),
        ("gzip;q=0, br;q=0.0", None),
        ("identity", None),
        ("", None),
    ],
)
async def test_only_an_encoding_that_was_asked_for_is_sent(tmp_path: Path, accepted: str, encoding: str | None) -> None:
    for suffix in ("", ".br", ".gz"):
        (tmp_path / f"app.js{suffix}").write_bytes(b"x")
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        await asyncio.Event().wait()

    headers = [(b"accept-encoding", accepted.encode())]
    scope = {"type": "http", "method": "GET", "path": "/app.js", "headers": headers}
    await WebPage(Folder.read(tmp_path))(scope, receive, send)
    assert dict(sent[0]["headers"]).get(b"content-encoding") == (encoding.encode() if encoding else None)


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js",
        "/favicon.ico",
        "/samples/none",
        "/samples/../static/index.html",
        "/samples/%2e%2e/static/index.html",
    ],
)
async def test_only_files_of_the_folders_can_be_reached(running: Any, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.settings.http_port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith("HTTP/1.1 404")
    assert "file_not_found" in answer


async def test_samples_come_as_they_are(running: Any) -> None:
    answer = await running.client().get("/samples/ecom.csv.gz")
    assert (answer.content, answer.headers["content-type"]) == (b"\x1f\x8b sample", "application/gzip")
    assert "content-encoding" not in answer.headers
    refused = await running.client().post("/samples/ecom.csv.gz")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


async def test_a_page_that_is_not_built_says_so(running: Any, tmp_path: Path) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    page = WebPage(Folder.read(tmp_path / "nothing"))
    await page({"type": "http", "method": "GET", "path": "/", "headers": []}, send, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 503
    assert b"make" in sent[1]["body"]


@pytest.mark.parametrize("path", ["/", "/api/v1/me", "/docs", "/samples/none"])
async def test_every_answer_carries_the_security_headers(running: Any, path: str) -> None:
    headers = (await running.client().get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


def test_the_committed_description_is_fresh() -> None:
    command = "python -m cjm_gateway.openapi > services/gateway/openapi.json"
    assert OPENAPI_FILE.read_text() == description(), f"run: {command}"


def test_the_description_is_valid_and_whole() -> None:
    openapi = create_app().openapi()
    validate(openapi)
    assert openapi["openapi"].startswith("3.1")
    operations = [operation for item in openapi["paths"].values() for operation in item.values()]
    identifiers = [operation["operationId"] for operation in operations]
    assert len(identifiers) == len(set(identifiers))
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
        assert operation["tags"]
    assert openapi["components"]["securitySchemes"].keys() == {"session", "token"}
    events = openapi["paths"]["/api/v1/datasets/{dataset_id}/events"]["post"]
    assert {"token": []} in events["security"]
    assert set(events["requestBody"]["content"]) == {"application/json", "application/x-ndjson"}


def test_the_page_about_the_api_names_everything_and_needs_no_script() -> None:
    openapi = create_app().openapi()
    page = docs_page(openapi)
    assert all(path in page for path in openapi["paths"])
    assert "<script" not in page
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors
