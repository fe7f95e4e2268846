"""One SQLite file, many readers, one writer thread.

The threading rule, decided here once: all writes go through one thread that owns the only
writing connection and commits everything that is waiting in one transaction (group commit).
Readers take a read-only connection for each call; in WAL mode they never wait for the writer.
"""

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from core.errors import StoreError, StoreTooNew
from core.store.faults import explain, explained, is_about_the_file
from core.store.lean import sqlite_utils
from core.store.migrations import migrations
from core.store.upgrade import upgrade

BUSY_TIMEOUT_S = 15.0  # so another program may hold the file for 10 s and only delays us
GROUP_LIMIT = 256
IDLE_READERS = 8
QUIET_S = 0.1  # without a write for so long, the writer has time for other work
LONGEST_BUSY_S = 2.0  # after so long it takes the time
IDLE_SHARE = 0.25  # of the writer's time, while there is much of that work

log = logging.getLogger("playground.store")

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
_Item = tuple[Work[Any], "Future[Any]"]


class Database:
    """The file at `path`, brought to the current shape when opened.

    Raises StoreTooNew when a newer playground wrote it (it is left untouched) and StoreError
    when it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: list[sqlite3.Connection] = []
        self._waiting: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _refuse_newer(path)
            self._writer = _open_writer(path)
        self._idle_work: Work[bool] | None = None
        self._idle_wanted = False
        self._idle_pause = QUIET_S
        self._idle_last = time.monotonic()
        self._thread = threading.Thread(target=self._write_all, name="store-writer", daemon=True)
        self._thread.start()

    def write(self, work: Work[T]) -> "Future[T]":
        """Have the writer thread do `work`; the future is done once it is committed.

        Works are done in the order handed over. A work that raises changes nothing and fails
        only its own future; a commit that fails gives StoreError to all that were in it.
        """
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # a caller who gives up must not undo the write
        self._waiting.put((work, future))
        return future

    def when_idle(self, work: Work[bool]) -> None:
        """Have the writer thread do `work` now and after writes, whenever it has nothing else to
        do, in a transaction of its own; again while it returns that there is more.

        It should be short: a write that comes meanwhile waits for it.
        """
        self._idle_work = work
        self.write(lambda _: None)  # wakes the writer

    @property
    def is_writing(self) -> bool:
        """Whether the writer thread is alive: without it nothing is written any more."""
        return self._thread.is_alive()

    def check(self) -> None:
        """Raises StoreError unless the file can be read and what is written has a writer."""
        if not self.is_writing:
            raise StoreError(
                f"Nothing can be written to the database {self.path} any more. Restart the "
                "playground; what was recorded is kept."
            )
        with self.read() as connection:
            connection.execute("SELECT id FROM runs LIMIT 1").fetchone()

    @contextmanager
    def read(self) -> Generator[sqlite3.Connection]:
        """A read-only connection, for one thread at a time. Raises StoreError."""
        with explained(self.path):
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = _connect(self.path, mode="ro")
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            if len(self._idle) < IDLE_READERS:
                self._idle.append(connection)
            else:
                connection.close()

    def close(self) -> None:
        """Finish what is waiting, then close. Nothing may be written afterwards."""
        self._waiting.put(None)
        self._thread.join()
        while self._idle:
            self._idle.pop().close()
        self._writer.close()  # last: a reader cannot empty the write-ahead log and remove it

    def _write_all(self) -> None:
        while (first := self._next()) is not None:
            group, last = self._group(first)
            self._commit(group)
            if last:
                return
            self._idle_wanted = self._idle_work is not None
            if time.monotonic() - self._idle_last > LONGEST_BUSY_S:
                self._do_idle()

    def _next(self) -> _Item | None:
        """What is to be written next; until it comes, idle work is done."""
        while self._idle_wanted:
            try:
                return self._waiting.get(timeout=self._idle_pause)
            except queue.Empty:
                self._do_idle()
        return self._waiting.get()

    def _do_idle(self) -> None:
        """One piece of the idle work, and how long to leave it alone then."""
        began = time.monotonic()
        if self._idle_work is None:
            return
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            self._idle_wanted = self._idle_work(self._writer)
            self._writer.execute("COMMIT")
        except Exception:
            log.exception("work behind the runs failed, tried again after the next write")
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            self._idle_wanted = False
        self._idle_last = time.monotonic()
        took = self._idle_last - began
        self._idle_pause = took * (1 / IDLE_SHARE - 1) if self._idle_wanted else QUIET_S

    def _group(self, first: _Item) -> tuple[list[_Item], bool]:
        """`first` and what else is waiting; whether closing was asked for behind them."""
        group = [first]
        while len(group) < GROUP_LIMIT:
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                break
            if item is None:
                return group, True
            group.append(item)
        return group, False

    def _commit(self, group: list[_Item]) -> None:
        done: list[tuple[Future[Any], Any]] = []
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            for work, future in group:
                self._do(work, future, done)
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            failure = explain(error, self.path)
            for _, future in group:
                if not future.done():
                    future.set_exception(failure)
            return
        for future, value in done:
            future.set_result(value)

    def _do(
        self, work: Work[Any], future: Future[Any], done: list[tuple[Future[Any], Any]]
    ) -> None:
        self._writer.execute("SAVEPOINT work")
        try:
            value = work(self._writer)
        except Exception as error:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK TO work")
            if is_about_the_file(error):
                raise
            future.set_exception(error)
        else:
            done.append((future, value))
        self._writer.execute("RELEASE work")


def _connect(path: Path, *, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.row_factory = sqlite3.Row
    return connection


def _open_writer(path: Path) -> sqlite3.Connection:
    connection = _connect(path, mode="rwc")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    upgrade(connection, path)
    return connection


def _refuse_newer(path: Path) -> None:
    """Raise StoreTooNew when `path` has a migration that this code does not know."""
    if not path.exists() or path.stat().st_size == 0:
        return
    with closing(_connect(path, mode="ro")) as connection:
        applied = {step.name for step in migrations.applied(sqlite_utils.Database(connection))}
    known = {step.name for step in migrations.pending(sqlite_utils.Database(memory=True))}
    unknown = sorted(applied - known)
    if unknown:
        raise StoreTooNew(
            f"The database {path} comes from a newer version of the playground "
            f"({', '.join(unknown)}). Nothing was changed. Use that version, set "
            "PLAYGROUND_DATA_DIR to another folder, or restore a backup from before: "
            "python -m core.care backups",
            details={"unknown": unknown},
        )
