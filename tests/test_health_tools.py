"""The administrator's tools for a provider: who has them, what they do, how failing is told."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from core import services as services_module
from core.admin_door import AdminDoor
from core.errors import ModelNotFound
from core.services import Services
from tests.health_kit import ToldMonitor, comfyui, ollama
from tests.health_parts import open_part
from tests.page_kit import checked, words_of

Open = Callable[..., AppTest]


@pytest.fixture
def here(services: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    monkeypatch.setattr(services_module, "get_services", lambda: services)
    services.health = ToldMonitor(ollama(), comfyui())
    monkeypatch.setattr(services.gateway, "can_preload", lambda name: name == "ollama")
    monkeypatch.setattr(services.gateway, "can_free", lambda name: name == "comfyui")
    return services


@pytest.fixture
def tools(here: Services, tmp_path: Path) -> Open:
    def tools(component: str, **options: Any) -> AppTest:
        call = f"draw_tools({component!r})"
        return open_part(tmp_path, "pages._health_tools", call, **{"admin": here} | options)

    return tools


def settled(page: AppTest, until: Callable[[AppTest], bool]) -> AppTest:
    """The page once `until` holds, drawn again and again as its fragment would be."""
    deadline = time.monotonic() + 10
    while not until(page):
        assert time.monotonic() < deadline, words_of(page)
        time.sleep(0.02)
        page = checked(page.run())
    return page


def press(page: AppTest, key: str) -> AppTest:
    return checked(page.button(key=key).click().run())


def keys(page: AppTest) -> set[str]:
    return {button.key for button in page.button if button.key}


def test_only_administrators_have_tools(tools: Open) -> None:
    page = tools("text/ollama", admin=None)
    assert words_of(page) == ""
    assert keys(page) == set()


def test_parts_that_are_no_providers_have_none(tools: Open) -> None:
    assert keys(tools("database")) == set()


def test_each_provider_has_the_tools_that_it_can_use(tools: Open) -> None:
    assert keys(tools("text/mock")) == {"health_test_text_mock"}
    assert keys(tools("text/ollama")) == {"health_unload_text_ollama", "health_test_text_ollama"}
    assert keys(tools("image/comfyui")) == {
        "health_free_image_comfyui",
        "health_test_image_comfyui",
    }


def test_a_model_is_loaded_in_the_background_and_the_health_looked_at_again(
    here: Services, tools: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, asked = threading.Event(), []

    def preload(provider: str, model: str) -> None:
        asked.append((provider, model))
        free.wait(10)

    monkeypatch.setattr(here.gateway, "preload", preload)
    page = tools("text/ollama")
    page.selectbox(key="health_model_text_ollama").select("gemma3:12b")
    page = press(checked(page.run()), "health_load_text_ollama")
    assert "Loading gemma3" in words_of(page)
    assert page.button(key="health_load_text_ollama").disabled
    free.set()
    page = settled(page, lambda page: "was loaded" in words_of(page))
    assert asked == [("ollama", "gemma3:12b")]
    assert here.health.checks == ["text/ollama"]


def test_a_loaded_model_can_be_unloaded(
    here: Services, tools: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(here.gateway, "unload", lambda *given: asked.append(given))
    page = press(tools("text/ollama"), "health_unload_text_ollama")
    settled(page, lambda page: "was unloaded" in words_of(page))
    assert asked == [("ollama", "qwen2.5:14b")]


def test_memory_of_the_picture_server_is_freed(
    here: Services, tools: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(here.gateway, "free", asked.append)
    page = press(tools("image/comfyui"), "health_free_image_comfyui")
    settled(page, lambda page: "Memory was freed" in words_of(page))
    assert asked == ["comfyui"]


def test_what_could_not_be_loaded_is_explained_in_place(
    here: Services, tools: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def preload(provider: str, model: str) -> None:
        raise ModelNotFound("not there", provider=provider, details={"model": model})

    monkeypatch.setattr(here.gateway, "preload", preload)
    page = tools("text/ollama")
    page.selectbox(key="health_model_text_ollama").select("qwen3:8b")
    page = press(checked(page.run()), "health_load_text_ollama")
    page = settled(page, lambda page: "could not be loaded" in words_of(page))
    assert "Ollama does not have the model qwen3:8b." in words_of(page)
    assert "ollama pull qwen3:8b" in words_of(page)
    assert "column" not in words_of(page)


def test_whoever_is_no_administrator_any_more_starts_nothing(
    here: Services, tools: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(here.gateway, "unload", lambda *given: asked.append(given))
    page = tools("text/ollama")
    here.admin = AdminDoor(SecretStr(""))
    page = press(page, "health_unload_text_ollama")
    assert here.chores.find("memory of text/ollama") is None
    assert asked == []


def test_without_a_list_of_models_there_is_nothing_to_load(here: Services, tools: Open) -> None:
    here.health = ToldMonitor(ollama("down"))
    page = tools("text/ollama")
    assert "once the server has said" in words_of(page)
    assert keys(page) == {"health_test_text_ollama"}


def test_a_test_run_is_an_ordinary_run_with_its_answer_shown(here: Services, tools: Open) -> None:
    page = press(tools("text/mock"), "health_test_text_mock")
    page = settled(page, lambda page: "It works." in words_of(page))
    run = here.gateway.recent(limit=1)[0]
    assert (run.provider, run.source, run.status) == ("mock", "page", "succeeded")
    assert run.output[:40] in words_of(page)
    links = [link.proto for link in page.get("page_link")]
    assert [link.query_string for link in links] == [f"run={run.id}"]


def test_a_picture_test_shows_its_picture(here: Services, tools: Open) -> None:
    page = press(tools("image/mock"), "health_test_image_mock")
    page = settled(page, lambda page: "It works." in words_of(page))
    run = here.gateway.recent(limit=1)[0]
    assert run.image is not None
    assert f"/api/v1/images/{run.image.pictures[0].sha256}" in words_of(page)


def test_a_test_that_fails_says_why_and_leads_to_its_run(here: Services, tools: Open) -> None:
    page = press(tools("text/ollama"), "health_test_text_ollama")
    page = settled(page, lambda page: "It did not work." in words_of(page))
    assert "Ollama does not answer." in words_of(page)
    assert "ollama serve" in words_of(page)


def test_a_test_that_cannot_start_is_explained(here: Services, tools: Open) -> None:
    page = press(tools("text/openai"), "health_test_text_openai")
    assert "The test could not be started." in words_of(page)
    assert "No model is set for OpenAI-compatible server." in words_of(page)
    assert "Set OPENAI_DEFAULT_MODEL" in words_of(page)
    assert here.gateway.recent(limit=1) == []
