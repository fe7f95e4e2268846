"""Figures of a component over the last hour, day and week, against counting by hand."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from core.figures import Recent, Span
from core.run import Run
from core.store import Database, OpinionStore, RecentRuns, RunStore
from core.types import RunStatus
from tests.factories import make_run

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
OLLAMA = "text/ollama"


@pytest.fixture
def recent(database: Database) -> RecentRuns:
    return RecentRuns(database, kept_s=0)


def run_at(moment: datetime, **values: Any) -> Run:
    """A run that was made at `moment`; its id says so too."""
    made = UUID(int=int(moment.timestamp() * 1000) << 80 | uuid7().int & (1 << 80) - 1)
    known = {"provider": "ollama", "status": RunStatus.SUCCEEDED}
    return make_run(**{"id": str(made), "created_at": moment} | known | values)


def add(store: RunStore, *runs: Run) -> None:
    store.insert(runs).result()


def by_hand(runs: Sequence[Run], since: datetime, until: datetime) -> tuple[Any, ...]:
    """What the figures of a stretch of time must be."""
    inside = [run for run in runs if since <= run.created_at < until]
    done = [run for run in inside if run.status is RunStatus.SUCCEEDED]
    failed = sum(run.status is RunStatus.FAILED for run in inside)
    totals = [run.total_ms for run in done if run.total_ms is not None]
    p50, p95 = (
        (float(numpy.quantile(totals, share)) for share in (0.5, 0.95)) if totals else (None, None)
    )
    return len(done), failed, len(totals), pytest.approx(p50), pytest.approx(p95)


def told(figures: Any) -> tuple[Any, ...]:  # a span or one of its parts
    total = figures.total
    return figures.succeeded, figures.failed, total.runs, total.p50_ms, total.p95_ms


RUNS = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=9 * 24 * 3_600_000),  # milliseconds before now
        st.sampled_from(RunStatus),
        st.none() | st.floats(min_value=0, max_value=1e6),
    ),
    max_size=40,
)


@given(RUNS, st.sampled_from(Span))
@settings(max_examples=60, deadline=None)
def test_figures_are_those_counted_by_hand(drawn: list[tuple[Any, ...]], span: Span) -> None:
    runs = [
        run_at(NOW - timedelta(milliseconds=back), status=status, total_ms=total)
        for back, status, total in drawn
    ]
    with TemporaryDirectory() as folder:
        database = Database(Path(folder) / "runs.db")
        add(RunStore(database), *runs)
        found = RecentRuns(database).figures_until(NOW, OLLAMA, span)
        database.close()
    assert told(found) == by_hand(runs, found.since, NOW)
    for part in found.parts:
        assert told(part) == by_hand(runs, part.start, part.start + span.part)
    inside = [run.status for run in runs if run.created_at >= found.since]
    assert found.cancelled == inside.count(RunStatus.CANCELLED)
    assert found.interrupted == inside.count(RunStatus.INTERRUPTED)


@pytest.mark.parametrize(
    ("span", "parts", "length"),
    [
        (Span.HOUR, 12, timedelta(hours=1)),
        (Span.DAY, 24, timedelta(days=1)),
        (Span.WEEK, 7, timedelta(days=7)),
    ],
)
def test_a_span_is_cut_into_equal_parts_up_to_now(
    recent: RecentRuns, span: Span, parts: int, length: timedelta
) -> None:
    found = recent.figures_until(NOW, OLLAMA, span)
    assert len(found.parts) == parts
    assert (found.since, found.parts[-1].start + span.part) == (NOW - length, NOW)


def test_success_leaves_out_what_people_or_restarts_stopped(
    store: RunStore, recent: RecentRuns
) -> None:
    ends = ["succeeded"] * 3 + ["failed", "cancelled", "cancelled", "interrupted"]
    add(store, *(run_at(NOW - timedelta(minutes=1), status=RunStatus(end)) for end in ends))
    found = recent.figures_until(NOW, OLLAMA, Span.HOUR)
    assert found.success_rate == 0.75
    assert (found.cancelled, found.interrupted) == (2, 1)


def test_without_runs_there_is_no_rate(recent: RecentRuns) -> None:
    found = recent.figures_until(NOW, OLLAMA, Span.WEEK)
    assert (found.success_rate, found.total.p50_ms) == (None, None)


def test_components_never_share_a_figure(store: RunStore, recent: RecentRuns) -> None:
    a_moment_ago = NOW - timedelta(minutes=1)
    add(
        store,
        run_at(a_moment_ago, total_ms=100.0, first_token_ms=10.0),
        run_at(a_moment_ago, total_ms=200.0, first_token_ms=20.0),
        run_at(a_moment_ago, provider="mock", total_ms=1.0),
        run_at(a_moment_ago, provider="mock", kind="image", total_ms=9.0),
    )

    def total(component: str) -> float | None:
        return recent.figures_until(NOW, component, Span.HOUR).total.p50_ms

    assert (total(OLLAMA), total("text/mock"), total("image/mock")) == (150, 1, 9)
    first = recent.figures_until(NOW, OLLAMA, Span.HOUR).first_token
    assert (first.runs, first.p50_ms) == (2, median([10, 20]))


def test_runs_put_away_are_left_out(
    database: Database, store: RunStore, recent: RecentRuns
) -> None:
    kept, away = (run_at(NOW - timedelta(minutes=2), status=RunStatus.FAILED) for _ in range(2))
    add(store, kept, away)
    OpinionStore(database).delete([away.id], "민아").result()
    assert recent.figures_until(NOW, OLLAMA, Span.HOUR).failed == 1
    found = recent.last_error(OLLAMA)
    assert found is not None
    assert found.run_id == kept.id


def test_a_run_of_a_clock_that_ran_ahead_counts_as_of_now(
    store: RunStore, recent: RecentRuns
) -> None:
    add(store, run_at(NOW + timedelta(hours=2)))
    assert recent.figures_until(NOW, OLLAMA, Span.HOUR).parts[-1].succeeded == 1


def test_of_very_many_the_newest_are_looked_at_and_that_is_said(
    store: RunStore, recent: RecentRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.recent.MOST_RUNS", 2)
    add(store, *(run_at(NOW - timedelta(minutes=n), total_ms=float(n)) for n in (3, 2, 1)))
    found = recent.figures_until(NOW, OLLAMA, Span.HOUR)
    assert (found.succeeded, found.total.p50_ms, found.complete) == (2, 1.5, False)


def test_the_last_error_is_the_newest_and_says_why(store: RunStore, recent: RecentRuns) -> None:
    failed = {"status": RunStatus.FAILED, "model": "m", "error_details": {"prompt_tokens": 9}}
    old = run_at(NOW - timedelta(hours=2), error_code="provider_timeout", **failed)
    new = run_at(NOW - timedelta(hours=1), error_code="context_overflow", **failed)
    add(store, old, new, run_at(NOW - timedelta(minutes=1)))
    found = recent.last_error(OLLAMA)
    assert found is not None
    assert (found.run_id, found.code, found.created_at) == (
        new.id,
        "context_overflow",
        new.created_at,
    )
    assert (found.model, found.details) == ("m", {"prompt_tokens": 9})
    assert recent.last_error("text/mock") is None


def test_an_error_far_back_is_not_looked_for_among_millions(
    store: RunStore, recent: RecentRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.recent.MOST_RUNS", 2)
    failed = run_at(NOW - timedelta(minutes=9), status=RunStatus.FAILED)
    add(store, failed, run_at(NOW - timedelta(minutes=2)))
    assert recent.last_error(OLLAMA) is not None
    add(store, run_at(NOW - timedelta(minutes=1)))
    assert recent.last_error(OLLAMA) is None


def test_many_who_ask_at_once_cost_one_look(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    recent, looks, lock = RecentRuns(database, kept_s=60), [], threading.Barrier(8)
    original = RecentRuns.figures_until

    def counted(*asked: Any) -> Recent:
        looks.append(asked)
        return original(*asked)

    monkeypatch.setattr(RecentRuns, "figures_until", counted)

    def ask(_: int) -> Recent:
        lock.wait()
        return recent.figures(OLLAMA, Span.DAY)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert len(looks) == 1
    assert len(set(map(id, found))) == 1


def test_what_is_kept_grows_old(
    store: RunStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr("core.store.recent.time.monotonic", lambda: clock[0])
    recent = RecentRuns(database, kept_s=15)
    assert recent.figures(OLLAMA, Span.HOUR).succeeded == 0
    add(store, make_run(provider="ollama", status=RunStatus.SUCCEEDED))
    clock[0] += 14
    assert recent.figures(OLLAMA, Span.HOUR).succeeded == 0
    clock[0] += 2
    assert recent.figures(OLLAMA, Span.HOUR).succeeded == 1
