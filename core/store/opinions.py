"""What people say of runs: ratings, votes between two, tags, notes; and runs put away."""

import json
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from core.errors import RunNotFound
from core.judgement import Ballot, Candidate
from core.opinion import Note, Rating, Vote
from core.store.database import Database
from core.store.judging import read_ballots, read_candidates
from core.store.stamps import stamp
from core.types import Mode, normalise, utc_now

MOST_VOTES = 50_000

_RATE = (
    "INSERT OR REPLACE INTO ratings (run_id, user, created_at, stars, reasons, comment) "
    "VALUES (:run_id, :user, :created_at, :stars, :reasons, :comment)"
)
_VOTE = (
    "INSERT OR REPLACE INTO votes (id, created_at, user, left_run, right_run, choice) "
    "VALUES (:id, :created_at, :user, :left_run, :right_run, :choice)"
)
_NOTE = (
    "INSERT OR REPLACE INTO notes (run_id, changed_at, user, text) "
    "VALUES (:run_id, :changed_at, :user, :text)"
)


class OpinionStore:
    """The tables `ratings`, `votes`, `tags`, `notes` and `deleted_runs`.

    Writes return futures that are done once committed, and that hold RunNotFound where a run
    is unknown: nothing is written then. Reads block.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def rate(self, rating: Rating) -> "Future[None]":
        """Keep a rating; it replaces the one that this person gave this run before."""
        row = rating.model_dump(mode="json") | {
            "created_at": stamp(rating.created_at),
            "reasons": json.dumps(rating.reasons),
        }
        return self._write([rating.run_id], _RATE, row)

    def unrate(self, run_id: str, user: str) -> "Future[None]":
        """Take back the rating of this person, if there is one."""
        sql = "DELETE FROM ratings WHERE run_id = ? AND user = ?"
        return self._write([run_id], sql, (run_id, normalise(user).strip()))

    def ratings(self, run_id: str) -> list[Rating]:
        """What everybody says of a run, the oldest first; empty for an unknown run."""
        sql = "SELECT * FROM ratings WHERE run_id = ? ORDER BY created_at, user"
        rows = self._rows(sql, (run_id,))
        return [Rating(**row | {"reasons": json.loads(row["reasons"])}) for row in rows]

    def vote(self, vote: Vote) -> "Future[None]":
        """Keep a vote; it replaces the one that this person gave on these two runs before."""
        row = vote.model_dump(mode="json") | {"created_at": stamp(vote.created_at)}
        return self._write([vote.left_run, vote.right_run], _VOTE, row)

    def unvote(self, vote_id: str) -> "Future[None]":
        """Take back a vote, if it is there."""
        return self._write([], "DELETE FROM votes WHERE id = ?", (vote_id,))

    def votes(self, *, user: str | None = None, limit: int = MOST_VOTES) -> list[Vote]:
        """The newest votes first, of everybody or of one person."""
        where = "" if user is None else "WHERE user = ?"
        values = () if user is None else (normalise(user).strip(),)
        sql = f"SELECT * FROM votes {where} ORDER BY id DESC LIMIT ?"  # noqa: S608 - our own words
        return [Vote(**row) for row in self._rows(sql, (*values, limit))]

    def candidates(self, *, task: str | None = None) -> list[Candidate]:
        """Runs that can be judged, the newest first: 2,000 at most, of one task or of all."""
        with self._database.read() as connection:
            return read_candidates(connection, task=task)

    def ballots(
        self, *, mode: Mode, task: str | None = None, limit: int = MOST_VOTES
    ) -> list[Ballot]:
        """Votes with what they were between, the newest first; mock and live are kept apart."""
        with self._database.read() as connection:
            return read_ballots(connection, mode=mode, task=task, limit=limit)

    def tag(self, run_id: str, tag: str) -> "Future[None]":
        """Put a tag on a run; once is enough."""
        sql = "INSERT OR IGNORE INTO tags (run_id, tag) VALUES (?, ?)"
        return self._write([run_id], sql, (run_id, normalise(tag).strip()))

    def untag(self, run_id: str, tag: str) -> "Future[None]":
        """Take a tag off a run, if it is there."""
        sql = "DELETE FROM tags WHERE run_id = ? AND tag = ?"
        return self._write([run_id], sql, (run_id, normalise(tag).strip()))

    def note(self, note: Note) -> "Future[None]":
        """Keep what is written down about a run, in place of what was; no text takes it away."""
        if not note.text.strip():
            sql = "DELETE FROM notes WHERE run_id = ?"
            return self._write([note.run_id], sql, (note.run_id,))
        row = note.model_dump(mode="json") | {"changed_at": stamp(note.changed_at)}
        return self._write([note.run_id], _NOTE, row)

    def notes(self, run_id: str) -> Note | None:
        """What is written down about a run, None where nothing is."""
        rows = self._rows("SELECT * FROM notes WHERE run_id = ?", (run_id,))
        return Note(**rows[0]) if rows else None

    def delete(self, run_ids: Sequence[str], user: str | None = None) -> "Future[None]":
        """Put runs away, all or none: they stay in the database and leave the lists."""
        sql = (
            "INSERT OR IGNORE INTO deleted_runs (run_id, deleted_at, user) "
            "SELECT value, ?, ? FROM json_each(?)"
        )
        return self._write(run_ids, sql, (stamp(utc_now()), user, json.dumps(list(run_ids))))

    def restore(self, run_ids: Sequence[str]) -> "Future[None]":
        """Bring runs back that were put away; the others stay as they are."""
        sql = "DELETE FROM deleted_runs WHERE run_id IN (SELECT value FROM json_each(?))"
        return self._write(run_ids, sql, (json.dumps(list(run_ids)),))

    def _write(
        self, run_ids: Sequence[str], sql: str, values: Sequence[object] | dict[str, Any]
    ) -> "Future[None]":
        def work(connection: sqlite3.Connection) -> None:
            _require(connection, run_ids)
            connection.execute(sql, values)

        return self._database.write(work)

    def _rows(self, sql: str, values: Sequence[object]) -> list[dict[str, Any]]:
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(sql, values).fetchall()]


def _require(connection: sqlite3.Connection, run_ids: Sequence[str]) -> None:
    """Raise RunNotFound for the first of these runs that there is not."""
    sql = (
        "SELECT value FROM json_each(?) WHERE NOT EXISTS "
        "(SELECT 1 FROM runs WHERE runs.id = json_each.value) LIMIT 1"
    )
    missing = connection.execute(sql, (json.dumps(list(run_ids)),)).fetchone()
    if missing:
        raise RunNotFound(
            f"There is no run {missing[0]}. Check the address, or look in the list of runs.",
            details={"run_id": missing[0]},
        )
