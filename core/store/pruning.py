"""Runs that a rule takes: chosen at one moment, then taken out in small transactions.

While runs are taken out others come, and people rate and repeat old ones: each transaction looks
again at what it is about to take. The pages that become free stay in the file, and new runs fill
them: giving them back would mean writing the whole file anew while nobody else may.
"""

import hashlib
import json
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from core.store.database import Database
from core.store.grams import grams
from core.store.named import still_kept
from core.store.pruning_choice import Choice, choose, forget, look_again
from core.store.pruning_removal import NEW, Doomed, Removal, Taken
from core.store.words import document

AT_ONCE = 32  # about 10 ms

_LABELS = ("model", "provider", "role", "task", "user")
_NEXT = (
    "SELECT g.id, g.why, n.number, r.parent_id, r.payload, r.output, r.output_json "
    "FROM temp.going g JOIN runs r ON r.id = g.id LEFT JOIN run_numbers n ON n.run_id = g.id "
    "WHERE :before IS NULL OR g.id < :before ORDER BY g.id DESC LIMIT :limit"
)
_SOURCE = "json_extract(r.payload, '$.source_sha256')"
_NEW_SOURCES = f"SELECT {_SOURCE} FROM {NEW} AND r.kind = 'image' AND {_SOURCE} IS NOT NULL"  # noqa: S608
# Asked again and again: what is to go anyway is passed over without being read.
_OTHER_SOURCES = _NEW_SOURCES.replace(
    "n.number > :last", "n.number > :last AND n.run_id NOT IN (SELECT id FROM temp.going)"
)
_UNUSED = (
    "DELETE FROM uploads WHERE sha256 IN (SELECT value FROM json_each(:uploads)) "  # noqa: S608
    f"AND created_at < :before AND sha256 NOT IN ({_NEW_SOURCES}) RETURNING sha256"
)
_DRAWING = (
    "SELECT EXISTS (SELECT 1 FROM runs WHERE status IN ('queued', 'running') AND kind = 'image')"
)


@contextmanager
def going(database: Database, choice: Choice) -> Generator["Going"]:
    """What `choice` takes, for one thread. Raises StoreError."""
    with database.read() as connection:
        forget(connection)
        try:
            yield Going(database, connection, choice)
        finally:
            forget(connection)


class Going:
    """The runs and uploads that are to go, as they were when this was made.

    `spared_judged` and `spared_parents` count the runs that stay although the rule takes them.
    """

    def __init__(self, database: Database, connection: sqlite3.Connection, choice: Choice) -> None:
        self._database = database
        self._connection = connection
        self._choice = choice
        connection.execute("BEGIN")
        try:
            self.spared_judged, self.spared_parents = choose(connection, choice)
            self._last = self.count(
                "SELECT coalesce(max(number), 0) FROM run_numbers "
                "WHERE run_id NOT IN (SELECT id FROM temp.going)"
            )
        finally:
            connection.execute("COMMIT")

    @property
    def fingerprint(self) -> str:
        """Stands for exactly these runs and uploads."""
        digest = hashlib.sha256()
        for sql in (
            "SELECT id FROM temp.going ORDER BY id",
            "SELECT id FROM temp.going_uploads ORDER BY id",
        ):
            for row in self._connection.execute(sql):
                digest.update(row[0].encode() + b" ")
            digest.update(b"\n")
        return digest.hexdigest()

    def count(self, sql: str) -> int:
        """The one number that a question about the temporary tables gives."""
        return int(self._connection.execute(sql).fetchone()[0])

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows that a question about the temporary tables gives."""
        return [dict(row) for row in self._connection.execute(sql)]

    def take_runs(self) -> Iterator[Taken]:
        """Take the runs out, the newest first, a few in each transaction. Raises StoreError."""
        before = None
        while runs := self._next(before):
            before = runs[-1].id
            taken = self._database.write(Removal(runs, self._choice, self._last)).result()
            if taken.spared:
                self._spare(taken.spared)
            yield taken

    def take_uploads(self) -> list[str]:
        """Take the uploads out that are still unused; which. Raises StoreError."""
        rows = self.rows("SELECT id FROM temp.going_uploads")
        values = {
            "uploads": json.dumps([row["id"] for row in rows]),
            "before": self._choice.uploads_before,
            "last": self._last,
        }

        def work(connection: sqlite3.Connection) -> list[str]:
            return [row[0] for row in connection.execute(_UNUSED, values).fetchall()]

        return self._database.write(work).result() if rows else []

    def take_labels(self) -> None:
        """Take out of the filters' choices what no run has any more. Raises StoreError."""
        for name in _LABELS:
            gone = self._connection.execute(
                "SELECT value FROM run_labels WHERE name = ? "  # noqa: S608 - our own names
                f"AND value NOT IN (SELECT {name} FROM runs WHERE {name} IS NOT NULL)",
                [name],
            ).fetchall()
            values = {
                "name": name,
                "gone": json.dumps([row[0] for row in gone]),
                "last": self._last,
            }
            sql = (
                "DELETE FROM run_labels WHERE name = :name "  # noqa: S608 - our own names
                "AND value IN (SELECT value FROM json_each(:gone)) "
                f"AND value NOT IN (SELECT r.{name} FROM {NEW} AND r.{name} IS NOT NULL)"
            )
            if gone:
                self._database.write(_Statement(sql, values)).result()

    def unnamed(self, pictures: Sequence[str]) -> set[str]:
        """Those of these pictures that no row names now."""
        if not pictures:
            return set()
        connection = self._connection
        named = still_kept(connection, pictures)
        named |= {row["id"] for row in self.rows("SELECT id FROM temp.staying_sources")}
        named |= {row[0] for row in connection.execute(_OTHER_SOURCES, {"last": self._last})}
        return set(pictures) - named

    def drawing(self) -> bool:
        """Whether a run is under way that may bring pictures."""
        return bool(self.count(_DRAWING))

    def _next(self, before: str | None) -> list[Doomed]:
        values = {"before": before, "limit": AT_ONCE}
        return [
            Doomed(
                id=row["id"],
                why=row["why"],
                number=row["number"],
                parent_id=row["parent_id"],
                pieces=grams(document(row["payload"], row["output"], row["output_json"])),
            )
            for row in self._connection.execute(_NEXT, values)
        ]

    def _spare(self, ids: list[str]) -> None:
        """Have these stay, with what they repeat and what they start from."""
        self._connection.execute(
            "DELETE FROM temp.going WHERE id IN (SELECT value FROM json_each(?))",
            [json.dumps(ids)],
        )
        look_again(self._connection)


class _Statement:
    """One statement as work for the writer."""

    def __init__(self, sql: str, values: dict[str, Any]) -> None:
        self._sql, self._values = sql, values

    def __call__(self, connection: sqlite3.Connection) -> None:
        connection.execute(self._sql, self._values)
