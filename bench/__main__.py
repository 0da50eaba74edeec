"""Runs the benchmarks by name, all when none is given, and prints one line per figure."""

import importlib
import os
import platform
import sys
import time

from bench.figures import Figure

NAMES = ("idle_bench", "map_bench", "import_bench", "rest_bench")


def main() -> int:
    """Run what was asked for; the exit code says whether every promise was kept."""
    wanted = [name if name.endswith("_bench") else f"{name}_bench" for name in sys.argv[1:]] or list(NAMES)
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}", flush=True)
    missed = 0
    for name in wanted:
        os.sync()  # what the one before left to be written must not be paid for by the next
        started_at = time.perf_counter()
        print(f"\n== {name}", flush=True)
        figures: list[Figure] = importlib.import_module(f"bench.{name}").run()
        for figure in figures:
            missed += not figure.is_met
            mark = "met   " if figure.is_met else "MISSED"
            value = f"{figure.value:,.3g}" if figure.value < 1000 else f"{figure.value:,.0f}"
            print(f"{mark} {figure.name}: {value} {figure.unit} (promised {figure.promise}) {figure.note}", flush=True)
        print(f"   ({time.perf_counter() - started_at:.0f} s)", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
