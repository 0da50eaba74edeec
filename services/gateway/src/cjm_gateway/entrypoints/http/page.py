"""Files of a folder over HTTP: the built web page and the samples."""

import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from cjm_gateway.entrypoints.http.problems import HttpProblem, method_not_allowed, nothing_at
from cjm_kit.errors import AppError, Code

_FOREVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
_NEVER = re.compile(r"\s*q\s*=\s*0(\.0*)?\s*")
_NOT_BUILT = "The web page is not built. Run `make` in the project's folder, then start again.\n"


@dataclass(frozen=True, slots=True)
class Folder:
    """The files that were in a folder at the start, by their path below it; nothing else can be reached."""

    files: dict[str, Path]

    @classmethod
    def read(cls, directory: Path | None) -> "Folder":
        """List the files of a folder; none when it is not there."""
        if directory is None or not directory.is_dir():
            return cls({})
        return cls({path.relative_to(directory).as_posix(): path for path in directory.rglob("*") if path.is_file()})


@dataclass(frozen=True, slots=True)
class Samples:
    """Example files under /samples/."""

    folder: Folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a sample.

        Raises:
            HttpProblem: 405 for a method other than GET and HEAD.
            AppError: NOT_FOUND `file_not_found`.
        """
        _only_reading(scope)
        path = self.folder.files.get(scope["path"].removeprefix("/samples/"))
        if path is None:
            raise _no_file(scope)
        # A .gz sample is itself what is wanted, so it must not look like a content encoding.
        media_type = "application/gzip" if path.suffix == ".gz" else mimetypes.guess_type(path.name)[0]
        await FileResponse(path, media_type=media_type, headers={"cache-control": _ASK_AGAIN})(scope, receive, send)


@dataclass(frozen=True, slots=True)
class WebPage:
    """The built page; addresses that are no file belong to the page's own router."""

    folder: Folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a file of the page, or the page itself.

        Raises:
            HttpProblem: 405 for a method other than GET and HEAD.
            HttpProblem: 404 `route_not_found` to who does not want a page where no file is.
            AppError: NOT_FOUND `file_not_found` for an asset or a named kind of file that is not there.
        """
        _only_reading(scope)
        await self._response(scope)(scope, receive, send)

    def _response(self, scope: Scope) -> Response:
        name = scope["path"].lstrip("/")
        is_asset = name.startswith("assets/")
        if name not in self.folder.files:
            if is_asset or mimetypes.guess_type(name)[0]:
                raise _no_file(scope)
            if name and "text/html" not in _accepted(scope, "accept"):
                raise nothing_at(scope["path"])  # a program that mistyped an address is not helped by the page
            name = "index.html"
        path = self.folder.files.get(name)
        if path is None:
            return PlainTextResponse(_NOT_BUILT, 503, {"cache-control": "no-store"})
        # Names of assets hold a hash of their content; all other files may change under the same name.
        headers = {"cache-control": _FOREVER if is_asset else _ASK_AGAIN, "vary": "Accept-Encoding"}
        media_type = mimetypes.guess_type(name)[0]
        accepted = _accepted(scope, "accept-encoding")
        for encoding, suffix in _ENCODINGS.items():
            packed = self.folder.files.get(name + suffix)
            if packed and encoding in accepted:
                headers["content-encoding"] = encoding
                return FileResponse(packed, media_type=media_type, headers=headers)
        return FileResponse(path, media_type=media_type, headers=headers)


def _accepted(scope: Scope, header: str) -> set[str]:
    """What a header of a request names, in lower case, without what it rules out by `;q=0`."""
    named = [item.split(";") for item in Headers(scope=scope).get(header, "").lower().split(",")]
    return {name.strip() for name, *parameters in named if not any(map(_NEVER.fullmatch, parameters))}


def _only_reading(scope: Scope) -> None:
    if scope["method"] not in {"GET", "HEAD"}:
        raise method_not_allowed(scope["method"], ["GET", "HEAD"])


def _no_file(scope: Scope) -> AppError | HttpProblem:
    return AppError(Code.NOT_FOUND, "file_not_found", f"There is no file at {scope['path']}.")
