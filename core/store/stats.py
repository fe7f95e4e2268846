"""Figures over many runs, for charts."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from core.figures import MOST_RUNS, FailureCount, Quality, Timing
from core.listing import RunFilter
from core.store.database import Database
from core.store.filters import where
from core.types import Mode

_MEASURES = ("first_token_ms", "total_ms", "load_ms", "tokens_per_second")
_BAD = "('failed', 'cancelled', 'interrupted')"
_PERIODS = {
    "day": "substr(r.created_at, 1, 10)",
    "week": "date(r.created_at, 'weekday 0', '-6 days')",
}
_NEWEST = "runs r INDEXED BY runs_list"


class RunStats:
    """Counts and quantiles of the runs of a filter: the newest 100,000 of them where there are
    more. Free text is not looked at.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def timings(self, wanted: RunFilter) -> list[Timing]:
        """How fast the succeeded runs of each model were, by mode and model."""
        rows = self._read(
            f"SELECT r.mode, r.model, {', '.join(f'r.{name}' for name in _MEASURES)} "  # noqa: S608
            f"FROM {_NEWEST} WHERE {{tests}} AND r.status = 'succeeded' "
            "ORDER BY r.id DESC LIMIT ?",
            wanted,
        )
        groups: defaultdict[tuple[str, str], list[Sequence[float | None]]] = defaultdict(list)
        for mode, model, *values in rows:
            groups[mode, model].append(values)
        return [_timing(*group, groups[group]) for group in sorted(groups)]

    def quality(self, wanted: RunFilter, *, per: Literal["day", "week"] = "day") -> list[Quality]:
        """What the checks say by period, mode, model and task; periods in order."""
        rows = self._read(
            "SELECT period, mode, model, task, count(*) AS runs, "  # noqa: S608 - our own names
            "sum(errors = 0) AS without_errors, sum(passed) AS passed, avg(score) AS mean_score "
            f"FROM (SELECT {_PERIODS[per]} AS period, r.mode, r.model, r.task, c.errors, "
            f"c.passed, c.score FROM {_NEWEST} CROSS JOIN check_reports c ON c.run_id = r.id "
            "WHERE {tests} ORDER BY r.id DESC LIMIT ?) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
            wanted,
        )
        return [Quality(**dict(row)) for row in rows]

    def failures(self, wanted: RunFilter) -> list[FailureCount]:
        """How runs ended that did not succeed, the most frequent first."""
        rows = self._read(
            "SELECT mode, status, error_code, count(*) AS runs FROM ("  # noqa: S608 - our names
            f"SELECT r.mode, r.status, r.error_code FROM {_NEWEST} "
            f"WHERE {{tests}} AND r.status IN {_BAD} ORDER BY r.id DESC LIMIT ?) "
            "GROUP BY 1, 2, 3 ORDER BY runs DESC, 1, 2, 3",
            wanted,
        )
        return [FailureCount(**dict(row)) for row in rows]

    def _read(self, sql: str, wanted: RunFilter) -> list[sqlite3.Row]:
        """`sql` with the conditions of the filter in place of its `{tests}`."""
        with self._database.read() as connection:
            tests = where(connection, wanted)
            values = [*tests.values, MOST_RUNS]
            return connection.execute(sql.format(tests=tests.sql), values).fetchall()


def _timing(mode: str, model: str, runs: Sequence[Sequence[float | None]]) -> Timing:
    columns = zip(*runs, strict=True)
    first, total, load, speed = (_known(column) for column in columns)
    load = [value for value in load if value > 0]  # most runs find the model loaded
    return Timing(
        mode=Mode(mode),
        model=model,
        runs=len(runs),
        first_token_p50_ms=quantile(first, 0.5),
        first_token_p95_ms=quantile(first, 0.95),
        total_p50_ms=quantile(total, 0.5),
        total_p95_ms=quantile(total, 0.95),
        load_p50_ms=quantile(load, 0.5),
        load_p95_ms=quantile(load, 0.95),
        tokens_per_second=quantile(speed, 0.5),
    )


def _known(values: Iterable[float | None]) -> list[float]:
    return sorted(value for value in values if value is not None)


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The value that `share` of the ordered values keep, between two of them where it falls
    there (as `numpy.quantile` does); None of none.
    """
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
