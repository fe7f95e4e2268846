"""Runs that another app process makes: read from the database, stopped through it."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from weakref import WeakValueDictionary

from core.errors import RunNotFound, RunUnfinished, StoreError
from core.feed import EndEvent, Feed
from core.orphans import Orphans
from core.run import Run, RunView
from core.store import RunStore
from core.store.owners import RunOwners
from core.types import Phase, RunStatus, utc_now

LOOK_EVERY_S = 0.4
OWNER_EVERY_S = 2.0  # between two looks whether the process that makes a run is alive
STOP_LIMIT_S = 30.0

log = logging.getLogger("playground.elsewhere")


class Elsewhere:
    """What this process can tell of runs that are not under way in it. Safe from any thread."""

    def __init__(self, *, store: RunStore, owners: RunOwners, orphans: Orphans) -> None:
        self._store = store
        self._owners = owners
        self._orphans = orphans
        # A feed is polled for as long as somebody reads it.
        self._feeds: WeakValueDictionary[str, Feed] = WeakValueDictionary()
        self._lock = threading.Lock()
        self._polling = False

    def view(self, run_id: str) -> RunView:
        """The run as its row has it. Raises RunNotFound."""
        return self._view(self._store.get(run_id))

    def feed(self, run_id: str) -> Feed:
        """What happens in the run from now on, as far as its row shows it. Raises RunNotFound."""
        run = self._store.get(run_id)
        if not self._is_foreign(run):
            return Feed(run, live=False)
        with self._lock:
            feed = self._feeds.get(run_id)
            if feed is None:
                feed = self._feeds[run_id] = Feed(run)
                _show(feed, run)
            if not self._polling:
                self._polling = True
                threading.Thread(target=self._poll, name="elsewhere", daemon=True).start()
        return feed

    def result(self, run_id: str, timeout: float | None = None) -> Run:
        """The run once it is final. Raises RunNotFound; TimeoutError after `timeout` seconds."""
        return self._until_final([run_id], timeout)[0]

    async def aresult(self, run_id: str) -> Run:
        """`result` on an event loop."""
        feed = await asyncio.to_thread(self.feed, run_id)
        async for event in feed.afollow():
            if isinstance(event, EndEvent):
                return event.run
        return feed.view.run

    def cancel(self, run_ids: Sequence[str]) -> list[Run]:
        """Have the processes that make these runs stop them; the runs once they are final.

        Runs whose process is dead end as `interrupted`. Raises RunNotFound, and RunUnfinished
        when a process that is alive does not stop one in time.
        """
        foreign = [one for one in run_ids if self._is_foreign(self._store.get(one))]
        self._owners.ask_to_stop(foreign).result()
        try:
            return self._until_final(run_ids, STOP_LIMIT_S)
        except TimeoutError as error:
            raise RunUnfinished(
                "Another playground on this data makes the run and did not stop it within "
                f"{STOP_LIMIT_S:.0f} s. Look at the run again in a moment, or stop it there.",
                details={"run_id": foreign[0]},
            ) from error
        finally:
            self._forget_stop(foreign)

    def _forget_stop(self, run_ids: Sequence[str]) -> None:
        try:
            self._owners.forget_stop(run_ids).result()
        except StoreError as error:  # it stays behind, and harms nothing: the run has ended
            log.warning("a request to stop stays behind", extra={"error": error.message})

    def _is_foreign(self, run: Run) -> bool:
        if run.status.is_final:
            return False
        return self._owners.of(run.id) not in (None, self._owners.me)

    def _view(self, run: Run) -> RunView:
        if not self._is_foreign(run):
            return RunView(run=run)
        passed = (utc_now() - run.created_at).total_seconds() * 1000
        return RunView(run=run, phase=_phase(run), elapsed_ms=max(0.0, passed))

    def _until_final(self, run_ids: Sequence[str], timeout: float | None) -> list[Run]:
        """The runs, once those that another process makes now are final."""
        ends = None if timeout is None else time.monotonic() + timeout
        look_at_owners = _NowAndThen(OWNER_EVERY_S, self._take_orphans)
        runs = [self._store.get(run_id) for run_id in run_ids]
        waited_for = {run.id for run in runs if self._is_foreign(run)}
        while any(run.id in waited_for and not run.status.is_final for run in runs):
            if ends is not None and time.monotonic() >= ends:
                raise TimeoutError
            look_at_owners()
            time.sleep(LOOK_EVERY_S)
            runs = [self._store.get(run_id) for run_id in run_ids]
        return runs

    def _poll(self) -> None:
        look_at_owners = _NowAndThen(OWNER_EVERY_S, self._take_orphans)
        while True:
            with self._lock:
                feeds = dict(self._feeds)
                if not feeds:
                    self._polling = False
                    return
            self._look(feeds)
            del feeds
            look_at_owners()
            time.sleep(LOOK_EVERY_S)

    def _look(self, feeds: dict[str, Feed]) -> None:
        try:
            found = {run.id: run for run in self._store.many(list(feeds))}
        except StoreError as error:
            log.warning("runs of another process not read", extra={"error": error.message})
            return
        for run_id, feed in feeds.items():
            run = found.get(run_id)
            if run is None:
                feed.leave(RunNotFound(f"The run {run_id} was removed while it was followed."))
            elif run != feed.view.run:
                _show(feed, run)
            if run is None or run.status.is_final:
                with self._lock:
                    self._feeds.pop(run_id, None)

    def _take_orphans(self) -> None:
        try:
            self._orphans.take()
        except StoreError as error:
            log.warning("runs of dead processes not looked for", extra={"error": error.message})


class _NowAndThen:
    """Calls `work` when it is called, but not more often than every `seconds`."""

    def __init__(self, seconds: float, work: Callable[[], None]) -> None:
        self._seconds = seconds
        self._work = work
        self._last = time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self._last >= self._seconds:
            self._work()
            self._last = time.monotonic()


def _show(feed: Feed, run: Run) -> None:
    feed.set_phase(_phase(run))
    feed.show(run)


def _phase(run: Run) -> Phase:
    """What the run seems to be doing: its row does not say more."""
    if run.status is RunStatus.QUEUED:
        return Phase.QUEUED
    if run.kind == "image":
        return Phase.DRAWING
    if run.output:
        return Phase.WRITING
    return Phase.THINKING if run.thinking else Phase.CONNECTING
