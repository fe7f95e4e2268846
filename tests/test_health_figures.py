"""What the recent figures of a component say: rows, their charts, and the words below."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.figures import Recent, Span, Spread, Stretch
from core.types import Language
from pages._health_figures import _note, _percent, _rows

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages._i18n.language", lambda: Language.ENGLISH)


def spread(p50: float, p95: float, runs: int = 4) -> Spread:
    return Spread(runs=runs, p50_ms=p50, p95_ms=p95)


def recent(**values: Any) -> Recent:
    known = {"span": Span.HOUR, "since": NOW - timedelta(hours=1), "until": NOW}
    return Recent(**known | values)


@pytest.fixture
def busy() -> Recent:
    parts = (
        Stretch(start=NOW - timedelta(minutes=10), succeeded=6, failed=2, total=spread(500, 2000)),
        Stretch(start=NOW - timedelta(minutes=5), succeeded=4, total=spread(1000, 1000)),
        Stretch(start=NOW),
    )
    return recent(succeeded=10, failed=2, total=spread(700, 1900, 10), parts=parts)


def test_success_is_drawn_by_number_of_runs_with_failures_on_top(busy: Recent) -> None:
    row = _rows(busy, with_first_token=False)[0]
    assert (row["values"][0], row["runs"]) == ("83.3%", "12")
    first, second, empty = row["parts"]
    assert first["bars"] == [{"kind": "bad", "share": 0.25}, {"kind": "good", "share": 0.75}]
    assert second["bars"] == [{"kind": "good", "share": 0.5}]
    assert empty["bars"] == []
    assert "6 of 8 succeeded" in first["says"]


def test_durations_are_drawn_to_the_longest(busy: Recent) -> None:
    row = _rows(busy, with_first_token=False)[1]
    assert (row["values"], row["runs"]) == (["0.7 s", "1.9 s"], "10")
    assert row["parts"][0]["bars"] == [
        {"kind": "p95", "share": 0.75},
        {"kind": "p50", "share": 0.25},
    ]
    assert sum(bar["share"] for bar in row["parts"][1]["bars"]) == 0.5


def test_pictures_have_no_first_token() -> None:
    found = recent(succeeded=1, first_token=spread(1, 1), total=spread(1, 1))
    assert [row["name"] for row in _rows(found, with_first_token=False)] == ["Succeeded", "Total"]
    assert len(_rows(found, with_first_token=True)) == 3


def test_every_chart_says_in_words_what_it_shows(busy: Recent) -> None:
    for row in _rows(busy, with_first_token=True):
        assert row["says"]
        assert all(part["says"] for part in row["parts"])


@pytest.mark.parametrize(
    ("rate", "failed", "said"),
    [
        (None, 0, "–"),
        (1.0, 0, "100%"),
        (0.9999, 1, "99.9%"),
        (0.5, 3, "50.0%"),
        (0.0, 3, "0.0%"),
    ],
)
def test_a_hundred_percent_is_said_only_where_nothing_failed(
    rate: float | None, failed: int, said: str
) -> None:
    assert _percent(rate, failed=failed) == said


def test_what_is_not_counted_is_said() -> None:
    note = _note(recent(succeeded=9, cancelled=2, interrupted=1, complete=False))
    assert note == (
        "2 runs were stopped. 1 run was cut off by a restart. "
        "Only the newest 100,000 runs are counted."
    )
    assert _note(recent(succeeded=5)) == ""
    assert _note(recent(succeeded=4)) == "Too few to conclude from."
