"""How long the Text page takes to answer an action: many sessions at once against one."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.app_server import running_app
from tests.bench.pairing import Figure, Size
from tests.bench.session import Session, session

AIM = 2.0
THINK_S = 1.0


class Crowd(NamedTuple):
    """How many sessions there are, how often each acts in a round, and how many rounds."""

    sessions: int
    actions: int
    rounds: int


CROWDS = {Size.FULL: Crowd(30, 7, 4), Size.QUICK: Crowd(30, 3, 1), Size.SMOKE: Crowd(2, 1, 1)}


async def bench(size: Size) -> list[Figure]:
    """Median milliseconds of a rerun; each session acts once a second, at its own moment."""
    many, actions, rounds = CROWDS[size]
    alone: list[float] = []
    together: list[float] = []
    with tempfile.TemporaryDirectory() as folder, running_app(Path(folder)) as app:
        async with AsyncExitStack() as stack:
            sessions = [await stack.enter_async_context(session(app.url)) for _ in range(many)]
            await _acting(sessions[:1], 1)
            for _ in range(rounds):
                alone.append(median(await _acting(sessions[:1], actions)))
                together.append(median(await _acting(sessions, actions)))
    return [Figure(f"rerun of the Text page, {many} sessions: p50", "ms", alone, together, AIM)]


async def _acting(sessions: list[Session], actions: int) -> list[float]:
    """Milliseconds of every rerun while each of `sessions` acts `actions` times."""
    took = await asyncio.gather(
        *(
            _person(one, actions, starts_after=THINK_S * index / len(sessions))
            for index, one in enumerate(sessions)
        )
    )
    return [ms for each in took for ms in each]


async def _person(one: Session, actions: int, *, starts_after: float) -> list[float]:
    loop = asyncio.get_running_loop()
    due = loop.time() + starts_after
    took: list[float] = []
    for _ in range(actions):
        await asyncio.sleep(due - loop.time())
        took.append(await one.act())
        due = max(due + THINK_S, loop.time())
    return took
