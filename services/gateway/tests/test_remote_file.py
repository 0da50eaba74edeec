"""Files at web addresses: what is fetched from real local servers, and what never is."""

import asyncio
import json
import socket
import ssl
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from cjm_gateway.adapters import remote_file
from cjm_gateway.adapters.remote_file import HttpFiles
from cjm_gateway.application.remote_file import RemoteFile, file_name, may_be_asked
from cjm_gateway.settings import GatewaySettings
from cjm_kit.errors import AppError

CONTENT = b"customer,step,time\n" + b"c1,visit,2024-01-01\n" * 10
PUBLIC = "93.184.216.34"
MAPPING = json.dumps(
    {
        "columns": [
            {"field": "customer_id", "column": "customer", "function": None},
            {"field": "action_type", "column": "step", "function": None},
            {"field": "time", "column": "time", "function": "datetime"},
        ]
    }
)


def answer(content: bytes = CONTENT, status: int = 200, *, length: bool = True, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    if length:
        lines.append(f"content-length: {len(content)}")
    return "\r\n".join([*lines, "\r\n"]).encode() + content


class Shop:
    """A server that answers what a test says, byte by byte.

    Attributes:
        answers: What to send, by path; a function sends it itself.
        asked: Path and header lines of every request.
        server_names: Names that were asked for in TLS.
    """

    def __init__(self) -> None:
        self.answers: dict[str, bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.server_names: list[str | None] = []
        self.port = 0
        self.is_left = asyncio.Event()
        self._serving: set[asyncio.Task[None]] = set()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.add(asyncio.create_task(self._serve(reader, writer)))

    async def leave(self) -> None:
        """End what is still being served."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            path = head[0].split(" ")[1]
            self.asked.append((path, dict(line.lower().split(": ", 1) for line in head[1:] if line)))
            found = self.answers[path]
            if isinstance(found, bytes):
                writer.write(found)
                await writer.drain()
            else:
                await found(writer)
        except (OSError, asyncio.IncompleteReadError):
            self.is_left.set()
        finally:
            writer.close()


@pytest_asyncio.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = Shop()
    server = await asyncio.start_server(shop.serve, "127.0.0.1", 0)
    shop.port = server.sockets[0].getsockname()[1]
    async with server:
        yield shop
        await shop.leave()


@pytest.fixture
def local() -> GatewaySettings:
    secret = SecretStr("x" * 32)
    return GatewaySettings(identity_secret=secret, max_upload_bytes=3_000_000, import_from_private_addresses=True)


@pytest.fixture
def public(local: GatewaySettings) -> GatewaySettings:
    return local.model_copy(update={"import_from_private_addresses": False})


async def fetch(files: HttpFiles, url: str, *, within: float = 20, most: int | None = None) -> tuple[RemoteFile, bytes]:
    content = bytearray()

    async def write(chunk: bytes) -> None:
        content.extend(chunk)

    found = await files.fetch(url, write, within_seconds=within, most_bytes=most)
    return found, bytes(content)


async def refused(files: HttpFiles, url: str, within: float = 20) -> str:
    with pytest.raises(AppError) as caught:
        await fetch(files, url, within=within)
    failure = caught.value
    assert len(failure.detail) > 20
    assert "127.0.0.1" not in failure.detail
    return failure.reason


def resolving(*answers: list[str]) -> tuple[list[str], Callable[[str, int], Awaitable[list[str]]]]:
    """A resolver with one answer after the other, and the names it was asked for."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return asked, resolve


@pytest.fixture
def connected(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses that were connected to; behind the public one stands the shop, the other ones are real."""
    hosts: list[str] = []
    connect = anyio.connect_tcp

    async def connect_recorded(remote_host: str, remote_port: int, **options: Any) -> Any:
        hosts.append(str(remote_host))
        if remote_host == PUBLIC:
            remote_host, remote_port = "127.0.0.1", shop.port
        return await connect(remote_host, remote_port, **options)

    monkeypatch.setattr(anyio, "connect_tcp", connect_recorded)
    return hosts


async def test_a_file_arrives_as_it_is_with_nothing_sent_along(
    shop: Shop, local: GatewaySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    shop.answers["/first"] = answer(b"", 302, location="/orders%202024.csv?key=1", set_cookie="a=b")
    shop.answers["/orders%202024.csv?key=1"] = answer(
        content_disposition="attachment; filename*=UTF-8''%C4%90%C6%A1n.csv"
    )
    found, content = await fetch(HttpFiles(local), shop.url("/first"))
    assert (found, content) == (RemoteFile("Đơn.csv", len(CONTENT)), CONTENT)
    assert [path for path, _ in shop.asked] == ["/first", "/orders%202024.csv?key=1"]
    for _, headers in shop.asked:
        assert set(headers) == {"host", "accept", "accept-encoding", "connection", "user-agent"}
        assert (headers["host"], headers["accept-encoding"]) == (f"127.0.0.1:{shop.port}", "identity")


async def test_only_the_beginning_is_read_when_only_that_is_wanted(shop: Shop, local: GatewaySettings) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"", length=False))
        while True:
            writer.write(CONTENT)
            await writer.drain()

    shop.answers["/endless.csv"] = endless
    found, content = await fetch(HttpFiles(local), shop.url("/endless.csv"), most=1000)
    assert (found, content) == (RemoteFile("endless.csv", None), (CONTENT * 10)[:1000])
    await asyncio.wait_for(shop.is_left.wait(), 10)
    assert await refused(HttpFiles(local), shop.url("/endless.csv")) == "file_too_large"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("shop.example/export.csv", "url_invalid"),
        ("ftp://shop.example/export.csv", "url_invalid"),
        ("file:///etc/passwd", "url_invalid"),
        ("http:///export.csv", "url_invalid"),
        ("http://shop.example:99999/", "url_invalid"),
        ("http://shop.example/\x00", "url_invalid"),
        ("http://shop.example/\r\nhost: other", "url_invalid"),
        ("http://[::1/", "url_invalid"),
        ("https://shop.example/" + "x" * 5000, "url_invalid"),
        ("", "url_invalid"),
        ("https://user:secret@shop.example/export.csv", "url_has_password"),
        ("https://user@shop.example/export.csv", "url_has_password"),
        ("http://no-such-server.invalid/export.csv", "url_host_unknown"),
    ],
)
async def test_an_address_that_leads_nowhere_is_explained(public: GatewaySettings, url: str, reason: str) -> None:
    assert await refused(HttpFiles(public), url) == reason


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ],
)
async def test_no_spelling_of_a_private_address_is_connected_to(
    shop: Shop, public: GatewaySettings, connected: list[str], host: str
) -> None:
    assert await refused(HttpFiles(public), f"http://{host}:{shop.port}/a.csv") in {
        "url_not_allowed",
        "url_host_unknown",  # where the system does not know old spellings
        "url_invalid",
    }
    assert (connected, shop.asked) == ([], [])


@pytest.mark.parametrize(
    ("address", "by_default", "where_private_is_allowed"),
    [
        (PUBLIC, True, True),
        ("2606:4700::1111", True, True),
        ("127.0.0.1", False, True),
        ("10.1.2.3", False, True),
        ("192.168.0.1", False, True),
        ("100.64.0.1", False, True),
        ("198.18.0.1", False, True),
        ("::1", False, True),
        ("fd12::1", False, True),
        ("0.0.0.0", False, False),
        ("169.254.169.254", False, False),
        ("192.0.0.192", False, False),
        ("100.100.100.200", False, False),
        ("168.63.129.16", False, False),
        ("224.0.0.1", False, False),
        ("240.0.0.1", False, False),
        ("255.255.255.255", False, False),
        ("::", False, False),
        ("::7f00:1", False, False),
        ("::ffff:127.0.0.1", False, False),
        ("::ffff:8.8.8.8", False, False),
        ("64:ff9b::a00:1", False, False),
        ("64:ff9b:1::1", False, False),
        ("2002:a00:1::", False, False),
        ("2001:0:1::1", False, False),
        ("2001:db8::1", False, True),
        ("fd00:ec2::254", False, False),
        ("fe80::1", False, False),
        ("fe80::1%eth0", False, False),
        ("fec0::1", False, False),
        ("ff0e::1", False, False),
    ],
)
def test_which_network_addresses_may_be_asked(address: str, by_default: bool, where_private_is_allowed: bool) -> None:
    for setting, expected in ((False, by_default), (True, where_private_is_allowed)):
        assert may_be_asked(ip_address(address), is_private_allowed=setting) is expected


async def test_a_name_is_looked_up_once_and_what_was_checked_is_asked(
    shop: Shop, public: GatewaySettings, connected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up, looked_up = socket.getaddrinfo, []

    def changing(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host != "shop.example":
            return look_up(host, port, *rest, **more)
        looked_up.append(host)
        address = PUBLIC if len(looked_up) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    shop.answers["/a.csv"] = answer()
    url = f"http://shop.example:{shop.port}/a.csv"
    assert (await fetch(HttpFiles(public), url))[1] == CONTENT
    assert (connected, looked_up) == ([PUBLIC], ["shop.example"])
    assert shop.asked[0][1]["host"] == f"shop.example:{shop.port}"
    assert await refused(HttpFiles(public), url) == "url_not_allowed"
    assert connected == [PUBLIC]


async def test_of_several_addresses_only_public_ones_are_tried_until_one_answers(
    shop: Shop, public: GatewaySettings, monkeypatch: pytest.MonkeyPatch, connected: list[str]
) -> None:
    connect = anyio.connect_tcp

    async def first_is_dead(remote_host: str, remote_port: int, **options: Any) -> Any:
        connection = connect(remote_host, remote_port, **options)
        if remote_host == "8.8.8.8":
            connection.close()
            raise OSError("dead")
        return await connection

    monkeypatch.setattr(anyio, "connect_tcp", first_is_dead)
    shop.answers["/a.csv"] = answer()
    asked, resolve = resolving(["10.0.0.1", "8.8.8.8", "127.0.0.1", PUBLIC])
    assert (await fetch(HttpFiles(public, resolve), "http://shop.example/a.csv"))[1] == CONTENT
    assert (asked, connected) == (["shop.example"], [PUBLIC])


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://127.0.0.1:{port}/a.csv", "url_not_allowed"),
        ("//127.0.0.1:{port}/a.csv", "url_not_allowed"),
        ("http://169.254.169.254/latest/meta-data/", "url_not_allowed"),
        ("http://[::ffff:127.0.0.1]:{port}/a.csv", "url_not_allowed"),
        ("http://user:secret@shop.example/a.csv", "url_has_password"),
        ("file:///etc/passwd", "url_invalid"),
        ("gopher://shop.example/", "url_invalid"),
        ("/first", "url_redirected_too_often"),
    ],
)
async def test_a_redirect_is_checked_as_the_address_was(
    shop: Shop, public: GatewaySettings, connected: list[str], location: str, reason: str
) -> None:
    shop.answers["/first"] = answer(b"", 307, location=location.format(port=shop.port))
    shop.answers["/a.csv"] = answer()
    _, resolve = resolving([PUBLIC])

    async def resolve_names(host: str, port: int) -> list[str]:
        return await resolve(host, port) if host == "shop.example" else [host]

    assert await refused(HttpFiles(public, resolve_names), "http://shop.example/first") == reason
    assert set(connected) == {PUBLIC}
    assert {path for path, _ in shop.asked} == {"/first"}
    assert len(shop.asked) == (4 if reason == "url_redirected_too_often" else 1)


async def test_three_redirects_are_followed(shop: Shop, local: GatewaySettings) -> None:
    for number, status in enumerate((301, 303, 308)):
        shop.answers[f"/{number}"] = answer(b"", status, location=str(number + 1))
    shop.answers["/3"] = answer()
    found, content = await fetch(HttpFiles(local), shop.url("/0"))
    assert (found.name, content) == ("0", CONTENT)


async def _breaks_off(writer: asyncio.StreamWriter) -> None:
    writer.write(answer()[:-5])


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (answer(b"", 404), "url_status_not_200"),
        (answer(b"", 500), "url_status_not_200"),
        (answer(status=206), "url_status_not_200"),
        (answer(b"", 302), "url_status_not_200"),
        (answer(b""), "file_empty"),
        (answer(b"", length=False), "file_empty"),
        (answer(length=False, content_length="3000001"), "file_too_large"),
        (answer(length=False, content_length="9" * 19), "file_too_large"),
        (answer(b"x" * 3_000_001, length=False), "file_too_large"),
        (answer(content_encoding="gzip"), "url_content_encoded"),
        (answer(content_encoding="br"), "url_content_encoded"),
        (answer(b"\xef\xbb\xbf\n <!DOCTYPE html><title>Sign in</title>"), "url_is_page"),
        (answer(b"<HTML>"), "url_is_page"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "url_broken_off"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 300_000, "url_broken_off"),
        (b"", "url_broken_off"),
        (_breaks_off, "url_broken_off"),
    ],
)
async def test_what_is_no_file_is_explained(shop: Shop, local: GatewaySettings, sent: Any, reason: str) -> None:
    shop.answers["/a.csv"] = sent
    assert await refused(HttpFiles(local), shop.url("/a.csv")) == reason


async def test_the_largest_file_is_taken(shop: Shop, local: GatewaySettings) -> None:
    for length in (True, False):
        shop.answers["/a.csv"] = answer(b"x" * 3_000_000, length=length)
        assert len((await fetch(HttpFiles(local), shop.url("/a.csv")))[1]) == 3_000_000


async def test_a_status_is_named(shop: Shop, local: GatewaySettings) -> None:
    shop.answers["/a.csv"] = answer(b"", 403)
    with pytest.raises(AppError, match="answered with status 403"):
        await fetch(HttpFiles(local), shop.url("/a.csv"))


async def test_a_silent_server_and_one_that_never_ends_are_left(shop: Shop, local: GatewaySettings) -> None:
    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def dripping(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"", length=False))
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    shop.answers |= {"/silent": silent, "/dripping": dripping}
    async with asyncio.timeout(10):
        impatient = HttpFiles(local, read_seconds=0.2)
        assert await refused(impatient, shop.url("/silent"), within=1000) == "url_timed_out"
        assert await refused(HttpFiles(local), shop.url("/dripping"), within=0.5) == "url_timed_out"
        await shop.is_left.wait()


async def test_a_closed_port_cannot_be_reached(local: GatewaySettings) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))  # held, but nobody listens
        url = f"http://127.0.0.1:{holder.getsockname()[1]}/a.csv"
        assert await refused(HttpFiles(local), url) == "url_unreachable"
        assert await refused(HttpFiles(local), url.replace("http", "https")) == "url_unreachable"


async def test_tls_is_for_the_name_in_the_address(
    local: GatewaySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    more = ["-subj", "/CN=shop.example", "-addext", "subjectAltName=DNS:shop.example"]
    making = await asyncio.create_subprocess_exec(*command, *more, "-keyout", key, "-out", certificate, stderr=DEVNULL)
    assert await making.wait() == 0
    shop = Shop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.sni_callback = lambda _socket, name, _context: shop.server_names.append(name)
    server = await asyncio.start_server(shop.serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    shop.answers["/a.csv"] = answer()
    _, resolve = resolving(["127.0.0.1"])
    url = f"https://shop.example:{port}/a.csv"
    async with server:
        assert await refused(HttpFiles(local, resolve), url) == "url_certificate_refused"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        monkeypatch.setattr(remote_file, "_trusted", cache(remote_file._trusted.__wrapped__))
        files = HttpFiles(local, resolve)
        assert (await fetch(files, url))[1] == CONTENT
        assert shop.server_names == ["shop.example"] * 2
        assert shop.asked == [("/a.csv", shop.asked[0][1])]
        assert shop.asked[0][1]["host"] == f"shop.example:{port}"
        assert await refused(files, url.replace("shop.", "other.")) == "url_certificate_refused"
        assert await refused(files, url.replace("https", "http")) == "url_broken_off"
        await shop.leave()


@pytest.mark.parametrize(
    ("disposition", "path", "name"),
    [
        ("", "/a/orders%202024.csv", "orders 2024.csv"),
        ("", "/", "shop.example"),
        ("", "/export/", "export"),
        ("", "/a%2F..%2Fb.csv", "b.csv"),
        ("", "/..", "shop.example"),
        ('attachment; filename="Orders; all.csv"', "/x", "Orders; all.csv"),
        ("attachment; filename=../../etc/passwd", "/x", "passwd"),
        (r'attachment; filename="C:\\temp\\a.csv"', "/x", "a.csv"),
        ("attachment; filename*=utf-8''b%0D%0Aad%00.csv", "/x", "bad.csv"),
        ("attachment; filename*=no-such-charset''a.csv", "/x.csv", "x.csv"),
        ("attachment; filename*=punycode''%E9; filename=a.csv", "/x", "a.csv"),
        ("attachment; filename*=idna''a; filename*1*", "/x.csv", "x.csv"),
        ("attachment; FileName=a.csv; filename*=ISO-8859-1'en'%E9.csv", "/x", "é.csv"),
        ("attachment; filename*=UTF-8''", "/x.csv", "x.csv"),
        ("attachment; filename*=UTF-8''%FF%FE.csv", "/x", "��.csv"),
        ('attachment; filename="a\u202evsc.exe"', "/x", "avsc.exe"),
        ("attachment; filename=", "/x.csv", "x.csv"),
        ("inline", "/x.csv", "x.csv"),
        ("attachment; filename=" + "x" * 300 + ".csv", "/", "x" * 251 + ".csv"),
        ('\x00;;;="', "/x.csv", "x.csv"),
    ],
)
def test_a_file_gets_a_harmless_name(disposition: str, path: str, name: str) -> None:
    assert file_name(disposition, path, "shop.example") == name


async def test_the_beginning_of_a_file_for_the_preview(shop: Shop, admin: httpx.AsyncClient) -> None:
    content = CONTENT * 10_000
    shop.answers["/a.csv"] = answer(content, content_disposition="attachment; filename*=UTF-8''%C4%90%C6%A1n.csv")
    head = await admin.post("/api/v1/remote-file", json={"url": f" {shop.url('/a.csv')} "})
    assert (head.status_code, head.content) == (200, content[: 1 << 20])
    assert head.headers["content-type"] == "application/octet-stream"
    assert head.headers["content-disposition"] == "attachment; filename*=UTF-8''%C4%90%C6%A1n.csv"
    assert head.headers["x-file-bytes"] == str(len(content))
    assert (head.headers["x-content-type-options"], head.headers["cache-control"]) == ("nosniff", "no-store")
    shop.answers["/a.csv"] = answer(length=False)
    head = await admin.post("/api/v1/remote-file", json={"url": shop.url("/a.csv")})
    assert (head.content, head.headers.get("x-file-bytes")) == (CONTENT, None)


async def test_the_whole_file_is_imported_by_its_address(
    running: Any, shop: Shop, admin: httpx.AsyncClient, dataset_id: str
) -> None:
    content = CONTENT * 10_000
    shop.answers["/orders.csv"] = answer(content, length=False)
    form = {"url": (None, shop.url("/orders.csv")), "mapping": (None, MAPPING), "check_only": (None, "true")}
    started = await admin.post(f"/api/v1/datasets/{dataset_id}/imports", files=form)
    assert started.status_code == 202, started.text
    body = started.json()
    assert (body["file_name"], body["check_only"], body["status"]) == ("orders.csv", True, "queued")
    assert running.behind.imports.files == {body["id"]: content}


@pytest.mark.parametrize(
    ("sent", "status", "reason", "field"),
    [
        (answer(b"", 404), 400, "url_status_not_200", "url"),
        (answer(b"x" * 3_000_001), 413, "file_too_large", None),
        (b"", 503, "url_broken_off", "url"),
    ],
)
async def test_a_file_that_cannot_be_fetched_opens_nothing(
    shop: Shop, admin: httpx.AsyncClient, dataset_id: str, sent: bytes, status: int, reason: str, field: str | None
) -> None:
    shop.answers["/a.csv"] = sent
    form = {"url": (None, shop.url("/a.csv")), "mapping": (None, MAPPING)}
    for failed in (
        await admin.post("/api/v1/remote-file", json={"url": shop.url("/a.csv")}),
        await admin.post(f"/api/v1/datasets/{dataset_id}/imports", files=form),
    ):
        assert (failed.status_code, failed.json()["reason"]) == (status, reason)
        assert [error["field"] for error in failed.json()["errors"]] == ([field] if field else [])
    assert (await admin.get("/api/v1/imports")).json()["items"] == []


async def test_private_addresses_are_closed_unless_the_operator_opens_them(
    running: Any, shop: Shop, admin: httpx.AsyncClient, dataset_id: str
) -> None:
    assert GatewaySettings.model_fields["import_from_private_addresses"].default is False
    running.settings.import_from_private_addresses = False
    form = {"url": (None, shop.url("/a.csv")), "mapping": (None, MAPPING)}
    for failed in (
        await admin.post("/api/v1/remote-file", json={"url": shop.url("/a.csv")}),
        await admin.post(f"/api/v1/datasets/{dataset_id}/imports", files=form),
    ):
        assert (failed.status_code, failed.json()["reason"]) == (400, "url_not_allowed")
    assert shop.asked == []


async def test_nothing_is_fetched_for_who_may_not_or_for_a_faulty_form(
    running: Any, shop: Shop, admin: httpx.AsyncClient, analyst: httpx.AsyncClient, system: Any, dataset_id: str
) -> None:
    shop.answers["/a.csv"] = answer()
    url, path = shop.url("/a.csv"), f"/api/v1/datasets/{dataset_id}/imports"
    form: dict[str, Any] = {"url": (None, url), "mapping": (None, MAPPING)}
    body = {"url": url}
    assert (await running.client().post("/api/v1/remote-file", json=body)).status_code == 401
    assert (await running.client().post(path, files=form)).status_code == 401
    assert (await system.post("/api/v1/remote-file", json=body)).json()["reason"] == "staff_only"
    assert (await system.post(path, files=form)).json()["reason"] == "staff_only"
    assert (await analyst.post(path, files=form)).status_code == 404
    await admin.patch(f"/api/v1/datasets/{dataset_id}", json={"is_public": True})
    assert (await analyst.post(path, files=form)).json()["reason"] == "dataset_write_not_allowed"
    for headers in ({"X-CSRF-Token": ""}, {"X-CSRF-Token": "wrong"}):
        for forged in (
            await admin.post("/api/v1/remote-file", json=body, headers=headers),
            await admin.post(path, files=form, headers=headers),
        ):
            assert (forged.status_code, forged.json()["reason"]) == (403, "csrf_token_wrong")
    for faulty, field in (
        ({**form, "file": ("a.csv", b"x")}, "file"),
        ({**form, "from_import_id": (None, "x")}, "file"),
        ({**form, "mapping": (None, "{")}, "mapping"),
        ({**form, "more": (None, "x")}, "more"),
    ):
        failed = await admin.post(path, files=faulty)
        assert (failed.status_code, [error["field"] for error in failed.json()["errors"]]) == (400, [field])
    assert (await admin.get("/api/v1/remote-file", params=body)).status_code == 405
    assert shop.asked == []
    # Whoever may make a dataset of his own may look at a file first.
    assert (await analyst.post("/api/v1/remote-file", json=body)).content == CONTENT
