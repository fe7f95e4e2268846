"""Filling the search index: by the writer, behind the runs, a few at a time.

`run_numbers.indexed` says which runs are in it, in the same transaction: a crash in between
loses nothing, and a database from before the index fills up while the playground is used.
"""

import sqlite3

from core.store.database import Database
from core.store.grams import grams
from core.store.words import document

AT_ONCE = 32  # about 10 ms

_WAITING = (
    "SELECT n.number, r.payload, r.output, r.output_json "
    "FROM run_numbers n INDEXED BY run_numbers_waiting JOIN runs r ON r.id = n.run_id "
    "WHERE n.indexed = 0 AND r.status NOT IN ('queued', 'running') ORDER BY n.number DESC LIMIT ?"
)


def keep_indexed(database: Database) -> None:
    """From now on have `database` put finished runs into the search index when it is idle."""
    database.when_idle(index_some)


def index_some(connection: sqlite3.Connection, *, most: int = AT_ONCE) -> bool:
    """Put the newest finished runs that wait for it into the index; whether more may wait."""
    rows = connection.execute(_WAITING, [most]).fetchall()
    connection.executemany(
        "INSERT INTO run_words (rowid, pieces) VALUES (?, ?)",
        [(number, grams(document(*texts))) for number, *texts in rows],
    )
    connection.executemany(
        "UPDATE run_numbers SET indexed = 1 WHERE number = ?", [(row["number"],) for row in rows]
    )
    return len(rows) == most
