"""What the recent figures of a component say: rows, their charts, and the words below."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import services as services_module
from core.figures import Recent, Span, Spread, Stretch
from core.run import ImageDetails
from core.services import Services
from core.types import Language, Mode, RunStatus
from pages._health_figures import _note, _percent, _rows
from tests.factories import make_run
from tests.health_parts import open_part
from tests.page_kit import checked, words_of

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


class TestDrawn:
    """The figures as they stand on the page."""

    @pytest.fixture
    def here(self, services: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
        monkeypatch.setattr(services_module, "get_services", lambda: services)
        return services

    @pytest.fixture
    def figures(self, here: Services, tmp_path: Path) -> Callable[..., AppTest]:
        def figures(component: str = "text/ollama", **options: Any) -> AppTest:
            call = f"draw_figures({component!r})"
            return open_part(tmp_path, "pages._health_figures", call, **options)

        return figures

    def keep(self, services: Services, count: int, **values: Any) -> list[str]:
        known = {"provider": "ollama", "mode": Mode.LIVE, "status": RunStatus.SUCCEEDED}
        times = {"first_token_ms": 400.0, "total_ms": 9000.0}
        runs = [make_run(**known | times | values) for _ in range(count)]
        services.store.insert(runs).result()
        return [run.id for run in runs]

    def rows(self, page: AppTest) -> list[dict[str, Any]]:
        mounted = page.get("bidi_component")
        return json.loads(mounted[0].proto.json)["rows"] if mounted else []

    def test_before_the_first_run_the_place_says_so(self, figures: Callable[..., AppTest]) -> None:
        page = figures()
        assert words_of(page) == "No runs in the last day."
        assert self.rows(page) == []

    def test_the_chosen_span_is_said(self, figures: Callable[..., AppTest]) -> None:
        page = figures()
        page.session_state["health_span"] = "week"
        assert words_of(checked(page.run())) == "No runs in the last 7 days."

    def test_figures_of_the_component_alone_are_shown(
        self, here: Services, figures: Callable[..., AppTest]
    ) -> None:
        self.keep(here, 5)
        self.keep(here, 4, provider="openai", total_ms=1.0)
        rows = self.rows(figures())
        assert [row["name"] for row in rows] == ["Succeeded", "First token", "Total"]
        assert [row["runs"] for row in rows] == ["5", "5", "5"]
        assert rows[2]["values"] == ["9.0 s", "9.0 s"]

    def test_the_last_error_is_told_in_words_and_leads_to_its_run(
        self, here: Services, figures: Callable[..., AppTest]
    ) -> None:
        failed = {"status": RunStatus.FAILED, "model": "*mo[d](http://evil.test)el"}
        run_id = self.keep(here, 1, error_code="model_not_found", **failed)[0]
        link = figures().get("page_link")[0].proto
        assert link.query_string == f"run={run_id}"
        assert "Ollama does not have the model" in link.label
        assert "model_not_found" not in link.label
        assert "](http://evil" not in link.label

    def test_pictures_are_explained_in_words_of_pictures(
        self, here: Services, figures: Callable[..., AppTest]
    ) -> None:
        known = {"provider": "comfyui", "kind": "image", "image": ImageDetails()}
        out_of_memory = {"exception_type": "torch.OutOfMemoryError"}
        failed = {"status": RunStatus.FAILED, "error_code": "provider_error"}
        self.keep(here, 1, error_details=out_of_memory, **known, **failed)
        link = figures("image/comfyui").get("page_link")[0].proto
        assert "The graphics card ran out of memory" in link.label
