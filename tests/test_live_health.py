"""Health, preloading and the one-line test with a real small language model on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.health import HealthState
from core.probe import probe_request
from core.services import Services, build_services
from core.settings import load_settings
from core.types import RunStatus
from tests.fakes.ollama import FakeOllama
from tests.small_llm import MODEL, SmallLLM

pytestmark = pytest.mark.live


@pytest.fixture
def services(small_llm: SmallLLM, tmp_path: Path) -> Iterator[Services]:
    """The services with the model behind both kinds of text servers."""
    with FakeOllama(MODEL, upstream=small_llm.base_url) as ollama:
        environ = {
            "PLAYGROUND_DATA_DIR": str(tmp_path / "data"),
            "OLLAMA_BASE_URL": ollama.url,
            "OLLAMA_DEFAULT_MODEL": MODEL,
            "OPENAI_BASE_URL": f"{small_llm.base_url}/v1",
            "OPENAI_DEFAULT_MODEL": MODEL,
            "COMFYUI_BASE_URL": "http://127.0.0.1:9",
        }
        services = build_services(load_settings(environ, env_file=None))
        yield services
        services.close()


@pytest.mark.parametrize("component", ["text/ollama", "text/openai"])
def test_the_model_is_seen_and_answers_the_one_line_test(services, component):
    health = services.health.check_and_wait(component)[component].health
    assert health.state is HealthState.OK
    assert MODEL in [model.name for model in health.models]
    assert 0 < health.round_trip_ms < 2000
    run = services.gateway.result(services.gateway.submit(probe_request(component)), timeout=60)
    assert run.status is RunStatus.SUCCEEDED
    assert run.output.strip()
    assert 0 < run.completion_tokens <= 64


def test_what_llama_cpp_tells_of_its_model_is_in_its_health(services):
    health = services.health.check_and_wait("text/openai")["text/openai"].health
    (model,) = health.models
    assert model.parameters == "135M"
    assert model.size > 50_000_000


def test_a_preloaded_model_is_in_memory_before_the_first_run_asks(services):
    services.gateway.preload("ollama", MODEL)
    loaded = services.health.check_and_wait("text/ollama")["text/ollama"].health.loaded
    assert [model.name for model in loaded] == [MODEL]
    services.gateway.unload("ollama", MODEL)
    loaded = services.health.check_and_wait("text/ollama")["text/ollama"].health.loaded
    assert loaded == ()
