"""Runs taken out for good: one transaction for a few of them, and for all that names them."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.store.integrity import references
from core.store.pruning_choice import Choice

# Runs inserted since: numbers grow, whatever the clock does.
NEW = "run_numbers n CROSS JOIN runs r ON r.id = n.run_id WHERE n.number > :last"

_THESE = "(SELECT value FROM json_each(:ids))"
_JUDGED = (
    f"SELECT run_id FROM ratings WHERE run_id IN {_THESE} "  # noqa: S608 - our own words
    f"UNION SELECT left_run FROM votes WHERE left_run IN {_THESE} "
    f"UNION SELECT right_run FROM votes WHERE right_run IN {_THESE} "
    f"UNION SELECT run_id FROM tags WHERE run_id IN {_THESE} "
    f"UNION SELECT run_id FROM notes WHERE run_id IN {_THESE}"
)
_REPEATED = (
    "SELECT r.parent_id FROM runs r INDEXED BY runs_parent "  # noqa: S608 - our own words
    "LEFT JOIN run_numbers n ON n.run_id = r.id "
    f"WHERE r.parent_id IN {_THESE} AND r.id NOT IN {_THESE} "
    "AND (n.number > :last OR n.number IS NULL)"
)
_BROUGHT_BACK = (
    "SELECT value FROM json_each(:put_away) WHERE NOT EXISTS (SELECT 1 FROM deleted_runs "
    "WHERE run_id = value AND deleted_at < :put_away_before)"
)


@dataclass(frozen=True)
class Doomed:
    """A run that is to go, as it was read. `number` None: no list had it; `pieces` are what the
    search index has of it, where it has it.
    """

    id: str
    why: str
    number: int | None
    parent_id: str | None
    pieces: str


@dataclass
class Taken:
    """What a transaction took out: runs, and the pictures that their rows named."""

    runs: list[str] = field(default_factory=list)
    spared: list[str] = field(default_factory=list)
    pictures: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Removal:
    """Work for the writer: takes these runs out, but for those that people judged, repeated or
    brought back since they were chosen. `last` is the number of the last run that stays.
    """

    runs: Sequence[Doomed]
    choice: Choice
    last: int

    def __call__(self, connection: sqlite3.Connection) -> Taken:
        """Take them out within the writer's transaction."""
        stay = self._wanted(connection)
        going = [run for run in self.runs if run.id not in stay]
        taken = Taken(runs=[run.id for run in going], spared=sorted(stay))
        values = {"ids": json.dumps(taken.runs)}
        rows = connection.execute(
            f"SELECT sha256 FROM images WHERE run_id IN {_THESE}",  # noqa: S608 - our own words
            values,
        )
        taken.pictures = {row[0] for row in rows.fetchall()}
        self._take_from_index(connection, going)
        for one in references(connection):
            sql = f'DELETE FROM "{one.table}" WHERE "{one.column}" IN {_THESE}'  # noqa: S608
            connection.execute(sql, values)
        connection.execute(f"DELETE FROM runs WHERE id IN {_THESE}", values)  # noqa: S608
        return taken

    def _wanted(self, connection: sqlite3.Connection) -> set[str]:
        ids = [run.id for run in self.runs]
        values = {"ids": json.dumps(ids), "last": self.last}
        wanted = {row[0] for row in connection.execute(_REPEATED, values)}
        if self.choice.spare_judged:
            wanted |= {row[0] for row in connection.execute(_JUDGED, values)}
        put_away = {
            "put_away": json.dumps([run.id for run in self.runs if run.why == "put_away"]),
            "put_away_before": self.choice.put_away_before,
        }
        wanted |= {row[0] for row in connection.execute(_BROUGHT_BACK, put_away)}
        while parents := {run.parent_id for run in self.runs if run.id in wanted} & set(ids):
            if parents <= wanted:
                break
            wanted |= parents
        return wanted

    def _take_from_index(self, connection: sqlite3.Connection, going: list[Doomed]) -> None:
        # An index without its content forgets a row only when it is told again what it had of it.
        numbers = json.dumps([run.number for run in going])
        rows = connection.execute(
            "SELECT number FROM run_numbers WHERE indexed = 1 "
            "AND number IN (SELECT value FROM json_each(?))",
            [numbers],
        )
        indexed = {row[0] for row in rows.fetchall()}
        connection.executemany(
            "INSERT INTO run_words (run_words, rowid, pieces) VALUES ('delete', ?, ?)",
            [(run.number, run.pieces) for run in going if run.number in indexed],
        )
