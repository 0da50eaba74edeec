"""Events on their way from the intake to the writer: nothing is lost, changed or put out of order."""

import random
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from cjm_ingest.application.event_blocks import ROW_FIELDS, PackedBlock, Row, message_of, packed
from cjm_ingest.application.writer import StoredEvents, _decoded


def _row(**values: Any) -> Row:
    row: dict[str, Any] = {**dict.fromkeys(ROW_FIELDS, ""), "event_id": None, "value": None, "experience_score": None}
    row |= {"customer_id": "c", "action_type": "visit", "time": 5}
    return tuple((row | values).values())


def _arrived(*blocks: PackedBlock, sequence: int = 7) -> dict[str, tuple[list[dict[str, Any]], list[int]]]:
    message = StoredEvents(sequence, message_of(blocks), sum(block.count for block in blocks))
    return {
        dataset_id: (pa.table(arrived.columns).to_pylist(), arrived.indexes.tolist())
        for dataset_id, arrived in _decoded([message]).items()
    }


def _set_values(row: Row) -> dict[str, Any]:
    return {name: value for name, value in zip(ROW_FIELDS, row, strict=True) if value not in ("", None)}


def test_every_value_arrives_in_its_place() -> None:
    chance = random.Random(7)
    rows = [
        _row(
            customer_id=f"c{number}",
            time=-number,
            event_id=chance.choice([None, "", f"e{number}"]),
            value=chance.choice([None, 0.0, 1.5]),
            currency="EUR",
            geo_city=chance.choice(["", "Huế"]),
            properties=chance.choice(["", '{"n":1}']),
        )
        for number in range(500)
    ]
    ((dataset_id, (found, indexes)),) = _arrived(*packed("d", rows)).items()
    assert dataset_id == "d"
    assert [{name: value for name, value in row.items() if value not in ("", None)} for row in found] == [
        _set_values(row) for row in rows
    ]
    assert indexes == list(range(500))


def test_blocks_of_many_datasets_share_a_message_and_keep_their_order() -> None:
    first, other = packed("a", [_row(value=1.0)]), packed("b", [_row(value=2.0), _row()])
    found = _arrived(*first, *other, *packed("a", [_row(geo_city="Huế")]))
    assert found["a"][1] == [0, 3]
    assert [(row["value"], row["geo_city"]) for row in found["a"][0]] == [(1.0, None), (None, "Huế")]
    assert found["b"][1] == [1, 2]


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 70_000])
def test_any_number_of_blocks_is_one_message(count: int) -> None:
    blocks = packed("d", [_row()]) * count
    assert len(msgspec.msgpack.decode(message_of(blocks))) == count


def test_what_repeats_travels_once_and_what_is_large_in_parts() -> None:
    (block,) = packed("d", [_row(webpage_title="x" * 1000)] * 1000)
    assert len(block.data) < 2000
    blocks = packed("d", [_row(event_id=f"{number}" * 9, properties=f"{number}" * 20_000) for number in range(60)])
    assert sum(block.count for block in blocks) == 60
    assert max(len(block.data) for block in blocks) <= 400_000
    assert [row["event_id"] for row in _arrived(*blocks)["d"][0]] == [f"{number}" * 9 for number in range(60)]
    (alone,) = packed("d", [_row(properties="x" * 500_000)])
    assert alone.count == 1
