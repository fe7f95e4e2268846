"""A read that may not take longer than somebody waits."""

import sqlite3
import time
from collections.abc import Callable
from types import TracebackType

_STEPS = 2_000  # of SQLite's machine between two looks at the clock: about a tenth of a ms


class TimeLimit:
    """`with TimeLimit(connection, seconds) as limit:` stops the statements inside when the time
    is over, and swallows the error that stops them; `limit.over` says whether that happened.

    `stopped` is asked as well: the time is over when it says so.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        seconds: float,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._connection = connection
        self._stopped = stopped
        self._end = time.monotonic() + seconds
        self.over = False

    def __enter__(self) -> "TimeLimit":
        self._connection.set_progress_handler(self._look, _STEPS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._connection.set_progress_handler(None, 0)
        return self.over and isinstance(error, sqlite3.OperationalError)

    def _look(self) -> int:
        self.over = time.monotonic() > self._end or self._stopped()
        return int(self.over)
