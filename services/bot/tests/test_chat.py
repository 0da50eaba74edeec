"""What a person sees in the chat and on the page, against a Bot API server."""

from datetime import UTC, date, datetime

import pytest

from cjm_bot import domain, messages
from cjm_kit.bus import Bus
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import IdentitySigner
from cjm_kit.settings import ServiceSettings
from cjm_protos.catalog.v1 import dataset_pb2
from cjm_protos.mining.v1 import analysis_pb2
from cjm_testkit.fake_telegram import TOKEN, USERNAME, FakeTelegram

from .conftest import ANNA, BORIS, SECRET, SHOP, RunningBot, World, days, eventually, png, running_bot


async def test_linking_as_a_person_does(bot: RunningBot, telegram: FakeTelegram) -> None:
    await telegram.wait(lambda server: any(call.method == "setMyCommands" for call in server.calls))
    made = await bot.ask("CreateLinkCode")
    assert made.deep_link == f"https://t.me/{USERNAME}?start={made.code}"
    minutes_left = (made.expires_at.ToDatetime(UTC) - datetime.now(UTC)).total_seconds() / 60
    assert 9.9 < minutes_left <= 10
    assert not (await bot.ask("GetLink")).is_linked

    await telegram.write(f"/start {made.code}", first_name="Linh")
    await telegram.wait_sent(1)
    state = await bot.ask("GetLink")
    assert (state.is_enabled, state.bot_username, state.is_linked, state.is_blocked) == (True, USERNAME, True, False)
    assert state.chat_title == "Linh"
    assert not (await bot.ask("GetLink", BORIS)).is_linked

    await telegram.write(f"/start {made.code}", chat_id=8)
    assert (await telegram.wait_sent(2))[-1].text == messages.CODE_ENDED


async def test_a_code_ends_after_ten_minutes(
    bot: RunningBot, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    await telegram.wait(lambda server: any(call.method == "setMyCommands" for call in server.calls))
    monkeypatch.setattr("cjm_bot.application.CODE_LIFETIME", -domain.CODE_LIFETIME)
    made = await bot.ask("CreateLinkCode")
    await telegram.write(f"/start {made.code}")
    (answer,) = await telegram.wait_sent(1)
    assert answer.text == (
        "This code is used up, mistyped or older than 10 minutes. Get a new code on the web page, in Settings, "
        "Telegram."
    )
    assert not (await bot.ask("GetLink")).is_linked


async def test_a_new_chat_replaces_the_old_one(bot: RunningBot, telegram: FakeTelegram) -> None:
    await bot.link(telegram, chat_id=7)
    await bot.link(telegram, chat_id=8)
    await telegram.write("/today", chat_id=7)
    assert (await telegram.wait_sent(1))[0].text == messages.NOT_LINKED


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("/start", messages.START),
        ("/help", messages.START),
        ("hello", messages.START),
        ("/today", messages.NOT_LINKED),
        ("/map", messages.NOT_LINKED),
        ("/unlink", messages.NOT_LINKED),
    ],
)
async def test_a_chat_without_link(bot: RunningBot, telegram: FakeTelegram, written: str, text: str) -> None:
    await telegram.write(written)
    assert (await telegram.wait_sent(1))[0].text == text


@pytest.mark.parametrize("written", ["/start", "/help", "hello"])
async def test_a_linked_chat_hears_what_it_can_ask(bot: RunningBot, telegram: FakeTelegram, written: str) -> None:
    await bot.link(telegram)
    await telegram.write(written)
    (answer,) = await telegram.wait_sent(1)
    assert answer.text == messages.LINKED
    assert all(f"/{command} " in answer.text for command in messages.COMMANDS if command != "help")


async def test_groups_get_no_answer(bot: RunningBot, telegram: FakeTelegram) -> None:
    await telegram.write("/today", chat_id=-5, chat_type="group")
    await telegram.write("/help", chat_id=7)
    assert [call.fields["chat_id"] for call in await telegram.wait_sent(1)] == ["7"]


async def test_today_is_about_public_and_own_data_only(bot: RunningBot, telegram: FakeTelegram, world: World) -> None:
    await bot.link(telegram)
    own = dataset_pb2.Dataset(dataset_id=SHOP, owner_id=ANNA)
    world.datasets = [
        own,
        dataset_pb2.Dataset(dataset_id=SECRET, owner_id=BORIS),
        dataset_pb2.Dataset(dataset_id="public", owner_id=ANNA, is_public=True),
    ]
    world.homes = {"": days(100, 410, 418), SHOP: days(4, 12), SECRET: days(9_999)}
    world.asked.clear()
    await telegram.write("/today")
    (answer,) = await telegram.wait_sent(1)
    assert answer.method == "sendPhoto"
    assert answer.text.splitlines() == [
        "8 May 2024: 430 touchpoints (+16, +3.9% on the day before) from 215 customers (+8, +3.9%).",
        messages.LATEST_DAY,
        "Counted in all public datasets and your private one.",
    ]
    assert [domain.fits_photo(file) for file in answer.files.values()] == [True]
    assert set(world.asked) == {
        ("service:bot", "user"),
        (f"user:{ANNA}", "datasets"),
        (f"user:{ANNA}", "home"),
        (f"user:{ANNA}", f"home {SHOP}"),
    }


async def test_today_without_data(bot: RunningBot, telegram: FakeTelegram) -> None:
    await bot.link(telegram)
    await telegram.write("/today")
    (answer,) = await telegram.wait_sent(1)
    assert (answer.method, answer.text) == ("sendMessage", messages.NO_NUMBERS)


async def test_today_that_is_not_over(bot: RunningBot, telegram: FakeTelegram, world: World) -> None:
    await bot.link(telegram)
    world.today = date(2024, 5, 8)
    world.homes = {"": days(3, 5, last=world.today)}
    await telegram.write("/today")
    assert "Data until 18:00 UTC. Today's numbers will grow." in (await telegram.wait_sent(1))[0].text


async def test_today_leaves_out_what_lies_all_ahead(bot: RunningBot, telegram: FakeTelegram, world: World) -> None:
    await bot.link(telegram)
    world.datasets = [dataset_pb2.Dataset(dataset_id=dataset_id, owner_id=ANNA) for dataset_id in (SHOP, SECRET)]
    world.homes = {"": [], SHOP: days(4, 12), SECRET: days(1, last=date(2099, 1, 1))}
    await telegram.write("/today")
    (answer,) = await telegram.wait_sent(1)
    assert answer.text.splitlines() == [
        "8 May 2024: 12 touchpoints (+8, +200% on the day before) from 6 customers (+4, +200%).",
        messages.LATEST_DAY,
        "Counted in all public datasets and your private one.",
    ]
    del world.homes[SHOP]
    await telegram.write("/today")
    first, *rest = (await telegram.wait_sent(2))[-1].text.splitlines()
    assert first.startswith("1 Jan 2099: 1 touchpoint ")
    assert rest == [
        messages.ALL_AHEAD,
        "Counted in all public datasets and your 2 private ones.",
    ]


async def test_map_is_the_last_one_of_the_person(bot: RunningBot, telegram: FakeTelegram, world: World) -> None:
    await bot.link(telegram)
    await telegram.write("/map")
    assert (await telegram.wait_sent(1))[0].text == messages.NO_MAP

    # Of a dataset that was taken back nothing is given away, not even that there was an analysis.
    world.add_analysis()
    world.forbidden_datasets = {SHOP}
    await telegram.write("/map")
    assert (await telegram.wait_sent(2))[-1].text == (
        "You have no finished analysis of a dataset that you may analyse now. Open Explore, Models on the web page, "
        "choose Build model, then send /map."
    )

    world.add_analysis(kind=analysis_pb2.ANALYSIS_KIND_ALPHA)
    world.add_analysis()
    world.add_analysis(status=analysis_pb2.ANALYSIS_STATUS_FAILED)
    world.add_analysis(owner=BORIS)
    world.add_analysis(scope={"dataset_id": SECRET}).scope.dataset_id = SECRET
    world.forbidden_datasets = {SECRET}
    await telegram.write("/map")
    answer = (await telegram.wait_sent(3))[-1]
    assert answer.method == "sendPhoto"
    assert answer.text == (
        "Heuristics net of Web shop is ready: 31,080 events in 3,605 journeys. Made on 8 May 2024, 09:05 UTC."
    )
    assert list(answer.files.values()) == [world.picture]


async def test_a_picture_too_large_for_a_photo_comes_as_a_file(
    bot: RunningBot, telegram: FakeTelegram, world: World
) -> None:
    await bot.link(telegram)
    world.picture = png(12_000, 800)
    world.add_analysis()
    await telegram.write("/map")
    (answer,) = await telegram.wait_sent(1)
    assert answer.method == "sendDocument"


async def test_unlink(bot: RunningBot, telegram: FakeTelegram) -> None:
    await bot.link(telegram)
    await telegram.write("/unlink")
    assert (await telegram.wait_sent(1))[-1].text == messages.UNLINKED
    assert not (await bot.ask("GetLink")).is_linked

    await bot.link(telegram)
    await bot.ask("DeleteLink")
    await bot.ask("DeleteLink")
    await telegram.write("/today")
    assert (await telegram.wait_sent(1))[-1].text == messages.NOT_LINKED


@pytest.mark.parametrize("command", ["/today", "/map"])
async def test_a_disabled_account_gets_nothing_and_its_link_ends(
    bot: RunningBot, telegram: FakeTelegram, world: World, command: str
) -> None:
    await bot.link(telegram)
    world.homes = {"": days(1, 2)}
    world.add_analysis()
    world.disabled = {ANNA}
    await telegram.write(command)
    (answer,) = await telegram.wait_sent(1)
    assert answer.text == messages.ACCOUNT_ENDED
    world.disabled = set()
    await telegram.write(command)
    assert (await telegram.wait_sent(2))[-1].text == messages.NOT_LINKED


async def test_a_disabled_account_cannot_link(bot: RunningBot, telegram: FakeTelegram, world: World) -> None:
    await telegram.wait(lambda server: any(call.method == "setMyCommands" for call in server.calls))
    code = (await bot.ask("CreateLinkCode")).code
    world.disabled = {ANNA}
    await telegram.write(f"/start {code}")
    assert (await telegram.wait_sent(1))[0].text == messages.ACCOUNT_ENDED
    assert not (await bot.ask("GetLink")).is_linked


async def test_when_a_service_is_down_the_chat_is_told(bot: RunningBot, telegram: FakeTelegram, world: World) -> None:
    await bot.link(telegram)
    world.is_down = True
    await telegram.write("/today")
    assert (await telegram.wait_sent(1))[0].text == messages.TRY_AGAIN


async def test_the_test_message(bot: RunningBot, telegram: FakeTelegram) -> None:
    with pytest.raises(AppError) as refusal:
        await bot.ask("SendTestMessage")
    assert (refusal.value.code, refusal.value.reason) == (Code.NOT_FOUND, "telegram_not_linked")
    await bot.link(telegram)
    await bot.ask("SendTestMessage")
    assert telegram.sent(7)[0].text == messages.TEST


async def test_a_blocked_chat_is_left_alone_until_it_writes(bot: RunningBot, telegram: FakeTelegram) -> None:
    await bot.link(telegram)
    telegram.blocked.add(7)
    for _ in range(2):
        with pytest.raises(AppError) as refusal:
            await bot.ask("SendTestMessage")
        assert (refusal.value.code, refusal.value.reason) == (Code.FAILED_PRECONDITION, "telegram_chat_blocked")
    assert len(telegram.refused) == 1, "the second test message must not be tried"
    assert (await bot.ask("GetLink")).is_blocked

    telegram.blocked.clear()
    await telegram.write("/help")
    await telegram.wait_sent(1)
    assert not (await bot.ask("GetLink")).is_blocked
    await bot.ask("SendTestMessage")


async def test_a_rate_limit_is_waited_for(bot: RunningBot, telegram: FakeTelegram) -> None:
    await bot.link(telegram)
    telegram.refuse("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1, times=2)
    started = datetime.now(UTC)
    await bot.ask("SendTestMessage")
    assert (datetime.now(UTC) - started).total_seconds() >= 2
    assert (len(telegram.refused), len(telegram.sent(7))) == (2, 1)


async def test_a_rate_limit_is_not_waited_for_endlessly(bot: RunningBot, telegram: FakeTelegram) -> None:
    await bot.link(telegram)
    telegram.refuse("sendMessage", 429, "Too Many Requests: retry after 3600", retry_after=3600)
    with pytest.raises(AppError) as refusal:
        await bot.ask("SendTestMessage")
    assert (refusal.value.code, refusal.value.reason) == (Code.UNAVAILABLE, "telegram_unreachable")


async def test_a_failing_telegram_is_tried_again(bot: RunningBot, telegram: FakeTelegram) -> None:
    await bot.link(telegram)
    telegram.refuse("sendMessage", 502, "Bad Gateway")
    await bot.ask("SendTestMessage")
    assert (len(telegram.refused), len(telegram.sent(7))) == (1, 1)


async def test_without_telegram_the_bot_is_ready_and_comes_back(
    settings: ServiceSettings, signer: IdentitySigner, bus: Bus, world: World
) -> None:
    telegram = FakeTelegram()
    async with running_bot(settings, signer, bus, world, token=TOKEN, api_url="http://127.0.0.1:9/") as bot:
        assert await bot.component.is_ready()
        assert bot.metric("cjm_bot_telegram_up") == 0
        with pytest.raises(AppError) as refusal:
            await bot.ask("CreateLinkCode")
        assert (refusal.value.code, refusal.value.reason) == (Code.UNAVAILABLE, "telegram_unreachable")
    async with telegram:
        telegram.refuse("getMe", 502, "Bad Gateway")
        telegram.refuse("getUpdates", 409, "Conflict: terminated by other getUpdates request")
        async with running_bot(settings, signer, bus, world, token=TOKEN, api_url=telegram.url) as bot:
            await telegram.write("/help")
            await telegram.wait_sent(1)

            async def is_up() -> bool:
                return bot.metric("cjm_bot_telegram_up") == 1

            await eventually(is_up)


async def test_without_a_token_the_page_learns_that_there_is_no_bot(
    settings: ServiceSettings, signer: IdentitySigner, bus: Bus, world: World
) -> None:
    async with running_bot(settings, signer, bus, world) as bot:
        assert not (await bot.ask("GetLink")).is_enabled
        await bot.ask("DeleteLink")
        for method in ("CreateLinkCode", "SendTestMessage"):
            with pytest.raises(AppError) as refusal:
                await bot.ask(method)
            assert (refusal.value.code, refusal.value.reason) == (Code.FAILED_PRECONDITION, "telegram_not_configured")


async def test_the_token_is_in_no_log(
    bot: RunningBot, telegram: FakeTelegram, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    await bot.link(telegram)
    telegram.refuse("sendMessage", 400, "Bad Request: message is too long")
    with pytest.raises(AppError):
        await bot.ask("SendTestMessage")
    printed = capsys.readouterr()
    assert TOKEN not in caplog.text + printed.out + printed.err
