"""Finding runs: the list under a filter, in an order, a page at a time."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

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
from core.store.distinct import distinct
from core.store.filters import Where, where
from core.store.orders import Place, ordered
from core.store.rows import read_rows
from core.store.search import Search
from core.store.time_limit import TimeLimit
from core.store.words import needles

MOST_RELATIVES = 200
MOST_CHOICES = 500
MOST_SORTED = 1_000  # hits of a search that are sorted by something else than time
PAGE_SECONDS = 1.0
WALKING_SHARE = 0.2
COUNT_SECONDS = 0.5
IDS_SECONDS = 30.0  # for exports, which want all of them

_LABELS = "SELECT value FROM run_labels WHERE name = ? ORDER BY value LIMIT ?"
_VALUES = {
    Sort.SLOWEST: "SELECT id, total_ms FROM runs WHERE id IN (SELECT value FROM json_each(?))",
    Sort.LOWEST_SCORE: "SELECT run_id, score FROM check_reports "
    "WHERE run_id IN (SELECT value FROM json_each(?))",
}


@dataclass(frozen=True)
class _Found:
    """Places in order, whether that is all that was asked for, and where to go on if not."""

    places: list[Place]
    complete: bool = True
    reached: int | None = None


class RunList:
    """Reads the list of runs. Every call blocks, about a second at most; none changes anything.

    Free text is searched newest first; in other orders than time the newest 1,000 hits are
    sorted. What could not be looked at in time is said (`RunPage.complete`), never waited for.
    """

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
        searching = bool(needles(wanted.q))
        after = Cursor.read(cursor, sort, searching=searching) if cursor else None
        with self._database.read() as connection:
            found = _find(connection, wanted, sort, after, limit + 1, seconds=PAGE_SECONDS)
            items = tuple(read_rows(connection, [run_id for run_id, _ in found.places[:limit]]))
        following = None
        if len(found.places) > limit:
            run_id, value = found.places[limit - 1]
            following = str(Cursor(sort, value, run_id, searching))
        elif found.reached is not None:
            following = _going_on(sort, found.reached, after)
        return RunPage(items=items, next=following, complete=found.complete)

    def count(self, wanted: RunFilter, *, bound: int = 10_000) -> RunCount:
        """How many runs there are, counting up to `bound` or until it takes too long."""
        with self._database.read() as connection:
            found = _find(connection, wanted, Sort.NEWEST, None, bound + 1, seconds=COUNT_SECONDS)
        runs = len(found.places)
        return RunCount(runs=min(runs, bound), more=runs > bound or not found.complete)

    def ids(self, wanted: RunFilter, *, limit: int) -> list[str]:
        """The ids of the newest runs, at most `limit`."""
        with self._database.read() as connection:
            found = _find(connection, wanted, Sort.NEWEST, None, limit, seconds=IDS_SECONDS)
        return [run_id for run_id, _ in found.places]

    def rows(self, run_ids: Sequence[str]) -> list[RunRow]:
        """The lines of these runs in this order; unknown ids are left out."""
        with self._database.read() as connection:
            return read_rows(connection, run_ids)

    def facets(self) -> Facets:
        """What there is to choose from in a filter, at most 500 of each."""
        with self._database.read() as connection:

            def values(sql: str, *names: str) -> tuple[str, ...]:
                rows = connection.execute(sql, [*names, MOST_CHOICES])
                return tuple(row["value"] for row in rows)

            return Facets(
                models=values(_LABELS, "model"),
                providers=values(_LABELS, "provider"),
                roles=values(_LABELS, "role"),
                tasks=values(_LABELS, "task"),
                users=values(_LABELS, "user"),
                tags=values(f"{distinct('tags', 'tag')} LIMIT ?"),
                findings=values(f"{distinct('findings', 'code')} LIMIT ?"),
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
    *,
    seconds: float,
) -> _Found:
    words = needles(wanted.q)
    tests = where(connection, wanted)
    if not words:
        return _listed(connection, tests, sort, after, limit, seconds=seconds)
    search = Search(connection, words, tests, oldest_first=sort is Sort.OLDEST)
    if sort in (Sort.NEWEST, Sort.OLDEST):
        start = int(after.value) if after and after.value is not None else None
        hits = search.find(start, limit, seconds=seconds)
        return _Found([(name, number) for number, name in hits.found], hits.complete, hits.reached)
    hits = search.find(None, MOST_SORTED + 1, seconds=seconds)
    ids = [run_id for _, run_id in hits.found[:MOST_SORTED]]
    places = _sorted(connection, ids, sort, after)
    return _Found(places[:limit], hits.complete and len(hits.found) <= MOST_SORTED)


def _listed(
    connection: sqlite3.Connection,
    tests: Where,
    sort: Sort,
    after: Cursor | None,
    limit: int,
    *,
    seconds: float,
) -> _Found:
    """Without free text: an order that has an index is walked for a moment, which is enough
    unless the filter has few runs; those are then found first and sorted.
    """
    places: list[Place] = []
    few = False
    if tests.narrow and sort in _VALUES:
        with TimeLimit(connection, seconds * WALKING_SHARE) as time_limit:
            places.extend(ordered(connection, tests, sort, after, limit))
        if not time_limit.over:
            return _Found(places)
        places, few, seconds = [], True, seconds * (1 - WALKING_SHARE)
    with TimeLimit(connection, seconds) as time_limit:
        places.extend(ordered(connection, tests, sort, after, limit, few=few))
    return _Found(places, complete=not time_limit.over)


def _sorted(
    connection: sqlite3.Connection, ids: Sequence[str], sort: Sort, after: Cursor | None
) -> list[Place]:
    """These runs behind `after`, in an order that is not of time."""
    values = dict(tuple(row) for row in connection.execute(_VALUES[sort], [json.dumps(ids)]))
    sign = -1 if sort is Sort.SLOWEST else 1

    def key(place: Place) -> tuple[bool, float]:
        return place[1] is None, sign * (place[1] or 0)

    newest = sorted(((run_id, values.get(run_id)) for run_id in ids), reverse=True)
    places = sorted(newest, key=key)
    if after is None:
        return places
    last = (after.run_id, after.value)
    return [
        place
        for place in places
        if key(place) > key(last) or (key(place) == key(last) and place[0] < last[0])
    ]


def _going_on(sort: Sort, reached: int, after: Cursor | None) -> str | None:
    """The cursor from which a search that was cut short goes on; None if it would do so again
    without having moved.
    """
    value = reached + (1 if sort is Sort.NEWEST else -1)
    if after is not None and after.value == value:
        return None
    return str(Cursor(sort, value, "", text=True))
