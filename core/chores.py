"""Work that takes minutes and that nobody waits for: backups, checks, loading a model.

One of each name at a time, whoever asks: a second one finds the first. What came of the last is
kept for whoever looks later.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.errors import PlaygroundError
from core.types import utc_now

log = logging.getLogger("playground.chores")

Told = Callable[[int, int], None]
Work = Callable[[Told], Any]


@dataclass(frozen=True)
class Chore:
    """A piece of work as it is this moment.

    `what` is whatever its starter wants to remember of it, `done` of `total` how far it is (0 of
    0 while that is not known). Once it has ended, `result` is what it gave, or `error` says why
    it failed.
    """

    name: str
    what: Any
    started_at: datetime
    began: float
    done: int = 0
    total: int = 0
    ended_at: datetime | None = None
    result: Any = None
    error: PlaygroundError | None = None

    @property
    def running(self) -> bool:
        """Whether it is under way."""
        return self.ended_at is None

    @property
    def elapsed_s(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.began


class Chores:
    """The chores of a process, each in a thread of its own. Safe from any thread."""

    def __init__(self) -> None:
        self._chores: dict[str, Chore] = {}
        self._lock = threading.Lock()

    def start(self, name: str, work: Work, *, what: Any = None) -> Chore:  # noqa: ANN401
        """Do `work`, which is given a function to tell its progress by, and return at once.

        Where one of this name is under way already, that one is returned and nothing is started.
        """
        with self._lock:
            present = self._chores.get(name)
            if present is not None and present.running:
                return present
            chore = Chore(name=name, what=what, started_at=utc_now(), began=time.monotonic())
            self._chores[name] = chore
        thread = threading.Thread(
            target=self._do, args=(name, work), name=f"chore-{name}", daemon=True
        )
        thread.start()
        return chore

    def find(self, name: str) -> Chore | None:
        """The chore of this name that is under way, else the last one; None when there is none."""
        with self._lock:
            return self._chores.get(name)

    def any_running(self, *names: str) -> bool:
        """Whether one of these is under way."""
        found = [self.find(name) for name in names]
        return any(chore.running for chore in found if chore is not None)

    def _do(self, name: str, work: Work) -> None:
        def told(done: int, total: int) -> None:
            self._change(name, done=done, total=total)

        try:
            result = work(told)
        except PlaygroundError as error:
            self._change(name, error=error, ended_at=utc_now())
        except Exception:
            log.exception("chore failed", extra={"chore": name})
            error = PlaygroundError("Something went wrong; the server's log has the detail.")
            self._change(name, error=error, ended_at=utc_now())
        else:
            self._change(name, result=result, ended_at=utc_now())

    def _change(self, name: str, **values: Any) -> None:
        with self._lock:
            self._chores[name] = replace(self._chores[name], **values)
