"""Whether the server's queue moves, judged over several looks at it."""

import time
from dataclasses import dataclass

from core.health import ProviderHealth
from core.providers.checkup import Findings

STUCK_AFTER_S = 20.0
WHAT_TO_DO = (
    "If ComfyUI's log says nothing new either, restart ComfyUI; the jobs in its queue are lost then"
)


@dataclass(frozen=True)
class Look:
    """The queue as it was seen: the ids of the jobs that run and of those that wait, in order."""

    running: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()

    @property
    def head(self) -> tuple[bool, str] | None:
        """What would be different if the queue had moved."""
        if self.running:
            return True, self.running[0]
        return (False, self.waiting[0]) if self.waiting else None


class Pulse:
    """Keeps what was seen last. A dead worker cannot be told from one very long step.

    ComfyUI's worker is a thread: when it dies, the server goes on answering, its last job stays
    "running" for ever and nothing else starts. That is seen only by looking again later.
    `patience_s` is how long one job may run without a sign of life (COMFYUI_TIMEOUT).
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._head: tuple[bool, str] | None = None
        self._since = 0.0

    def forget(self) -> None:
        """The queue could not be seen."""
        self._head = None

    def judge(
        self, look: Look, found: Findings, *, heard: float | None = None
    ) -> ProviderHealth | None:
        """What is wrong with the queue, None where nothing is.

        `heard` is when the running job gave its last sign of life (time.monotonic), where it is
        one that we listen to.
        """
        now = time.monotonic()
        if look.head is None or look.head != self._head:
            self._head, self._since = look.head, now
        still_s = now - max(self._since, heard or 0.0)
        if look.running and still_s > self._patience_s:
            return found.degraded(
                "worker_silent",
                f"{found.server} says that it works on a job, but for {still_s / 60:.0f} minutes "
                "nothing was seen to come of it: its worker looks dead.",
                f"It may also be somebody's very long job. {WHAT_TO_DO}.",
                seconds=round(still_s),
                waiting=len(look.waiting),
            )
        if look.waiting and not look.running and still_s > STUCK_AFTER_S:
            return found.degraded(
                "queue_stuck",
                f"{len(look.waiting)} jobs wait at {found.server} and none was seen to run for "
                f"{still_s:.0f} s: its queue looks stuck.",
                f"{WHAT_TO_DO}.",
                seconds=round(still_s),
                waiting=len(look.waiting),
            )
        return None
