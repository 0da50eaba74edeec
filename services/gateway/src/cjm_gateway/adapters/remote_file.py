"""Files at web addresses, read over HTTP from addresses that were checked before the connection is made."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cjm_gateway.application.remote_file import RemoteFile, file_name, file_too_large, may_be_asked
from cjm_gateway.settings import GatewaySettings
from cjm_kit.errors import AppError, Code, FieldViolation

if TYPE_CHECKING:
    import httpx

_LONGEST_URL = 4096
_MOST_REDIRECTS = 3
_MOST_ADDRESSES = 4
_MOVED = {301, 302, 303, 307, 308}
_CONNECT_SECONDS = 5.0
_PAGE_STARTS = (b"<!doctype html", b"<html")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_HEADERS = {
    "accept": "*/*",
    "accept-encoding": "identity",
    "connection": "close",
    "user-agent": "Customer-Journey-Master",
}

Resolve = Callable[[str, int], Awaitable[list[str]]]


async def _resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[0]) for *_, place in found]


class HttpFiles:
    """Fetches files over HTTP and HTTPS.

    Every hop gets a connection of its own to exactly an address that was checked, so that neither a second look-up of
    the name nor a connection kept from another name leads elsewhere. Proxies of the environment, cookies and
    credentials play no part.

    Args:
        settings: Limit of size, and whether private addresses may be asked.
        resolve: Finds the network addresses of a host.
        read_seconds: Longest silence of a server.
    """

    def __init__(self, settings: GatewaySettings, resolve: Resolve = _resolve, read_seconds: float = 30.0) -> None:
        self._settings = settings
        self._resolve = resolve
        self._read_seconds = read_seconds

    async def fetch(
        self,
        url: str,
        write: Callable[[bytes], Awaitable[None]],
        *,
        within_seconds: float,
        most_bytes: int | None = None,
    ) -> RemoteFile:
        """Pass the bytes of a file on as they come.

        Args:
            url: Its web address, as somebody typed it.
            write: Takes the next bytes.
            within_seconds: Time for all of it.
            most_bytes: Stop after so many; None reads the whole file.

        Raises:
            AppError: INVALID_ARGUMENT `url_invalid`, `url_has_password`, `url_not_allowed`, `url_host_unknown`,
                `url_status_not_200`, `url_redirected_too_often`, `url_content_encoded`, `url_is_page`, `file_empty`;
                TOO_LARGE `file_too_large`; UNAVAILABLE `url_unreachable`, `url_certificate_refused`,
                `url_broken_off`; DEADLINE_EXCEEDED `url_timed_out`.
        """
        await asyncio.to_thread(_trusted)
        import httpx

        try:
            async with asyncio.timeout(within_seconds):
                return await self._follow(_parsed(url), write, most_bytes)
        except (TimeoutError, httpx.TimeoutException):
            detail = "The server did not send the file in time. Try again, or download the file and choose it here."
            raise _refusal("url_timed_out", detail, Code.DEADLINE_EXCEEDED) from None
        except httpx.ConnectError as failure:
            raise _unreachable(failure) from None
        except httpx.TransportError:
            detail = "The server broke off, or what it sends is not HTTP. Check the address and try again."
            raise _refusal("url_broken_off", detail, Code.UNAVAILABLE) from None

    async def _follow(
        self, first: "httpx.URL", write: Callable[[bytes], Awaitable[None]], most_bytes: int | None
    ) -> RemoteFile:
        url = first
        for _ in range(_MOST_REDIRECTS + 1):
            response = await self._get(url)
            try:
                location = response.headers.get("location", "") if response.status_code in _MOVED else ""
                if location:
                    url = _parsed(location, url)
                else:
                    return await self._pass_on(response, first, write, most_bytes)
            finally:
                await response.aclose()
        detail = "The address sends on to others too often. Enter the address at which the file itself lies."
        raise _refusal("url_redirected_too_often", detail)

    async def _get(self, url: "httpx.URL") -> "httpx.Response":
        import httpx

        seconds = {"connect": _CONNECT_SECONDS, "read": self._read_seconds, "write": self._read_seconds}
        extensions = {"timeout": {**seconds, "pool": _CONNECT_SECONDS}, "sni_hostname": url.raw_host.decode()}
        headers = {**_HEADERS, "host": url.netloc.decode()}
        failures: list[Exception] = []
        for address in await self._addresses(url):
            request = httpx.Request("GET", url.copy_with(host=address), headers=headers, extensions=extensions)
            # Without a client: that one would bring cookies, credentials and proxies. Closing the answer closes all.
            transport = httpx.AsyncHTTPTransport(verify=_trusted(), trust_env=False)
            try:
                return await transport.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as failure:
                failures.append(failure)
        raise failures[-1]

    async def _addresses(self, url: "httpx.URL") -> list[str]:
        """Network addresses of a server, those left that may be asked."""
        try:
            found = await self._resolve(url.raw_host.decode(), url.port or {"http": 80}.get(url.scheme, 443))
        except (OSError, UnicodeError):
            detail = f'There is no server named "{url.host[:100]}". Check the spelling of the address.'
            raise _refusal("url_host_unknown", detail) from None
        is_private_allowed = self._settings.import_from_private_addresses
        allowed = [text for text in found if may_be_asked(ip_address(text), is_private_allowed=is_private_allowed)]
        if not allowed:
            detail = (
                "This address, or one it sends on to, leads into a private network. Files are fetched from the "
                "internet only: download the file and choose it here, or ask your administrator."
            )
            raise _refusal("url_not_allowed", detail)
        return list(dict.fromkeys(allowed))[:_MOST_ADDRESSES]

    async def _pass_on(
        self,
        response: "httpx.Response",
        url: "httpx.URL",
        write: Callable[[bytes], Awaitable[None]],
        most_bytes: int | None,
    ) -> RemoteFile:
        if response.status_code != 200:
            detail = (
                f"The server answered with status {response.status_code}, not with a file. Open the address in a "
                "private window of your browser: it must download the file without signing in."
            )
            raise _refusal("url_status_not_200", detail)
        if response.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            detail = "The server sends the file only packed for browsers. Download the file and choose it here."
            raise _refusal("url_content_encoded", detail)
        limit_bytes = self._settings.max_upload_bytes
        announced = response.headers.get("content-length", "")
        announced_bytes = int(announced) if announced.isascii() and announced.isdigit() else None
        if announced_bytes is not None and announced_bytes > limit_bytes:
            raise file_too_large(limit_bytes, announced_bytes)
        read_bytes = 0
        async for chunk in response.aiter_raw():
            if not read_bytes and chunk.removeprefix(_BYTE_ORDER_MARK).lstrip().lower().startswith(_PAGE_STARTS):
                detail = "At this address is a web page, not a file. Use the link that downloads the file itself."
                raise _refusal("url_is_page", detail)
            wanted = chunk if most_bytes is None else chunk[: most_bytes - read_bytes]
            read_bytes += len(wanted)
            if read_bytes > limit_bytes:
                raise file_too_large(limit_bytes)
            await write(wanted)
            if read_bytes == most_bytes:
                break
        if not read_bytes:
            raise _refusal("file_empty", "The file at this address is empty. Check the address.")
        return RemoteFile(
            file_name(response.headers.get("content-disposition", ""), url.path, url.host), announced_bytes
        )


@cache
def _trusted() -> ssl.SSLContext:
    """What HTTP clients and the machine trust; made in a thread, because reading it and the import take their time."""
    import httpx

    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


def _parsed(text: str, base: "httpx.URL | None" = None) -> "httpx.URL":
    """A web address, checked as far as it can be without asking anybody."""
    import httpx

    try:
        url = base.join(text) if base else httpx.URL(text)
        is_web = (
            len(text) <= _LONGEST_URL
            and url.scheme in {"http", "https"}
            and bool(url.raw_host)
            and (url.port or 1) <= 65535
        )
    except (httpx.InvalidURL, ValueError):
        is_web = False
    if not is_web:
        if base:
            detail = "The address sends on to something that is no web address. Enter where the file itself lies."
        else:
            detail = "This is not a web address. Enter all of it, for example https://shop.example/export.csv."
        raise _refusal("url_invalid", detail)
    if url.userinfo:
        detail = (
            "The address holds a user name or password. Such files are not fetched: use a link that works without, "
            "or download the file and choose it here."
        )
        raise _refusal("url_has_password", detail)
    return url


def _unreachable(failure: BaseException) -> AppError:
    cause: BaseException | None = failure
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        detail = (
            "The server cannot prove that it is the one in the address: its certificate is not trusted here. "
            "Check the address, or download the file and choose it here."
        )
        return _refusal("url_certificate_refused", detail, Code.UNAVAILABLE)
    detail = "The server cannot be reached. Check the address, also whether it begins with https:// or http://."
    return _refusal("url_unreachable", detail, Code.UNAVAILABLE)


def _refusal(reason: str, detail: str, code: Code = Code.INVALID_ARGUMENT) -> AppError:
    return AppError(code, reason, detail, violations=[FieldViolation("url", reason, detail)])
