"""How often a reader of a fast stream is told something new."""

import time
from contextlib import aclosing

from core.feed import TextEvent
from core.gateway import Gateway
from tests.bench.live import live_request, live_services
from tests.bench.pairing import Figure, Size
from tests.bench.stream_server import TOKENS, stream_server

ROUNDS = {Size.FULL: 3, Size.QUICK: 1, Size.SMOKE: 1}
PAUSE_MS = 5
MOST_A_SECOND = 30


async def bench(size: Size) -> list[Figure]:
    """Updates a second a reader gets of 200 tokens a second."""
    with stream_server() as server, live_services(server) as services:
        rates = [await _rates(services.gateway) for _ in range(ROUNDS[size])]
    tokens, updates = zip(*rates, strict=True)
    name = "updates of a stream of 200 tokens a second"
    return [Figure(name, "/s", tokens, updates, MOST_A_SECOND, bounds="ours")]


async def _rates(gateway: Gateway) -> tuple[float, float]:
    """Tokens and updates a second of one run, from its first text to its last."""
    run_id = await gateway.asubmit(live_request("openai", PAUSE_MS))
    async with aclosing(gateway.afollow(run_id)) as events:
        moments = [time.perf_counter() async for event in events if isinstance(event, TextEvent)]
    seconds = moments[-1] - moments[0]
    return (TOKENS - 1) / seconds, (len(moments) - 1) / seconds
