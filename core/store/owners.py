"""Whose runs are whose, where several app processes share the file."""

import json
import sqlite3
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from core.run import Run
from core.store.database import Database
from core.store.runs import INTERRUPTED_MESSAGE, read_run, run_columns
from core.store.stamps import stamp
from core.types import RunStatus, utc_now

_OPEN = "status IN ('queued', 'running')"
_CLAIM = (
    f"UPDATE runs SET process = :me WHERE {_OPEN} "  # noqa: S608 - our own words
    "AND (process IN (SELECT value FROM json_each(:dead)) OR (:unowned AND process IS NULL)) "
    f"RETURNING {run_columns()}"
)
# A clock that was put back must not end a run before it began.
_INTERRUPT = (
    "UPDATE runs SET "  # noqa: S608 - our own words
    "status = :status, error_code = 'run_interrupted', error_message = :message, "
    "finished_at = max(:now, coalesce(started_at, created_at)) "
    f"WHERE id IN (SELECT value FROM json_each(:ids)) AND {_OPEN}"
)
_ASKED = (
    "SELECT run_id FROM stop_requests JOIN runs ON runs.id = run_id "  # noqa: S608 - our words
    f"WHERE process = ? AND {_OPEN}"
)


@dataclass(frozen=True)
class TakenOver:
    """What became of the runs of dead processes: `kept` go on here, so many were interrupted."""

    kept: tuple[Run, ...]
    interrupted: int


class RunOwners:
    """The columns `runs.process` and the table `stop_requests`, as process `me` uses them.

    Writes return futures that are done once committed; reads block. Raises StoreError.
    """

    def __init__(self, database: Database, me: str) -> None:
        self._database = database
        self.me = me

    def of_open_runs(self) -> set[str | None]:
        """The processes that have runs under way; None stands for those of older versions."""
        sql = f"SELECT DISTINCT process FROM runs WHERE {_OPEN}"  # noqa: S608 - our own words
        with self._database.read() as connection:
            return {row["process"] for row in connection.execute(sql)}

    def of(self, run_id: str) -> str | None:
        """The process that makes, or made, this run; None where that is not known."""
        sql = "SELECT process FROM runs WHERE id = ?"
        with self._database.read() as connection:
            row = connection.execute(sql, [run_id]).fetchone()
        return row["process"] if row else None

    def take_over(
        self, dead: Collection[str], *, unowned: bool, keep: Callable[[Run], bool]
    ) -> "Future[TakenOver]":
        """Make the open runs of the processes `dead` those of this process, in one transaction:
        what `keep` wants stays open, everything else becomes `interrupted`.

        `unowned` takes those that an older version left without a process as well. Of several
        processes that call this at once exactly one gets a run.
        """
        values = {"me": self.me, "dead": json.dumps(sorted(dead)), "unowned": unowned}

        def work(connection: sqlite3.Connection) -> TakenOver:
            rows = connection.execute(_CLAIM, values).fetchall()
            claimed = sorted((read_run(row) for row in rows), key=lambda run: run.id)
            kept = tuple(run for run in claimed if keep(run))
            ids = [run.id for run in claimed if run not in kept]
            _interrupt(connection, ids)
            _forget_stale(connection)
            return TakenOver(kept, len(ids))

        return self._database.write(work)

    def ask_to_stop(self, run_ids: Sequence[str]) -> "Future[None]":
        """Leave word that these runs should be stopped, for the process that makes them."""
        rows = [(run_id, stamp(utc_now())) for run_id in run_ids]
        sql = "INSERT OR IGNORE INTO stop_requests (run_id, asked_at) VALUES (?, ?)"
        return self._database.write(lambda connection: _many(connection, sql, rows))

    def asked_to_stop(self) -> list[str]:
        """Runs under way in this process that somebody wants stopped."""
        with self._database.read() as connection:
            return [row["run_id"] for row in connection.execute(_ASKED, [self.me])]

    def forget_stop(self, run_ids: Sequence[str]) -> "Future[None]":
        """Take back what `ask_to_stop` left."""
        rows = [(run_id,) for run_id in run_ids]
        sql = "DELETE FROM stop_requests WHERE run_id = ?"
        return self._database.write(lambda connection: _many(connection, sql, rows))


def _interrupt(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    values = {
        "status": RunStatus.INTERRUPTED,
        "message": INTERRUPTED_MESSAGE,
        "now": stamp(utc_now()),
        "ids": json.dumps(ids),
    }
    connection.execute(_INTERRUPT, values)


def _forget_stale(connection: sqlite3.Connection) -> None:
    """Remove what processes left that were killed while they waited for a stop."""
    connection.execute(
        f"DELETE FROM stop_requests WHERE run_id NOT IN (SELECT id FROM runs WHERE {_OPEN})"  # noqa: S608 - our own words
    )


def _many(connection: sqlite3.Connection, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
    connection.executemany(sql, rows)
