"""Runs as tasks on a loop of their own, outside any page or request.

Nothing that a browser or a REST client does ends a run, except cancelling it. What readers
see of a run is always already saved: text is written to its row first and shown then, so a
killed process loses nothing that anybody saw.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from contextlib import aclosing
from typing import Any, TypeVar

from core.draft import Draft
from core.errors import PlaygroundError, StoreError
from core.feed import Feed
from core.lane import Active, Depth, Job, Lane
from core.loop import LoopThread
from core.providers.base import LLMProvider, MediaProvider
from core.run import (
    Run,
)
from core.store import RunStore
from core.store.runs import INTERRUPTED_MESSAGE
from core.types import (
    Phase,
    RunStatus,
    utc_now,
)

NOTE_START_AFTER_S = 0.02
SAVE_INTERVAL_S = 0.05
SAVE_RETRIES_S = (0.5, 1, 2, 4, 8, 16)
CANCELLED_MESSAGE = "The run was stopped. What had arrived is kept."

T = TypeVar("T")
log = logging.getLogger("playground.runner")


class Runner:
    """Makes runs. Its public methods may be called from any thread but its own loop's."""

    def __init__(
        self,
        store: RunStore,
        providers: Mapping[tuple[str, str], LLMProvider | MediaProvider],
        *,
        on_end: Callable[[Run], None] = lambda run: None,
    ) -> None:
        """`providers` by kind and name, such as ("text", "mock").

        `on_end` is told each run that has ended, on the runner's loop, before anybody else.
        What it raises is logged and harms no run.
        """
        self._store = store
        self._providers = providers
        self._on_end = on_end
        self._lanes = {key: Lane(item.profile.concurrency) for key, item in providers.items()}
        self._active: dict[str, Active] = {}
        self._loop = LoopThread("runner")
        self._closing = False

    def find(self, run_id: str) -> Active | None:
        """The run, if it is under way here."""
        return self._active.get(run_id)

    @property
    def closing(self) -> bool:
        """Whether it takes no more runs."""
        return self._closing

    @property
    def active(self) -> int:
        """How many runs are under way here, in line or being made."""
        return len(self._active)

    @property
    def readers(self) -> int:
        """How many readers follow the runs under way."""
        return sum(active.feed.readers for active in list(self._active.values()))

    def depths(self) -> dict[tuple[str, str], Depth]:
        """How long each provider's line is, by kind and name."""
        return {provider: lane.depth for provider, lane in self._lanes.items()}

    def submit(self, jobs: Sequence[Job]) -> "Future[None]":
        """Write the rows of `jobs`, all or none, then put them in line in their order.

        The future is done when the rows are on disk; nothing has left the process before.
        """
        return self._submit([Active(job, Feed(job.run)) for job in jobs])

    def make(self, job: Job) -> "Future[Run]":
        """Submit one run; the future is its final state, or the error of writing its row."""
        active = Active(job, Feed(job.run))
        self._submit([active])
        return active.ended

    def resume(self, job: Job) -> None:
        """Go on with a run whose row is there and whose server may still be at work."""
        active = Active(job, Feed(job.run))
        self._active[job.run.id] = active
        self._loop.start(self._enqueue([active]))

    def cancel(self, run_id: str) -> "Future[Run] | None":
        """Stop a run at once; the future is its final state. None if it is not under way."""
        active = self._active.get(run_id)
        if active is None:
            return None
        self._loop.start(self._stop(active, RunStatus.CANCELLED))
        return active.ended

    def call(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run `coroutine` on the runner's loop, where the providers' connections live."""
        return self._loop.start(coroutine)

    def close(self) -> None:
        """End every run as `interrupted` with what had arrived, then let go of everything.

        Only jobs that their server goes on with stay `running`; the next start follows them.
        """
        self._closing = True
        self._loop.start(self._close()).result()
        self._loop.close()

    def _submit(self, actives: Sequence[Active]) -> "Future[None]":
        if self._closing:
            raise StoreError("The playground is shutting down. Start it again, then run this.")
        self._active.update((active.job.run.id, active) for active in actives)
        written = self._store.insert([active.job.run for active in actives])
        written.add_done_callback(lambda done: self._written(done, actives))
        return written

    def _written(self, done: "Future[None]", actives: Sequence[Active]) -> None:
        """On the writer thread: the rows are there, or they could not be written."""
        error = done.exception()
        if error is None:
            self._loop.start(self._enqueue(actives))
            return
        for active in actives:
            self._active.pop(active.job.run.id, None)
            active.ended.set_exception(error)

    async def _enqueue(self, actives: Sequence[Active]) -> None:
        for active in actives:
            if active.stop_as is None:
                self._lane(active).add(active)
        for lane in {self._lane(active) for active in actives}:
            self._pump(lane)

    def _lane(self, active: Active) -> Lane:
        return self._lanes[active.job.provider]

    def _pump(self, lane: Lane) -> None:
        """Start what there is room for and tell the others their place."""
        while not self._closing and (active := lane.take()) is not None:
            active.task = asyncio.create_task(self._run(active, lane))
        lane.announce()

    async def _run(self, active: Active, lane: Lane) -> None:
        run = active.job.run.model_copy(
            update={
                "status": RunStatus.RUNNING,
                "started_at": utc_now(),
                "queued_ms": active.elapsed_ms(),
            }
        )
        # The request need not wait for the disk, and a run that is over by then needs no note.
        noting = asyncio.get_running_loop().call_later(NOTE_START_AFTER_S, self._note_start, run)
        active.feed.show(run)
        active.feed.set_phase(Phase.CONNECTING)
        log.info("run started id=%s provider=%s model=%s", run.id, run.provider, run.model)
        try:
            final = await self._answer(active, run)
            noting.cancel()
            await self._finish(active, final)
        finally:
            lane.leave(active)
            self._pump(lane)

    def _note_start(self, run: Run) -> None:
        self._store.start(run).add_done_callback(_log_failure)

    async def _answer(self, active: Active, run: Run) -> Run:
        """Have the provider answer; the final run, whatever happens."""
        draft = active.job.draft(run)
        dirty = asyncio.Event()
        active.reading = asyncio.create_task(self._read(active, draft, dirty))
        saving = asyncio.create_task(self._save(active, run, draft, dirty))
        if active.stop_as is not None:  # stopped between leaving the line and starting
            active.reading.cancel()
        try:
            await active.reading
            return await draft.succeeded()
        except asyncio.CancelledError:
            return stopped(draft, active.stop_as)
        except PlaygroundError as error:
            return draft.failed(error)
        except Exception as error:
            log.exception("run broke id=%s", run.id)
            return draft.failed(
                PlaygroundError(
                    f"The playground itself failed ({type(error).__name__}). Run it again; if it "
                    "happens again, show this run to whoever looks after the playground."
                )
            )
        finally:
            saving.cancel()
            await asyncio.wait([saving])
            if not saving.cancelled() and (error := saving.exception()) is not None:
                log.error("saving broke id=%s", run.id, exc_info=error)

    async def _read(self, active: Active, draft: Draft, dirty: asyncio.Event) -> None:
        provider: Any = self._providers[active.job.provider]
        async with aclosing(provider.stream(active.job.request)) as events:
            async for event in events:
                draft.add(event)
                if not dirty.is_set():
                    dirty.set()
                    await asyncio.sleep(0)  # saving starts now, however fast the rest comes

    async def _save(self, active: Active, run: Run, draft: Draft, dirty: asyncio.Event) -> None:
        """Save what arrives, then show it: the first piece at once, then in small batches."""
        saved = ("", "")
        while True:
            await dirty.wait()
            dirty.clear()
            arrived = (draft.text, draft.thinking)
            if arrived != saved:
                await self._save_text(run.id, *arrived)
                saved = arrived
                active.feed.show(
                    run.model_copy(update={"output": arrived[0], "thinking": arrived[1]})
                )
            if active.stop_as is None:
                active.feed.show_state(draft)
            if arrived != ("", ""):
                await asyncio.sleep(SAVE_INTERVAL_S)

    async def _save_text(self, run_id: str, output: str, thinking: str) -> None:
        try:
            await asyncio.wrap_future(
                self._store.save_text(run_id, output=output, thinking=thinking)
            )
        except StoreError as error:
            # The text is still shown: the final write tries again, and says so when it fails.
            log.warning("text not saved yet id=%s: %s", run_id, error.message)

    async def _finish(self, active: Active, run: Run) -> None:
        """Save the final row, then tell everybody."""
        if not active.left:
            run = await self._save_final(run)
            self._tell(run)
        log.info("run ended id=%s status=%s total_ms=%.0f", run.id, run.status, run.total_ms or 0)
        active.feed.show(run)
        self._active.pop(run.id, None)
        active.ended.set_result(run)

    def _tell(self, run: Run) -> None:
        try:
            self._on_end(run)
        except Exception:
            log.exception("telling of an ended run broke id=%s", run.id)

    async def _save_final(self, run: Run) -> Run:
        """Try until the row is saved; a run that cannot be saved is not called a success."""
        for delay in (*SAVE_RETRIES_S, None):
            try:
                await asyncio.wrap_future(self._store.finish(run))
            except StoreError as error:
                log.warning("final state not saved yet id=%s: %s", run.id, error.message)
                if delay is None or self._closing:
                    return run.model_copy(
                        update={
                            "status": RunStatus.FAILED,
                            "error_code": error.code,
                            "error_message": error.message,
                        }
                    )
                await asyncio.sleep(delay)
            else:
                break
        return run

    async def _stop(self, active: Active, status: RunStatus) -> None:
        """End a run early as `status`, wherever it is."""
        if active.stop_as is not None or active.ended.done():
            return
        active.stop_as = status
        if active.taken:
            active.feed.set_phase(Phase.CANCELLING)
            if active.reading is not None:
                active.reading.cancel()
            return
        lane = self._lane(active)
        lane.leave(active)
        run = active.job.run.model_copy(update={"queued_ms": active.elapsed_ms()})
        await self._finish(active, stopped(active.job.draft(run), status))
        lane.announce()

    async def _close(self) -> None:
        actives = list(self._active.values())
        for active in actives:
            self._leave_at_server(active)
        await asyncio.gather(*(self._stop(active, RunStatus.INTERRUPTED) for active in actives))
        await asyncio.gather(*(asyncio.wrap_future(active.ended) for active in actives))
        await asyncio.gather(*(provider.aclose() for provider in self._providers.values()))

    def _leave_at_server(self, active: Active) -> None:
        """Let a job that can be resumed go on at its server while this app is away."""
        provider = self._providers[active.job.provider]
        if active.taken and isinstance(provider, MediaProvider) and provider.can_resume:
            provider.detach()
            active.left = True
            self._note_start(active.feed.view.run)


def stopped(draft: Draft, status: RunStatus | None) -> Run:
    """The run that somebody stopped, or else the end of the app, with what had arrived."""
    if status is RunStatus.CANCELLED:
        return draft.stopped(status, code="run_cancelled", message=CANCELLED_MESSAGE)
    return draft.stopped(RunStatus.INTERRUPTED, code="run_interrupted", message=INTERRUPTED_MESSAGE)


def _log_failure(done: "Future[Any]") -> None:
    if (error := done.exception()) is not None:
        log.warning("state not saved: %s", error)
