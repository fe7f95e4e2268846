"""A copy of the whole database as it is at one moment, made beside the runs.

SQLite's backup starts over whenever another connection writes, so beside a busy writer it may
never end. Here it copies within one read transaction of its own: in WAL mode that is one state of
the file, whatever is written meanwhile, and no writer waits for it. The price is that the
write-ahead log cannot be emptied until the copy is done. VACUUM INTO would be as consistent, but
gives no progress, makes no pauses and computes every page anew.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.errors import StoreCorrupt
from core.store.database import Database
from core.store.faults import RESTORE, explained
from core.store.lean import sqlite_utils
from core.store.migrations import migrations
from core.store.named import named_pictures

PAGES = 256  # a step: 1 MiB
LONGEST_PAUSE_S = 0.05


@dataclass(frozen=True)
class Content:
    """What a copy holds: its last migration, how much there is of what, and the pictures that
    its rows name by SHA-256 with their bytes (None where no row tells).
    """

    schema_step: str
    runs: int
    uploads: int
    pictures: dict[str, int | None]


def take_snapshot(database: Database, path: Path, told: Callable[[int, int], None]) -> None:
    """Copy `database` to the new file `path`: one state of it, as a file that stands alone.

    `told` hears the pages done and their number. Raises StoreError; StoreCorrupt when the copy
    is not whole, which means that the original is not. What stands at `path` then is no use.
    """
    pace = _Pace(told)
    with database.read() as source, explained(path):
        source.execute("BEGIN")
        try:
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment
            with closing(sqlite3.connect(path, isolation_level=None)) as copy:
                copy.execute("PRAGMA synchronous = OFF")  # it is brought to the disk as a whole
                source.backup(copy, pages=PAGES, progress=pace)
        finally:
            source.execute("COMMIT")
        # The copy of a file in WAL mode is one as well, and would want files beside it.
        with closing(sqlite3.connect(path, isolation_level=None)) as copy:
            copy.execute("PRAGMA journal_mode = DELETE")
    require_whole(path)


def require_whole(path: Path) -> None:
    """Raise StoreCorrupt unless the pages of the database file at `path` are in order."""
    with explained(path), closing(_opened(path)) as connection:
        found = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
    if found != ["ok"]:
        raise StoreCorrupt(
            f"The copy of the database is damaged ({'; '.join(found)[:300]}). No backup was made. "
            "If the database itself is damaged, stop the playground and restore the last backup: "
            f"{RESTORE}",
            details={"found": found},
        )


def content_of(path: Path) -> Content:
    """What the database file at `path` holds, which nobody writes. Raises StoreError."""
    with explained(path), closing(_opened(path)) as connection:
        steps = [step.name for step in migrations.applied(sqlite_utils.Database(connection))]
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM uploads)"
        ).fetchone()
        return Content(
            schema_step=steps[-1],
            runs=counts[0],
            uploads=counts[1],
            pictures=named_pictures(connection),
        )


def unknown_steps(path: Path) -> list[str]:
    """Migrations of the file at `path` that this playground does not know. Raises StoreError."""
    with explained(path), closing(_opened(path)) as connection:
        applied = {step.name for step in migrations.applied(sqlite_utils.Database(connection))}
    known = {step.name for step in migrations.pending(sqlite_utils.Database(memory=True))}
    return sorted(applied - known)


def _opened(path: Path) -> sqlite3.Connection:
    """A file that nobody writes: read without locks, and without files beside it."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


class _Pace:
    """Tells the progress of a copy, and pauses for as long as the last step took: runs that are
    written meanwhile get at least half of the disk.
    """

    def __init__(self, told: Callable[[int, int], None]) -> None:
        self._told = told
        self._began = time.monotonic()

    def __call__(self, _: int, remaining: int, total: int) -> None:
        self._told(total - remaining, total)
        if remaining:
            time.sleep(min(time.monotonic() - self._began, LONGEST_PAUSE_S))
        self._began = time.monotonic()
