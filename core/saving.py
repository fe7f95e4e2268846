"""How a run gets to disk: its text while it arrives, and its end once.

Nothing is shown that is not saved. When the disk is full or the database locked, saving is
tried again for as long as the process lives, and readers are told that it waits.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, repeat
from typing import NamedTuple

from core.draft import Draft
from core.errors import PlaygroundError, RunNotFound, RunUnfinished, StoreError
from core.lane import Active
from core.run import Run
from core.store import RunStore
from core.types import Phase, RunStatus

SAVE_INTERVAL_S = 0.05
RETRIES_S = (0.25, 0.5, 1.0, 2.0)  # the last one over and over
PATIENCE_S = 5.0  # so long those who only wait for the end are not told of it

log = logging.getLogger("playground.saving")


class _Arrived(NamedTuple):
    output: str
    thinking: str


class Saver:
    """Saves the runs of one runner. For the runner's loop only."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._closing = asyncio.Event()

    def close(self) -> None:
        """From now on what cannot be saved at the next attempt is left to the next start."""
        self._closing.set()

    async def started(self, active: Active, run: Run) -> None:
        """Save that `run` has left the queue, before anything is sent to its server.

        Returns unsaved only when the run is stopped meanwhile or the app closes.
        """
        for delay in _delays():
            try:
                await asyncio.wrap_future(self._store.start(run))
            except StoreError as error:
                self._held_up(active, error)
            else:
                return
            if active.stop_as is not None or self._closing.is_set():
                return
            await self._pause(delay)

    async def text(self, active: Active, run: Run, draft: Draft, dirty: asyncio.Event) -> None:
        """Save what arrives, then show it: the first piece at once, then in small batches."""
        saved = _Arrived("", "")
        while True:
            await dirty.wait()
            dirty.clear()
            if (draft.text, draft.thinking) != saved:
                saved = await self._save_text(active, draft)
                active.feed.show(run.model_copy(update=saved._asdict()))
            if active.stop_as is None:
                active.feed.show_state(draft)
            if saved != ("", ""):
                await asyncio.sleep(SAVE_INTERVAL_S)

    async def end(self, active: Active, run: Run) -> Run | None:
        """Save the final state; the run as it is in the database then.

        None when the app closes before that could be done: the next start ends the run.
        """
        for delay in _delays():
            try:
                ours = await asyncio.wrap_future(self._store.finish(run))
            except StoreError as error:
                self._held_up(active, error)
                if self._closing.is_set():
                    log.warning("run left unfinished", extra=run.named | {"error": error.message})
                    return None
                self._tell_who_waits(active, error)
                await self._pause(delay)
            except Exception:
                log.exception("run cannot be written as it is", extra=run.named)
                return await self._end_broken(active, run)
            else:
                return run if ours else await self._taken_away(run)
        return None

    async def _save_text(self, active: Active, draft: Draft) -> _Arrived:
        """Save all that has arrived by now; what that was."""
        for delay in _delays():
            arrived = _Arrived(draft.text, draft.thinking)
            saving = self._store.save_text(active.job.run.id, **arrived._asdict())
            try:
                await asyncio.wrap_future(saving)
            except StoreError as error:
                self._held_up(active, error)
                await self._pause(delay)
            else:
                break
        active.held_up_at = None
        return arrived

    async def _end_broken(self, active: Active, run: Run) -> Run | None:
        """End a run that the database does not take as a failure, with the text shown so far."""
        shown = active.feed.view.run
        error = PlaygroundError(
            "The playground could not record this answer. Run it again; if it happens again, show "
            "this run to whoever looks after the playground."
        )
        broken = shown.model_copy(
            update={
                "status": RunStatus.FAILED,
                "finished_at": run.finished_at,
                "total_ms": run.total_ms,
                "error_code": error.code,
                "error_message": error.message,
            }
        )
        if broken == run:
            raise error
        return await self.end(active, broken)

    async def _taken_away(self, run: Run) -> Run:
        """The row as it is now: another process took this one for dead, or somebody removed it."""
        log.error("run no longer belongs to this process", extra=run.named)
        try:
            return await asyncio.to_thread(self._store.get, run.id)
        except RunNotFound:
            return run

    def _held_up(self, active: Active, error: StoreError) -> None:
        if active.held_up_at is None:
            active.held_up_at = asyncio.get_running_loop().time()
            told = active.job.run.named | {"error": error.message}
            log.warning("run waits to be saved", extra=told)
            active.feed.set_phase(Phase.SAVING)

    def _tell_who_waits(self, active: Active, error: StoreError) -> None:
        """Those who wait for the end alone get to know that it cannot be saved for now."""
        began = active.held_up_at or 0.0
        if asyncio.get_running_loop().time() - began >= PATIENCE_S:
            active.fail(
                RunUnfinished(
                    f"The run is over but cannot be saved yet. {error.message} It is saved as soon "
                    "as that is possible; read the run again then.",
                    details={"run_id": active.job.run.id},
                )
            )

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()
                await asyncio.sleep(0)  # closing: the next attempt is the last one


def _delays() -> Iterator[float]:
    return chain(RETRIES_S, repeat(RETRIES_S[-1]))
