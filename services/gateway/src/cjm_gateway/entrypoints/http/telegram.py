"""The link between one's account and a Telegram chat."""

from fastapi import APIRouter, Response

from cjm_gateway.entrypoints.http.auth import staff_only
from cjm_gateway.entrypoints.http.gateway import GatewayDep
from cjm_gateway.entrypoints.http.shapes import Instant, Shape, instant, instant_or_none
from cjm_protos.bot.v1 import link_pb2

router = APIRouter(prefix="/api/v1/telegram", tags=["Telegram"], dependencies=[staff_only])


class TelegramLink(Shape):
    """State of the bot and of the own link."""

    enabled: bool
    bot_username: str | None
    linked: bool
    chat_title: str | None
    linked_at: Instant | None
    blocked: bool


class LinkCode(Shape):
    """A one-time code."""

    code: str
    deep_link: str
    expires_at: Instant


@router.get("", summary="State of the link")
async def get_telegram(gateway: GatewayDep) -> TelegramLink:
    """Whether there is a bot and whether the own account is linked."""
    link = await gateway.services.links.GetLink(link_pb2.GetLinkRequest())
    return TelegramLink(
        enabled=link.is_enabled,
        bot_username=link.bot_username or None,
        linked=link.is_linked,
        chat_title=link.chat_title or None,
        linked_at=instant_or_none(link, "linked_at"),
        blocked=link.is_blocked,
    )


@router.post("/code", summary="Get a code", status_code=201)
async def create_telegram_code(gateway: GatewayDep) -> LinkCode:
    """A code that links a chat within 10 minutes; an earlier one ends."""
    answer = await gateway.services.links.CreateLinkCode(link_pb2.CreateLinkCodeRequest())
    return LinkCode(code=answer.code, deep_link=answer.deep_link, expires_at=instant(answer.expires_at))


@router.delete("", summary="End the link", status_code=204)
async def delete_telegram(gateway: GatewayDep) -> Response:
    """End the own link; without one it is no error."""
    await gateway.services.links.DeleteLink(link_pb2.DeleteLinkRequest())
    return Response(status_code=204)


@router.post("/test", summary="Send a test message", status_code=204)
async def send_telegram_test(gateway: GatewayDep) -> Response:
    """Send a short message to the linked chat."""
    await gateway.services.links.SendTestMessage(link_pb2.SendTestMessageRequest())
    return Response(status_code=204)
