"""The app processes that work on one data folder, and which of them are alive.

    processes/registry.lock     held for moments: registering, and looking who is alive
    processes/<id>.lock         held by one process for its whole life

The operating system lets go of a lock when its process ends, however it ends. So a process is
alive exactly as long as nobody else can take its lock.
"""

import logging
import re
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import StoreError
from core.ids import new_id

# Another process may be bringing a large database up to date meanwhile.
START_TIMEOUT_S = 120.0
LOOK_TIMEOUT_S = 5.0

log = logging.getLogger("playground.processes")

_ID = re.compile(r"[0-9a-f-]{36}", re.ASCII)


class Processes:
    """This process among those that share `folder`; registered from the start until `close`.

    `works` is False where the file system cannot hold locks, or cannot be written at all.
    Then this process takes itself for the only one, and the log says so.
    """

    def __init__(self, folder: Path) -> None:
        self.id = new_id()
        self._folder = folder
        self._own = _lock(folder / f"{self.id}.lock")
        self._looking = threading.RLock()
        self._holds_registry = False
        self.works = True
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with self._one_by_one(START_TIMEOUT_S):
                self._own.acquire(blocking=False)
                self.works = not _can_be_taken(folder / f"{self.id}.lock")
                self._sweep()
        except Timeout as error:
            raise _another_starts() from error
        except OSError as error:
            self._give_up(str(error))
        if not self.works:
            self._give_up("a lock that is held can be taken a second time")

    @contextmanager
    def alone(self) -> Generator[None]:
        """Hold up other processes that start; this thread may look who is alive meanwhile.

        Raises StoreError when another one takes too long.
        """
        if not self.works:
            yield
            return
        try:
            with self._one_by_one(START_TIMEOUT_S):
                yield
        except Timeout as error:
            raise _another_starts() from error

    def dead(self, ids: Iterable[str]) -> set[str]:
        """Those of `ids` whose process has ended; never this one. Blocks for moments.

        Where locks do not work, all others: there is no telling.
        """
        others = set(ids) - {self.id}
        if not others or not self.works:
            return others
        try:
            with self._one_by_one(LOOK_TIMEOUT_S):
                return {one for one in others if self._is_dead(one)}
        except (OSError, Timeout) as error:
            log.warning("processes not looked at", extra={"error": str(error)})
            return set()

    def others(self) -> set[str]:
        """The ids of the other processes that are alive now."""
        if not self.works:
            return set()
        found = {path.stem for path in self._folder.glob("*.lock") if _ID.fullmatch(path.stem)}
        return found - {self.id} - self.dead(found)

    def close(self) -> None:
        """Sign off. Runs that this process left open may be taken over from now on."""
        if self._own.is_locked:
            self._own.release()
            (self._folder / f"{self.id}.lock").unlink(missing_ok=True)

    @contextmanager
    def _one_by_one(self, timeout_s: float) -> Generator[None]:
        # Without this one could take the lock of a process that has just made its file.
        with self._looking:
            if self._holds_registry:
                yield
                return
            with _lock(self._folder / "registry.lock").acquire(timeout=timeout_s):
                self._holds_registry = True
                try:
                    yield
                finally:
                    self._holds_registry = False

    def _sweep(self) -> None:
        """Remove what processes left that were killed."""
        for path in self._folder.glob("*.lock"):
            if _ID.fullmatch(path.stem) and path.stem != self.id:
                self._is_dead(path.stem)

    def _is_dead(self, process: str) -> bool:
        path = self._folder / f"{process}.lock"
        if not _ID.fullmatch(process) or not path.exists():
            return True
        if not _can_be_taken(path):
            return False
        path.unlink(missing_ok=True)
        return True

    def _give_up(self, reason: str) -> None:
        self.works = False
        log.warning(
            "The folder cannot hold locks. Start only one playground on this data: a second one "
            "would end the runs of the first.",
            extra={"folder": str(self._folder), "reason": str(reason)},
        )


def _another_starts() -> StoreError:
    return StoreError(
        "Another playground has been starting on this data folder for over "
        f"{START_TIMEOUT_S:.0f} s. Wait for it or end it, then start again."
    )


def _lock(path: Path) -> FileLock:
    return FileLock(path, thread_local=False, fallback_to_soft=False)


def _can_be_taken(path: Path) -> bool:
    lock = _lock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    lock.release()
    return True
