"""The list in its orders, without free text: a page's ids, found by walking an index.

Runs with nothing to sort by come last: they are a second query, when the first gives too few.
"""

import sqlite3
from collections.abc import Iterator
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
_SCORES_OF_FEW = f"{_LIST} CROSS JOIN check_reports s ON s.run_id = r.id"
_UNSCORED = "NOT EXISTS (SELECT 1 FROM check_reports WHERE run_id = r.id)"


@dataclass(frozen=True)
class _Query:
    tables: str
    value: str
    order: str
    tests: Where


def ordered(
    connection: sqlite3.Connection,
    tests: Where,
    sort: Sort,
    after: Cursor | None,
    limit: int,
    *,
    few: bool = False,
) -> Iterator[Place]:
    """At most `limit` runs behind `after` that keep `tests`, in the order of `sort`.

    With `few` all runs that keep the tests are found in the narrow index of the list and sorted;
    else the order's own index is walked until there are enough.
    """
    found = 0
    for query in _queries(sort, after, few=few):
        sql = (
            f"SELECT r.id, {query.value} AS place FROM {query.tables} "  # noqa: S608 - our names
            f"WHERE {query.tests.sql} AND {tests.sql} ORDER BY {query.order} LIMIT ?"
        )
        values = [*query.tests.values, *tests.values, limit - found]
        for row in connection.execute(sql, values):
            found += 1
            yield row["id"], row["place"]


def _queries(sort: Sort, after: Cursor | None, *, few: bool) -> list[_Query]:
    if sort in (Sort.NEWEST, Sort.OLDEST):
        return [_by_id(after, newest=sort is Sort.NEWEST)]
    with_value = (_slowest if sort is Sort.SLOWEST else _lowest)(after, few=few)
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


def _slowest(after: Cursor | None, *, few: bool) -> _Query:
    tests = Where()
    tests.add("r.total_ms IS NOT NULL")
    if after is not None:
        tests.add("(r.total_ms, r.id) < (?, ?)", after.value, after.run_id)
    tables = _LIST if few else "runs r INDEXED BY runs_slowest"
    return _Query(tables, "r.total_ms", "r.total_ms DESC, r.id DESC", tests)


def _lowest(after: Cursor | None, *, few: bool) -> _Query:
    tests = Where()
    if after is not None:
        values = (after.value, after.value, after.run_id)
        tests.add("s.score >= ? AND (s.score > ? OR s.run_id < ?)", *values)
    return _Query(_SCORES_OF_FEW if few else _SCORES, "s.score", "s.score, s.run_id DESC", tests)
