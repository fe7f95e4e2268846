"""Settings on Health: each with its source, secrets masked, foreign text as text."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import services as services_module
from core.effective_settings import effective
from core.services import Services
from core.settings import LegacySettingWarning, Settings, load_settings
from pages._health_settings import settings_table
from pages._setting_words import HELP
from tests.health_parts import open_part
from tests.page_kit import checked, words_of

Open = Callable[..., AppTest]


@pytest.fixture
def opened(services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Open:
    monkeypatch.setattr(services_module, "get_services", lambda: services)

    def opened(settings: Settings) -> AppTest:
        services.settings = settings
        page = open_part(tmp_path, "pages._health_settings", "draw_settings()")
        page.session_state["health_settings"] = True
        return checked(page.run())

    return opened


def html(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def table(environ: dict[str, str], name: str) -> str:
    found = [one for one in effective(load_settings(environ, None)) if one.name == name]
    return settings_table(found, label="")


def test_every_setting_is_explained_in_the_words_of_its_description() -> None:
    described = {
        name.upper(): (info.description or "").replace("`", "")
        for name, info in Settings.model_fields.items()
    }
    assert described == HELP


def test_what_is_set_stands_before_what_is_not(opened: Open) -> None:
    page = opened(load_settings({"MOCK_CONCURRENCY": "3"}, None))
    given, usual = (element.proto.body for element in page.get("html"))
    assert "MOCK_CONCURRENCY" in given
    assert "OLLAMA_BASE_URL" not in given
    assert "OLLAMA_BASE_URL" in usual
    assert "Set here" in words_of(page)


def test_all_at_their_defaults_is_one_table(opened: Open) -> None:
    assert len(opened(load_settings({}, None)).get("html")) == 1


def test_an_old_name_is_pointed_out_also_while_all_is_folded(opened: Open) -> None:
    with pytest.warns(LegacySettingWarning):
        settings = load_settings({"OLLAMA_ENDPOINT": "http://gpu:1"}, None)
    page = opened(settings)
    assert [warning.value for warning in page.warning] == [
        "`OLLAMA_ENDPOINT` is an old name. Call it `OLLAMA_BASE_URL` in the environment or in .env."
    ]


@pytest.fixture
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages._health_settings._", lambda words: words)


@pytest.mark.usefixtures("in_english")
class TestRows:
    def test_a_secret_is_only_said_to_be_set(self) -> None:
        row = table({"OLLAMA_API_KEY": "hunter2"}, "OLLAMA_API_KEY")
        assert "set, not shown" in row
        assert "hunter2" not in row
        assert "not set" in table({}, "OLLAMA_API_KEY")

    def test_credentials_of_an_address_are_masked(self) -> None:
        row = table({"OLLAMA_BASE_URL": "http://mina:hunter2@gpu:1"}, "OLLAMA_BASE_URL")
        assert "http://***@gpu:1" in row
        assert "hunter2" not in row

    def test_a_change_names_the_default_and_no_change_says_so(self) -> None:
        changed = table({"MOCK_CONCURRENCY": "3"}, "MOCK_CONCURRENCY")
        assert "environment" in changed
        assert "default: 16" in changed
        assert "same as the default" in table({"MOCK_CONCURRENCY": "16"}, "MOCK_CONCURRENCY")

    def test_markup_in_a_value_stays_letters(self) -> None:
        row = table({"LLM_MODEL_HEAVY": "<img src=x onerror=alert(1)>"}, "LLM_MODEL_HEAVY")
        assert "<img" not in row
        assert "&lt;img" in row
