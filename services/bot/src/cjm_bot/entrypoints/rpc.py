"""LinkService: what the web page asks about Telegram."""

from collections.abc import Callable
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from cjm_bot.application import Links, telegram_unreachable
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import current_identity
from cjm_kit.rpc import allow
from cjm_protos.bot.v1 import link_pb2, link_pb2_grpc


class LinkServicer(link_pb2_grpc.LinkServiceServicer):
    """Translates LinkService calls.

    Args:
        links: Use cases; None when the installation has no bot.
        username: Name of the bot without @; empty until Telegram has answered once.
    """

    def __init__(self, links: Links | None, username: Callable[[], str]) -> None:
        self._links, self._username = links, username

    @allow("staff")
    async def CreateLinkCode(self, _: link_pb2.CreateLinkCodeRequest, __: Any) -> link_pb2.CreateLinkCodeResponse:
        """Make a one-time code for the caller."""
        links, username = self._enabled(), self._username()
        if not username:
            raise telegram_unreachable()
        code, expires_at = await links.create_code(current_identity().user_id)
        answer = link_pb2.CreateLinkCodeResponse(code=code, deep_link=f"https://t.me/{username}?start={code}")
        answer.expires_at.FromDatetime(expires_at)
        return answer

    @allow("staff")
    async def GetLink(self, _: link_pb2.GetLinkRequest, __: Any) -> link_pb2.GetLinkResponse:
        """State of the bot and of the caller's link."""
        if self._links is None:
            return link_pb2.GetLinkResponse(is_enabled=False)
        answer = link_pb2.GetLinkResponse(is_enabled=True, bot_username=self._username())
        if link := await self._links.of_user(current_identity().user_id):
            linked_at = Timestamp()
            linked_at.FromDatetime(link.linked_at)
            state = link_pb2.GetLinkResponse(
                is_linked=True, chat_title=link.chat_title, linked_at=linked_at, is_blocked=link.is_blocked
            )
            answer.MergeFrom(state)
        return answer

    @allow("staff")
    async def DeleteLink(self, _: link_pb2.DeleteLinkRequest, __: Any) -> link_pb2.DeleteLinkResponse:
        """End the caller's link."""
        if self._links is not None:
            await self._links.end(current_identity().user_id)
        return link_pb2.DeleteLinkResponse()

    @allow("staff")
    async def SendTestMessage(self, _: link_pb2.SendTestMessageRequest, __: Any) -> link_pb2.SendTestMessageResponse:
        """Send a test message to the caller's chat."""
        await self._enabled().send_test(current_identity().user_id)
        return link_pb2.SendTestMessageResponse()

    def _enabled(self) -> Links:
        if self._links is None:
            detail = "This installation has no Telegram bot. An operator turns it on by setting CJM_BOT_TOKEN."
            raise AppError(Code.FAILED_PRECONDITION, "telegram_not_configured", detail)
        return self._links
