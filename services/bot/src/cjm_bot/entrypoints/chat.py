"""What private chats write to the bot."""

from collections.abc import Awaitable

from aiogram import Dispatcher, F, Router
from aiogram.enums import ChatType
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import Message

from cjm_bot import messages
from cjm_bot.application import ChatBlockedError, Chats, Messenger, Reply, SendFailedError
from cjm_kit.errors import AppError, Code
from cjm_kit.logging import get_logger, new_request_id, request_id_var

_log = get_logger(__name__)


def dispatcher(chats: Chats, messenger: Messenger) -> Dispatcher:
    """Handlers of all commands; groups and channels get no answer, because a link belongs to one person."""
    router = Router()
    router.message.filter(F.chat.type == ChatType.PRIVATE)

    async def answer(message: Message, reply: Awaitable[Reply]) -> None:
        request_id_var.set(new_request_id())
        try:
            await messenger.send(message.chat.id, await _or_sentence(reply))
        except ChatBlockedError:
            _log.info("telegram_chat_blocked_while_asking")
        except SendFailedError as failure:
            _log.warning("telegram_answer_not_sent", reason=str(failure))

    @router.message.outer_middleware
    async def note_chat(handler: object, message: object, data: dict[str, object]) -> object:
        if isinstance(message, Message) and message.chat.type == ChatType.PRIVATE:
            await chats.heard_from(message.chat.id)
        return await handler(message, data)  # type: ignore[operator]

    @router.message(CommandStart(deep_link=True))
    async def start_with_code(message: Message, command: CommandObject) -> None:
        await answer(message, chats.link(message.chat.id, message.chat.full_name, (command.args or "").strip()))

    @router.message(Command("today"))
    async def today(message: Message) -> None:
        await answer(message, chats.today(message.chat.id))

    @router.message(Command("map"))
    async def last_map(message: Message) -> None:
        await answer(message, chats.map(message.chat.id))

    @router.message(Command("unlink"))
    async def unlink(message: Message) -> None:
        await answer(message, chats.unlink(message.chat.id))

    @router.message()
    async def help_(message: Message) -> None:
        await answer(message, chats.help(message.chat.id))

    root = Dispatcher(disable_fsm=True)
    root.include_router(router)
    return root


async def _or_sentence(reply: Awaitable[Reply]) -> Reply:
    """The reply, or a sentence that fits the failure."""
    try:
        return await reply
    except AppError as error:
        if error.code in (Code.TOO_LARGE, Code.FAILED_PRECONDITION):
            return Reply(error.detail)
        _log.warning("telegram_answer_failed", reason=error.reason)
    except Exception:  # noqa: BLE001 - the chat gets a sentence whatever fails
        _log.exception("telegram_answer_failed")
    return Reply(messages.TRY_AGAIN)
