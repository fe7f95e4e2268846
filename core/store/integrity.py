"""Whether the database is whole, and what of it can be put right."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.store.database import Database
from core.store.grams import grams
from core.store.time_limit import TimeLimit
from core.store.words import document

MOST_FOUND = 20
AT_ONCE = 5_000
SAMPLES = 50
A_QUERY = 100  # pieces asked for at once

# Every table that names a run says so in its foreign keys: a table that comes is looked at too.
_REFERENCES = (
    'SELECT m.name AS "table", f."from" AS "column" FROM sqlite_master m, '
    "pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND f.\"table\" = 'runs' "
    'ORDER BY m.name, f."from"'
)
_UNNUMBERED = (
    "FROM runs WHERE NOT EXISTS (SELECT 1 FROM run_numbers WHERE run_numbers.run_id = runs.id)"
)


@dataclass(frozen=True)
class Reference:
    """A column that names a run."""

    table: str
    column: str


@dataclass
class Pages:
    """What SQLite says of the file's pages, nothing where they are whole. `complete` is False
    when the time was over first.
    """

    found: list[str] = field(default_factory=list)
    complete: bool = True


def look_at_pages(
    database: Database,
    *,
    thorough: bool,
    seconds: float,
    stopped: Callable[[], bool] = lambda: False,
) -> Pages:
    """Have SQLite look at every page, without holding up anybody; `thorough` also compares each
    index with its table. Raises StoreCorrupt where not even that can be done.
    """
    check = "integrity_check" if thorough else "quick_check"
    pages = Pages()
    with database.read() as connection, TimeLimit(connection, seconds, stopped) as limit:
        rows = connection.execute(f"PRAGMA {check}({MOST_FOUND})").fetchall()
        pages.found = [row[0] for row in rows if row[0] != "ok"]
    pages.complete = not limit.over
    return pages


def references(connection: sqlite3.Connection) -> list[Reference]:
    """The columns that name a run, from every table that there is."""
    return [Reference(**dict(row)) for row in connection.execute(_REFERENCES)]


def lost_references(connection: sqlite3.Connection) -> dict[Reference, list[str]]:
    """By column, the ids it has of runs that there are not; columns without any are left out."""
    found = {}
    for one in references(connection):
        ids = [row[0] for row in connection.execute(_lost(one, f'DISTINCT "{one.column}"'))]
        if ids:
            found[one] = ids
    return found


def lost_rows(connection: sqlite3.Connection, reference: Reference) -> list[dict[str, Any]]:
    """The rows whose run there is not, whole."""
    return [dict(row) for row in connection.execute(_lost(reference, "*"))]


def remove_lost(
    connection: sqlite3.Connection, reference: Reference, run_ids: Sequence[str]
) -> int:
    """Within somebody's transaction take the rows out that name these runs; how many.

    Rows whose run there is after all stay.
    """
    sql = (
        f'DELETE FROM "{reference.table}" '  # noqa: S608 - names of our own schema
        f'WHERE "{reference.column}" IN (SELECT value FROM json_each(?)) '
        f'AND NOT EXISTS (SELECT 1 FROM runs WHERE id = "{reference.table}"."{reference.column}")'
    )
    return connection.execute(sql, [json.dumps(list(run_ids))]).rowcount


def unnumbered(connection: sqlite3.Connection, *, limit: int = MOST_FOUND) -> tuple[int, list[str]]:
    """Runs that no list finds, because they have no number: how many, and a few of them."""
    count = connection.execute(f"SELECT count(*) {_UNNUMBERED}").fetchone()[0]
    ids = connection.execute(f"SELECT id {_UNNUMBERED} LIMIT ?", [limit]).fetchall()
    return count, [row[0] for row in ids]


def number_runs(connection: sqlite3.Connection) -> int:
    """Within somebody's transaction number runs that have none; how many, AT_ONCE at most."""
    sql = f"INSERT INTO run_numbers (run_id) SELECT id {_UNNUMBERED} ORDER BY id LIMIT ?"
    return connection.execute(sql, [AT_ONCE]).rowcount


def search_index_damage(database: Database, *, seconds: float) -> Pages:
    """Walk the whole search index, then see whether it finds some runs by all that it should have
    of them. Writes nothing: FTS5's own check would hold up the writer.
    """
    pages = Pages()
    with database.read() as connection, TimeLimit(connection, seconds) as limit:
        try:
            _walk_index(connection)
            pages.found = [
                f"run {number} is not found by its words"
                for number in _samples(connection)
                if not _finds(connection, number)
            ]
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
                raise
            pages.found = [str(error)]
    pages.complete = not limit.over
    return pages


def _walk_index(connection: sqlite3.Connection) -> None:
    connection.execute("DROP TABLE IF EXISTS temp.pieces")  # of a walk that was cut short
    connection.execute("CREATE VIRTUAL TABLE temp.pieces USING fts5vocab(main, run_words, row)")
    try:
        connection.execute("SELECT count(*), sum(doc) FROM temp.pieces").fetchone()
    finally:
        connection.execute("DROP TABLE temp.pieces")


def _samples(connection: sqlite3.Connection) -> list[int]:
    """Numbers of runs in the index, spread over all of them."""
    most = connection.execute("SELECT coalesce(max(number), 0) FROM run_numbers").fetchone()[0]
    rows = connection.execute(
        "SELECT number FROM run_numbers WHERE indexed = 1 AND number % ? = 0",
        [most // SAMPLES + 1],
    )
    return [row[0] for row in rows]


def _finds(connection: sqlite3.Connection, number: int) -> bool:
    """Whether the index finds this run by each of its pieces; so it is when the run has gone."""
    row = connection.execute(
        "SELECT payload, output, output_json FROM runs "
        "JOIN run_numbers ON run_id = id WHERE number = ?",
        [number],
    ).fetchone()
    pieces = grams(document(*row)).split() if row else []
    for start in range(0, len(pieces), A_QUERY):
        words = " AND ".join(f'"{piece}"' for piece in pieces[start : start + A_QUERY])
        sql = "SELECT 1 FROM run_words WHERE run_words MATCH ? AND rowid = ?"
        if connection.execute(sql, [words, number]).fetchone() is None:
            return False
    return True


def empty_search_index(database: Database) -> None:
    """Empty the search index; the writer fills it anew when it has nothing else to do."""

    def empty(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO run_words (run_words) VALUES ('delete-all')")

    database.write(empty).result()
    last = 0
    while last is not None:
        last = database.write(_Forgetting(last)).result()


class _Forgetting:
    """Notes of the next few runs that they wait for the index; after which number, None at the
    end.
    """

    def __init__(self, after: int) -> None:
        self._after = after

    def __call__(self, connection: sqlite3.Connection) -> int | None:
        last = connection.execute(
            "SELECT max(number) FROM (SELECT number FROM run_numbers WHERE number > ? "
            "ORDER BY number LIMIT ?)",
            [self._after, AT_ONCE],
        ).fetchone()[0]
        if last is not None:
            connection.execute(
                "UPDATE run_numbers SET indexed = 0 WHERE number > ? AND number <= ?",
                [self._after, last],
            )
        return last


def _lost(reference: Reference, what: str) -> str:
    return (
        f'SELECT {what} FROM "{reference.table}" WHERE "{reference.column}" IS NOT NULL AND '  # noqa: S608
        f'NOT EXISTS (SELECT 1 FROM runs WHERE id = "{reference.table}"."{reference.column}")'
    )
