"""What the checks found, in tables of its own: checks are made again, answers are not."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from core.finding import CheckReport, Finding, Scores, Severity
from core.localised import Localised
from core.store.database import Database
from core.store.stamps import stamp
from core.types import utc_now

_INSERT_REPORT = (
    "INSERT OR REPLACE INTO check_reports "
    "(run_id, version, checked_at, score, passed, errors, warnings, notes, scores) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_FINDING = (
    'INSERT INTO findings (run_id, position, code, severity, field, start, "end", evidence, '
    "message_ko, message_en) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_REPORTS = (
    "SELECT run_id, version, scores FROM check_reports "
    "WHERE run_id IN (SELECT value FROM json_each(?))"
)
_FINDINGS = (
    'SELECT run_id, code, severity, field, start, "end", evidence, message_ko, message_en '
    "FROM findings WHERE run_id IN (SELECT value FROM json_each(?)) ORDER BY run_id, position"
)
_UNCHECKED = (
    "SELECT id FROM runs LEFT JOIN check_reports ON run_id = id "
    "WHERE id > :after AND kind = 'text' AND status = 'succeeded' "
    "AND (version IS NULL OR version < :below) AND (:task IS NULL OR task = :task) "
    "ORDER BY id LIMIT :limit"
)


def unchecked_ids(
    connection: sqlite3.Connection,
    *,
    below: int,
    after: str = "",
    task: str | None = None,
    limit: int,
) -> list[str]:
    """Text runs that succeeded and have no report of version `below` or later, oldest first.

    At most `limit`, of `task` where one is given; hand the last id back as `after` for more.
    """
    values = {"below": below, "after": after, "task": task, "limit": limit}
    return [row["id"] for row in connection.execute(_UNCHECKED, values)]


def save_report(connection: sqlite3.Connection, run_id: str, report: CheckReport) -> None:
    """Write what the checks say of a run within somebody's transaction, in place of the last."""
    scores = report.scores
    connection.execute("DELETE FROM findings WHERE run_id = ?", (run_id,))
    connection.execute(
        _INSERT_REPORT,
        (
            *(run_id, report.version, stamp(utc_now()), scores.overall, int(scores.passed)),
            *(report.count(severity) for severity in Severity),
            scores.model_dump_json(),
        ),
    )
    connection.executemany(
        _INSERT_FINDING,
        [(run_id, place, *_values(one)) for place, one in enumerate(report.findings)],
    )


def save_reports(database: Database, reports: Mapping[str, CheckReport]) -> "Future[None]":
    """Write many reports, by run id, in one transaction."""

    def work(connection: sqlite3.Connection) -> None:
        for run_id, report in reports.items():
            save_report(connection, run_id, report)

    return database.write(work)


def read_reports(connection: sqlite3.Connection, run_ids: Sequence[str]) -> dict[str, CheckReport]:
    """The reports of many runs by run id; those that were not checked are left out."""
    wanted = [json.dumps(list(run_ids))]
    findings: dict[str, list[Finding]] = {}
    for row in connection.execute(_FINDINGS, wanted):
        findings.setdefault(row["run_id"], []).append(_finding(row))
    return {
        row["run_id"]: CheckReport(
            version=row["version"],
            scores=Scores.model_validate_json(row["scores"]),
            findings=tuple(findings.get(row["run_id"], ())),
        )
        for row in connection.execute(_REPORTS, wanted)
    }


def _values(finding: Finding) -> tuple[Any, ...]:
    return (
        *(finding.code, finding.severity, finding.field, finding.start, finding.end),
        *(finding.evidence, finding.message.ko, finding.message.en),
    )


def _finding(row: sqlite3.Row) -> Finding:
    values = dict(row)
    del values["run_id"]
    words = Localised(ko=values.pop("message_ko"), en=values.pop("message_en"))
    return Finding(**values, message=words)
