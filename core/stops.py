"""Stops that another app process asked for, looked for while there is something to stop."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from core.errors import StoreError

LOOK_EVERY_S = 1.0

log = logging.getLogger("playground.stops")


class StopWatch:
    """Asks the database every second while runs are under way, and not at all otherwise.

    For the runner's loop only. `asked` blocks and tells which runs somebody wants stopped,
    `busy` whether any are under way, `stop` stops one.
    """

    def __init__(
        self,
        *,
        asked: Callable[[], Sequence[str]],
        busy: Callable[[], bool],
        stop: Callable[[str], object],
    ) -> None:
        self._asked = asked
        self._busy = busy
        self._stop = stop
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """There is a run under way now."""
        if self._task is None:
            self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        try:
            while self._busy():
                await asyncio.sleep(LOOK_EVERY_S)
                await self._look()
        finally:
            self._task = None

    async def _look(self) -> None:
        try:
            wanted = await asyncio.to_thread(self._asked)
        except StoreError as error:
            log.warning("stops not looked for", extra={"error": error.message})
            return
        for run_id in wanted:
            log.info("run stopped for another process", extra={"run_id": run_id})
            self._stop(run_id)
