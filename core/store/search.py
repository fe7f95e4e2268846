"""Free text over the runs, newest or oldest first: verified hits, within a time limit.

The newest hundred runs are read one by one: most searches end there. What lies behind is
looked up in the search index, and what that cannot know in small tables: runs that wait for the
index, tags and notes, ids. Every hit is verified against the run's own text.
"""

import json
import re
import sqlite3
import time
from dataclasses import dataclass, field

from core.store.distinct import distinct
from core.store.filters import Where
from core.store.grams import match
from core.store.time_limit import TimeLimit
from core.store.words import document, fold

SCANNED = 100
MOST_NOTED = 1_000
SMALL_SHARE = 0.2  # of the time, for each of the small tables

_ID = re.compile(r"[0-9a-f]{8}[0-9a-f-]{0,28}")
_SAID = (
    "(SELECT group_concat(said, char(10)) FROM (SELECT text AS said FROM notes "
    "WHERE run_id = r.id UNION ALL SELECT tag FROM tags WHERE run_id = r.id))"
)
_HOLDS = f"holds(n.number, r.id, r.payload, r.output, r.output_json, {_SAID})"
# CROSS JOIN keeps the order of the tables: the first is walked in the order of the numbers.
_RUNS = "run_numbers n CROSS JOIN runs r ON r.id = n.run_id"
_WAITING = (
    "run_numbers n INDEXED BY run_numbers_waiting "
    "CROSS JOIN runs r ON r.id = n.run_id AND n.indexed = 0"
)
_INDEXED = (
    "run_words CROSS JOIN run_numbers n ON n.number = run_words.rowid "
    "CROSS JOIN runs r ON r.id = n.run_id"
)
_NOTED = (
    "SELECT number FROM run_numbers WHERE run_id IN ("  # noqa: S608 - our own names
    "SELECT run_id FROM notes WHERE mentions(text) UNION SELECT run_id FROM tags "
    f"WHERE tag IN (SELECT value FROM ({distinct('tags', 'tag')}) WHERE mentions(value)))"
)
_NAMED = "SELECT number FROM run_numbers WHERE run_id >= ? AND run_id < ?"


@dataclass
class Hits:
    """Numbers and ids of runs in order. `reached` is the number at which looking was cut short:
    what comes before it, and not it itself, was all looked at; None when it was not cut short.
    """

    found: list[tuple[int, str]] = field(default_factory=list)
    complete: bool = True
    reached: int | None = None


class Search:
    """Looks for runs with all of `words` that keep `tests`, in the order of their numbers."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        words: tuple[str, ...],
        tests: Where,
        *,
        oldest_first: bool = False,
    ) -> None:
        self._connection = connection
        self._words = words
        self._tests = tests
        self._farther, self._order = (">", "ASC") if oldest_first else ("<", "DESC")
        self._newest = not oldest_first
        self._id = words[0] if len(words) == 1 and _ID.fullmatch(words[0]) else None
        self._seen: int | None = None
        connection.create_function("holds", 6, self._holds, deterministic=True)
        connection.create_function("mentions", 1, self._mentions, deterministic=True)

    def find(self, after: int | None, limit: int, *, seconds: float) -> Hits:
        """At most `limit` runs after number `after`, looking for about so many seconds."""
        end = time.monotonic() + seconds
        terms = [term for word in self._words for term in match(word)]
        edge = self._edge(after) if terms else None
        hits = self._look(_RUNS, self._between(after, edge), limit, seconds)
        if edge is None or not hits.complete or len(hits.found) >= limit:
            return self._merged([hits], limit)
        behind = self._between(edge, None)
        parts = [hits, *self._small_tables(edge, limit, seconds * SMALL_SHARE)]
        left = max(end - time.monotonic(), seconds * SMALL_SHARE)
        index = self._indexed(terms, behind, limit, left)
        if not index.complete and index.reached is None:  # stopped before its first run
            index.reached = edge
        return self._merged([*parts, index], limit)

    def _small_tables(self, edge: int, limit: int, seconds: float) -> list[Hits]:
        """What the index cannot know. Where it takes too long, the rest is given up."""
        parts = [self._look(_WAITING, self._between(edge, None), limit, seconds)]
        parts.append(self._picked(_NOTED, (), edge, limit, seconds))
        if self._id:
            parts.append(self._picked(_NAMED, (self._id, f"{self._id}g"), edge, limit, seconds))
        return parts

    def _picked(
        self, sql: str, values: tuple[str, ...], edge: int, limit: int, seconds: float
    ) -> Hits:
        """Of the runs that `sql` names, those that are hits."""
        numbers: list[int] = []
        with TimeLimit(self._connection, seconds) as time_limit:
            rows = self._connection.execute(
                # The plus keeps SQLite from walking the numbers: the few runs are looked up.
                f"{sql} AND +number {self._farther} ? ORDER BY +number {self._order} LIMIT ?",
                [*values, edge, MOST_NOTED],
            )
            numbers = [row["number"] for row in rows]
        if not numbers:
            return Hits(complete=not time_limit.over)
        tests = Where()
        tests.add("n.number IN (SELECT value FROM json_each(?))", json.dumps(numbers))
        hits = self._look(_RUNS, tests, limit, seconds)
        hits.complete = hits.complete and len(numbers) < MOST_NOTED
        return hits

    def _indexed(self, terms: list[str], tests: Where, limit: int, seconds: float) -> Hits:
        matching = Where()
        matching.add("run_words MATCH ?", " AND ".join(terms))
        # Said of the index's own number, or it would be tested behind and not be walked in order.
        matching.add(tests.sql.replace("n.number", "run_words.rowid"), *tests.values)
        return self._look(_INDEXED, matching, limit, seconds, number="run_words.rowid")

    def _look(
        self, tables: str, tests: Where, limit: int, seconds: float, *, number: str = "n.number"
    ) -> Hits:
        sql = (
            f"SELECT n.number, r.id FROM {tables} "  # noqa: S608 - our own names
            f"WHERE {tests.sql} AND {self._tests.sql} AND {_HOLDS} "
            f"ORDER BY {number} {self._order} LIMIT ?"
        )
        values = [*tests.values, *self._tests.values, limit]
        hits, self._seen = Hits(), None
        with TimeLimit(self._connection, seconds) as time_limit:
            for row in self._connection.execute(sql, values):
                hits.found.append((row["number"], row["id"]))
        if time_limit.over:
            hits.complete, hits.reached = False, self._seen
        return hits

    def _between(self, after: int | None, until: int | None) -> Where:
        """Numbers behind `after`, up to and with `until`."""
        tests = Where()
        if after is not None:
            tests.add(f"n.number {self._farther} ?", after)
        if until is not None:
            tests.add(f"n.number {'>=' if self._newest else '<='} ?", until)
        return tests

    def _edge(self, after: int | None) -> int | None:
        """The number of the last run that is read without the index; None: that is all."""
        tests = self._between(after, None)
        sql = (
            f"SELECT n.number FROM run_numbers n WHERE {tests.sql} "  # noqa: S608 - our own names
            f"ORDER BY n.number {self._order} LIMIT 1 OFFSET ?"
        )
        row = self._connection.execute(sql, [*tests.values, SCANNED - 1]).fetchone()
        return row["number"] if row else None

    def _merged(self, parts: list[Hits], limit: int) -> Hits:
        """All hits in order, each once, up to where the last part was cut short."""
        found = sorted({hit for part in parts for hit in part.found}, reverse=self._newest)
        complete, reached = all(part.complete for part in parts), parts[-1].reached
        if reached is not None:
            found = [
                hit for hit in found if (hit[0] > reached if self._newest else hit[0] < reached)
            ]
        return Hits(found[:limit], complete, reached)

    def _holds(self, number: int, run_id: str, *texts: str | None) -> bool:
        payload, output, output_json, said = texts
        self._seen = number
        text = document(payload or "{}", output or "", output_json)
        if said:
            text = f"{text}\n{fold(said)}"
        found = all(word in text for word in self._words)
        return found or (self._id is not None and run_id.startswith(self._id))

    def _mentions(self, text: str) -> bool:
        folded = fold(text)
        return any(word in folded for word in self._words)
