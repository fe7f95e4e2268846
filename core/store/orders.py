"""The list in its orders, without free text: a page's ids, found by walking an index.

Runs with nothing to sort by come last: they are a second query, when the first gives too few.
"""

import sqlite3
from dataclasses import dataclass

from core.listing import Sort
from core.store.cursors import Cursor
from core.store.filters import Where

Place = tuple[str, float | None]  # a run's id and its value in the order

_LIST = "runs r INDEXED BY runs_list"
_SCORES = (
    "check_reports s INDEXED BY check_reports_score "
    "CROSS JOIN runs r INDEXED BY runs_list ON r.id = s.run_id"
)
_UNSCORED = "NOT EXISTS (SELECT 1 FROM check_reports WHERE run_id = r.id)"


@dataclass(frozen=True)
class _Query:
    tables: str
    value: str
    order: str
    tests: Where


def ordered(
    connection: sqlite3.Connection, tests: Where, sort: Sort, after: Cursor | None, limit: int
) -> list[Place]:
    """At most `limit` runs behind `after` that keep `tests`, in the order of `sort`."""
    found: list[Place] = []
    for query in _queries(sort, after, narrow=tests.narrow):
        sql = (
            f"SELECT r.id, {query.value} AS place FROM {query.tables} "  # noqa: S608 - our names
            f"WHERE {query.tests.sql} AND {tests.sql} ORDER BY {query.order} LIMIT ?"
        )
        values = [*query.tests.values, *tests.values, limit - len(found)]
        found.extend((row["id"], row["place"]) for row in connection.execute(sql, values))
        if len(found) == limit:
            break
    return found


def _queries(sort: Sort, after: Cursor | None, *, narrow: bool) -> list[_Query]:
    if sort in (Sort.NEWEST, Sort.OLDEST):
        return [_by_id(after, newest=sort is Sort.NEWEST)]
    with_value = _slowest(after, narrow=narrow) if sort is Sort.SLOWEST else _lowest(after)
    without = _by_id(after, newest=True)
    without.tests.add("r.total_ms IS NULL" if sort is Sort.SLOWEST else _UNSCORED)
    if after is None:
        return [with_value, without]
    return [without] if after.value is None else [with_value, without]


def _by_id(after: Cursor | None, *, newest: bool) -> _Query:
    tests = Where()
    if after is not None and after.value is None:
        tests.add(f"r.id {'<' if newest else '>'} ?", after.run_id)
    return _Query(_LIST, "NULL", f"r.id {'DESC' if newest else 'ASC'}", tests)


def _slowest(after: Cursor | None, *, narrow: bool) -> _Query:
    """Under a filter every run is tested in the narrow index of the list and the slowest kept;
    without one the order's own index is walked.
    """
    tests = Where()
    tests.add("r.total_ms IS NOT NULL")
    if after is not None:
        tests.add("(r.total_ms, r.id) < (?, ?)", after.value, after.run_id)
    tables = _LIST if narrow else "runs r INDEXED BY runs_slowest"
    return _Query(tables, "r.total_ms", "r.total_ms DESC, r.id DESC", tests)


def _lowest(after: Cursor | None) -> _Query:
    tests = Where()
    if after is not None:
        values = (after.value, after.value, after.run_id)
        tests.add("s.score >= ? AND (s.score > ? OR s.run_id < ?)", *values)
    return _Query(_SCORES, "s.score", "s.score, s.run_id DESC", tests)
