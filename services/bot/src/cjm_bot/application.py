"""What the bot does: links chats, answers questions, tells how analyses ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cjm_bot import messages
from cjm_bot.domain import CODE_LIFETIME, DayNumbers, EndedAnalysis, Link, Person, RecentDays, hash_code, new_code
from cjm_kit.errors import AppError, Code

# A picture that is not there or cannot be drawn is no reason to keep silent; anything else may pass, so it is retried.
_NO_PICTURE = frozenset({Code.NOT_FOUND, Code.FAILED_PRECONDITION, Code.TOO_LARGE, Code.INVALID_ARGUMENT})


class ChatBlockedError(Exception):
    """The chat takes no messages from the bot: it has blocked it or is gone."""


class SendFailedError(Exception):
    """A message did not reach Telegram, or nobody knows whether it did.

    Attributes:
        is_unsent: True when it surely did not arrive, so that sending it again cannot double it.
    """

    def __init__(self, reason: str, *, is_unsent: bool) -> None:
        super().__init__(reason)
        self.is_unsent = is_unsent


@dataclass(frozen=True, slots=True)
class Reply:
    """What to send to a chat.

    Attributes:
        text: The text, or the caption of the picture, at most 1024 characters.
        picture: PNG file, if any.
    """

    text: str
    picture: bytes | None = None


class LinkStore(Protocol):
    """Links, codes and the record of told analyses. Changes are durable when a call returns."""

    async def put_code(self, user_id: str, code_hash: str, expires_at: datetime) -> None:
        """Store a code; an earlier one of the account ends."""

    async def take_code(self, code_hash: str, now: datetime) -> str | None:
        """Use a code up; the UUID of its account, or None for an unknown, used or expired one."""

    async def put_link(self, link: Link) -> None:
        """Store a link; earlier links of the account and of the chat end."""

    async def link_of_user(self, user_id: str) -> Link | None:
        """The link of an account."""

    async def link_of_chat(self, chat_id: int) -> Link | None:
        """The link of a chat."""

    async def delete_link(self, user_id: str) -> None:
        """End the link of an account; without one nothing happens."""

    async def set_blocked(self, chat_id: int, *, is_blocked: bool) -> None:
        """Remember whether a chat takes messages."""

    async def claim_notice(self, analysis_id: str, now: datetime) -> bool:
        """Remember that an analysis is told; False when it already was."""

    async def release_notice(self, analysis_id: str) -> None:
        """Forget that an analysis is told, because the message surely did not arrive."""


class Product(Protocol):
    """The other services, asked in the name of a person."""

    async def person(self, user_id: str) -> Person | None:
        """The account as it is now; None when there is none."""

    async def may_analyse(self, person: Person, dataset_id: str) -> bool:
        """Whether the person may see results of a dataset now."""

    async def recent_days(self, person: Person) -> RecentDays:
        """Numbers of all public datasets and the person's own private ones."""

    async def last_graph(self, person: Person) -> EndedAnalysis | None:
        """The newest analysis of the person that has a picture and a dataset the person may still analyse."""

    async def analysis(self, person: Person, analysis_id: str) -> EndedAnalysis | None:
        """An ended analysis of the person; None for an unknown or foreign one."""

    async def picture(self, person: Person, analysis_id: str) -> bytes:
        """The result of an analysis as PNG."""


class Messenger(Protocol):
    """The way to a chat."""

    async def send(self, chat_id: int, reply: Reply) -> None:
        """Send; raises `ChatBlockedError` or `SendFailedError`."""


class Painter(Protocol):
    """Draws charts."""

    async def days(self, days: Sequence[DayNumbers], title: str) -> bytes:
        """Touchpoints per day as PNG."""


class Links:
    """Links chats with accounts.

    Args:
        store: Where links live.
        messenger: The way to a chat.
        clock: The time now, UTC.
    """

    def __init__(self, store: LinkStore, messenger: Messenger, clock: Callable[[], datetime]) -> None:
        self._store, self._messenger, self._clock = store, messenger, clock

    async def create_code(self, user_id: str) -> tuple[str, datetime]:
        """Make a one-time code.

        Returns:
            The code and when it ends, UTC.
        """
        code, expires_at = new_code(), self._clock() + CODE_LIFETIME
        await self._store.put_code(user_id, hash_code(code), expires_at)
        return code, expires_at

    async def of_user(self, user_id: str) -> Link | None:
        """The link of an account."""
        return await self._store.link_of_user(user_id)

    async def end(self, user_id: str) -> None:
        """End the link of an account; without one nothing happens."""
        await self._store.delete_link(user_id)

    async def send_test(self, user_id: str) -> None:
        """Send a test message.

        Raises:
            AppError: NOT_FOUND telegram_not_linked; FAILED_PRECONDITION telegram_chat_blocked; UNAVAILABLE
                telegram_unreachable.
        """
        link = await self._store.link_of_user(user_id)
        if link is None:
            raise AppError(Code.NOT_FOUND, "telegram_not_linked", "No Telegram chat is linked to you. Link one first.")
        if not link.is_blocked:
            try:
                await self._messenger.send(link.chat_id, Reply(messages.TEST))
            except ChatBlockedError:
                await self._store.set_blocked(link.chat_id, is_blocked=True)
            except SendFailedError as failure:
                raise telegram_unreachable() from failure
            else:
                return
        detail = "This chat has blocked the bot. Open the bot in Telegram, choose Start, then send the test again."
        raise AppError(Code.FAILED_PRECONDITION, "telegram_chat_blocked", detail)


class Chats:
    """Answers what a private chat writes. Rights are read again for every answer.

    Args:
        store: Where links live.
        product: The other services.
        painter: Draws charts.
        clock: The time now, UTC.
    """

    def __init__(self, store: LinkStore, product: Product, painter: Painter, clock: Callable[[], datetime]) -> None:
        self._store, self._product, self._painter, self._clock = store, product, painter, clock

    async def heard_from(self, chat_id: int) -> None:
        """Note that a chat writes: it takes messages again."""
        await self._store.set_blocked(chat_id, is_blocked=False)

    async def help(self, chat_id: int) -> Reply:
        """What to do next: link, or ask."""
        return Reply(messages.LINKED if await self._store.link_of_chat(chat_id) else messages.START)

    async def link(self, chat_id: int, chat_title: str, code: str) -> Reply:
        """Link a chat with the account that made the code."""
        now = self._clock()
        user_id = await self._store.take_code(hash_code(code), now)
        if user_id is None:
            return Reply(messages.CODE_ENDED)
        if await active_person(self._store, self._product, user_id) is None:
            return Reply(messages.ACCOUNT_ENDED)
        await self._store.put_link(Link(user_id, chat_id, chat_title, now))
        return Reply(messages.LINKED)

    async def unlink(self, chat_id: int) -> Reply:
        """End the link of a chat."""
        link = await self._store.link_of_chat(chat_id)
        if link is None:
            return Reply(messages.NOT_LINKED)
        await self._store.delete_link(link.user_id)
        return Reply(messages.UNLINKED)

    async def today(self, chat_id: int) -> Reply:
        """Numbers of the latest day with a chart of the last days."""
        person = await self._person(chat_id)
        if isinstance(person, Reply):
            return person
        recent = await self._product.recent_days(person)
        if not recent.days:
            return Reply(messages.NO_NUMBERS)
        picture = await self._painter.days(recent.days, messages.CHART_TITLE)
        return Reply(messages.today(recent), picture)

    async def map(self, chat_id: int) -> Reply:
        """Picture of the last analysis of the person."""
        person = await self._person(chat_id)
        if isinstance(person, Reply):
            return person
        ended = await self._product.last_graph(person)
        if ended is None:
            return Reply(messages.NO_MAP)
        return Reply(messages.last_map(ended), await self._product.picture(person, ended.analysis_id))

    async def _person(self, chat_id: int) -> Person | Reply:
        link = await self._store.link_of_chat(chat_id)
        if link is None:
            return Reply(messages.NOT_LINKED)
        return await active_person(self._store, self._product, link.user_id) or Reply(messages.ACCOUNT_ENDED)


class Notices:
    """Tells people how the analyses they started ended.

    Args:
        store: Where links and told analyses live.
        product: The other services.
        messenger: The way to a chat.
        clock: The time now, UTC.
    """

    def __init__(self, store: LinkStore, product: Product, messenger: Messenger, clock: Callable[[], datetime]) -> None:
        self._store, self._product, self._messenger, self._clock = store, product, messenger, clock

    async def analysis_ended(self, analysis_id: str, created_by_id: str) -> None:
        """Send one message about an ended analysis to who started it, whatever often the fact arrives.

        Nothing is sent without a link, to a blocked chat, to a disabled account, for a foreign analysis or for a
        dataset that the person may not analyse any more.

        Raises:
            SendFailedError: The message surely did not arrive; the fact should come again.
            AppError: Another service does not answer; the fact should come again.
        """
        link = await self._store.link_of_user(created_by_id)
        if link is None or link.is_blocked:
            return
        person = await active_person(self._store, self._product, created_by_id)
        if person is None:
            return
        ended = await self._product.analysis(person, analysis_id)
        if ended is None or not await self._product.may_analyse(person, ended.dataset_id):
            return
        text, picture = messages.analysis(ended), await self._picture(person, ended)
        if ended.has_result and picture is None:
            text += f" {messages.NO_PICTURE}"
        reply = Reply(text, picture)
        # Claimed as late as possible: a crash before Telegram answers loses the message, it never doubles it.
        if not await self._store.claim_notice(analysis_id, self._clock()):
            return
        try:
            await self._messenger.send(link.chat_id, reply)
        except ChatBlockedError:
            await self._store.set_blocked(link.chat_id, is_blocked=True)
        except SendFailedError as failure:
            if failure.is_unsent:
                await self._store.release_notice(analysis_id)
                raise

    async def _picture(self, person: Person, ended: EndedAnalysis) -> bytes | None:
        if not ended.has_result:
            return None
        try:
            return await self._product.picture(person, ended.analysis_id)
        except AppError as error:
            if error.code in _NO_PICTURE:
                return None
            raise


async def active_person(store: LinkStore, product: Product, user_id: str) -> Person | None:
    """The account if it may still sign in; else its link ends and None comes back."""
    person = await product.person(user_id)
    if person is None or person.is_disabled:
        await store.delete_link(user_id)
        return None
    return person


def telegram_unreachable() -> AppError:
    """What to answer while Telegram does not."""
    detail = "Telegram cannot be reached right now. Try again in a minute."
    return AppError(Code.UNAVAILABLE, "telegram_unreachable", detail)
