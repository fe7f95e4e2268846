"""Figures over many runs, for charts."""

from typing import Literal

from core.figures import FailureCount, Quality, Timing
from core.listing import RunFilter
from core.store.database import Database
from core.store.filters import where

_MEASURES = ("first_token_ms", "total_ms", "load_ms", "tokens_per_second")
_PERIODS = {
    "day": "date(r.created_at)",
    "week": "date(r.created_at, 'weekday 0', '-6 days')",
}


class RunStats:
    """Counts and quantiles of the runs of a filter (its free text is not looked at)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def timings(self, wanted: RunFilter) -> list[Timing]:
        """How fast each model's succeeded runs were, by mode and model."""
        tests = where(wanted)
        parts = []
        for name in _MEASURES:
            parts.append(  # noqa: PERF401 - replaced soon
                f"SELECT mode, model, '{name}' AS measure, count(*) AS runs, "  # noqa: S608
                f"max(CASE WHEN place <= of * 0.5 + 0.5 THEN value END) AS p50, "
                f"max(CASE WHEN place <= of * 0.95 + 0.5 THEN value END) AS p95 FROM ("
                f"SELECT r.mode, r.model, r.{name} AS value, "
                f"row_number() OVER (PARTITION BY r.mode, r.model ORDER BY r.{name}) AS place, "
                f"count(*) OVER (PARTITION BY r.mode, r.model) AS of "
                f"FROM runs r WHERE {tests.sql} AND r.status = 'succeeded' "
                f"AND r.{name} IS NOT NULL) GROUP BY mode, model"
            )
        counted = (
            "SELECT r.mode, r.model, count(*) AS runs FROM runs r "  # noqa: S608 - our own names
            f"WHERE {tests.sql} AND r.status = 'succeeded' GROUP BY 1, 2 ORDER BY 1, 2"
        )
        with self._database.read() as connection:
            groups = connection.execute(counted, tests.values).fetchall()
            found = {
                (row["mode"], row["model"], row["measure"]): (row["p50"], row["p95"])
                for sql in parts
                for row in connection.execute(sql, tests.values)
            }
        timings = []
        for group in groups:
            measures = [
                found.get((group["mode"], group["model"], name), (None, None)) for name in _MEASURES
            ]
            first, total, load, speed = measures
            timings.append(
                Timing(
                    **dict(group),
                    first_token_p50_ms=first[0],
                    first_token_p95_ms=first[1],
                    total_p50_ms=total[0],
                    total_p95_ms=total[1],
                    load_p50_ms=load[0],
                    load_p95_ms=load[1],
                    tokens_per_second=speed[0],
                )
            )
        return timings

    def quality(self, wanted: RunFilter, *, per: Literal["day", "week"] = "day") -> list[Quality]:
        """What the checks say by period, mode, model and task; periods in order."""
        tests = where(wanted)
        sql = (
            f"SELECT {_PERIODS[per]} AS period, r.mode, r.model, r.task, "  # noqa: S608
            "count(*) AS runs, sum(c.errors = 0) AS without_errors, sum(c.passed) AS passed, "
            "avg(c.score) AS mean_score FROM runs r JOIN check_reports c ON c.run_id = r.id "
            f"WHERE {tests.sql} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        )
        with self._database.read() as connection:
            return [Quality(**dict(row)) for row in connection.execute(sql, tests.values)]

    def failures(self, wanted: RunFilter) -> list[FailureCount]:
        """How runs ended that did not succeed, the most frequent first."""
        tests = where(wanted)
        sql = (
            "SELECT r.mode, r.status, r.error_code, count(*) AS runs FROM runs r "  # noqa: S608
            f"WHERE {tests.sql} AND r.status IN ('failed', 'cancelled', 'interrupted') "
            "GROUP BY 1, 2, 3 ORDER BY runs DESC, 1, 2, 3"
        )
        with self._database.read() as connection:
            return [FailureCount(**dict(row)) for row in connection.execute(sql, tests.values)]
