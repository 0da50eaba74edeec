"""A file from the upload to visible rows, beside what the same libraries need at least for the same rows."""

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from bench.figures import Figure, at_most
from cjm_launcher.instance import free_port
from cjm_testkit.product import Product, created, ended

_RATIO_BYTES = 300_000_000
_LARGE_BYTES = 1_000_000_000
_CUSTOMERS = 100_000
_CHUNK_ROWS = 500_000
_FIELDS = {
    "customer_id": "user_id",
    "action_type": "event",
    "time": "timestamp",
    "session_id": "session_id",
    "device_category": "platform",
    "channel_type": "channel",
    "value": "price",
    "webpage_url": "page",
}
_MAPPING = {"name": "bench", "columns": [{"field": name, "column": column} for name, column in _FIELDS.items()]}


def run() -> list[Figure]:
    """Import 300 MB twice beside the reference, then 1 GB while its memory is watched."""
    figures = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "events.csv"
        rows_count = _write(file, _RATIO_BYTES)
        product = Product(folder / "data", free_port(), demo=False)
        product.start()
        try:
            with product.client() as client:
                figures.append(_ratio(client, file, rows_count))
                rows_count = _write(file, _LARGE_BYTES)
                seconds, extra_mb = _import(client, file, "large", product)
        finally:
            product.stop()
        note = f"{rows_count:,} rows in {seconds:.0f} s, anonymous memory above the moment before"
        figures.append(at_most("import of a 1 GB file: extra memory", extra_mb, "MB", 400, note))
    return figures


def _ratio(client: httpx.Client, file: Path, rows_count: int) -> Figure:
    _import(client, file, "warm-up")
    pairs = []
    for round_number in range(2):
        reference_seconds = _reference(file)
        pairs.append((_import(client, file, f"round {round_number}")[0], reference_seconds))
    import_seconds, reference_seconds = min(pairs, key=lambda pair: pair[0] / pair[1])
    ratio = import_seconds / reference_seconds
    note = f"{rows_count:,} rows, {import_seconds:.1f} s against {reference_seconds:.1f} s, best of 2 pairs"
    return at_most("import: upload to visible / (pyarrow.csv + one insert_arrow)", ratio, "x", 3, note)


def _write(path: Path, size_bytes: int) -> int:
    """Write a clickstream of about this size; returns its rows."""
    generator = np.random.default_rng(7)
    steps = pa.array([f"step {number}" for number in range(20)])
    platforms, channels = pa.array(["desktop", "mobile", "tablet"]), pa.array(["ads", "email", "organic", "social"])
    start, rows_count = np.datetime64("2024-01-01T00:00:00", "s"), 0
    with path.open("wb") as file:
        while file.tell() < size_bytes:
            users = (generator.pareto(0.7, _CHUNK_ROWS) * 1000).astype(np.int64) % _CUSTOMERS
            seconds = np.sort(generator.integers(0, 86_400, _CHUNK_ROWS)) + rows_count // _CHUNK_ROWS * 86_400
            texts = pa.array(users).cast(pa.string())
            pages = pa.array(generator.integers(1, 20_000, _CHUNK_ROWS))
            table = pa.table(
                {
                    "user_id": pc.binary_join_element_wise("user", texts, "_"),
                    "session_id": pc.binary_join_element_wise("session", texts, str(rows_count), "_"),
                    "event": steps.take(pa.array(generator.integers(0, 20, _CHUNK_ROWS))),
                    "timestamp": pa.array(start + seconds),
                    "platform": platforms.take(pa.array(generator.integers(0, 3, _CHUNK_ROWS))),
                    "channel": channels.take(pa.array(generator.integers(0, 4, _CHUNK_ROWS))),
                    "price": pa.array(generator.integers(1, 99_999, _CHUNK_ROWS) / 100),
                    "page": pc.binary_join_element_wise("https://shop.example/p", pages.cast(pa.string()), "/"),
                }
            )
            csv.write_csv(table, file, csv.WriteOptions(include_header=not rows_count, quoting_style="none"))
            rows_count += _CHUNK_ROWS
    return rows_count


def _import(client: httpx.Client, file: Path, name: str, product: Product | None = None) -> tuple[float, float]:
    """Upload into a new dataset; returns seconds until the rows are visible and, with a product, extra megabytes."""
    dataset = created(client.post("/api/v1/datasets", json={"name": name}))
    watch = _MemoryWatch(product) if product else None
    started_at = time.perf_counter()
    with file.open("rb") as content:
        answer = client.post(
            f"/api/v1/datasets/{dataset['id']}/imports",
            files={"file": (file.name, content, "text/csv")},
            data={"mapping": json.dumps(_MAPPING)},
            timeout=600,
        )
    entry = ended(client, f"/api/v1/imports/{created(answer, 202)['id']}", 600)
    seconds = time.perf_counter() - started_at
    assert entry["status"] == "completed", entry
    assert entry["rows_rejected"] == 0, entry
    return seconds, watch.stop() if watch else 0.0


def _reference(file: Path) -> float:
    """Seconds of reading the file and inserting the same rows at once, in a process of its own."""
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        command = [sys.executable, "-m", "bench.import_bench", str(file), folder]
        return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def _read_and_insert(file: str, folder: str) -> float:
    from cjm_ingest.adapters.event_store.store import EventStore

    store = EventStore.open(Path(folder) / "events")
    started_at = time.perf_counter()
    table = csv.read_csv(file)
    count = table.num_rows
    steps = table["event"].combine_chunks().dictionary_encode()
    codes = store.action_codes("reference", steps.dictionary.to_pylist())
    rows = {
        "dataset_id": pa.repeat("reference", count),
        "event_key": pa.array(np.arange(count, dtype=np.uint64)),
        "event_id": pc.binary_join_element_wise("reference", pa.array(np.arange(count)).cast(pa.string()), ":"),
        "customer_id": table["user_id"],
        "action": pa.array(codes[steps.indices.to_numpy()]),
        "time": table["timestamp"].cast(pa.timestamp("ms")).cast(pa.timestamp("ms", "UTC")),
        "tie": pa.array(np.zeros(count, np.uint32)),
        "import_id": pa.repeat("reference", count),
        **{
            field: table[column]
            for field, column in _FIELDS.items()
            if field not in ("customer_id", "action_type", "time")
        },
    }
    store.insert(pa.table(rows), "reference")
    seconds = time.perf_counter() - started_at
    store.close()
    return seconds


class _MemoryWatch:
    """Watches the anonymous memory of the product's processes."""

    def __init__(self, product: Product) -> None:
        assert product.process
        self._root = psutil.Process(product.process.pid)
        self._before_mb = self._now_mb()
        self._peak_mb = self._before_mb
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> float:
        """Megabytes of the peak above the start."""
        self._is_over.set()
        self._thread.join()
        return self._peak_mb - self._before_mb

    def _watch(self) -> None:
        while not self._is_over.wait(0.1):
            self._peak_mb = max(self._peak_mb, self._now_mb())

    def _now_mb(self) -> float:
        total_kb = 0
        for process in [self._root, *self._root.children(recursive=True)]:
            status = Path(f"/proc/{process.pid}/status")
            if status.exists():
                lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
                total_kb += int(lines["RssAnon"].split()[0])
        return total_kb * 1024 / 1e6


if __name__ == "__main__":
    print(_read_and_insert(*sys.argv[1:]))
