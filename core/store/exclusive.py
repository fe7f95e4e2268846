"""Being the only one who has the database file open."""

import logging
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from core.errors import StoreCorrupt
from core.store.faults import explained

WAIT_S = 2.0

log = logging.getLogger("playground.store")


@contextmanager
def only_user(path: Path) -> Generator[None]:
    """While this lasts nobody else can open the database `path`.

    Whoever has a file in WAL mode open, even idly, holds a shared lock on it; SQLite's exclusive
    locking mode is refused then. Raises StoreLocked. A file that is so damaged that SQLite cannot
    read it is nobody's.
    """
    with closing(
        sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=WAIT_S, isolation_level=None
        )
    ) as connection:
        try:
            with explained(path):
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                connection.execute("BEGIN EXCLUSIVE")
        except StoreCorrupt as error:
            told = {"path": str(path), "error": error.message}
            log.warning("damaged database not locked", extra=told)
        yield
        if connection.in_transaction:
            connection.execute("ROLLBACK")
