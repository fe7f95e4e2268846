"""Charts of History: each says how many runs it stands on, and mock stays out of live."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import services as services_module
from core.services import Services
from core.types import Mode, RunStatus
from tests.factories import make_run
from tests.page_kit import checked, open_page, words_of

LIVE = {"mode": Mode.LIVE, "provider": "ollama", "model": "live-model"}
TIMES = {"first_token_ms": 400.0, "total_ms": 9000.0, "tokens_per_second": 31.0}


@pytest.fixture
def here(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    monkeypatch.setattr(services_module, "get_services", lambda: services)
    return services


def keep(services: Services, count: int, **values: Any) -> None:
    runs = [
        make_run(**{"status": RunStatus.SUCCEEDED, "output": "글"} | values) for _ in range(count)
    ]
    services.store.insert(runs).result()


def charts() -> AppTest:
    page = open_page()
    page.switch_page("history.py")
    page.query_params["view"] = "charts"
    return checked(page.run())


def drawn(page: AppTest) -> str:
    """The specifications of all charts, one text."""
    return json.dumps([chart.value for chart in page.get("vega_lite_chart")], default=str)


def test_without_runs_the_page_says_what_will_come(here: Services) -> None:
    assert "Nothing to draw yet" in words_of(charts())


def test_mock_runs_are_not_in_the_live_figures(here: Services) -> None:
    keep(here, 2, **LIVE, **TIMES)
    keep(here, 7, **TIMES)

    live = charts()

    assert "Stands on 2 runs." in words_of(live)
    assert "Stands on 9 runs." not in words_of(live)


def test_the_mock_is_shown_when_asked_for_and_said_to_be_simulated(here: Services) -> None:
    keep(here, 2, **LIVE, **TIMES)
    keep(here, 7, **TIMES)
    page = charts()

    page.session_state["charts_mode"] = "mock"
    page = checked(page.run())

    assert "Stands on 7 runs." in words_of(page)
    assert "simulated" in words_of(page)


def test_few_runs_are_said_to_be_few(here: Services) -> None:
    keep(here, 2, **LIVE, **TIMES)
    assert "Too few to conclude from." in words_of(charts())


def test_enough_runs_are_not(here: Services) -> None:
    keep(here, 5, **LIVE, **TIMES)
    assert "Too few to conclude from." not in words_of(charts())


def test_failures_are_told_in_words(here: Services) -> None:
    keep(here, 3, **LIVE, status=RunStatus.FAILED, error_code="context_overflow")
    page = charts()
    assert "Stands on 3 runs." in words_of(page)
    assert "context_overflow" not in drawn(page)
