"""An older file is brought to the current shape, and the console hears of it: a large one takes
minutes.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from core.store.lean import sqlite_utils
from core.store.migrations import migrations

SAY_EVERY_S = 5.0
# Building an index reads every row with all its text: mapped, that costs half the processor time.
MAPPED_BYTES = 8 * 1024**3

log = logging.getLogger("playground.store")


def upgrade(connection: sqlite3.Connection, path: Path) -> None:
    """Apply the migrations that the file at `path`, which `connection` writes, does not have yet.

    Each is one transaction: whoever stops the process in one finds it undone at the next start.
    """
    database = sqlite_utils.Database(connection)
    pending = [step.name for step in migrations.pending(database)]
    if not pending or not migrations.applied(database):  # up to date, or new
        migrations.apply(database)
        return
    connection.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
    about = {"file": str(path), "mb": round(path.stat().st_size / 1e6), "steps": len(pending)}
    log.info("an older database is upgraded, which may take minutes", extra=about)
    began = time.monotonic()
    for number, name in enumerate(pending, start=1):
        with _still_at_it({"step": number, "of": len(pending), "migration": name}):
            migrations.apply(database, stop_before=pending[number:])
    log.info("database upgraded", extra={"seconds": round(time.monotonic() - began, 1)})
    connection.execute("PRAGMA mmap_size = 0")


@contextmanager
def _still_at_it(step: dict[str, object]) -> Generator[None]:
    """Say every few seconds that the step is under way, however long SQLite is at one statement."""
    over = threading.Event()
    began = time.monotonic()

    def say() -> None:
        while not over.wait(SAY_EVERY_S):
            told = step | {"seconds": round(time.monotonic() - began)}
            log.info("still upgrading; it begins again where it is stopped", extra=told)

    teller = threading.Thread(target=say, name="upgrade-teller", daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
