"""What judging reads: runs that can be compared, and votes with what they were about."""

import hashlib
import json
import sqlite3

from core.judgement import Ballot, Candidate, Contender
from core.opinion import Choice
from core.types import Mode, normalise_json

NEWEST = 2000  # runs looked at: older ones have had their votes

# The index runs_list finds the newest without reading the rows of the others.
_CANDIDATES = (
    "SELECT id, kind, task, language, mode, model, payload, options, output, "
    "json_extract(prompt, '$[0]') AS told, "
    "(SELECT group_concat(sha256) FROM images WHERE run_id = runs.id) AS pictures "
    "FROM runs WHERE id IN ("
    "SELECT id FROM runs WHERE status = 'succeeded' AND (:task IS NULL OR task = :task) "
    "AND NOT EXISTS (SELECT 1 FROM deleted_runs WHERE run_id = runs.id) "
    "ORDER BY id DESC LIMIT :limit) ORDER BY id DESC"
)
_SIDES = ", ".join(
    f"{side}.model AS {side}_model, {side}.options AS {side}_options, "
    f"json_extract({side}.prompt, '$[0]') AS {side}_told"
    for side in ("l", "r")
)
_BALLOTS = (
    f"SELECT v.user, v.left_run, v.right_run, v.choice, l.task, l.mode, {_SIDES} "  # noqa: S608
    "FROM votes v JOIN runs l ON l.id = v.left_run JOIN runs r ON r.id = v.right_run "
    "WHERE l.mode = :mode AND r.mode = :mode AND (:task IS NULL OR l.task = :task) "
    "AND NOT EXISTS (SELECT 1 FROM deleted_runs WHERE run_id IN (v.left_run, v.right_run)) "
    "ORDER BY v.id DESC LIMIT :limit"
)
# What differs from one answer to the next of the same contender.
_BY_CHANCE = ("seed", "batch")


def read_candidates(connection: sqlite3.Connection, *, task: str | None) -> list[Candidate]:
    """The newest runs that have an answer and were not put away, the newest first."""
    values = {"task": task, "limit": NEWEST}
    return [_candidate(row) for row in connection.execute(_CANDIDATES, values)]


def read_ballots(
    connection: sqlite3.Connection, *, mode: str, task: str | None, limit: int
) -> list[Ballot]:
    """The newest votes between runs of this mode, without those on runs put away."""
    values = {"mode": mode, "task": task, "limit": limit}
    return [
        Ballot(
            user=row["user"],
            task=row["task"],
            mode=Mode(row["mode"]),
            left_run=row["left_run"],
            right_run=row["right_run"],
            left=_contender(row["l_model"], row["l_options"], row["l_told"]),
            right=_contender(row["r_model"], row["r_options"], row["r_told"]),
            choice=Choice(row["choice"]),
        )
        for row in connection.execute(_BALLOTS, values)
    ]


def _candidate(row: sqlite3.Row) -> Candidate:
    payload = json.dumps(normalise_json(json.loads(row["payload"])), sort_keys=True)
    asked = (row["kind"], row["task"], row["language"], row["mode"], payload)
    return Candidate(
        id=row["id"],
        group=_digest("\n".join(asked)),
        task=row["task"],
        mode=Mode(row["mode"]),
        contender=_contender(row["model"], row["options"], row["told"]),
        answer=_digest(row["pictures"] or row["output"]),
    )


def _contender(model: str, options: str, told: str | None) -> Contender:
    """A model with its settings in words: "temperature 0.8, prompt 1a2b"."""
    chosen = {name: value for name, value in json.loads(options).items() if name not in _BY_CHANCE}
    words = [f"{name} {value}" for name, value in sorted(chosen.items())]
    message = json.loads(told) if told else {}
    if message.get("role") == "system":  # a user's message holds the brief, not a version
        words.append(f"prompt {_digest(message['content'])[:4]}")
    return Contender(model=model, settings=", ".join(words))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
