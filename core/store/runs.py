"""Runs as rows: inserted before anything is sent, saved while text arrives, finished once."""

import json
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from core.errors import RunNotFound
from core.run import (
    ContractVerdict,
    ImageRecord,
    Run,
)
from core.store.database import Database
from core.store.images import insert_images
from core.store.reports import read_reports, save_report
from core.store.stamps import stamp

COLUMNS = (
    *("id", "created_at", "started_at", "finished_at", "kind", "status", "mode", "provider"),
    *("model", "role", "task", "language", "format", "batch_id", "parent_id", "source", "user"),
    *("payload", "prompt", "options", "output", "output_json", "thinking", "finish_reason"),
    *("contract_valid", "contract_errors", "prompt_tokens", "completion_tokens", "total_tokens"),
    *("queued_ms", "load_ms", "first_token_ms", "total_ms", "tokens_per_second"),
    *("error_code", "error_message", "error_details", "meta", "request_id"),
)
_JSON = ("payload", "prompt", "options", "output_json", "error_details", "meta")
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM runs"  # noqa: S608 - our own column names
_INSERT = (
    f"INSERT INTO runs ({', '.join(COLUMNS)}, process) "  # noqa: S608 - our own column names
    f"VALUES ({', '.join(f':{name}' for name in COLUMNS)}, :process)"
)
# Whoever has lost a run to another process does not write to it any more.
_UPDATE = (
    f"UPDATE runs SET {', '.join(f'{name} = :{name}' for name in COLUMNS[1:])} "  # noqa: S608
    "WHERE id = :id AND process IS :process"
)
_PICTURES = (
    'SELECT run_id, "index", sha256, width, height, format, bytes, node, seed FROM images '
    'WHERE run_id IN (SELECT value FROM json_each(?)) ORDER BY run_id, "index"'
)
INTERRUPTED_MESSAGE = (
    "The playground stopped while this run was under way. What had arrived is kept; run it again."
)


class RunStore:
    """The table `runs`. Writes return futures that are done once committed; reads block.

    `process` is the app process whose runs these are: what it inserts is its own, and nothing
    is written to a run that belongs to another one.
    """

    def __init__(self, database: Database, process: str | None = None) -> None:
        self._database = database
        self._process = process

    def insert(self, runs: Sequence[Run]) -> "Future[None]":
        """Add `runs`, all or none."""
        rows = [_row(run) | {"process": self._process} for run in runs]
        return self._database.write(lambda connection: _insert(connection, rows))

    def start(self, run: Run) -> "Future[None]":
        """Note that the run has left the queue."""
        sql = (
            "UPDATE runs SET status = ?, started_at = ?, queued_ms = ? "
            "WHERE id = ? AND process IS ?"
        )
        values = (run.status, stamp(run.started_at), run.queued_ms, run.id, self._process)
        return self._database.write(lambda connection: _execute(connection, sql, values))

    def save_text(self, run_id: str, *, output: str, thinking: str) -> "Future[None]":
        """Keep what has arrived so far."""
        sql = "UPDATE runs SET output = ?, thinking = ? WHERE id = ? AND process IS ?"
        values = (output, thinking, run_id, self._process)
        return self._database.write(lambda connection: _execute(connection, sql, values))

    def finish(self, run: Run) -> "Future[bool]":
        """Write all of a run that has reached its final state, with the rows of its pictures and
        what the checks found, in one transaction.

        False, and nothing written, when the run belongs to another process or is gone.
        """
        row = _row(run) | {"process": self._process}
        pictures = run.image.pictures if run.image else ()
        report = run.report

        def work(connection: sqlite3.Connection) -> bool:
            if connection.execute(_UPDATE, row).rowcount == 0:
                return False
            insert_images(connection, pictures)
            if report is not None:
                save_report(connection, run.id, report)
            return True

        return self._database.write(work)

    def get(self, run_id: str) -> Run:
        """The run with this id. Raises RunNotFound."""
        with self._database.read() as connection:
            row = connection.execute(f"{_SELECT} WHERE id = ?", [run_id]).fetchone()
            found = _complete(connection, [read_run(row)]) if row else []
        if not found:
            raise RunNotFound(
                f"There is no run {run_id}. Check the address, or look in the list of last runs.",
                details={"run_id": run_id},
            )
        return found[0]

    def many(self, run_ids: Sequence[str]) -> list[Run]:
        """The runs with these ids, in that order; unknown ones are left out."""
        sql = f"{_SELECT} WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608 - our names
        with self._database.read() as connection:
            rows = connection.execute(sql, [json.dumps(list(run_ids))]).fetchall()
            found = {run.id: run for run in _complete(connection, [read_run(row) for row in rows])}
        return [found[run_id] for run_id in run_ids if run_id in found]

    def batch(self, batch_id: str) -> list[Run]:
        """The runs that were submitted together, in that order; empty when there are none."""
        with self._database.read() as connection:
            rows = connection.execute(
                f"{_SELECT} WHERE batch_id = ? ORDER BY id", [batch_id]
            ).fetchall()
            return _complete(connection, [read_run(row) for row in rows])

    def recent(
        self, *, limit: int = 20, before: str | None = None, kind: str | None = None
    ) -> list[Run]:
        """The newest runs first, at most `limit`; those older than run `before` when given."""
        wanted = {"id < ?": before, "kind = ?": kind}
        tests = [test for test, value in wanted.items() if value]
        where = f"WHERE {' AND '.join(tests)}" if tests else ""
        values = [value for value in wanted.values() if value]
        with self._database.read() as connection:
            rows = connection.execute(
                f"{_SELECT} {where} ORDER BY id DESC LIMIT ?", [*values, limit]
            ).fetchall()
            return _complete(connection, [read_run(row) for row in rows])


def run_columns() -> str:
    """The columns that `read_run` wants, for a SELECT or RETURNING."""
    return ", ".join(COLUMNS)


def _insert(connection: sqlite3.Connection, rows: Sequence[dict[str, Any]]) -> None:
    connection.executemany(_INSERT, rows)


def _execute(
    connection: sqlite3.Connection, sql: str, values: Sequence[object] | dict[str, Any]
) -> None:
    connection.execute(sql, values)


def _row(run: Run) -> dict[str, Any]:
    row: dict[str, Any] = run.model_dump(mode="json", exclude={"contract", "image", "report"})
    options = run.image.options if run.image else run.options
    row["options"] = options.model_dump(mode="json", exclude_none=True)
    for name in ("created_at", "started_at", "finished_at"):
        row[name] = stamp(getattr(run, name))
    for name in _JSON:
        row[name] = None if row[name] is None else json.dumps(row[name], ensure_ascii=False)
    row["contract_valid"] = None if run.contract is None else int(run.contract.valid)
    row["contract_errors"] = (
        None if run.contract is None else json.dumps(run.contract.errors, ensure_ascii=False)
    )
    return row


def read_run(row: sqlite3.Row) -> Run:
    """The run of a row with `run_columns()`, without what other tables know of it."""
    values = dict(row)
    for name in _JSON:
        values[name] = None if values[name] is None else json.loads(values[name])
    valid, errors = values.pop("contract_valid"), values.pop("contract_errors")
    if valid is not None:
        values["contract"] = ContractVerdict(valid=bool(valid), errors=json.loads(errors or "[]"))
    values["error_details"] = values["error_details"] or {}
    if values["kind"] == "image":
        values["image"] = {"options": values.pop("options")}
    return Run.model_validate(values)


def _complete(connection: sqlite3.Connection, runs: list[Run]) -> list[Run]:
    """`runs` with what other tables know of them: their pictures and what the checks found."""
    reports = read_reports(connection, [run.id for run in runs])
    return [
        run.model_copy(update={"report": reports[run.id]}) if run.id in reports else run
        for run in _with_pictures(connection, runs)
    ]


def _with_pictures(connection: sqlite3.Connection, runs: list[Run]) -> list[Run]:
    """`runs`, those of kind image with the pictures they made."""
    ids = [run.id for run in runs if run.image is not None]
    if not ids:
        return runs
    rows = connection.execute(_PICTURES, [json.dumps(ids)]).fetchall()
    made: dict[str, list[ImageRecord]] = {}
    for row in rows:
        made.setdefault(row["run_id"], []).append(ImageRecord.model_validate(dict(row)))
    return [
        run.model_copy(
            update={"image": run.image.model_copy(update={"pictures": tuple(made.get(run.id, ()))})}
        )
        if run.image is not None
        else run
        for run in runs
    ]
