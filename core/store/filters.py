"""A filter as SQL: conditions over `runs r`, each with its values."""

import json
from collections.abc import Iterable

from core.finding import Severity
from core.listing import RunFilter
from core.store.stamps import stamp

_STARS = "(SELECT avg(stars) FROM ratings WHERE run_id = r.id)"
_RATED = "EXISTS (SELECT 1 FROM ratings WHERE run_id = r.id)"
_DELETED = "EXISTS (SELECT 1 FROM deleted_runs WHERE run_id = r.id)"
_LISTED = "(SELECT value FROM json_each(?))"
_PASSED = "(SELECT passed FROM check_reports WHERE run_id = r.id) = ?"


class Where:
    """Conditions that all hold; `sql` is never empty."""

    def __init__(self) -> None:
        self._tests: list[str] = []
        self.values: list[object] = []

    def add(self, test: str, *values: object) -> None:
        """One more condition, with the values of its question marks."""
        self._tests.append(test)
        self.values.extend(values)

    @property
    def sql(self) -> str:
        """The conditions joined by AND."""
        return " AND ".join(self._tests) or "1"


def where(wanted: RunFilter) -> Where:
    """The conditions of `wanted` except its free text."""
    found = Where()
    found.add(_DELETED if wanted.deleted else f"NOT {_DELETED}")
    _columns(wanted, found)
    _times(wanted, found)
    _checks(wanted, found)
    _opinions(wanted, found)
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


def _checks(wanted: RunFilter, found: Where) -> None:
    if wanted.passed is not None:
        found.add(_PASSED, int(wanted.passed))
    if not wanted.findings:
        return
    tests = [
        f"(SELECT {column} FROM check_reports WHERE run_id = r.id) > 0"  # noqa: S608 - our names
        for severity, column in (
            (Severity.ERROR, "errors"),
            (Severity.WARNING, "warnings"),
            (Severity.NOTE, "notes"),
        )
        if severity in wanted.findings
    ]
    codes = [code for code in wanted.findings if code not in set(Severity)]
    if codes:
        tests.append(
            "EXISTS (SELECT 1 FROM findings WHERE run_id = r.id "
            "AND code IN (SELECT value FROM json_each(?)))"
        )
    found.add(f"({' OR '.join(tests)})", *([_listed(codes)] if codes else []))


def _opinions(wanted: RunFilter, found: Where) -> None:
    if wanted.rated is not None:
        found.add(_RATED if wanted.rated else f"NOT {_RATED}")
    if wanted.min_stars is not None:
        found.add(f"{_STARS} >= ?", wanted.min_stars)
    if wanted.max_stars is not None:
        found.add(f"{_STARS} <= ?", wanted.max_stars)
    if wanted.tags:
        found.add(
            "EXISTS (SELECT 1 FROM tags WHERE run_id = r.id "
            "AND tag IN (SELECT value FROM json_each(?)))",
            _listed(wanted.tags),
        )


def _listed(values: Iterable[str]) -> str:
    """One parameter whatever their number: SQLite has a limit of those."""
    return json.dumps(list(values), ensure_ascii=False)
