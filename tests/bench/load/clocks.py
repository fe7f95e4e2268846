"""The clocks of a page's fragments that refresh themselves, as Streamlit's frontend keeps them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from tests.bench.load.tally import Tally


class Clocks:
    """Each fragment is asked for by `ask` every so many seconds, answered or not; how long the
    first of the unanswered had to wait goes to the tally.
    """

    def __init__(self, ask: Callable[[str], Awaitable[None]], tally: Tally) -> None:
        self._ask, self._tally = ask, tally
        self._ticking: dict[str, tuple[float, asyncio.Task[None]]] = {}
        self._asked: dict[str, float] = {}
        self._answering: dict[str, float] = {}

    def start(self, fragment: str, interval: float) -> None:
        """Ask for the fragment every `interval` seconds; a clock that does so already goes on."""
        if fragment in self._ticking and self._ticking[fragment][0] == interval:
            return
        self.stop(fragment)
        self._ticking[fragment] = (interval, asyncio.create_task(self._tick(fragment, interval)))

    def stop(self, fragment: str) -> None:
        """Ask no more."""
        if fragment in self._ticking:
            self._ticking.pop(fragment)[1].cancel()
        self._asked.pop(fragment, None)

    def stop_all(self) -> None:
        """Ask for nothing any more."""
        for fragment in list(self._ticking):
            self.stop(fragment)

    def begun(self, fragments: Sequence[str]) -> None:
        """A run of these fragments answers all that was asked before."""
        asked = ((name, self._asked.pop(name, None)) for name in fragments)
        self._answering = {name: moment for name, moment in asked if moment is not None}

    def answered(self) -> None:
        """That run is over."""
        for fragment, moment in self._answering.items():
            if fragment in self._ticking:
                due = "under 1 s" if self._ticking[fragment][0] < 1 else "1 s and more"
                self._tally.note(f"refresh, {due}", (time.perf_counter() - moment) * 1000)

    async def _tick(self, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            self._asked.setdefault(fragment, time.perf_counter())
            await self._ask(fragment)
