"""The monitor of health among the services: which components, whom it asks and when."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.health import HealthState
from core.monitor import monitor as monitor_module
from core.probe import probe_request
from core.services import Services, build_services
from core.settings import load_settings
from core.types import RunStatus
from tests.fakes.comfyui import FakeComfyUI
from tests.fakes.ollama import FakeOllama, Reply
from tests.ollama_kit import make_fake

COMPONENTS = (
    "text/mock",
    "text/ollama",
    "text/openai",
    "image/mock",
    "image/comfyui",
    "database",
    "disk",
)


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with make_fake() as fake:
        yield fake


@pytest.fixture
def comfyui() -> Iterator[FakeComfyUI]:
    with FakeComfyUI() as fake:
        yield fake


@pytest.fixture
def served(ollama: FakeOllama, comfyui: FakeComfyUI, tmp_path: Path) -> Iterator[Services]:
    environ = {
        "PLAYGROUND_DATA_DIR": str(tmp_path / "data"),
        "OLLAMA_BASE_URL": ollama.url,
        "COMFYUI_BASE_URL": comfyui.url,
    }
    services = build_services(load_settings(environ, env_file=None))
    yield services
    services.close()


def until(promise: Callable[[], object], timeout_s: float = 8) -> None:
    end = time.monotonic() + timeout_s
    while not promise():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.01)


def test_every_provider_the_database_and_the_disk_are_components_in_order(services):
    assert services.health.components == COMPONENTS
    assert tuple(services.health.all()) == COMPONENTS


def test_all_are_found_as_they_are(served):
    states = {name: seen.state for name, seen in served.health.check_and_wait().items()}
    expected = dict.fromkeys(COMPONENTS, HealthState.OK)
    assert states == expected | {"text/openai": HealthState.NOT_CONFIGURED}


def test_services_that_are_only_built_ask_no_server_anything(served, ollama, comfyui):
    time.sleep(0.1)
    served.health.all()
    assert (ollama.requests, comfyui.requests) == ([], [])


def test_once_started_they_are_checked_soon_and_a_reader_costs_nothing(served, ollama):
    served.health.start()
    until(lambda: all(seen.health for seen in served.health.all().values()))
    asked = len(ollama.requests)
    for _ in range(100):
        served.health.all()
    assert len(ollama.requests) == asked == 3  # version, models, memory


def test_a_run_that_fails_has_its_provider_checked_at_once(served, ollama):
    served.health.start()
    monitor = served.health
    until(lambda: monitor.of("text/ollama").state is HealthState.OK)
    ollama.models.clear()
    monitor._watches["text/ollama"].ended -= monitor_module.FAILURE_PAUSE_S
    run = served.gateway.result(served.gateway.submit(probe_request("text/ollama")), timeout=10)
    assert (run.status, run.error_code) == (RunStatus.FAILED, "model_not_found")
    until(lambda: monitor.of("text/ollama").health.code == "no_models")


def test_closing_is_quick_while_checks_are_under_way(ollama, tmp_path):
    ollama.answer("/api/version", Reply(stall=True))
    environ = {"PLAYGROUND_DATA_DIR": str(tmp_path / "data"), "OLLAMA_BASE_URL": ollama.url}
    services = build_services(load_settings(environ, env_file=None))
    services.health.start()
    ollama.wait_until(lambda: ollama.requests)
    start = time.monotonic()
    services.close()
    assert time.monotonic() - start < 1
