"""Telegram through its Bot API: long polling in, paced and retried messages out."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import SendDocument, SendMessage, SendPhoto
from aiogram.types import BotCommand, BufferedInputFile, Update
from aiohttp import ClientConnectorError

from cjm_bot import messages
from cjm_bot.application import ChatBlockedError, Reply, SendFailedError
from cjm_bot.domain import fits_photo
from cjm_kit.logging import get_logger
from cjm_kit.telemetry import Telemetry

_SEND_TRIES = 5
_LONGEST_WAIT_SECONDS = 60
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_POLL_SECONDS = 25
_HANDLING_SECONDS = 60
T = TypeVar("T")
_log = get_logger(__name__)


def connect(token: str, api_url: str) -> Bot:
    """A client of the Bot API server at `api_url`; nothing is sent yet."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(api_url), timeout=20)
    return Bot(token, session=session)


class TelegramMessenger:
    """Sends replies, never faster than Telegram allows over all chats.

    Args:
        bot: Client of the Bot API.
        telemetry: Counts messages by outcome.
        messages_per_second: Highest rate over all chats, > 0.
    """

    def __init__(self, bot: Bot, telemetry: Telemetry, messages_per_second: float) -> None:
        self._bot = bot
        self._sent = telemetry.counter("messages_total", "Messages to Telegram", ["outcome"])
        self._spacing_seconds = 1 / messages_per_second
        self._next_slot_seconds = 0.0

    async def send(self, chat_id: int, reply: Reply) -> None:
        """Send a text or a picture with its caption; waits as long as Telegram asks, a bounded number of times.

        Raises:
            ChatBlockedError: The chat has blocked the bot or is gone.
            SendFailedError: It did not arrive after several tries, or nobody knows whether it did.
        """
        outcome = "failed"
        try:
            await self._send_patiently(_method(chat_id, reply))
            outcome = "sent"
        except ChatBlockedError:
            outcome = "blocked"
            raise
        finally:
            self._sent.labels(outcome).inc()

    async def _send_patiently(self, method: SendMessage | SendPhoto | SendDocument) -> None:
        reason, pause_seconds = "", _FIRST_PAUSE_SECONDS
        for _ in range(_SEND_TRIES):
            await self._take_slot()
            try:
                await self._bot(method)
            except TelegramRetryAfter as failure:
                reason = "rate limit"
                if failure.retry_after > _LONGEST_WAIT_SECONDS:
                    break
                await asyncio.sleep(failure.retry_after)
            except TelegramForbiddenError as failure:
                raise ChatBlockedError from failure
            except TelegramBadRequest as failure:
                if "chat not found" in failure.message.lower():
                    raise ChatBlockedError from failure
                _log.error("telegram_message_refused", description=failure.message)
                raise SendFailedError("refused", is_unsent=False) from failure
            except (TelegramNetworkError, TelegramServerError) as failure:
                reason = type(failure).__name__
                if isinstance(failure, TelegramNetworkError) and not _is_unsent(failure):
                    raise SendFailedError(reason, is_unsent=False) from failure
                await asyncio.sleep(pause_seconds)
                pause_seconds *= 2
            except AiogramError as failure:
                raise SendFailedError(type(failure).__name__, is_unsent=False) from failure
            else:
                return
        _log.warning("telegram_message_not_sent", reason=reason)
        raise SendFailedError(reason, is_unsent=True)

    async def _take_slot(self) -> None:
        now_seconds = time.monotonic()
        slot_seconds = max(now_seconds, self._next_slot_seconds)
        self._next_slot_seconds = slot_seconds + self._spacing_seconds
        await asyncio.sleep(slot_seconds - now_seconds)


class TelegramPoller:
    """Reads updates until stopped. Trouble with Telegram slows it down and shows in a gauge; it never ends it.

    Args:
        bot: Client of the Bot API.
        dispatcher: Handlers of the updates.
        telemetry: Holds the gauge.
    """

    def __init__(self, bot: Bot, dispatcher: Dispatcher, telemetry: Telemetry) -> None:
        self._bot, self._dispatcher = bot, dispatcher
        self._is_up = telemetry.gauge("telegram_up", "1 while Telegram answers, else 0")
        self._task: asyncio.Task[None] | None = None
        self._username = ""
        self._offset: int | None = None

    @property
    def username(self) -> str:
        """Name of the bot without @; empty until Telegram has answered once."""
        return self._username

    def start(self) -> None:
        """Begin to read in the background."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End reading; updates not answered yet come again at the next start."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        await self._patiently(self._introduce)
        while True:
            updates = await self._patiently(self._read)
            await self._handle(updates)
            if updates:
                self._offset = updates[-1].update_id + 1

    async def _introduce(self) -> None:
        me = await self._bot.get_me()
        self._username = me.username or ""
        # A webhook left over from another installation would make every getUpdates fail.
        await self._bot.delete_webhook()
        commands = [BotCommand(command=name, description=text) for name, text in messages.COMMANDS.items()]
        await self._bot.set_my_commands(commands)

    async def _read(self) -> list[Update]:
        wait_seconds = _POLL_SECONDS + 10
        return await self._bot.get_updates(
            offset=self._offset, timeout=_POLL_SECONDS, allowed_updates=["message"], request_timeout=wait_seconds
        )

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        pause_seconds = _FIRST_PAUSE_SECONDS
        while True:
            try:
                answer = await ask()
            except TelegramRetryAfter as failure:
                self._is_up.set(0)
                await asyncio.sleep(failure.retry_after)
            except Exception as failure:  # noqa: BLE001 - a poller that ends would do so unseen
                self._is_up.set(0)
                _log.warning("telegram_unreachable", error=type(failure).__name__, pause_seconds=pause_seconds)
                # A wrong token does not mend itself.
                is_hopeless = isinstance(failure, TelegramUnauthorizedError)
                await asyncio.sleep(_LONGEST_PAUSE_SECONDS if is_hopeless else pause_seconds)
                pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)
            else:
                self._is_up.set(1)
                return answer

    async def _handle(self, updates: list[Update]) -> None:
        by_chat: dict[int, list[Update]] = defaultdict(list)
        for update in updates:
            if update.message:
                by_chat[update.message.chat.id].append(update)
        await asyncio.gather(*(self._handle_in_order(chat_updates) for chat_updates in by_chat.values()))

    async def _handle_in_order(self, updates: list[Update]) -> None:
        for update in updates:
            try:
                async with asyncio.timeout(_HANDLING_SECONDS):
                    await self._dispatcher.feed_update(self._bot, update)
            except Exception:  # noqa: BLE001 - one bad update must not end the reading
                _log.exception("telegram_update_failed", update_id=update.update_id)


def _method(chat_id: int, reply: Reply) -> SendMessage | SendPhoto | SendDocument:
    if reply.picture is None:
        return SendMessage(chat_id=chat_id, text=reply.text)
    file = BufferedInputFile(reply.picture, filename="picture.png")
    if fits_photo(reply.picture):
        return SendPhoto(chat_id=chat_id, photo=file, caption=reply.text)
    return SendDocument(chat_id=chat_id, document=file, caption=reply.text)


def _is_unsent(failure: TelegramNetworkError) -> bool:
    """Whether the connection was never made, so that Telegram cannot have the message."""
    return isinstance(failure.__cause__, ClientConnectorError)
