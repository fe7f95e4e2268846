"""Figures for Prometheus: what runs add up to, written so that its own parser reads it."""

import asyncio
import re
import tomllib
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as open_metrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from core import __version__
from core.errors import PlaygroundError
from core.health import Health, HealthState, Seen
from core.lane import Depth
from core.media import ImageRequest
from core.metrics import Metrics, State
from core.metrics.labels import LONGEST_LABEL, MOST_MODELS
from core.services import Services
from core.types import RunStatus, TextRequest, utc_now
from tests.api_server import asgi_client
from tests.factories import make_run

METRICS = "/api/v1/metrics"
GENERATE = "/api/v1/llm/generate"
FREE = {"role": "copywriter", "task": "free", "payload": {"prompt": "커피 광고 한 줄"}}
HOSTILE = ('quote"d', "new\nline", "back\\slash", "한국어 모델", "emoji 🦊", "half \ud800", "")


class Figures(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    """Samples by name and labels."""

    @classmethod
    def read(cls, text: str) -> "Figures":
        samples = [
            ((sample.name, frozenset(sample.labels.items())), sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        ]
        assert len(samples) == len(dict(samples)), "a series is there twice"
        return cls(samples)

    def of(self, name: str, **labels: str) -> float:
        """The sum over all series of `name` that have these labels; 0 where there is none."""
        asked = labels.items()
        return sum(value for (known, has), value in self.items() if known == name and asked <= has)


def written(metrics: Metrics) -> Figures:
    return Figures.read(metrics.write()[0].decode())


@pytest.fixture
async def api(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    async with asgi_client() as client:
        yield client


async def figures_of(api: httpx.AsyncClient) -> Figures:
    response = await api.get(METRICS)
    assert response.status_code == 200
    return Figures.read(response.text)


async def test_the_figures_are_those_of_the_runs_that_were_made(
    api: httpx.AsyncClient, services: Services
) -> None:
    answers = [(await api.post(GENERATE, json=FREE)).json() for _ in range(3)]
    broken = await api.post(GENERATE, json={**FREE, "model": "mock-error"})
    nobody = await api.post(GENERATE, json={**FREE, "mode": "live", "model": "some-model"})
    assert broken.status_code >= 500
    assert nobody.status_code == 503

    figures = await figures_of(api)

    name, runs = "playground_runs_total", services.store.recent()
    mock = {"kind": "text", "mode": "mock", "provider": "mock"}
    assert figures.of(name) == len(runs) == 5
    assert figures.of(name, status="succeeded", model=answers[0]["model"], **mock) == 3
    assert figures.of(name, status="failed", model="mock-error", **mock) == 1
    assert figures.of(name, status="failed", provider="ollama", model="some-model") == 1
    for part in ("prompt", "completion"):
        counted = sum(getattr(run, f"{part}_tokens") or 0 for run in runs)
        assert figures.of("playground_tokens_total", type=part) == counted > 0
    for part in ("queue", "first_token", "load"):
        column = {"queue": "queued_ms"}.get(part, f"{part}_ms")
        seconds = [getattr(run, column) / 1000 for run in runs if getattr(run, column) is not None]
        assert figures.of(f"playground_run_{part}_seconds_count") == len(seconds)
        assert figures.of(f"playground_run_{part}_seconds_sum") == pytest.approx(sum(seconds))
    total = "playground_run_duration_seconds"
    assert figures.of(f"{total}_count", status="succeeded", **mock) == 3
    assert figures.of(f"{total}_count", status="failed") == 2
    assert figures.of(f"{total}_sum") == pytest.approx(sum(run.total_ms / 1000 for run in runs))


async def test_pictures_are_counted_as_pictures(api: httpx.AsyncClient, services: Services) -> None:
    run = await services.gateway.arun(ImageRequest(task="free", prompt="텀블러"))
    assert run.status is RunStatus.SUCCEEDED

    figures = await figures_of(api)

    assert figures.of("playground_runs_total", kind="image", provider="mock") == 1
    assert figures.of("playground_run_duration_seconds_count", kind="image") == 1
    assert figures.of("playground_tokens_total") == 0


async def test_runs_at_the_same_time_are_each_counted_once(
    api: httpx.AsyncClient, services: Services
) -> None:
    async def scrape() -> None:
        for _ in range(10):
            await figures_of(api)

    request = TextRequest.model_validate(FREE)
    await asyncio.gather(scrape(), *(services.gateway.arun(request) for _ in range(60)))

    assert (await figures_of(api)).of("playground_runs_total") == 60


def test_many_threads_lose_no_count() -> None:
    metrics = Metrics()
    ended = make_run(status=RunStatus.SUCCEEDED, queued_ms=1, completion_tokens=2)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: metrics.count(ended), range(2000)))

    figures = written(metrics)
    assert figures.of("playground_runs_total") == 2000
    assert figures.of("playground_tokens_total") == 4000
    assert figures.of("playground_run_queue_seconds_count") == 2000


@pytest.mark.parametrize("model", HOSTILE)
@pytest.mark.parametrize("accept", ["", "application/openmetrics-text;version=1.0.0"])
def test_whatever_a_model_is_called_the_text_stays_readable(model: str, accept: str) -> None:
    metrics = Metrics()
    metrics.count(make_run(model=model, status=RunStatus.SUCCEEDED))

    text = metrics.write(accept)[0].decode()

    read = open_metrics_families if accept else text_string_to_metric_families
    samples = [sample for family in read(text) for sample in family.samples]
    shown = [sample.labels["model"] for sample in samples if sample.name == "playground_runs_total"]
    assert shown == [model.replace("\ud800", "\ufffd")]


def test_made_up_models_do_not_become_ever_more_series() -> None:
    metrics = Metrics()
    for number in range(MOST_MODELS + 20):
        metrics.count(make_run(model=f"model-{number}", status=RunStatus.FAILED))
    metrics.count(make_run(model="model-0", status=RunStatus.FAILED))

    figures = written(metrics)

    models = {dict(has)["model"] for name, has in figures if name == "playground_runs_total"}
    assert len(models) == MOST_MODELS + 1
    assert figures.of("playground_runs_total", model="other") == 20
    assert figures.of("playground_runs_total", model="model-0") == 2


def test_a_very_long_name_is_cut() -> None:
    metrics = Metrics()
    metrics.count(make_run(model="m" * 300, status=RunStatus.FAILED))
    assert written(metrics).of("playground_runs_total", model="m" * LONGEST_LABEL) == 1


def test_a_run_stopped_in_line_has_a_time_in_line_and_none_of_being_made() -> None:
    metrics = Metrics()
    metrics.count(make_run(status=RunStatus.CANCELLED, queued_ms=1500, total_ms=0.01))

    figures = written(metrics)

    assert figures.of("playground_run_queue_seconds_sum") == 1.5
    assert figures.of("playground_run_queue_seconds_bucket", le="1.0") == 0
    assert figures.of("playground_run_queue_seconds_bucket", le="2.5") == 1
    assert figures.of("playground_run_duration_seconds_count") == 0


class FakeRuns:
    active = 4
    readers = 7

    def depths(self) -> dict[tuple[str, str], Depth]:
        return {("text", "ollama"): Depth(3, 1), ("image", "mock"): Depth(0, 0)}


class FakeHealth:
    def all(self) -> dict[str, Seen]:
        down = Health(state=HealthState.DOWN, code="provider_unavailable")
        return {
            "text/ollama": Seen(component="text/ollama", health=down, checked_at=utc_now()),
            "image/comfyui": Seen(component="image/comfyui"),
        }


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Metrics]:
    """Figures over known lines, health and files."""
    (tmp_path / "playground.db").write_bytes(b"x" * 100)
    (tmp_path / "playground.db-wal").write_bytes(b"x" * 11)
    metrics = Metrics()
    metrics.watch(State(FakeRuns(), FakeHealth(), tmp_path / "playground.db"))
    return metrics


def test_lines_feeds_and_sizes_are_those_of_the_moment(watched: Metrics) -> None:
    figures = written(watched)

    assert figures.of("playground_queue_depth", kind="text", provider="ollama") == 3
    assert figures.of("playground_running_runs", kind="text", provider="ollama") == 1
    assert figures.of("playground_queue_depth", kind="image", provider="mock") == 0
    assert figures.of("playground_active_runs") == 4
    assert figures.of("playground_open_feeds") == 7
    assert figures.of("playground_database_bytes") == 111
    assert figures.of("playground_disk_free_bytes") > 0


def test_each_component_is_in_exactly_one_state(watched: Metrics) -> None:
    figures = written(watched)

    for component, state in (("text/ollama", "down"), ("image/comfyui", "unknown")):
        assert figures.of("playground_health", component=component) == 1
        assert figures.of("playground_health", component=component, state=state) == 1


def test_a_folder_that_is_gone_costs_its_sizes_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = Metrics()
    metrics.watch(State(FakeRuns(), FakeHealth(), tmp_path / "gone" / "playground.db"))

    figures = written(metrics)

    assert figures.of("playground_active_runs") == 4
    assert figures.of("playground_disk_free_bytes") == 0
    assert "sizes not read" in caplog.text


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "text/plain; version=0.0.4"),
        ("*/*", "text/plain; version=0.0.4"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text"),
        ("text/plain;version=soon", "text/plain; version=0.0.4"),
        ("application/openmetrics-text;version=1.x", "text/plain; version=0.0.4"),
        (";;;===,,,", "text/plain; version=0.0.4"),
    ],
)
async def test_the_form_is_what_the_scraper_asks_for(
    api: httpx.AsyncClient, accept: str, media_type: str
) -> None:
    response = await api.get(METRICS, headers={"accept": accept})

    assert response.status_code == 200
    assert response.headers["content-type"].startswith(media_type)
    assert response.headers["cache-control"] == "no-store"
    assert response.text.endswith("# EOF\n") == media_type.startswith("application/openmetrics")


async def test_what_runs_here_is_told(api: httpx.AsyncClient) -> None:
    figures = await figures_of(api)
    assert figures.of("playground_build_info", version=__version__) == 1
    assert figures.of("process_resident_memory_bytes") > 0


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["version"] == __version__


async def test_the_app_tells_its_lines_feeds_and_health(
    api: httpx.AsyncClient, services: Services
) -> None:
    slow = TextRequest.model_validate({**FREE, "model": "mock-slow"})
    run_id = await services.gateway.asubmit(slow)
    events = services.gateway.afollow(run_id)
    await anext(events)
    await services.health.acheck("text/ollama")

    figures = await figures_of(api)

    lanes = {dict(has)["provider"] for name, has in figures if name == "playground_queue_depth"}
    assert lanes == {"mock", "ollama", "openai", "comfyui"}
    assert figures.of("playground_active_runs") == 1
    assert figures.of("playground_open_feeds") == 1
    assert figures.of("playground_health", component="text/ollama", state="down") == 1
    assert figures.of("playground_health", component="disk", state="unknown") == 1
    assert figures.of("playground_database_bytes") > 0
    await events.aclose()
    await services.gateway.acancel(run_id)
    figures = await figures_of(api)
    assert (figures.of("playground_active_runs"), figures.of("playground_open_feeds")) == (0, 0)


async def test_every_figure_is_documented_and_none_that_is_not_there(
    api: httpx.AsyncClient, services: Services
) -> None:
    await api.post(GENERATE, json=FREE)
    page = (Path(__file__).parent.parent / "docs" / "operations.md").read_text("utf-8")
    documented = set(re.findall(r"^\| `(playground_\w+)` \|", page, re.MULTILINE))

    told = {name for name, _ in await figures_of(api) if name.startswith("playground_")}

    endings = re.compile("_(bucket|sum|count)$")
    # The mock loads no model: nobody has said how long that takes.
    assert {endings.sub("", name) for name in told} | {"playground_run_load_seconds"} == documented


async def test_a_refused_request_is_no_run(api: httpx.AsyncClient, services: Services) -> None:
    with pytest.raises(PlaygroundError):
        await services.gateway.arun(TextRequest(role="poet", task="free"))
    assert (await figures_of(api)).of("playground_runs_total") == 0
