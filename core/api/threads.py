"""Blocking work of routes, in threads of its own number so that nothing else waits for it."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import ParamSpec, TypeVar

import anyio.to_thread

T = TypeVar("T")
P = ParamSpec("P")

READERS = 8


async def in_thread(
    limiter: anyio.CapacityLimiter, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """What `work` returns, done in a thread when `limiter` has one free."""
    return await anyio.to_thread.run_sync(lambda: work(*args, **kwargs), limiter=limiter)


async def pieces_in_threads(
    limiter: anyio.CapacityLimiter, pieces: Iterator[bytes]
) -> AsyncIterator[bytes]:
    """`pieces`, each made in a thread; between them none is held."""
    while (piece := await in_thread(limiter, _next, pieces)) is not None:
        yield piece


def _next(pieces: Iterator[bytes]) -> bytes | None:
    return next(pieces, None)
