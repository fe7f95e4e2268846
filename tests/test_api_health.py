"""The health endpoints: what a load balancer, a service manager and a person at a terminal ask."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from core import services as services_module
from core.api.health import needed_components, summary
from core.errors import ShuttingDown, StoreError
from core.health import (
    DatabaseHealth,
    DiskHealth,
    Health,
    HealthState,
    LoadedModel,
    ProviderHealth,
    QueueLength,
    Seen,
)
from core.services import Services
from core.settings import Settings, load_settings
from core.types import Mode, utc_now
from tests.api_server import asgi_client

HEALTH = "/api/v1/health"
ADVICE = "Start Ollama."
SECRET = "geheim-geheim"


@pytest.fixture
async def api() -> AsyncIterator[httpx.AsyncClient]:
    async with asgi_client() as client:
        yield client


@pytest.fixture
def provided(services: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    monkeypatch.setattr("core.services.present_services", lambda: services)
    return services


def settings_with(**values: str) -> Settings:
    return load_settings({name.upper(): value for name, value in values.items()}, env_file=None)


def seen_as(**states: HealthState | None) -> dict[str, Seen]:
    """Every part as seen: ok but for those given, by name with `_` for `/`; None: not yet."""
    names = ("text/mock", "text/ollama", "text/openai", "image/mock", "image/comfyui")
    return {
        name: Seen(
            component=name,
            health=Health(state=state, code="a_code", reason="Found.", advice=ADVICE)
            if (state := states.get(name.replace("/", "_"), HealthState.OK))
            else None,
            checked_at=utc_now(),
            since=utc_now(),
        )
        for name in (*names, "database", "disk")
    }


# What it comes to

OK, DEGRADED, DOWN = HealthState.OK, HealthState.DEGRADED, HealthState.DOWN
ABSENT = HealthState.NOT_CONFIGURED


@pytest.mark.parametrize(
    ("mode", "states", "status"),
    [
        ("mock", {}, "ok"),
        ("mock", {"text_ollama": DOWN, "image_comfyui": DOWN, "text_openai": ABSENT}, "ok"),
        ("mock", {"text_mock": DOWN}, "down"),
        ("mock", {"image_mock": DOWN}, "down"),
        ("live", {"text_mock": DOWN, "image_mock": DOWN}, "ok"),
        ("live", {"text_ollama": DOWN}, "down"),
        ("live", {"image_comfyui": DOWN}, "down"),
        ("live", {"text_openai": DOWN}, "ok"),
        ("live", {"text_ollama": DEGRADED}, "degraded"),
        ("live", {"text_ollama": ABSENT, "image_comfyui": ABSENT}, "degraded"),
        ("live", {"text_ollama": None}, "degraded"),
        ("mock", {"database": DOWN}, "down"),
        ("mock", {"disk": DOWN}, "down"),
        ("mock", {"disk": DEGRADED}, "degraded"),
        ("mock", {"disk": DEGRADED, "database": DOWN}, "down"),
    ],
)
def test_the_status_is_that_of_what_the_default_mode_needs(
    mode: str, states: dict[str, HealthState | None], status: str
) -> None:
    assert summary(seen_as(**states), settings_with(generator_mode=mode)).status == status


def test_the_live_providers_of_the_settings_are_what_is_needed() -> None:
    settings = settings_with(generator_mode="live", llm_live_provider="openai")
    assert needed_components(settings) == ("text/openai", "image/comfyui", "database", "disk")
    health = summary(seen_as(), settings)
    assert {name for name, one in health.components.items() if one.needed} == {
        *needed_components(settings)
    }


def test_a_provider_that_does_not_exist_is_down_and_says_which_setting_is_wrong() -> None:
    health = summary(seen_as(), settings_with(generator_mode="live", llm_live_provider="olama"))

    assert health.status == "down"
    assert health.components["text/olama"].code == "unknown_provider"
    assert "LLM_LIVE_PROVIDER" in health.components["text/olama"].advice


def test_a_part_tells_its_facts_and_no_secret() -> None:
    told = f"Refused at http://u:{SECRET}@127.0.0.1:11434 with {SECRET}."
    health = {
        "text/ollama": ProviderHealth(
            provider="ollama",
            state=DOWN,
            code="provider_unavailable",
            reason=told,
            advice=told,
            command=told,
            address=f"http://u:{SECRET}@127.0.0.1:11434",
            version="0.9.1",
            round_trip_ms=1.5,
            loaded=(LoadedModel(name="모델"),),
            queue=QueueLength(running=1),
        ),
        "database": DatabaseHealth(state=OK, path="/data/playground.db", bytes=7),
        "disk": DiskHealth(state=OK, path="/data", free=5, total=9),
    }
    seen = seen_as() | {name: Seen(component=name, health=one) for name, one in health.items()}

    shown = summary(seen, settings_with(ollama_api_key=SECRET))

    assert SECRET not in shown.model_dump_json()
    ollama = shown.components["text/ollama"]
    assert ollama.address == "http://***@127.0.0.1:11434"
    assert (ollama.version, ollama.round_trip_ms, ollama.loaded) == ("0.9.1", 1.5, ("모델",))
    assert ollama.queue == QueueLength(running=1)
    assert shown.components["database"].bytes == 7
    assert shown.components["disk"].free_bytes == 5


# The endpoint


async def test_the_first_to_ask_gets_what_a_check_finds(
    api: httpx.AsyncClient, provided: Services
) -> None:
    response = await api.get(HEALTH)

    body = response.json()
    assert response.status_code == 200, body
    assert response.headers["cache-control"] == "no-store"
    assert (body["status"], body["mode"]) == ("ok", "mock")
    assert set(body["components"]) == set(provided.health.components)
    ollama = body["components"]["text/ollama"]
    assert (ollama["state"], ollama["needed"]) == ("down", False)
    assert ollama["code"]
    assert ollama["reason"]
    assert ollama["advice"]
    assert body["components"]["text/openai"]["state"] == "not_configured"
    assert body["components"]["database"]["bytes"] > 0
    assert body["checked_at"] <= ollama["checked_at"]


class Monitor:
    """A monitor with fixed news, that counts how often it is to look."""

    def __init__(self, seen: dict[str, Seen], fresh: dict[str, Seen] | None = None) -> None:
        self.seen = seen
        self.fresh = fresh or seen
        self.asked: list[float] = []

    def all(self) -> dict[str, Seen]:
        return self.seen

    async def acheck(self, component: str | None = None, timeout: float = 3) -> dict[str, Seen]:  # noqa: ASYNC109 (as the monitor has it)
        self.asked.append(timeout)
        return self.fresh


@pytest.mark.parametrize(("state", "status"), [(DOWN, 503), (DEGRADED, 200), (ABSENT, 200)])
async def test_only_what_is_down_makes_it_unavailable(
    api: httpx.AsyncClient,
    provided: Services,
    monkeypatch: pytest.MonkeyPatch,
    state: HealthState,
    status: int,
) -> None:
    monkeypatch.setattr(provided, "health", Monitor(seen_as(text_mock=state)))

    response = await api.get(HEALTH)

    assert response.status_code == status
    shown = response.json()["components"]["text/mock"]
    assert (shown["state"], shown["advice"]) == (state, ADVICE)
    assert response.json()["status"] == ("down" if status == 503 else "degraded")


async def test_what_is_known_costs_no_check_and_fresh_asks_for_one(
    api: httpx.AsyncClient, provided: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor = Monitor(seen_as(disk=DOWN), fresh=seen_as())
    monkeypatch.setattr(provided, "health", monitor)

    assert (await api.get(HEALTH)).status_code == 503
    assert monitor.asked == []
    assert (await api.get(HEALTH, params={"fresh": "true"})).status_code == 200
    assert monitor.asked == [2.5]


async def test_many_who_want_it_fresh_cost_one_check(
    api: httpx.AsyncClient, provided: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    checks = {}
    for name, watch in provided.health._watches.items():

        async def counted(check=watch.check, name=name) -> Health:
            looked.append(name)
            await asyncio.sleep(0.5)
            return await check()

        checks[name] = counted
        monkeypatch.setattr(watch, "check", counted)

    answers = await asyncio.gather(*(api.get(f"{HEALTH}?fresh=true") for _ in range(30)))

    assert {answer.status_code for answer in answers} == {200}
    assert sorted(looked) == sorted(checks)


async def test_a_check_that_hangs_holds_the_answer_up_for_seconds_at_most(
    api: httpx.AsyncClient, provided: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang() -> Health:
        await asyncio.sleep(60)
        raise AssertionError

    monkeypatch.setattr(provided.health._watches["text/ollama"], "check", hang)
    began = time.monotonic()

    response = await api.get(HEALTH, params={"fresh": "true"})

    assert time.monotonic() - began < 10  # 2.5 s, and the machine's other work
    assert response.status_code == 200
    assert response.json()["components"]["text/mock"]["state"] == "ok"


async def test_while_the_app_ends_it_says_so(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended() -> Services:
        raise ShuttingDown("The playground is being shut down.")

    monkeypatch.setattr("core.services.get_services", ended)
    response = await api.get(HEALTH)
    assert (response.status_code, response.json()["error"]["code"]) == (503, "shutting_down")


# Live and ready


async def test_live_answers_whatever_is_broken(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Services:
        raise AssertionError("nobody asked for the services")

    monkeypatch.setattr("core.services.get_services", broken)
    monkeypatch.setattr("core.services.present_services", broken)

    response = await api.get(f"{HEALTH}/live")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.usefixtures("provided")
async def test_ready_once_everything_is_built(api: httpx.AsyncClient) -> None:
    response = await api.get(f"{HEALTH}/ready")
    assert (response.status_code, response.json()) == (200, {"status": "ready"})
    assert response.headers["cache-control"] == "no-store"


async def not_ready(api: httpx.AsyncClient) -> str:
    """The reason why it is not."""
    response = await api.get(f"{HEALTH}/ready")
    assert response.status_code == 503
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["error"]["code"] == "not_ready"
    return response.json()["error"]["message"]


async def test_not_ready_before_the_start_and_it_builds_nothing(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services_module, "_services", None)
    monkeypatch.setattr("core.services.build_services", None)
    assert "starting or being shut down" in await not_ready(api)


async def test_not_ready_while_the_app_is_being_ended(
    api: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the signal on, however long the runs take to end."""
    closing, closed = threading.Event(), threading.Event()

    def slow_close() -> None:
        closing.set()
        closed.wait(10)

    monkeypatch.setattr(services, "close", slow_close)
    monkeypatch.setattr(services_module, "_services", services)
    monkeypatch.setattr(services_module, "_closed", False)
    assert (await api.get(f"{HEALTH}/ready")).status_code == 200
    ending = threading.Thread(target=services_module.close_services)
    ending.start()
    try:
        await asyncio.to_thread(closing.wait, 10)
        assert "shut down" in await not_ready(api)
        assert (await api.get(f"{HEALTH}/live")).status_code == 200
    finally:
        closed.set()
        ending.join()
    assert "shut down" in await not_ready(api)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("writer", "Nothing can be written"),
        ("file", "could not be used"),
        ("silent", "no answer within"),
    ],
)
async def test_not_ready_where_the_database_is_not(
    api: httpx.AsyncClient,
    provided: Services,
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
    reason: str,
) -> None:
    release = threading.Event()

    def unreadable() -> None:
        raise StoreError("The database could not be used. Check the folder.")

    def silent() -> None:
        release.wait(20)

    broken_as: dict[str, Callable[[], None]] = {"file": unreadable, "silent": silent}
    if broken == "writer":
        monkeypatch.setattr(type(provided._database), "is_writing", False)
    else:
        monkeypatch.setattr(provided._database, "check", broken_as[broken])
    try:
        assert reason in await not_ready(api)
    finally:
        release.set()


async def test_a_live_provider_that_is_down_makes_the_default_mode_unavailable(
    api: httpx.AsyncClient, provided: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = provided.settings.model_copy(update={"generator_mode": Mode.LIVE})
    monkeypatch.setattr(provided, "settings", live)
    response = await api.get(HEALTH)
    assert response.status_code == 503
    assert response.json()["status"] == "down"
    assert response.json()["components"]["text/ollama"]["needed"]
