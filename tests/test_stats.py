"""Figures over many runs: what they count, and that they agree with a plain computation."""

from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from typing import Any

import pytest

from core.finding import CheckReport, Finding, Scores, Severity
from core.listing import RunFilter
from core.localised import Localised
from core.run import Run
from core.store import Database, OpinionStore, RunStats, RunStore
from core.store.stats import quantile
from core.types import Mode, RunStatus
from tests.factories import make_run


@pytest.fixture
def stats(database: Database) -> RunStats:
    return RunStats(database)


def add(store: RunStore, **values: Any) -> Run:
    run = make_run(**{"status": RunStatus.SUCCEEDED, "mode": Mode.LIVE} | values)
    store.insert([run]).result()
    store.finish(run).result()
    return run


def checked(score: float, *, errors: int = 0) -> CheckReport:
    words = Localised(ko="말", en="words")
    finding = Finding(code="length.too_long", severity=Severity.ERROR, message=words)
    scores = Scores(overall=score, passed=score >= 7 and not errors)
    return CheckReport(version=1, scores=scores, findings=(finding,) * errors)


def test_timings_are_quantiles_by_mode_and_model(store: RunStore, stats: RunStats) -> None:
    times = [float(n * 37 % 101) for n in range(41)]
    for n, time in enumerate(times):
        add(
            store, model="a", total_ms=time, load_ms=50.0 if n == 0 else 0.0, tokens_per_second=time
        )
    add(store, model="a", mode=Mode.MOCK, total_ms=1.0)
    add(store, model="a", status=RunStatus.FAILED, total_ms=9_999.0)
    live, mock = stats.timings(RunFilter())
    assert (live.mode, live.runs, mock.mode, mock.runs) == (Mode.LIVE, 41, Mode.MOCK, 1)
    assert live.total_p50_ms == live.tokens_per_second == median(times)
    assert live.total_p95_ms == pytest.approx(quantiles(times, n=20, method="inclusive")[-1])
    assert (live.load_p50_ms, live.load_p95_ms) == (50, 50)
    assert live.first_token_p50_ms is None


def test_quality_counts_by_period_mode_model_and_task(store: RunStore, stats: RunStats) -> None:
    monday = datetime(2026, 11, 16, 10, tzinfo=UTC)
    for day, score, errors in ((0, 9.0, 0), (0, 8.0, 1), (6, 4.0, 2), (7, 7.0, 0)):
        created = monday + timedelta(days=day)
        add(store, model="a", task="sns", created_at=created, report=checked(score, errors=errors))
    add(store, model="a", task="sns", created_at=monday)
    days = stats.quality(RunFilter(), per="day")
    assert [(day.period, day.runs) for day in days] == [
        ("2026-11-16", 2),
        ("2026-11-22", 1),
        ("2026-11-23", 1),
    ]
    first, second = stats.quality(RunFilter(), per="week")
    assert (first.period, first.runs, first.without_errors, first.passed) == ("2026-11-16", 3, 1, 1)
    assert first.mean_score == 7
    assert (second.period, second.task, second.mode) == ("2026-11-23", "sns", Mode.LIVE)


def test_failures_are_counted_by_kind_the_most_frequent_first(
    store: RunStore, stats: RunStats
) -> None:
    for code in ("timeout", "timeout", "gone"):
        add(store, status=RunStatus.FAILED, error_code=code)
    add(store, status=RunStatus.CANCELLED, error_code="run_cancelled")
    add(store)
    found = [(row.status, row.error_code, row.runs) for row in stats.failures(RunFilter())]
    assert found == [
        ("failed", "timeout", 2),
        ("cancelled", "run_cancelled", 1),
        ("failed", "gone", 1),
    ]


def test_figures_keep_the_filter_and_leave_out_runs_put_away(
    database: Database, store: RunStore, stats: RunStats
) -> None:
    add(store, model="a", total_ms=1.0)
    away = add(store, model="b", total_ms=1.0)
    OpinionStore(database).delete([away.id], "민아").result()
    assert [timing.model for timing in stats.timings(RunFilter())] == ["a"]
    assert stats.timings(RunFilter(models=("b",))) == []


def test_figures_stand_on_the_newest_runs_where_there_are_very_many(
    store: RunStore, stats: RunStats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.stats.MOST_RUNS", 3)
    for time in (100.0, 1.0, 2.0, 3.0):
        add(store, total_ms=time)
    timing = stats.timings(RunFilter())[0]
    assert (timing.runs, timing.total_p50_ms) == (3, 2)


def test_a_quantile_lies_between_its_neighbours() -> None:
    assert quantile([], 0.5) is None
    assert quantile([7], 0.95) == 7
    assert quantile([1, 2, 3, 4], 0.5) == 2.5
    assert quantile([0, 10], 0.95) == 9.5
