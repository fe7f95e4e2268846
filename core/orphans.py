"""Runs that dead processes left behind: taken over by exactly one that lives."""

import logging
import threading
from collections.abc import Callable

from core.errors import StoreError
from core.lane import Job
from core.processes import Processes
from core.run import Run
from core.store.owners import RunOwners
from core.types import RunStatus

LOOK_EVERY_S = 20.0

log = logging.getLogger("playground.orphans")


class Orphans:
    """Ends the runs of dead processes as `interrupted`, or goes on with them.

    `resumed` makes the job that follows a run whose server may still be at work, None where
    that cannot be; `resume` starts such a job here.
    """

    def __init__(
        self,
        *,
        processes: Processes,
        owners: RunOwners,
        resumed: Callable[[Run], Job | None],
        resume: Callable[[Job], None],
    ) -> None:
        self._processes = processes
        self._owners = owners
        self._resumed = resumed
        self._resume = resume
        self._taking = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, *, starting: bool = False) -> None:
        """Take over what dead processes left. Raises StoreError. Blocks; any thread may call.

        `starting` takes also what older versions left, which did not say whose their runs are:
        whether such a one still runs cannot be known.
        """
        with self._taking:
            if self._closed.is_set() or not (starting or self._processes.works):
                return
            owners = self._owners.of_open_runs()
            dead = self._processes.dead(owner for owner in owners if owner is not None)
            if dead or (starting and None in owners):
                self._take_over(dead, unowned=starting)

    def watch(self) -> None:
        """From now on look again and again, in the background."""
        if self._processes.works:
            self._thread = threading.Thread(target=self._watch, name="orphans", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Take over nothing any more."""
        self._closed.set()
        with self._taking:
            pass  # what is being taken over is handed to the runner first
        if self._thread is not None:
            self._thread.join()

    def _take_over(self, dead: set[str], *, unowned: bool) -> None:
        jobs: dict[str, Job] = {}

        def keep(run: Run) -> bool:
            job = self._follower(run)
            if job is not None:
                jobs[run.id] = job
            return job is not None

        taken = self._owners.take_over(dead, unowned=unowned, keep=keep).result()
        if taken.kept or taken.interrupted:
            counts = {"interrupted": taken.interrupted, "followed": len(taken.kept)}
            log.warning("runs of ended processes taken over", extra=counts)
        for run in taken.kept:
            self._resume(jobs[run.id])

    def _follower(self, run: Run) -> Job | None:
        # What may be at a server is `running`: its row says so before anything is sent.
        if run.kind != "image" or run.status is not RunStatus.RUNNING:
            return None
        try:
            return self._resumed(run)
        except Exception:  # one odd row must not keep the others, or the start, waiting
            log.exception("run cannot be followed", extra=run.named)
            return None

    def _watch(self) -> None:
        while not self._closed.wait(LOOK_EVERY_S):
            try:
                self.take()
            except StoreError as error:
                log.warning("runs of dead processes not looked for", extra={"error": error.message})
