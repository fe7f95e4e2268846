"""Finding runs: the list under a filter, in an order, a page at a time."""

import sqlite3
from collections.abc import Sequence

from core.listing import (
    LARGEST_PAGE,
    Facets,
    Lineage,
    RunCount,
    RunFilter,
    RunPage,
    RunRow,
    Sort,
)
from core.store.cursors import Cursor
from core.store.database import Database
from core.store.filters import Where, where
from core.store.rows import read_rows
from core.store.words import document, needles

MOST_RELATIVES = 200
MOST_CHOICES = 500

_FACETS = {
    "models": "SELECT DISTINCT model FROM runs",
    "providers": "SELECT DISTINCT provider FROM runs",
    "roles": "SELECT DISTINCT role FROM runs",
    "tasks": "SELECT DISTINCT task FROM runs",
    "users": "SELECT DISTINCT user FROM runs WHERE user IS NOT NULL",
    "tags": "SELECT DISTINCT tag FROM tags",
    "findings": "SELECT DISTINCT code FROM findings",
}


class RunList:
    """Reads the list of runs. Every call blocks; none changes anything."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        wanted: RunFilter,
        *,
        sort: Sort = Sort.NEWEST,
        cursor: str | None = None,
        limit: int = 50,
    ) -> RunPage:
        """At most `limit` runs of the filter, after the page whose `next` is `cursor`.

        Raises InvalidRequest for a cursor that is none of this order.
        """
        limit = max(1, min(limit, LARGEST_PAGE))
        after = Cursor.read(cursor, sort) if cursor else None
        with self._database.read() as connection:
            found = _find(connection, wanted, sort, after, limit + 1)
            items = tuple(read_rows(connection, [run_id for run_id, _ in found[:limit]]))
        last = (
            Cursor(sort, found[limit - 1][1], found[limit - 1][0]) if len(found) > limit else None
        )
        return RunPage(items=items, next=str(last) if last else None)

    def count(self, wanted: RunFilter, *, bound: int = 10_000) -> RunCount:
        """How many runs there are, counting up to `bound`."""
        with self._database.read() as connection:
            found = len(_find(connection, wanted, Sort.NEWEST, None, bound + 1))
        return RunCount(runs=min(found, bound), more=found > bound)

    def ids(self, wanted: RunFilter, *, limit: int) -> list[str]:
        """The ids of the newest runs, at most `limit`."""
        with self._database.read() as connection:
            return [run_id for run_id, _ in _find(connection, wanted, Sort.NEWEST, None, limit)]

    def rows(self, run_ids: Sequence[str]) -> list[RunRow]:
        """The lines of these runs in this order; unknown ids are left out."""
        with self._database.read() as connection:
            return read_rows(connection, run_ids)

    def facets(self) -> Facets:
        """What there is to choose from in a filter."""
        with self._database.read() as connection:
            return Facets(
                **{
                    name: tuple(row[0] for row in connection.execute(f"{sql} ORDER BY 1 LIMIT 500"))
                    for name, sql in _FACETS.items()
                }
            )

    def lineage(self, run_id: str) -> Lineage:
        """The family of a run: empty for an unknown id."""
        with self._database.read() as connection:
            own = connection.execute(
                "SELECT parent_id, batch_id FROM runs WHERE id = ?", [run_id]
            ).fetchone()
            if own is None:
                return Lineage()
            parent = read_rows(connection, [own["parent_id"]] if own["parent_id"] else [])
            children = _related(connection, "parent_id", run_id)
            batch = _related(connection, "batch_id", own["batch_id"])
        return Lineage(
            parent=parent[0] if parent else None,
            children=tuple(children),
            batch=tuple(row for row in batch if row.id != run_id),
        )


def _related(connection: sqlite3.Connection, column: str, value: str | None) -> list[RunRow]:
    if value is None:
        return []
    sql = f"SELECT id FROM runs WHERE {column} = ? ORDER BY id LIMIT ?"  # noqa: S608 - our names
    ids = [row["id"] for row in connection.execute(sql, [value, MOST_RELATIVES])]
    return read_rows(connection, ids)


def _find(
    connection: sqlite3.Connection,
    wanted: RunFilter,
    sort: Sort,
    after: Cursor | None,
    limit: int,
) -> list[tuple[str, float | None]]:
    """Ids in order, each with its value in that order."""
    tests = where(wanted)
    words = needles(wanted.q)
    if words:
        connection.create_function("holds", 3, _holds(words), deterministic=True)
        tests.add("holds(r.payload, r.output, r.output_json)")
    value, order = _ORDERS[sort]
    if after is not None:
        _after(tests, after, value)
    sql = (
        f"SELECT r.id, {value} AS value FROM runs r WHERE {tests.sql} "  # noqa: S608 - our names
        f"ORDER BY {order} LIMIT ?"
    )
    return [tuple(row) for row in connection.execute(sql, [*tests.values, limit])]


_SCORE = "(SELECT score FROM check_reports WHERE run_id = r.id)"
_ORDERS = {
    Sort.NEWEST: ("NULL", "r.id DESC"),
    Sort.OLDEST: ("NULL", "r.id"),
    Sort.SLOWEST: ("r.total_ms", "r.total_ms DESC NULLS LAST, r.id DESC"),
    Sort.LOWEST_SCORE: (_SCORE, f"{_SCORE} NULLS LAST, r.id DESC"),
}


def _after(tests: Where, after: Cursor, value: str) -> None:
    if after.sort is Sort.OLDEST:
        tests.add("r.id > ?", after.run_id)
    elif after.sort is Sort.NEWEST:
        tests.add("r.id < ?", after.run_id)
    elif after.value is None:
        tests.add(f"{value} IS NULL AND r.id < ?", after.run_id)
    else:
        farther = "<" if after.sort is Sort.SLOWEST else ">"
        tests.add(
            f"({value} {farther} ? OR ({value} = ? AND r.id < ?) OR {value} IS NULL)",
            *(after.value, after.value, after.run_id),
        )


def _holds(words: tuple[str, ...]):  # noqa: ANN202
    def holds(payload: str, output: str, output_json: str | None) -> bool:
        text = document(payload, output, output_json)
        return all(word in text for word in words)

    return holds
