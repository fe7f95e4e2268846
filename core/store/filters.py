"""A filter as SQL: conditions over `runs r`, each with its values."""

import json
import sqlite3
from collections.abc import Iterable, Sequence

from core.finding import Severity
from core.listing import RunFilter
from core.store.stamps import stamp

FEW = 30_000  # of a million: so many are looked up rather than tested run by run

_STARS = "(SELECT avg(stars) FROM ratings WHERE run_id = r.id)"
_RATED = "EXISTS (SELECT 1 FROM ratings WHERE run_id = r.id)"
_DELETED = "EXISTS (SELECT 1 FROM deleted_runs WHERE run_id = r.id)"
_LISTED = "(SELECT value FROM json_each(?))"
_STARRED = "r.id IN (SELECT run_id FROM ratings GROUP BY run_id HAVING avg(stars) BETWEEN ? AND ?)"
_SEVERITIES = {
    severity: f"(SELECT {severity}s FROM check_reports WHERE run_id = r.id) > 0"  # noqa: S608
    for severity in Severity
}
_PASSED = "(SELECT passed FROM check_reports WHERE run_id = r.id) = ?"


class Where:
    """Conditions that all hold; `sql` is never empty. `narrow` says whether they leave out more
    than the runs put away.
    """

    def __init__(self) -> None:
        self._tests: list[str] = []
        self.narrow = False
        self.values: list[object] = []

    def add(self, test: str, *values: object) -> None:
        """One more condition, with the values of its question marks."""
        self._tests.append(test)
        self.values.extend(values)

    @property
    def sql(self) -> str:
        """The conditions joined by AND."""
        return " AND ".join(self._tests) or "1"


def where(connection: sqlite3.Connection, wanted: RunFilter) -> Where:
    """The conditions of `wanted` except its free text.

    What few runs have (a tag, a rare finding) is looked up first; what many have is tested run
    by run, which is faster then. Counting a few thousand of them tells which it is.
    """
    found = Where()
    found.add(_DELETED if wanted.deleted else f"NOT {_DELETED}")
    found.narrow = wanted.model_copy(update={"q": ""}) != RunFilter()
    _columns(wanted, found)
    _times(wanted, found)
    _checks(connection, wanted, found)
    _opinions(connection, wanted, found)
    return found


def _columns(wanted: RunFilter, found: Where) -> None:
    single = {"kind": wanted.kind, "batch_id": wanted.batch_id, "parent_id": wanted.parent_id}
    for name, value in single.items():
        if value is not None:
            found.add(f"r.{name} = ?", value)
    several: dict[str, tuple[str, ...]] = {
        "mode": wanted.modes,
        "provider": wanted.providers,
        "model": wanted.models,
        "role": wanted.roles,
        "task": wanted.tasks,
        "status": wanted.statuses,
        "user": wanted.users,
    }
    for name, values in several.items():
        if len(values) == 1:
            found.add(f"r.{name} = ?", values[0])
        elif values:
            found.add(f"r.{name} IN {_LISTED}", _listed(values))


def _times(wanted: RunFilter, found: Where) -> None:
    if wanted.since is not None:
        found.add("r.created_at >= ?", stamp(wanted.since))
    if wanted.until is not None:
        found.add("r.created_at < ?", stamp(wanted.until))


def _checks(connection: sqlite3.Connection, wanted: RunFilter, found: Where) -> None:
    if wanted.passed is not None:
        found.add(_PASSED, int(wanted.passed))
    if not wanted.findings:
        return
    severities = [severity for severity in Severity if severity in wanted.findings]
    tests = [_SEVERITIES[severity] for severity in severities]
    codes = [code for code in wanted.findings if code not in severities]
    if codes:
        tests.append(_having(connection, "findings", "code", codes))
    found.add(f"({' OR '.join(tests)})", *([_listed(codes)] if codes else []))


def _opinions(connection: sqlite3.Connection, wanted: RunFilter, found: Where) -> None:
    if wanted.rated is not None:
        found.add(_RATED if wanted.rated else f"NOT {_RATED}")
    if wanted.rated or wanted.min_stars is not None or wanted.max_stars is not None:
        bounds = (wanted.min_stars or 1, wanted.max_stars or 5)
        few = _few(connection, "SELECT 1 FROM ratings", ())
        found.add(_STARRED if few else f"{_STARS} BETWEEN ? AND ?", *bounds)
    if wanted.tags:
        found.add(_having(connection, "tags", "tag", wanted.tags), _listed(wanted.tags))


def _having(connection: sqlite3.Connection, table: str, column: str, values: Sequence[str]) -> str:
    """The condition that a run has one of `values` in another table."""
    rows = f"FROM {table} WHERE {column} IN {_LISTED}"
    if _few(connection, f"SELECT 1 {rows}", (_listed(values),)):
        return f"r.id IN (SELECT run_id {rows})"
    return f"EXISTS (SELECT 1 {rows} AND run_id = r.id)"


def _few(connection: sqlite3.Connection, sql: str, values: Sequence[object]) -> bool:
    row = connection.execute(f"{sql} LIMIT 1 OFFSET ?", [*values, FEW]).fetchone()
    return row is None


def _listed(values: Iterable[str]) -> str:
    """One parameter whatever their number: SQLite has a limit of those."""
    return json.dumps(list(values), ensure_ascii=False)
