"""A Telegram Bot API server for tests: remembers what a bot sent, hands it what people write, refuses on demand."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

TOKEN = "123456:fake-token-for-tests"
USERNAME = "cjm_test_bot"
_ME = {"id": 123456, "is_bot": True, "first_name": "Test", "username": USERNAME}
_SENDING = frozenset({"sendMessage", "sendPhoto", "sendDocument", "editMessageText"})


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the bot.

    Attributes:
        method: Name of the Bot API method.
        fields: Its parameters as text.
        files: Contents of uploaded files by parameter.
    """

    method: str
    fields: dict[str, str]
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What people read: the text or the caption."""
        return self.fields.get("text") or self.fields.get("caption", "")


class FakeTelegram:
    """The server; use it as an async context manager.

    Attributes:
        calls: Every call that was not refused, in order.
        refused: Every refused call, in order.
        blocked: Chats that have blocked the bot; messages to them are answered with 403.
        files: Files for `getFile` by id.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.refused: list[Call] = []
        self.blocked: set[int] = set()
        self.files: dict[str, bytes] = {}
        self._refusals: dict[str, deque[dict[str, Any]]] = defaultdict(deque)
        self._updates: list[dict[str, Any]] = []
        self._numbers = count(1)
        self._changed = asyncio.Condition()
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post(f"/bot{TOKEN}/{{method}}", self._call)
        app.router.add_get(f"/file/bot{TOKEN}/{{file_id}}", self._download)
        app.router.add_post("/bot{token}/{method}", self._wrong_token)
        self._server = TestServer(app)

    async def __aenter__(self) -> "FakeTelegram":
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self._server.close()

    @property
    def url(self) -> str:
        """Address to give to the bot."""
        return str(self._server.make_url("")).rstrip("/")

    async def write(self, text: str, chat_id: int = 7, first_name: str = "Linh", chat_type: str = "private") -> None:
        """Let a person write to the bot."""
        sender = {"id": chat_id, "is_bot": False, "first_name": first_name}
        chat = {"id": chat_id, "type": chat_type, "first_name": first_name}
        command = text.split(maxsplit=1)[0] if text.startswith("/") else ""
        entities = [{"type": "bot_command", "offset": 0, "length": len(command)}] if command else []
        message = {"message_id": next(self._numbers), "date": 1_700_000_000, "chat": chat, "from": sender, "text": text}
        await self._push({"message": message | ({"entities": entities} if entities else {})})

    async def press(self, data: str, chat_id: int = 7) -> None:
        """Let a person press an inline button."""
        sender = {"id": chat_id, "is_bot": False, "first_name": "Linh"}
        await self._push({"callback_query": {"id": "1", "from": sender, "chat_instance": "1", "data": data}})

    def refuse(self, method: str, status: int, description: str, *, retry_after: int = 0, times: int = 1) -> None:
        """Answer the next calls of a method with an error; `retry_after` in seconds makes it a rate limit."""
        answer: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
        if retry_after:
            answer["parameters"] = {"retry_after": retry_after}
        self._refusals[method].extend([answer] * times)

    def sent(self, chat_id: int | None = None) -> list[Call]:
        """Messages that arrived, of one chat or all."""
        return [
            call
            for call in self.calls
            if call.method in _SENDING and (chat_id is None or call.fields["chat_id"] == str(chat_id))
        ]

    async def wait(self, is_reached: Callable[["FakeTelegram"], object], timeout_seconds: float = 10) -> None:
        """Wait until a condition on this server holds.

        Raises:
            TimeoutError: It did not hold in time.
        """
        async with asyncio.timeout(timeout_seconds), self._changed:
            await self._changed.wait_for(lambda: bool(is_reached(self)))

    async def wait_sent(self, messages_count: int, timeout_seconds: float = 10) -> list[Call]:
        """Wait for so many messages and return all of them.

        Raises:
            TimeoutError: They did not come in time.
        """
        await self.wait(lambda server: len(server.sent()) >= messages_count, timeout_seconds)
        return self.sent()

    async def _push(self, update: dict[str, Any]) -> None:
        async with self._changed:
            self._updates.append({"update_id": next(self._numbers), **update})
            self._changed.notify_all()

    async def _call(self, request: web.Request) -> web.Response:
        method, form = request.match_info["method"], await request.post()
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        files = {name: value.file.read() for name, value in form.items() if isinstance(value, web.FileField)}
        call = Call(method, fields, files)
        refusal = self._refusals[method].popleft() if self._refusals[method] else None
        if method in _SENDING and int(fields["chat_id"]) in self.blocked:
            refusal = {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}
        async with self._changed:
            (self.refused if refusal else self.calls).append(call)
            self._changed.notify_all()
        if refusal:
            return web.json_response(refusal, status=refusal["error_code"])
        return web.json_response({"ok": True, "result": await self._result(call)})

    async def _result(self, call: Call) -> Any:
        match call.method:
            case "getMe":
                return _ME
            case "getUpdates":
                return await self._unread(int(call.fields.get("offset", 0)), float(call.fields.get("timeout", 0)))
            case "getFile":
                file_id = call.fields["file_id"]
                return {"file_id": file_id, "file_unique_id": file_id, "file_path": file_id}
            case method if method in _SENDING:
                chat = {"id": int(call.fields["chat_id"]), "type": "private", "first_name": "Linh"}
                return {"message_id": next(self._numbers), "date": 1_700_000_000, "chat": chat, "text": call.text}
            case _:
                return True

    async def _unread(self, offset: int, timeout_seconds: float) -> list[dict[str, Any]]:
        async with self._changed:
            self._updates = [update for update in self._updates if update["update_id"] >= offset]
            try:
                await asyncio.wait_for(self._changed.wait_for(lambda: bool(self._updates)), timeout_seconds)
            except TimeoutError:
                return []
            return list(self._updates)

    async def _download(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["file_id"]])

    async def _wrong_token(self, _: web.Request) -> web.Response:
        return web.json_response({"ok": False, "error_code": 401, "description": "Unauthorized"}, status=401)
