"""Runs as tasks on a loop of their own, outside any page or request.

Nothing that a browser or a REST client does ends a run, except cancelling it. What readers
see of a run is always already saved: text is written to its row first and shown then, so a
killed process loses nothing that anybody saw.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeVar

from core.draft import Draft
from core.endings import broken, log_end, log_start, own_fault, stopped
from core.errors import PlaygroundError, RunUnfinished, StoreError
from core.feed import Feed
from core.lane import Active, Depth, Job, Lane
from core.loop import LoopThread
from core.providers.base import LLMProvider, MediaProvider
from core.run import Run
from core.saving import Saver
from core.stops import StopWatch
from core.store import RunStore
from core.types import Phase, RunStatus, utc_now

NOTE_START_AFTER_S = 0.02
CLOSE_LOOK_S = 0.01
LEFT_MESSAGE = (
    "The playground stops before this run has its end. Start it again: the run is brought to its "
    "end then, and can be read under its id."
)

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
        asked_to_stop: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """`providers` by kind and name, such as ("text", "mock").

        `on_end` is told each run that has ended, on the runner's loop, before anybody else.
        What it raises is logged and harms no run. `asked_to_stop` blocks; it tells which runs
        another process wants stopped.
        """
        self._store = store
        self._providers = providers
        self._on_end = on_end
        self._lanes = {key: Lane(item.profile.concurrency) for key, item in providers.items()}
        self._active: dict[str, Active] = {}
        self._loop = LoopThread("runner")
        self._saver = Saver(store)
        self._stops = StopWatch(
            asked=asked_to_stop, busy=lambda: bool(self._active), stop=self.cancel
        )
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
            active.fail(error)

    async def _enqueue(self, actives: Sequence[Active]) -> None:
        self._stops.wake()
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
                "started_at": max(utc_now(), active.job.run.created_at),
                "queued_ms": active.elapsed_ms(),
            }
        )
        active.feed.show(run)
        active.feed.set_phase(Phase.CONNECTING)
        try:
            log_start(run)
            async with self._noted(active, run):
                final = await self._answer(active, run)
            await self._finish(active, final)
        except Exception as error:  # whatever breaks here, the run has an end
            log.exception("run broke off", extra=run.named)
            await self._finish(active, broken(run, error))
        finally:
            lane.leave(active)
            self._pump(lane)

    @asynccontextmanager
    async def _noted(self, active: Active, run: Run) -> AsyncGenerator[None]:
        """Have the row say that the run has left the queue.

        A job that can be resumed waits for that: what may be at a server is `running` then. Text
        need not wait for the disk, and a run that is over by then needs no note.
        """
        if self._can_resume(active):
            await self._saver.started(active, run)
            yield
            return
        loop = asyncio.get_running_loop()
        noting = loop.call_later(NOTE_START_AFTER_S, self._note_start, run)
        try:
            yield
        finally:
            noting.cancel()

    def _note_start(self, run: Run) -> None:
        self._store.start(run).add_done_callback(_log_failure)

    def _provider(self, active: Active) -> Any:  # noqa: ANN401 (text and pictures differ)
        return self._providers[active.job.provider]

    def _can_resume(self, active: Active) -> bool:
        return active.job.run.kind == "image" and self._provider(active).can_resume

    async def _answer(self, active: Active, run: Run) -> Run:
        """Have the provider answer; the final run, whatever happens."""
        draft = active.job.draft(run)
        dirty = asyncio.Event()
        active.reading = asyncio.create_task(self._read(active, draft, dirty))
        saving = asyncio.create_task(self._saver.text(active, run, draft, dirty))
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
            log.exception("run broke", extra=run.named)
            return draft.failed(own_fault(error))
        finally:
            saving.cancel()
            await asyncio.wait([saving])
            if not saving.cancelled() and (error := saving.exception()) is not None:
                log.error("saving broke", exc_info=error, extra=run.named)

    async def _read(self, active: Active, draft: Draft, dirty: asyncio.Event) -> None:
        async with aclosing(self._provider(active).stream(active.job.request)) as events:
            async for event in events:
                draft.add(event)
                if not dirty.is_set():
                    dirty.set()
                    await asyncio.sleep(0)  # saving starts now, however fast the rest comes

    async def _finish(self, active: Active, run: Run) -> None:
        """Save the final row, then tell everybody. What cannot end here is left open."""
        final = None if active.left else await self._end(active, run)
        if final is None:
            self._leave(active)
            return
        self._tell(final)
        log_end(final)
        active.feed.show(final)
        self._active.pop(run.id, None)
        active.end(final)

    async def _end(self, active: Active, run: Run) -> Run | None:
        try:
            return await self._saver.end(active, run)
        except Exception:
            log.exception("run could not be ended", extra=run.named)
            return None

    def _leave(self, active: Active) -> None:
        """The row stays open: the next start, or another process, brings the run to its end."""
        run_id = active.job.run.id
        log.info("run left", extra=active.job.run.named)
        error = RunUnfinished(LEFT_MESSAGE, details={"run_id": run_id})
        active.feed.leave(error)
        self._active.pop(run_id, None)
        active.fail(error)

    def _tell(self, run: Run) -> None:
        try:
            self._on_end(run)
        except Exception:
            log.exception("telling of an ended run broke", extra=run.named)

    async def _stop(self, active: Active, status: RunStatus) -> None:
        """End a run early as `status`, wherever it is."""
        if active.stop_as is not None or active.job.run.id not in self._active:
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
        self._saver.close()
        actives = list(self._active.values())
        for active in actives:
            self._leave_at_server(active)
        await asyncio.gather(*(self._stop(active, RunStatus.INTERRUPTED) for active in actives))
        # Also those whose stop was asked for before, and what is not in the database yet.
        while self._active:  # noqa: ASYNC110 (they are let go of in several places)
            await asyncio.sleep(CLOSE_LOOK_S)
        await asyncio.gather(*(provider.aclose() for provider in self._providers.values()))

    def _leave_at_server(self, active: Active) -> None:
        """Let a job that can be resumed go on at its server while this app is away."""
        if active.taken and self._can_resume(active):
            self._provider(active).detach()
            active.left = True


def _log_failure(done: "Future[Any]") -> None:
    if (error := done.exception()) is not None:
        log.warning("state not saved", extra={"error": type(error).__name__})
