"""The memory of event keys: what is stored is never taken for new, and the store is asked for little else."""

import numpy as np
import numpy.typing as npt
import pytest

from cjm_ingest.adapters.event_store import known_keys
from cjm_ingest.adapters.event_store.known_keys import KnownKeys
from cjm_ingest.application.appender import numbered_keys
from cjm_ingest.domain.key_filter import KeyFilter
from cjm_ingest.domain.keys import event_keys

Keys = npt.NDArray[np.uint64]
RANDOM = np.random.default_rng(5)


def random_keys(count: int) -> Keys:
    return RANDOM.integers(0, 2**64, count, dtype=np.uint64)


@pytest.mark.parametrize(
    ("keys", "others"),
    [
        (random_keys(200_000), random_keys(1_000_000)),
        (np.arange(200_000, dtype=np.uint64), np.arange(200_000, 1_200_000, dtype=np.uint64)),
        (numbered_keys("s", np.arange(200_000)), numbered_keys("s", np.arange(200_000, 1_200_000))),
        (numbered_keys("s", np.arange(200_000)), numbered_keys("t", np.arange(1_000_000))),
        (np.arange(200_000, dtype=np.uint64) << np.uint64(40), random_keys(1_000_000)),
    ],
    ids=["random", "small numbers", "made", "made elsewhere", "high bits"],
)
def test_a_filter_denies_no_key_that_it_holds_and_nearly_all_others(keys: Keys, others: Keys) -> None:
    known = KeyFilter(len(keys))
    known.add(keys[:150_000])
    known.add(keys[150_000:])
    assert known.may_hold(keys).all()
    assert known.may_hold(others).sum() < 50
    assert not known.is_full
    more = random_keys(150_000)
    known.add(more)
    assert known.is_full
    assert known.may_hold(np.concatenate([keys, more])).all()
    assert known.may_hold(others).sum() < 200


def test_a_filter_of_few_keys_is_small_and_takes_none_for_known() -> None:
    known = KeyFilter(0)
    assert known.size_bytes == KeyFilter.bytes_for(0) < 100_000
    assert not known.may_hold(event_keys(["a", "b"])).any()
    known.add(event_keys(["a", "a"]))
    assert known.may_hold(event_keys(["a", "b", "a"])).tolist() == [True, False, True]
    assert known.may_hold(event_keys([])).tolist() == []


class Store:
    """Editions whose keys are counted and read."""

    def __init__(self) -> None:
        self.keys: dict[str, Keys] = {}
        self.reads: list[str] = []
        self.known = KnownKeys(lambda edition: len(self.keys[edition]), self.read)

    def read(self, edition: str) -> list[Keys]:
        self.reads.append(edition)
        return np.array_split(self.keys[edition], 3)

    def store(self, edition: str, keys: Keys) -> None:
        self.known.add([edition], keys)
        self.keys[edition] = np.concatenate([self.keys[edition], keys])


def test_an_edition_is_read_once_it_has_been_asked_for_often() -> None:
    store = Store()
    store.keys["d"] = event_keys(["a", "b"])
    asked = event_keys(["a", "c"])
    for _ in range(known_keys.LOOKS):
        assert store.known.candidates("d", asked).tolist() == asked.tolist()
    assert store.reads == []
    assert store.known.candidates("d", asked).tolist() == asked[:1].tolist()
    store.store("d", event_keys(["c"]))
    assert store.known.candidates("d", asked).tolist() == asked.tolist()
    assert store.reads == ["d"]


def test_a_forgotten_edition_is_read_anew(eager_known_keys: None) -> None:
    store = Store()
    store.keys["d"] = event_keys(["a"])
    assert len(store.known.candidates("d", event_keys(["b"]))) == 0
    store.keys["d"] = event_keys(["b"])
    store.known.forget("d")
    store.known.forget("never seen")
    assert len(store.known.candidates("d", event_keys(["b"]))) == 1
    assert store.reads == ["d", "d"]


def test_what_has_grown_by_half_is_read_anew(eager_known_keys: None) -> None:
    store = Store()
    store.keys["d"] = random_keys(20_000)
    for _ in range(8):
        store.store("d", random_keys(2_000))
        assert store.known.candidates("d", store.keys["d"]).tolist() == store.keys["d"].tolist()
    assert store.reads == ["d", "d"]


def test_memory_is_for_those_asked_for_last(eager_known_keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_keys, "BUDGET_BYTES", 2 * KeyFilter.bytes_for(10_000))
    store = Store()
    store.keys = {"d": event_keys(["a"]), "e": event_keys(["b"]), "f": event_keys(["c"]), "g": random_keys(30_000)}
    asked = event_keys(["a", "b", "c"])
    found = [store.known.candidates(edition, asked).tolist() for edition in ("d", "e", "d", "f", "d", "e")]
    assert found == [[asked["def".index(edition)]] for edition in ("d", "e", "d", "f", "d", "e")]
    assert store.reads == ["d", "e", "f", "e"]
    assert store.known.candidates("g", asked).tolist() == asked.tolist()
    assert store.reads == ["d", "e", "f", "e"]
