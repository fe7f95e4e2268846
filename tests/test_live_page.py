"""From the page to the database with a real small language model behind it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.services import Services, build_services
from core.settings import load_settings
from core.types import Mode, RunStatus
from tests.fakes.ollama import FakeOllama
from tests.page_kit import choose, fill_example, open_page, press_run, runs_of, words_of
from tests.small_llm import MODEL, SmallLLM

pytestmark = pytest.mark.live


@pytest.fixture(params=["openai", "ollama"])
def live_services(
    request: pytest.FixtureRequest, small_llm: SmallLLM, tmp_path: Path
) -> Iterator[Services]:
    """Services whose live runs go to the real model, through one provider or the other."""
    with FakeOllama(MODEL, upstream=small_llm.base_url) as ollama:
        settings = load_settings(
            {
                "PLAYGROUND_DATA_DIR": str(tmp_path),
                "LLM_LIVE_PROVIDER": request.param,
                "OLLAMA_BASE_URL": ollama.url,
                "OLLAMA_DEFAULT_MODEL": MODEL,
                "OPENAI_BASE_URL": f"{small_llm.base_url}/v1",
                "OPENAI_DEFAULT_MODEL": MODEL,
            },
            env_file=None,
        )
        services = build_services(settings)
        yield services
        services.close()


def test_a_brief_on_the_page_becomes_a_row_that_a_real_model_wrote(
    live_services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.services.get_services", lambda: live_services)
    page = open_page()
    page = page.selectbox(key="text_task").set_value("free").run()
    page = (
        page.text_area(key="text_field_long_text_prompt").set_value("Write one line on tea.").run()
    )
    page = choose(page, 1, mode="live", max_tokens=24, seed=5)
    page = press_run(page)
    (run,) = runs_of(page, live_services)
    page = page.run()

    assert run.output in words_of(page)
    kept = live_services.store.get(run.id)
    assert (kept.status, kept.mode) == (RunStatus.SUCCEEDED, Mode.LIVE)
    assert (kept.model, kept.source) == (MODEL, "page")
    assert kept.output.strip()
    assert 0 < kept.completion_tokens <= 24
    assert kept.prompt_tokens > 0
    assert 0 < kept.first_token_ms <= kept.total_ms
    assert kept.tokens_per_second > 0


def test_a_real_answer_to_a_task_is_judged_by_its_contract(
    live_services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.services.get_services", lambda: live_services)
    page = choose(fill_example(open_page()), 1, mode="live", max_tokens=60, seed=5)
    page = press_run(page)
    (run,) = runs_of(page, live_services)

    assert run.status is RunStatus.SUCCEEDED
    assert run.output.lstrip().startswith("{")  # the server kept to the schema's shape
    assert (run.finish_reason, run.contract.valid) == ("length", False)
    assert "Cut off at the token limit" in words_of(page.run())


def test_a_brief_too_long_for_a_real_model_says_by_how_much(
    live_services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.services.get_services", lambda: live_services)
    page = open_page()
    page = page.selectbox(key="text_task").set_value("free").run()
    page = page.text_area(key="text_field_long_text_prompt").set_value("차 한 잔. " * 600).run()
    page = press_run(choose(page, 1, mode="live"))
    (run,) = runs_of(page, live_services)

    assert (run.status, run.error_code) == (RunStatus.FAILED, "context_overflow")
    assert run.error_details["prompt_tokens"] > run.error_details["context_tokens"]
