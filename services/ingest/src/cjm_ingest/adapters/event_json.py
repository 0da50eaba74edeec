"""Decodes request bodies into event rows: all events of a body at once, single events only where that fails."""

import codecs
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated, Any, Final

import msgspec

from cjm_ingest.application.event_blocks import ROW_FIELDS, Row
from cjm_ingest.application.intake import DecodedBody, Device, RefusedBodyError, RefusedEvent
from cjm_ingest.domain.fields import NUMBER_FIELDS, OPTIONAL_FIELDS, REQUIRED_FIELDS, TEXT_FIELDS
from cjm_ingest.domain.limits import EARLIEST_MS, LATEST_MS, PROPERTIES_BYTES, text_limit
from cjm_ingest.domain.times import AMBIGUOUS_YEAR, read_time

EVENTS_PER_BODY: Final = 5_000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_NAIVE: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - times without a zone are UTC
_NUL_ESCAPE: Final = b"\\u0000"
_DEVICE_FIELDS: Final = ("device_browser", "device_os", "device_category")
_NOT_JSON: Final = (msgspec.DecodeError, UnicodeError, RecursionError)  # the last: nested too deeply
_PLACE: Final = re.compile(r"\(byte (\d+)\)")
# By the words of the decoder, which are not for people.
_REMEDIES: Final = {
    "object keys must be strings": "Put every name into double quotes.",
    "trailing comma": "Remove the comma before the closing bracket.",
    "trailing characters": "Send several events as an array or as NDJSON.",
    "truncated": "It ends too early: close every bracket and quotation mark.",
    "out of range": "A number is too large: send a smaller one.",
}
_KNOWN: Final = frozenset((*REQUIRED_FIELDS, "event_id", *OPTIONAL_FIELDS, "properties"))
_NEAR: Final = 0.75  # "tiem" is near "time", "colour" is near nothing
_NEEDED: Final = ("customer_id", "action_type")


def _text(name: str, shortest: int = 0) -> Any:
    return Annotated[str, msgspec.Meta(min_length=shortest, max_length=text_limit(name))]


_NO_PROPERTIES: Final = msgspec.Raw()
_PROPERTIES_NOT_SENT: Final = ""

# The common case, in the order of `ROW_FIELDS`; what does not fit is looked at value by value, to say what is wrong and
# to take numbers as texts.
_Sent = msgspec.defstruct(
    "_Sent",
    [
        ("customer_id", _text("customer_id", 1) | int),
        ("action_type", _text("action_type", 1)),
        ("time", datetime | int | None, None),
        ("event_id", _text("event_id") | None, None),
        *((name, _text(name) | None, "") for name in TEXT_FIELDS),
        *((name, float | None, None) for name in NUMBER_FIELDS),
        ("properties", msgspec.Raw, _NO_PROPERTIES),
    ],
    forbid_unknown_fields=True,
    gc=False,
)
_one: Final = msgspec.json.Decoder(_Sent)
_many: Final = msgspec.json.Decoder(list[_Sent])  # type: ignore[valid-type]
_raws: Final = msgspec.json.Decoder(list[msgspec.Raw])
_anything: Final = msgspec.json.Decoder()
_astuple: Final = msgspec.structs.astuple


class _RefusedError(Exception):
    """Why one event is not taken."""

    def __init__(self, reason: str, name: str = "", detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.name, self.detail = reason, name, detail


@dataclass(slots=True)
class _Body:
    received_at_ms: int
    device: Device | None
    rows: list[Row] = field(default_factory=list)
    refused: list[RefusedEvent] = field(default_factory=list)


def decode_body(body: bytes, *, is_ndjson: bool, device: Device | None, received_at_ms: int) -> DecodedBody:
    """Turn one request body into rows in the order of `ROW_FIELDS`.

    Args:
        body: A JSON object, an array of objects, or NDJSON.
        is_ndjson: True for NDJSON.
        device: Fills device fields that were not sent.
        received_at_ms: Fills a missing time, milliseconds since 1970 UTC.

    Returns:
        The rows, and what was refused.

    Raises:
        RefusedBodyError: `body_empty`, `body_not_json`, `too_many_events`.
    """
    text = body.strip()
    if not text:
        detail = "The body is empty. Send one event as a JSON object, an array of events, or NDJSON."
        raise RefusedBodyError("body_empty", detail)
    result = _Body(received_at_ms, device)
    # Looking for one byte is sixty times faster than looking for six.
    may_have_nul = b"\\" in text and _NUL_ESCAPE in text
    try:
        _take_all(_decode(text, is_ndjson=is_ndjson), result, may_have_nul=may_have_nul)
    except (msgspec.ValidationError, _RefusedError, UnicodeError):
        result = _Body(received_at_ms, device)
        _take_each(_pieces(text, is_ndjson=is_ndjson), result)
    except (msgspec.DecodeError, RecursionError) as failure:
        raise _not_json(text, failure) from failure
    return DecodedBody(result.rows, result.refused)


def _decode(text: bytes, *, is_ndjson: bool) -> list[Any]:
    if is_ndjson:
        try:
            return _one.decode_lines(text)
        except (msgspec.DecodeError, RecursionError) as failure:
            raise msgspec.ValidationError from failure  # a line that is not JSON refuses only itself
    return _many.decode(text) if text[:1] == b"[" else [_one.decode(text)]


def _take_all(events: list[Any], result: _Body, *, may_have_nul: bool) -> None:
    _check_count(len(events))
    if may_have_nul:
        raise _RefusedError("nul_byte")
    device, received_at_ms = result.device, result.received_at_ms
    append = result.rows.append
    for event in events:
        if device is not None:
            _fill_device(event, device)
        customer_id = event.customer_id
        if type(customer_id) is not str:
            event.customer_id = customer_id = str(customer_id)
        if customer_id.isspace() or event.action_type.isspace():
            raise _RefusedError("field_missing")
        moment = event.time
        event.time = received_at_ms if moment is None else _instant_ms(moment)
        properties = event.properties
        event.properties = _PROPERTIES_NOT_SENT if properties is _NO_PROPERTIES else _properties(bytes(properties))
        append(_astuple(event))


def _take_each(pieces: Sequence[bytes], result: _Body) -> None:
    _check_count(len(pieces))
    for index, piece in enumerate(pieces):
        try:
            result.rows.append(_row(piece, result))
        except _RefusedError as refused:
            result.refused.append(RefusedEvent(index, refused.reason, refused.name, refused.detail))
        except _NOT_JSON as failure:
            detail = _fault(piece, failure, "This event")
            result.refused.append(RefusedEvent(index, "event_not_json", "", detail))


def _row(piece: bytes, result: _Body) -> Row:
    event = _anything.decode(piece)
    if not isinstance(event, dict):
        raise _RefusedError("event_not_object", "", f"{_shown(event)} is not an event. Send an object with its fields.")
    for name in event:
        if name not in _KNOWN:
            missing = "".join(f' "{needed}" is missing.' for needed in _NEEDED if event.get(needed) in (None, ""))
            detail = f'"{name[:100]}" is not a field of an event. {_advice(name[:100])}{missing}'
            raise _RefusedError("field_unknown", name[:100], detail)
    values: dict[str, Any] = {
        name: _read_text(name, event[name]) for name in ("event_id", *TEXT_FIELDS) if name in event
    }
    for name in _NEEDED:
        values[name] = _read_text(name, event.get(name))
        if not values[name].strip():
            example = ', for example "customer_id": "c-1042"' if name == "customer_id" else ', for example "purchase"'
            raise _RefusedError("field_missing", name, f'"{name}" is missing. Send it as text{example}.')
    values["time"] = _read_time(event["time"]) if event.get("time") not in (None, "") else result.received_at_ms
    values["properties"] = _read_properties(event.get("properties"))
    for name in NUMBER_FIELDS:
        values[name] = _read_number(name, event.get(name))
    if result.device is not None:
        for name, value in zip(_DEVICE_FIELDS, result.device, strict=True):
            values[name] = values.get(name) or value
    return tuple(values.get(name, "") for name in ROW_FIELDS)


@lru_cache(maxsize=1024)  # whoever misspells a field misspells it in every event
def _advice(unknown: str) -> str:
    near = get_close_matches(unknown.lower(), _KNOWN, 1, _NEAR)
    return f'Did you mean "{near[0]}"? If not, put it into "properties".' if near else 'Put it into "properties".'


def _read_text(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _RefusedError("field_not_text", name, f'"{name}" is {_shown(value)}. Send it as text.')
    text = str(value)
    if len(text) > text_limit(name):
        detail = f'"{name}" is longer than {text_limit(name)} characters. Shorten it.'
        raise _RefusedError("text_too_long", name, detail)
    if "\0" in text:
        raise _RefusedError("nul_byte", name, f'"{name}" contains a NUL character. Remove it.')
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _RefusedError("invalid_utf8", name, f'"{name}" contains half of a character pair. Correct it.') from None
    return text


def _read_number(name: str, value: object) -> float | None:
    if value is None or value == "":
        return None
    number = _number(value)
    if number is None:
        detail = f'"{name}" is {_shown(value)}, not a number. Send a number, for example 12.5.'
        raise _RefusedError("not_a_number", name, detail)
    return number


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _read_time(value: object) -> int:
    if isinstance(value, str):
        moment = read_time(value.strip())
        milliseconds = moment.microseconds // 1000 if moment else None
    else:
        number = _number(value)
        milliseconds = None if number is None else _since_1970_ms(number)
    if milliseconds is None:
        detail = f'"time" is {_shown(value)}, not a date. Send it as ISO 8601, for example "2024-05-07T10:30:00Z".'
        raise _RefusedError("not_a_date", "time", detail)
    if isinstance(value, str) and re.match(AMBIGUOUS_YEAR, value.strip()):
        detail = f'The year of "time" {_shown(value)} can be 19xx or 20xx. Write it with four digits.'
        raise _RefusedError("year_ambiguous", "time", detail)
    return _in_range(milliseconds, _shown(value))


def _instant_ms(moment: datetime | int) -> int:
    if isinstance(moment, int):
        return _in_range(_since_1970_ms(moment), str(moment))
    since = moment - (_EPOCH if moment.tzinfo else _EPOCH_NAIVE)
    return _in_range(since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000, "")


def _since_1970_ms(number: float) -> int:
    """A number since 1970 is read as the same digits in a text or a file are, see `domain.times`."""
    size = abs(number)
    if size < 10**11:
        return round(number * 1000)
    return int(number) if size < 10**14 else int(number) // 1000


def _in_range(milliseconds: int, shown: str) -> int:
    if not EARLIEST_MS <= milliseconds <= LATEST_MS:
        detail = f'"time" is {shown}, outside the years 1900 to 2299. Correct it.'
        raise _RefusedError("date_out_of_range", "time", detail)
    return milliseconds


def _read_properties(value: object) -> str:
    if value is None:
        return ""
    try:
        return _properties(msgspec.json.encode(value))
    except UnicodeError:
        detail = '"properties" contains half of a character pair. Correct it.'
        raise _RefusedError("invalid_utf8", "properties", detail) from None


def _properties(text: bytes) -> str:
    if text == b"null" or text == b"{}":
        return ""
    if text[:1] != b"{":
        raise _RefusedError(
            "properties_not_an_object", "properties", '"properties" is not an object. Send names and values.'
        )
    if len(text) > PROPERTIES_BYTES:
        detail = f'"properties" is larger than {PROPERTIES_BYTES >> 10} KB. Send less.'
        raise _RefusedError("text_too_long", "properties", detail)
    if _NUL_ESCAPE in text:
        raise _RefusedError("nul_byte", "properties", '"properties" contains a NUL character. Remove it.')
    return text.decode()


def _fill_device(event: Any, device: Device) -> None:
    event.device_browser = event.device_browser or device.browser
    event.device_os = event.device_os or device.os
    event.device_category = event.device_category or device.category


def _pieces(text: bytes, *, is_ndjson: bool) -> list[bytes]:
    if is_ndjson:
        return [line for line in text.splitlines() if line.strip()]
    if text[:1] != b"[":
        _check_json(text)
        return [text]
    try:
        return [bytes(piece) for piece in _raws.decode(text)]
    except _NOT_JSON as failure:
        raise _not_json(text, failure) from failure


def _check_json(text: bytes) -> None:
    try:
        _anything.decode(text)
    except _NOT_JSON as failure:
        raise _not_json(text, failure) from failure


def _not_json(text: bytes, failure: Exception) -> RefusedBodyError:
    return RefusedBodyError("body_not_json", _fault(text, failure, "The body"))


def _fault(text: bytes, failure: Exception, what: str) -> str:
    if isinstance(failure, RecursionError):
        return f"{what} is nested too deeply. Put fewer objects and lists into each other."
    try:
        text.decode()
    except UnicodeDecodeError as wrong:
        return f"{what} is not UTF-8 text from byte {wrong.start + 1} on. Send JSON encoded as UTF-8."
    words = str(failure)
    place = _PLACE.search(words)
    near = f" near byte {int(place[1]) + 1}" if place else ""
    advice = next((advice for part, advice in _REMEDIES.items() if part in words), "Correct it and send it again.")
    if text.startswith(codecs.BOM_UTF8):
        advice = "It begins with a byte order mark: send it without."
    return f"{what} is not valid JSON{near}. {advice}"


def _check_count(count: int) -> None:
    if not count:
        raise RefusedBodyError("body_empty", "The body holds no event. Send at least one.")
    if count > EVENTS_PER_BODY:
        detail = f"The body holds {count:,} events, the limit is {EVENTS_PER_BODY:,}. Send them in several requests."
        raise RefusedBodyError("too_many_events", detail)


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, default=str)[:100]
