"""Fifty live runs at once against one: how long until the last of them has ended."""

import asyncio
import time

from core.gateway import Gateway
from tests.bench.gateway import with_gateway
from tests.bench.live import CONCURRENCY, live_request, live_services
from tests.bench.pairing import Figure, Size, in_turns
from tests.bench.stream_server import stream_server

ROUNDS = {Size.FULL: 4, Size.QUICK: 1, Size.SMOKE: 1}
PAUSE_MS = {Size.FULL: 5, Size.QUICK: 5, Size.SMOKE: 0}
AIM = 1.25  # the issue names none; the ideal is 1.0


async def bench(size: Size) -> list[Figure]:
    """Wall time, every run with a reader of its own."""
    with stream_server() as server, live_services(server) as services:
        gateway = services.gateway
        one, fifty = await in_turns(
            lambda: _wall_ms(gateway, 1, PAUSE_MS[size]),
            lambda: _wall_ms(gateway, CONCURRENCY, PAUSE_MS[size]),
            ROUNDS[size],
        )
    return [Figure(f"{CONCURRENCY} live runs at once: wall time", "ms", one, fifty, AIM)]


async def _wall_ms(gateway: Gateway, runs: int, pause_ms: int) -> float:
    request = live_request("openai", pause_ms)
    began = time.perf_counter()
    await asyncio.gather(*(with_gateway(gateway, request) for _ in range(runs)))
    return (time.perf_counter() - began) * 1000
