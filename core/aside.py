"""Blocking work in threads that nobody has to wait for."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Aside(Generic[T]):
    """One piece of blocking work that may hang: a name server, a disk that is away.

    It is done in a daemon thread, by itself: never twice at once, so that what hangs takes up
    one thread and not all of a pool, and nobody has to wait for it at the end of the process.
    """

    def __init__(self, work: Callable[[], T], *, name: str) -> None:
        self._work = work
        self._name = name
        self._lock = threading.Lock()
        self._under_way: Future[T] | None = None

    async def result(self, timeout_s: float) -> T:
        """What the work gives or raises; joins it where it is under way already.

        Raises TimeoutError when it takes longer; it then goes on until it ends by itself.
        """
        async with asyncio.timeout(timeout_s):
            return await asyncio.wrap_future(self._future())

    def _future(self) -> "Future[T]":
        with self._lock:
            if self._under_way is None or self._under_way.done():
                future: Future[T] = Future()
                # Whoever stops waiting must not cancel it for the others.
                future.set_running_or_notify_cancel()
                threading.Thread(
                    target=self._do, args=[future], name=self._name, daemon=True
                ).start()
                self._under_way = future
            return self._under_way

    def _do(self, future: "Future[T]") -> None:
        try:
            value = self._work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(value)
