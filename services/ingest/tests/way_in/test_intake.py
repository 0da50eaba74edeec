"""Events over REST, as the gateway hands them on."""

import asyncio
import json
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from cjm_ingest.adapters.event_stream import STREAM, SUBJECT, EventStream, is_flushing_always
from cjm_ingest.adapters.stream_health import StreamHealth
from cjm_ingest.application.background import end
from cjm_ingest.application.coalescer import Coalescer
from cjm_ingest.application.event_blocks import ROW_FIELDS, PackedBlock
from cjm_ingest.application.intake import DecodedBody, Intake, SentBody
from cjm_ingest.application.writer import StoredEvents
from cjm_kit.bus import DEAD_LETTER_STREAM, Bus
from cjm_kit.errors import AppError, Code
from cjm_kit.identity import staff_identity
from cjm_kit.settings import ServiceSettings
from cjm_protos.ingest.v1 import imports_pb2, intake_pb2

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.0 Mobile/15E148 Safari/604.1"
)
IPAD = IPHONE.replace("iPhone; CPU iPhone OS 17_0", "iPad; CPU OS 16_6")
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
)


def event(**fields: Any) -> bytes:
    """One good event with changes."""
    return json.dumps({"customer_id": "c-1", "action_type": "visit", **fields}).encode()


async def test_an_event_is_visible_within_two_seconds_with_everything_it_said(ingest: Any) -> None:
    body = event(
        event_id="e-1", time="2024-05-07T12:30:00.123+02:00", value=12.5, store_id=7, properties={"plan": "pro", "n": 1}
    )
    (result,) = await ingest.append(body, user_agent=IPHONE)
    assert (result.accepted_count, list(result.rejected), result.error_reason) == (1, [], "")
    await ingest.until_events(1, timeout_seconds=2)
    (stored,) = await ingest.events()
    assert (stored.event_id, stored.customer_id, stored.action_type) == ("e-1", "c-1", "visit")
    assert stored.time.ToJsonString() == "2024-05-07T10:30:00.123Z"
    assert json.loads(stored.properties_json) == {"plan": "pro", "n": 1}
    assert dict(stored.fields) == {
        "device_browser": "Mobile Safari",
        "device_os": "iOS",
        "device_category": "mobile",
        "store_id": "7",
        "value": "12.5",
    }


async def test_what_was_not_sent_is_filled_and_what_was_sent_stays(ingest: Any) -> None:
    await ingest.append(event(event_id="t"), user_agent=IPAD, received_at_ms=1_714_903_200_000)
    await ingest.append(event(event_id="d", device_os="Mine", device_category=None), user_agent=WINDOWS)
    await ingest.append(event(event_id="s"), user_agent="python-requests/2.31")
    await ingest.until_events(3)
    found = {item.event_id: item for item in await ingest.events()}
    assert found["t"].fields["device_category"] == "tablet"
    assert found["t"].time.ToJsonString() == "2024-05-05T10:00:00Z"
    assert found["d"].fields["device_os"] == "Mine"
    assert found["d"].fields["device_category"] == "desktop"
    assert "device_os" not in found["s"].fields


BAD_EVENTS: list[tuple[dict[str, Any], str, str]] = [
    ({"customer_id": ""}, "field_missing", "customer_id"),
    ({"customer_id": "  "}, "field_missing", "customer_id"),
    ({"action_type": None}, "field_missing", "action_type"),
    ({"customer_id": True}, "field_not_text", "customer_id"),
    ({"geo_city": ["x"]}, "field_not_text", "geo_city"),
    ({"tiem": "2024"}, "field_unknown", "tiem"),
    ({"import_id": "x"}, "field_unknown", "import_id"),
    ({"time": "31.02.2024"}, "not_a_date", "time"),
    ({"time": 1e300}, "date_out_of_range", "time"),
    ({"time": 10**400}, "not_a_date", "time"),
    ({"time": "1700-01-01T00:00:00Z"}, "date_out_of_range", "time"),
    ({"time": " 01.02.75 10:00"}, "year_ambiguous", "time"),
    ({"value": "much"}, "not_a_number", "value"),
    ({"action_type": "x" * 513}, "text_too_long", "action_type"),
    ({"geo_city": "a\0b"}, "nul_byte", "geo_city"),
    ({"properties": [1]}, "properties_not_an_object", "properties"),
    ({"properties": {"x": "y" * 70_000}}, "text_too_long", "properties"),
]


async def test_each_bad_event_is_named_and_the_good_ones_go_in(ingest: Any) -> None:
    events = [event(**fields) for fields, _, _ in BAD_EVENTS]
    body = b"[" + b",".join([event(customer_id=12, value="2.5"), *events, b"3", event()]) + b"]"
    (result,) = await ingest.append(body)
    assert result.accepted_count == 2
    expected = [(index, reason, name) for index, (_, reason, name) in enumerate(BAD_EVENTS, start=1)]
    expected.append((len(events) + 1, "event_not_object", ""))
    assert [(item.index, item.reason, item.field) for item in result.rejected] == expected
    assert all(item.detail.endswith((".", '".')) and item.field in item.detail for item in result.rejected)
    missing = result.rejected[0].detail
    assert missing == '"customer_id" is missing. Send it as text, for example "customer_id": "c-1042".'
    await ingest.until_events(2)
    assert {item.customer_id for item in await ingest.events()} == {"12", "c-1"}


async def test_a_misspelled_field_is_told_with_what_is_meant_and_missing(ingest: Any) -> None:
    told = {
        b'{"customerId": "c-1", "action_type": "buy"}': '"customerId" is not a field of an event. '
        'Did you mean "customer_id"? If not, put it into "properties". "customer_id" is missing.',
        b'{"colour": "red"}': '"colour" is not a field of an event. Put it into "properties". '
        '"customer_id" is missing. "action_type" is missing.',
        event(tiem="2024"): '"tiem" is not a field of an event. Did you mean "time"? If not, put it into "properties".',
    }
    results = await ingest.append(*told)
    assert [[item.detail for item in result.rejected] for result in results] == [[detail] for detail in told.values()]


async def test_each_bad_event_is_named_when_all_others_are_good(ingest: Any) -> None:
    bodies = [b"[" + event() + b"," + event(**fields) + b"]" for fields, _, _ in BAD_EVENTS]
    results = await ingest.append(*bodies)
    named = [[(item.index, item.reason, item.field) for item in result.rejected] for result in results]
    assert named == [[(1, reason, name)] for _, reason, name in BAD_EVENTS]
    assert {result.accepted_count for result in results} == {1}


@pytest.mark.parametrize(
    "number", [1_714_903_200, 1_714_903_200.5, 1_714_903_200_000, 1_714_903_200_000_000, -1_208_988_800]
)
async def test_a_time_as_a_number_is_read_like_its_digits_in_a_text(ingest: Any, number: float) -> None:
    (result,) = await ingest.append(b"[" + event(time=number) + b"," + event(time=str(number)) + b"]", wants_times=True)
    as_number, as_text = result.accepted_times_ms
    assert as_number == as_text
    assert number != 1_714_903_200 or as_number == 1_714_903_200_000


async def test_the_times_that_were_read_are_told_where_wanted(ingest: Any) -> None:
    times = ["2024-05-07T10:00:00", "2024-05-07T12:00:00+02:00", "7.5.2024 10:00", 1_715_076_000_000]
    good = [event(time=time) for time in times]
    for events in (good, [good[0], b"{}", *good[1:]]):  # decoded at once, and one by one
        body = b"[" + b",".join(events) + b"]"
        (asked,), (plain,) = await ingest.append(body, wants_times=True), await ingest.append(body)
        assert list(asked.accepted_times_ms) == [1_715_076_000_000] * 4
        assert not plain.accepted_times_ms
    (untimed,) = await ingest.append(event(), wants_times=True)
    assert list(untimed.accepted_times_ms) == [1_700_000_000_000]


async def test_bodies_are_judged_one_by_one(ingest: Any) -> None:
    results = await ingest.append(b"", b"{", b"[]", b'"x"', b"[" + b",".join([event()] * 5001) + b"]", event())
    assert [item.error_reason for item in results] == [
        "body_empty", "body_not_json", "body_empty", "", "too_many_events", "",
    ]  # fmt: skip
    assert [item.accepted_count for item in results] == [0, 0, 0, 0, 0, 1]
    (lines,) = await ingest.append(event() + b"\n\n{bad\n" + event(), is_ndjson=True)
    assert (lines.accepted_count, [(item.index, item.reason) for item in lines.rejected]) == (
        2,
        [(1, "event_not_json")],
    )


async def test_nested_bodies_refuse_only_themselves(ingest: Any) -> None:
    deep = b'{"customer_id":"c","action_type":"a","properties":' + b'{"a":' * 100_000
    results = await ingest.append(b"[" * 200_000, event(), deep, b"[" + deep, b"[" + event() + b"," + deep)
    assert [item.error_reason for item in results] == ["body_not_json", "", *["body_not_json"] * 3]
    (lines,) = await ingest.append(event() + b"\n" + deep + b"\n" + event(), is_ndjson=True)
    assert (lines.accepted_count, [(item.index, item.reason) for item in lines.rejected]) == (
        2,
        [(1, "event_not_json")],
    )
    # Near the limit of the interpreter it is not the reading that fails but what comes after.
    bodies = [b"[" * depth + b"]" * depth for depth in range(800, 1100)]
    assert {item.error_reason for item in await ingest.append(*bodies)} <= {"", "body_not_json"}


async def test_what_is_no_json_is_told_in_words_for_people(ingest: Any) -> None:
    again = "Correct it and send it again."
    told = {
        b'{"customer_id": "c\xff"}': "The body is not UTF-8 text from byte 19 on. Send JSON encoded as UTF-8.",
        '{"a": 1}'.encode("utf-16"): "The body is not UTF-8 text from byte 1 on. Send JSON encoded as UTF-8.",
        b"[" * 5000: "The body is nested too deeply. Put fewer objects and lists into each other.",
        b"customer": f"The body is not valid JSON near byte 1. {again}",
        b"\xef\xbb\xbf{}": "The body is not valid JSON near byte 1. It begins with a byte order mark: send it without.",
        b"{'a': 1}": "The body is not valid JSON near byte 2. Put every name into double quotes.",
        b'{"a": 1,}': "The body is not valid JSON near byte 9. Remove the comma before the closing bracket.",
        b'{"a": 1': "The body is not valid JSON. It ends too early: close every bracket and quotation mark.",
        b'{"a": 1}\n{"a": 2}': "The body is not valid JSON near byte 11. Send several events as an array or as NDJSON.",
        b'{"a": 1e999}': "The body is not valid JSON. A number is too large: send a smaller one.",
    }
    results = await ingest.append(*told)
    assert [result.error_detail for result in results] == list(told.values())
    deep = b"[" * 5000 + b"]" * 5000
    (lines,) = await ingest.append(b'{"a": "\xff"}\n{bad}\n' + deep, is_ndjson=True)
    assert [item.detail for item in lines.rejected] == [
        "This event is not UTF-8 text from byte 8 on. Send JSON encoded as UTF-8.",
        "This event is not valid JSON near byte 2. Put every name into double quotes.",
        "This event is nested too deeply. Put fewer objects and lists into each other.",
    ]


async def appended(*bodies: bytes) -> tuple[list[tuple[int, str]], list[int]]:
    """What becomes of bodies that say how many events they hold, and the sizes of the blocks that are written."""
    written: list[int] = []

    def decode(body: bytes, **_: Any) -> DecodedBody:
        return DecodedBody([("c",) * len(ROW_FIELDS)] * int(body), [])

    async def nothing(*_: Any) -> None:
        pass

    async def write(blocks: Sequence[PackedBlock]) -> None:
        written.extend(block.count for block in blocks)

    intake = Intake(nothing, decode, lambda header: None, write)
    results = await intake.append([SentBody("", "d", body, False, "", 0) for body in bodies])  # noqa: FBT003
    return [(item.accepted_count, item.error_reason) for item in results], written


async def test_a_fault_nobody_foresaw_costs_one_body() -> None:
    assert await appended(b"1", b"bad", b"1") == ([(1, ""), (0, "internal"), (1, "")], [2])


async def test_a_large_body_is_a_block_of_its_own() -> None:
    bodies = (b"0", b"60", b"1", b"70", b"2")
    assert await appended(*bodies) == ([(int(body), "") for body in bodies], [60, 70, 3])


async def test_systems_may_send_while_catalog_is_away(ingest: Any) -> None:
    ingest.catalog.is_away = True
    staff = ingest.signer.sign(staff_identity("5e0c3b76-6b0b-4b87-9d43-2a6b1c0d9e11", is_admin=False))
    bodies = [
        intake_pb2.EventBody(identity=identity, dataset_id=ingest.dataset_id, body=event(), received_at_ms=1)
        for identity in (staff, ingest.token())
    ]
    results = (await ingest.intake.AppendEvents(intake_pb2.AppendEventsRequest(bodies=bodies))).results
    assert [(item.error_reason, item.accepted_count) for item in results] == [("service_unavailable", 0), ("", 1)]


async def test_only_who_may_write_gets_in(ingest: Any) -> None:
    cases = {
        "identity_invalid": "not a token",
        "token_scope": ingest.token(scopes=frozenset()),
        "dataset_not_found": ingest.token(datasets=frozenset({"another"})),
        "dataset_write_not_allowed": ingest.signer.sign(
            staff_identity("5e0c3b76-6b0b-4b87-9d43-2a6b1c0d9e11", is_admin=False)
        ),
    }
    for reason, identity in cases.items():
        (result,) = await ingest.append(event(), identity=identity)
        assert (result.error_reason, result.accepted_count) == (reason, 0)


async def test_the_same_id_sent_again_counts_once_and_ties_keep_their_order(ingest: Any) -> None:
    first = b"[" + b",".join(event(event_id=f"e{n}", action_type=f"step {n}", time=5) for n in range(9)) + b"]"
    await asyncio.gather(*(ingest.append(first) for _ in range(4)))
    await ingest.append(event(event_id="e9", action_type="step 9", time=5))
    await ingest.until_events(10)
    await ingest.append(first, event(event_id="last", action_type="end", time=6))
    await ingest.until_events(11)
    newest_first = [item.action_type for item in await ingest.events()]
    assert newest_first == ["end", *(f"step {n}" for n in reversed(range(10)))]


async def test_a_full_stream_refuses_and_says_so_until_there_is_room(bus: Bus, settings: ServiceSettings) -> None:
    stream, seen_by_the_writer = EventStream(bus, 20_000), EventStream(bus)
    await stream.ensure()
    health = StreamHealth(bus, stream, settings.nats_monitor_url)
    assert await health.is_good()
    piece = PackedBlock(b"\x90" * 4000, 4000)
    with pytest.raises(AppError) as refused:
        await asyncio.gather(*(stream.publish([piece]) for _ in range(20)))
    assert (refused.value.code, refused.value.reason) == (Code.UNAVAILABLE, "intake_unavailable")
    assert stream.is_full
    held = (await bus.jetstream.stream_info(STREAM)).state
    assert held.bytes < 20_000
    for _ in range(2):
        assert not await health.is_good()
    await seen_by_the_writer.purge(held.messages)
    assert await health.is_good()
    await stream.publish([piece])


async def test_only_the_intake_sets_the_limit_of_the_stream(bus: Bus) -> None:
    async def limit_after(stream: EventStream) -> int | None:
        await stream.ensure()
        return (await bus.jetstream.stream_info(STREAM)).config.max_bytes

    assert await limit_after(EventStream(bus)) == 1 << 30
    assert await limit_after(EventStream(bus, 20_000)) == 20_000
    assert await limit_after(EventStream(bus)) == 20_000


async def test_a_stream_that_was_full_has_room_again_without_anybody_sending(bus: Bus, until: Any) -> None:
    stream = EventStream(bus, 20_000)
    await stream.ensure()
    stream.is_full = True

    async def hand_over(events: StoredEvents) -> None:
        raise AssertionError(events)

    async def has_room() -> bool:
        return not stream.is_full

    task = asyncio.create_task(stream.follow(0, hand_over))
    await until(has_room)
    await end([task])


async def test_a_message_that_cannot_be_read_is_set_aside(bus: Bus) -> None:
    stream = EventStream(bus, 10_000_000)
    await stream.ensure()
    await bus.jetstream.publish(SUBJECT, b"\xff")
    await stream.publish([PackedBlock(b"\x90", 1)])
    handed_over: asyncio.Queue[int] = asyncio.Queue()

    async def hand_over(events: StoredEvents) -> None:
        await handed_over.put(events.sequence)

    task = asyncio.create_task(stream.follow(0, hand_over))
    assert await asyncio.wait_for(handed_over.get(), 10) == 2
    await end([task])
    assert (await bus.jetstream.get_last_msg(DEAD_LETTER_STREAM, "cjm.dlq.ingest-writer")).data == b"\xff"


async def test_events_of_another_layout_stop_the_flow_and_stay(bus: Bus) -> None:
    stream = EventStream(bus, 10_000_000)
    await stream.ensure()
    await bus.jetstream.publish(SUBJECT, intake_pb2.EventBatch(layout_version=1).SerializeToString())

    async def hand_over(events: StoredEvents) -> None:
        raise AssertionError(events)

    with pytest.raises(RuntimeError, match="events of layout 1 wait in the stream: run the version that wrote them"):
        await asyncio.wait_for(stream.follow(0, hand_over), 10)
    assert (await bus.jetstream.stream_info(STREAM)).state.messages == 1


async def test_the_flow_has_no_gaps_after_the_server_forgot_the_consumer(bus: Bus) -> None:
    stream = EventStream(bus, 10_000_000)
    await stream.ensure()
    seen: list[int] = []
    handed_over: asyncio.Queue[int] = asyncio.Queue()

    async def hand_over(events: StoredEvents) -> None:
        await handed_over.put(events.sequence)

    task = asyncio.create_task(stream.follow(0, hand_over))
    for _ in range(3):
        for _ in range(5):
            await stream.publish([PackedBlock(b"\x90", 1)])
        for _ in range(5):
            seen.append(await asyncio.wait_for(handed_over.get(), 10))
        for consumer in await bus.jetstream.consumers_info(STREAM):
            await bus.jetstream.delete_consumer(STREAM, consumer.name)
    await end([task])
    assert seen == list(range(1, 16))


async def test_many_small_writes_become_few() -> None:
    messages: list[int] = []

    async def publish(pieces: Any) -> None:
        await asyncio.sleep(0.005)
        messages.append(len(pieces))
        if len(messages) == 2:
            raise AppError(Code.UNAVAILABLE, "intake_unavailable", "No.")

    coalescer = Coalescer(publish)
    coalescer.start()
    results = await asyncio.gather(
        *(coalescer.add([PackedBlock(b"x" * 1000, 1)]) for _ in range(1600)), return_exceptions=True
    )
    await coalescer.stop()
    assert sum(messages) == 1600
    assert len(messages) <= 4
    assert sum(isinstance(result, AppError) for result in results) == messages[1]


async def test_a_server_that_does_not_flush_is_not_ready(ingest: Any) -> None:
    assert await ingest.component.is_ready()
    assert await is_flushing_always(ingest.settings.nats_monitor_url)
    assert not await is_flushing_always("")
    assert not await is_flushing_always("http://127.0.0.1:9")


async def test_health_says_whether_events_are_safe_and_remembers_it(
    ingest: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_not(monitor_url: str) -> bool:
        return False

    assert await ingest.is_serving()
    monkeypatch.setattr("cjm_ingest.adapters.stream_health.is_flushing_always", is_not)
    assert await ingest.is_serving()
    later = time.monotonic() + 31
    monkeypatch.setattr("cjm_ingest.adapters.stream_health.time", SimpleNamespace(monotonic=lambda: later))
    assert not await ingest.intake_client.is_serving()
    assert not await ingest.client.is_serving()


async def test_others_hear_of_new_events_and_imports(ingest: Any, bus: Bus) -> None:
    heard: asyncio.Queue[Any] = asyncio.Queue()

    async def hear(message: Any) -> None:
        await heard.put(message)

    await bus.client.subscribe("cjm.ingest.*.*.v1", cb=hear)
    await bus.client.flush()
    await ingest.append(event())
    columns = [("customer_id", "a"), ("action_type", "b"), ("time", "c")]
    done = await ingest.run_import(b"a,b,c\nx,s,2024-01-01\n", columns)
    failed = await ingest.run_import(b"", columns)
    facts: dict[str, Any] = {}
    async with asyncio.timeout(10):
        while len(facts) < 3:
            message = await heard.get()
            if "received" not in message.subject and "requested" not in message.subject:
                facts[message.subject] = message.data
    stored = intake_pb2.EventsStored.FromString(facts["cjm.ingest.events.stored.v1"])
    assert list(stored.dataset_ids) == [ingest.dataset_id]
    completed = imports_pb2.ImportCompleted.FromString(facts["cjm.ingest.import.completed.v1"])
    assert (completed.import_id, completed.rows_accepted) == (done.import_id, 1)
    assert imports_pb2.ImportFailed.FromString(facts["cjm.ingest.import.failed.v1"]).import_id == failed.import_id
