"""A check in the background, after the last stop was no orderly one."""

import logging
import threading
from pathlib import Path

from core.data_care.check import look
from core.data_care.last_check import keep_report
from core.data_care.places import Places
from core.errors import PlaygroundError
from core.store import Database

LONGEST_S = 60.0

log = logging.getLogger("playground.data_care")


def left_open(database: Path) -> bool:
    """Whether whoever had the database file last did not close it; asked before it is opened.

    The last to close a database empties its write-ahead log and removes it.
    """
    try:
        return database.with_name(f"{database.name}-wal").stat().st_size > 0
    except OSError:
        return False


class CheckBehind:
    """Checks once, in a thread of its own: pages, references, and that the pictures are there."""

    def __init__(self, database: Database, places: Places) -> None:
        self._database = database
        self._places = places
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._check, name="check-behind", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it; what it found until then is not kept."""
        self._stop.set()
        self._thread.join()

    def _check(self) -> None:
        try:
            report = look(
                self._database,
                self._places,
                deep=False,
                thorough=False,
                told=lambda done, total: None,
                seconds=LONGEST_S,
                stopped=self._stop.is_set,
            ).report
        except PlaygroundError as error:
            log.warning("check after an abrupt stop failed", extra={"error": error.message})
            return
        if self._stop.is_set():
            return
        keep_report(self._places, report)
        for problem in report.problems:
            told = {"fault": problem.fault, "count": problem.count, "advice": problem.message}
            log.warning("fault found after an abrupt stop", extra=told)
        told = {"problems": len(report.problems), "complete": report.complete}
        log.info("checked after an abrupt stop", extra=told)
