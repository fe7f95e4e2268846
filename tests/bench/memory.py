"""Whether memory stays flat: a fresh process makes run after run, each with a reader."""

import asyncio
import gc
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

from core.feed import Feed
from core.gateway import AnyRequest, Gateway
from core.services import build_services
from core.settings import load_settings
from core.types import TextRequest
from tests.bench.pairing import Figure, Size

AIM = 1.05
# Runs to warm up, and runs more.
RUNS = {Size.FULL: (200, 1000), Size.QUICK: (80, 240), Size.SMOKE: (8, 8)}
AT_ONCE = 8
READS = 10
STATM = Path("/proc/self/statm")

Make = Callable[[Gateway], Awaitable[None]]


async def bench(size: Size) -> list[Figure]:
    """Resident memory after a warm-up and after many more runs, and feeds still held."""
    warm_up, more = RUNS[size]
    before, after, feeds = await in_fresh_process(make, warm_up, more)
    return [
        Figure(f"memory after {more:,} more runs", "MB", before, after, AIM),
        Figure(f"feeds held after {more:,} runs", "", [1], [feeds], 0, bounds="ours"),
    ]


IN_FRESH_PROCESS = """
import importlib, json, sys
from tests.bench.memory import measure
module, name, warm_up, more = sys.argv[1:]
make = getattr(importlib.import_module(module), name)
print(json.dumps(measure(make, int(warm_up), int(more))))
"""


async def in_fresh_process(
    make: Make, warm_up: int, more: int
) -> tuple[list[float], list[float], int]:
    """`measure` where nothing else has used memory."""
    # Not multiprocessing: it would import __main__ again, whatever a test runner made of that.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", IN_FRESH_PROCESS, make.__module__, make.__name__),
        *(str(warm_up), str(more)),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    assert process.returncode == 0, "the measuring process failed; its words are above"
    before, after, feeds = json.loads(told.splitlines()[-1])
    return before, after, feeds


def measure(make: Make, warm_up: int, more: int) -> tuple[list[float], list[float], int]:
    """Ten reads of MB at the end of `warm_up` runs, ten after `more`; feeds alive at the end.

    `make` makes one run.
    """
    with tempfile.TemporaryDirectory() as folder:
        values = {"PLAYGROUND_DATA_DIR": folder, "MOCK_TOKENS_PER_SECOND": "0"}
        services = build_services(load_settings(values, env_file=None))
        try:
            before = asyncio.run(_reads_after(services.gateway, make, warm_up))
            after = asyncio.run(_reads_after(services.gateway, make, more))
            gc.collect()
            feeds = sum(isinstance(item, Feed) for item in gc.get_objects())
        finally:
            services.close()
    return before, after, feeds


async def _reads_after(gateway: Gateway, make: Make, runs: int) -> list[float]:
    """Make `runs` runs, and read memory ten times during the last quarter of them."""
    rounds = runs // AT_ONCE
    reads: list[float] = []
    for index in range(rounds):
        await asyncio.gather(*(make(gateway) for _ in range(AT_ONCE)))
        if rounds - index <= max(rounds // 4, 1) and len(reads) < READS:
            reads.append(_resident_mb())
    reads += [reads[-1]] * (READS - len(reads))
    return reads


async def make(gateway: Gateway) -> None:
    """One run of a product page, followed to its end."""
    payload = {
        "product_name": "담은 텀블러",
        "features": ["12시간 보온", "한 손으로 여는 뚜껑"],
        "target_audience": "출근길 직장인",
    }
    await follow(gateway, TextRequest(role="copywriter", task="product_detail", payload=payload))


async def follow(gateway: Gateway, request: AnyRequest) -> None:
    """Make a run and read it to its end."""
    run_id = await gateway.asubmit(request)
    async with aclosing(gateway.afollow(run_id)) as events:
        async for _ in events:
            pass


def _resident_mb() -> float:
    """Resident memory of this process (Linux)."""
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
