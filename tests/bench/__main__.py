"""Run the benches and print what they measured: `python -m tests.bench [name …] [--quick]`."""

import argparse
import asyncio
import os
import platform
import time
from collections.abc import Awaitable, Callable
from statistics import median

from tests.bench import (
    checks,
    concurrency,
    gallery,
    gateway,
    history,
    history_page,
    memory,
    pictures,
    rerun,
    rest,
    updates,
)
from tests.bench.pairing import Figure, Size

LIMIT_S = 120
BENCHES: dict[str, Callable[[Size], Awaitable[list[Figure]]]] = {
    "gateway": gateway.bench,
    "rest": rest.bench,
    "rerun": rerun.bench,
    "concurrency": concurrency.bench,
    "memory": memory.bench,
    "updates": updates.bench,
    "pictures": pictures.bench,
    "gallery": gallery.bench,
    "checks": checks.bench,
    "history": history.bench,
    "history_page": history_page.bench,
}
HEADER = f"{'':55} {'floor':>10} {'ours':>10} {'ratio (quartiles)':>22}  aim"


async def measure(name: str, size: Size) -> list[Figure]:
    """What the bench of this name measures, within two minutes."""
    async with asyncio.timeout(LIMIT_S):
        return await BENCHES[name](size)


def line(figure: Figure) -> str:
    """One figure as a row of the table: medians, median ratio, aim."""
    low, high = figure.spread
    floor, ours = (f"{median(values):,.4g} {figure.unit}" for values in (figure.floor, figure.ours))
    ratio = f"{figure.ratio:.2f} ({low:.2f}-{high:.2f})"
    return f"{figure.name:55} {floor:>10} {ours:>10} {ratio:>22}  {_aim(figure)}"


def _aim(figure: Figure) -> str:
    if figure.aim is None:
        return "-"
    sign = ">=" if figure.larger_is_better else "<="
    unit = f" {figure.unit}" if figure.bounds == "ours" else ""
    return f"{sign} {figure.aim:g}{unit}: {'met' if figure.met else 'MISSED'}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHES))
    parser.add_argument("--quick", action="store_true", help="few rounds: rough figures")
    asked = parser.parse_args()
    unknown = sorted(set(asked.names) - set(BENCHES))
    if unknown:
        parser.error(f"no bench is called {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    size = Size.QUICK if asked.quick else Size.FULL
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load before: {load}")
    print(HEADER)
    began = time.perf_counter()
    for name in asked.names or BENCHES:
        for figure in asyncio.run(measure(name, size)):
            print(line(figure), flush=True)
    print(f"took {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
