"""Runs under way and the line in front of each provider."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import NamedTuple

from core.draft import Draft
from core.feed import Feed
from core.media import MediaRequest
from core.run import (
    Run,
)
from core.types import (
    Phase,
    ProviderRequest,
    RunStatus,
)


@dataclass(frozen=True)
class Job:
    """A run ready to be made: its row, what the provider is handed, what takes in the answer."""

    run: Run
    request: ProviderRequest | MediaRequest
    draft: Callable[[Run], Draft]

    @property
    def provider(self) -> tuple[str, str]:
        """Kind and name of the provider: ("text", "mock") is not ("image", "mock")."""
        return self.run.kind, self.run.provider


def _uncancellable() -> "Future[Run]":
    """A future that a waiter who gives up cannot cancel for the others."""
    future: Future[Run] = Future()
    future.set_running_or_notify_cancel()
    return future


@dataclass(eq=False)
class Active:
    """A run under way.

    `ended` is done once the final row is saved, or it is known that this cannot be waited for.
    `taken` is true from leaving the line on, `task` is what runs it then and `reading` the part
    of it that cancelling ends. `left` means that its job stays at the server: the row stays
    `running` for the next start to go on with.
    `held_up_at` is when (in the loop's time) it first could not be saved, None while it can.
    """

    job: Job
    feed: Feed
    submitted: float = field(default_factory=time.monotonic)
    ended: "Future[Run]" = field(default_factory=_uncancellable)
    taken: bool = False
    task: "asyncio.Task[None] | None" = None
    reading: "asyncio.Task[None] | None" = None
    stop_as: RunStatus | None = None
    left: bool = False
    held_up_at: float | None = None

    def end(self, run: Run) -> None:
        """Hand the final state to those who wait."""
        if not self.ended.done():
            self.ended.set_result(run)

    def fail(self, error: BaseException) -> None:
        """Tell those who wait that there is nothing to wait for."""
        if not self.ended.done():
            self.ended.set_exception(error)

    def elapsed_ms(self) -> float:
        """Milliseconds since it was submitted."""
        return (time.monotonic() - self.submitted) * 1000


class Depth(NamedTuple):
    """How many runs of one provider wait in line, and how many are being made."""

    waiting: int
    running: int


class Lane:
    """The runs of one provider: `limit` at once, the others in line. For the loop only."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._running: set[Active] = set()
        self._waiting: deque[Active] = deque()

    @property
    def depth(self) -> Depth:
        """How long the line is and how many run. From any thread."""
        return Depth(len(self._waiting), len(self._running))

    def add(self, active: Active) -> None:
        """Put a run at the end of the line."""
        self._waiting.append(active)

    def take(self) -> Active | None:
        """The next in line, if there is room for it."""
        if not self._waiting or len(self._running) >= self._limit:
            return None
        active = self._waiting.popleft()
        active.taken = True
        self._running.add(active)
        return active

    def leave(self, active: Active) -> None:
        """Take a run out, from the line or from those running."""
        self._running.discard(active)
        if active in self._waiting:
            self._waiting.remove(active)

    def announce(self) -> None:
        """Tell each run in line how many are served first."""
        for index, active in enumerate(self._waiting):
            active.feed.set_phase(Phase.QUEUED, ahead=len(self._running) + index)
