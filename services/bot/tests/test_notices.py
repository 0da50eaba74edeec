"""Messages about ended analyses, from the fact on a real bus to the chat."""

import pytest
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.errors import NotFoundError

from cjm_bot.entrypoints import facts
from cjm_kit.bus import Bus
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import IdentitySigner
from cjm_kit.settings import ServiceSettings
from cjm_protos.mining.v1 import analysis_pb2
from cjm_testkit.fake_telegram import TOKEN, FakeTelegram

from .conftest import ANNA, BORIS, SHOP, RunningBot, World, eventually, running_bot

READY = "Heuristics net of Web shop is ready: 31,080 events in 3,605 journeys."


async def settled(bot: RunningBot) -> None:
    """Wait until every fact is handled."""

    async def is_handled(kind: str) -> bool:
        # By the place in the stream: a consumer hears of a new message a moment after its publisher.
        try:
            last = await bot.bus.jetstream.get_last_msg("MINING", f"cjm.mining.analysis.{kind}.v1")
        except NotFoundError:
            return True
        info = await bot.bus.jetstream.consumer_info("MINING", f"bot-analysis-{kind}")
        return info.ack_floor is not None and info.ack_floor.stream_seq >= (last.seq or 0)

    async def is_done() -> bool:
        return all([await is_handled(kind) for kind in ("completed", "failed")])

    await eventually(is_done)


async def test_the_picture_arrives_when_an_analysis_ends(bot: RunningBot, telegram: FakeTelegram, world: World) -> None:
    await bot.link(telegram)
    await bot.tell(world.add_analysis())
    (message,) = await telegram.wait_sent(1)
    assert (message.method, message.fields["chat_id"], message.text) == ("sendPhoto", "7", READY)
    assert list(message.files.values()) == [world.picture]


async def test_a_fact_that_comes_again_is_told_once(bot: RunningBot, telegram: FakeTelegram, world: World) -> None:
    await bot.link(telegram)
    first, second = world.add_analysis(), world.add_analysis()
    for event_id in ("1", "2", "3"):
        await bot.tell(first, event_id)
    await bot.tell(second)
    await settled(bot)
    assert len(telegram.sent(7)) == 2


async def test_a_message_that_surely_did_not_arrive_is_sent_again_once(
    bot: RunningBot, telegram: FakeTelegram, world: World
) -> None:
    await bot.link(telegram)
    telegram.refuse("sendPhoto", 429, "Too Many Requests", retry_after=3600)
    await bot.tell(world.add_analysis())
    await telegram.wait_sent(1)
    await settled(bot)
    assert (len(telegram.refused), len(telegram.sent(7))) == (1, 1)


async def test_a_service_that_is_down_delays_the_message(bot: RunningBot, telegram: FakeTelegram, world: World) -> None:
    await bot.link(telegram)
    world.picture_error = AppError(Code.UNAVAILABLE, "down", "Down.")
    world.asked.clear()
    await bot.tell(world.add_analysis())

    async def was_tried() -> bool:
        return any(question == "picture" for _, question in world.asked)

    await eventually(was_tried)
    world.picture_error = None
    assert [call.text for call in await telegram.wait_sent(1)] == [READY]


async def test_without_a_picture_the_sentence_comes_alone(
    bot: RunningBot, telegram: FakeTelegram, world: World
) -> None:
    await bot.link(telegram)
    world.picture_error = AppError(Code.TOO_LARGE, "graph_too_large", "Too large.")
    await bot.tell(world.add_analysis())
    (message,) = await telegram.wait_sent(1)
    assert message.method == "sendMessage"
    assert message.text == f"{READY} It cannot be drawn as a picture. Open it in History on the web page."


async def test_a_failed_or_partial_analysis_says_why(bot: RunningBot, telegram: FakeTelegram, world: World) -> None:
    await bot.link(telegram)
    why = "It used more than 2 GB. Choose a shorter period."
    await bot.tell(world.add_analysis(status=analysis_pb2.ANALYSIS_STATUS_FAILED, error_detail=why))
    (failed,) = await telegram.wait_sent(1)
    assert (failed.method, failed.text) == ("sendMessage", f"Heuristics net of Web shop ended without a result. {why}")
    await bot.tell(world.add_analysis(status=analysis_pb2.ANALYSIS_STATUS_PARTIAL, error_detail=why))
    partial = (await telegram.wait_sent(2))[1]
    assert partial.method == "sendPhoto"
    assert partial.text.startswith("Heuristics net of Web shop is only partly ready: ")


@pytest.mark.parametrize("case", ["foreign", "no link", "disabled", "forbidden", "deleted", "blocked"])
async def test_who_gets_nothing(bot: RunningBot, telegram: FakeTelegram, world: World, case: str) -> None:
    await bot.link(telegram)
    analysis = world.add_analysis()
    created_by_id = ""
    match case:
        case "foreign":
            analysis.created_by_id = BORIS
            created_by_id = ANNA
        case "no link":
            await bot.ask("DeleteLink")
        case "disabled":
            world.disabled = {ANNA}
        case "forbidden":
            world.forbidden_datasets = {SHOP}
        case "deleted":
            world.analyses.clear()
        case "blocked":
            telegram.blocked.add(7)
    await bot.tell(analysis, created_by_id=created_by_id)
    await bot.tell(world.add_analysis(owner=BORIS))
    await settled(bot)
    assert telegram.sent() == []
    if case == "disabled":
        assert not (await bot.ask("GetLink")).is_linked
    if case == "blocked":
        assert (await bot.ask("GetLink")).is_blocked


async def test_the_bot_waits_for_the_stream_of_mining(
    settings: ServiceSettings, signer: IdentitySigner, bus: Bus, world: World, telegram: FakeTelegram
) -> None:
    async with running_bot(settings, signer, bus, world, token=TOKEN, api_url=telegram.url) as bot:
        await bot.link(telegram)
        await bus.ensure_stream("MINING", ["cjm.mining.analysis.*.v1"])
        await bot.tell(world.add_analysis())
        await telegram.wait_sent(1)


async def test_a_bus_that_stammers_at_the_start_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stammering:
        def __init__(self) -> None:
            self.failures: list[Exception] = [NatsTimeoutError(), NotFoundError()]
            self.consumed: list[str] = []

        async def consume(self, durable: str, *_: object, **__: object) -> None:
            if self.failures:
                raise self.failures.pop()
            self.consumed.append(durable)

    monkeypatch.setattr(facts, "_STREAM_PAUSE_SECONDS", 0)
    bus = Stammering()
    await facts.consume(bus, None)  # type: ignore[arg-type]
    assert bus.consumed == ["bot-analysis-completed", "bot-analysis-failed"]


async def test_links_survive_a_restart_on_both_databases(
    settings: ServiceSettings,
    signer: IdentitySigner,
    bus: Bus,
    world: World,
    telegram: FakeTelegram,
    database_url: str,
) -> None:
    await bus.ensure_stream("MINING", ["cjm.mining.analysis.*.v1"])
    own = {"token": TOKEN, "api_url": telegram.url, "database_url": database_url}
    analysis = world.add_analysis()
    async with running_bot(settings, signer, bus, world, **own) as bot:
        await bot.link(telegram)
        await bot.tell(analysis, "1")
        await telegram.wait_sent(1)
        await settled(bot)
    async with running_bot(settings, signer, bus, world, **own) as bot:
        await bot.tell(analysis, "2")
        await bot.tell(world.add_analysis(), "3")
        await settled(bot)
        assert len(telegram.sent(7)) == 2
