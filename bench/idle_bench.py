"""Memory of the idle product with the sample data, and the time of a second start."""

import tempfile
import time
from pathlib import Path

import psutil

from bench.figures import Figure, at_most
from cjm_launcher.instance import free_port
from cjm_testkit.product import Product

_REST_SECONDS = 10.0


def run() -> list[Figure]:
    """Start, stop, start again and weigh the whole process tree."""
    with tempfile.TemporaryDirectory() as folder:
        product = Product(Path(folder), free_port(), demo=True)
        product.start()
        product.stop()
        start_seconds = product.start()
        time.sleep(_REST_SECONDS)
        assert product.process
        root = psutil.Process(product.process.pid)
        family = [root, *root.children(recursive=True)]
        resident_mb = sum(process.memory_info().rss for process in family) / 1e6
        names = ", ".join(f"{process.name()} {process.memory_info().rss / 1e6:.0f} MB" for process in family)
        product.stop()
    return [
        at_most("idle memory of everything", resident_mb, "MB", 1200, f"resident; {names}"),
        at_most("start to ready", start_seconds, "s", 10, "second start, sample data loaded"),
    ]
