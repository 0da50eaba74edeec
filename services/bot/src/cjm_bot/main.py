"""Wiring of the bot."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from cjm_bot.adapters.services import ServicesProduct
from cjm_bot.adapters.store import DatabaseLinkStore
from cjm_bot.application import Chats, Links, Notices
from cjm_bot.entrypoints.rpc import LinkServicer
from cjm_bot.settings import BotSettings
from cjm_kit.bus import Bus
from cjm_kit.db import Database, open_database
from cjm_kit.identity import IdentitySigner
from cjm_kit.rpc import RpcClient, RpcServer
from cjm_kit.runtime import Component
from cjm_kit.telemetry import Telemetry
from cjm_protos.bot.v1 import link_pb2_grpc

MIGRATIONS = Path(__file__).parent / "migrations"


async def build(settings: BotSettings) -> Component:
    """The bot as a component; without a token only its gRPC service, which says that there is no bot."""
    telemetry = Telemetry("bot")
    signer = IdentitySigner(settings.identity_secret.get_secret_value())
    stack = AsyncExitStack()
    database: Database | None = None

    async def start() -> None:
        nonlocal database
        if settings.token is None:
            await _serve(LinkServicer(None, lambda: ""))
            return
        # Only here, because an installation without a bot should not carry aiogram and matplotlib in memory.
        from cjm_bot.adapters.charts import ChartPainter
        from cjm_bot.adapters.telegram import TelegramMessenger, TelegramPoller, connect
        from cjm_bot.entrypoints import chat, facts

        database = await open_database(settings, "bot", MIGRATIONS)
        stack.push_async_callback(database.close)
        bot = connect(settings.token.get_secret_value(), settings.api_url)
        stack.push_async_callback(bot.session.close)
        store, product = DatabaseLinkStore(database), _product()
        bus = await Bus.connect(settings, "bot")
        stack.push_async_callback(bus.close)
        messenger = TelegramMessenger(bot, telemetry, settings.messages_per_second)
        chats = Chats(store, product, ChartPainter(), _now)
        poller = TelegramPoller(bot, chat.dispatcher(chats, messenger), telemetry)
        await _serve(LinkServicer(Links(store, messenger, _now), lambda: poller.username))
        poller.start()
        stack.push_async_callback(poller.stop)
        consuming = asyncio.create_task(facts.consume(bus, Notices(store, product, messenger, _now)))
        stack.push_async_callback(_cancel, consuming)

    def _product() -> ServicesProduct:
        targets = (settings.catalog_target, settings.metrics_target, settings.mining_target)
        catalog, metrics, mining = clients = [RpcClient(target, signer, "bot") for target in targets]
        for client in clients:
            stack.push_async_callback(client.close)
        return ServicesProduct(catalog, metrics, mining)

    async def _serve(servicer: LinkServicer) -> None:
        registrations = [(link_pb2_grpc.add_LinkServiceServicer_to_server, servicer)]
        server = RpcServer(settings, registrations, signer, telemetry, is_ready)
        await server.start()
        stack.push_async_callback(server.stop)

    async def is_ready() -> bool:
        # Trouble with Telegram is in the gauge cjm_bot_telegram_up; it must not take the product down.
        return settings.token is None or (database is not None and await database.is_alive())

    return Component("bot", start, stack.aclose, is_ready, telemetry=telemetry)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _now() -> datetime:
    return datetime.now(UTC)
