"""What `health_check()` promises, over every provider: within 2 s, whatever there is, no errors."""

import asyncio
import gc
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from core.catalog import Catalog
from core.health import CODES, HealthState, ProviderHealth
from core.providers import MEDIA_PROVIDERS, TEXT_PROVIDERS, checkup
from core.providers.base import LLMProvider, Provider, ProviderProfile
from core.providers.checkup import Findings
from core.settings import load_settings
from core.types import Mode, Tier
from tests.fakes.bad_servers import ZOO, listening, says

PROMISED_S = 2.0
NETWORKED = ("text/ollama", "text/openai", "image/comfyui")
COMPONENTS = [f"text/{name}" for name in TEXT_PROVIDERS] + [
    f"image/{name}" for name in MEDIA_PROVIDERS
]
SECRET = "s3same"


def provider_of(component: str, address: str = "http://127.0.0.1:9", **more: str) -> Provider:
    """The provider with its server at `address`."""
    kind, _, name = component.partition("/")
    environ = {f"{name.upper()}_BASE_URL": address} if component in NETWORKED else {}
    settings = load_settings(environ | more, env_file=None)
    if kind == "text":
        return TEXT_PROVIDERS[name](settings, Catalog(roles={}, tasks={}))
    return MEDIA_PROVIDERS[name](settings)


async def checked(provider: Provider) -> ProviderHealth:
    """What the check says; that it says it in time, and what each such answer has to have."""
    start = time.monotonic()
    health = await provider.health_check()
    took = time.monotonic() - start
    await provider.aclose()
    assert took < PROMISED_S, health
    assert health.provider == provider.vendor
    assert health.address == (provider.address or None)
    assert SECRET not in (told := health.model_dump_json())
    assert "geheim" not in told
    if health.state is HealthState.OK:
        assert (health.code, health.advice, health.details) == ("", "", {})
    else:
        assert set(CODES[health.code]) <= set(health.details), health
        assert health.details["provider"] == provider.vendor
        assert health.reason.endswith(".")
        assert health.advice
    return health


@pytest.mark.parametrize("component", COMPONENTS)
async def test_a_provider_without_a_server_at_its_address_says_so_or_needs_none(component):
    health = await checked(provider_of(component))
    if component in NETWORKED:
        assert (health.state, health.code) == (HealthState.DOWN, "provider_unavailable")
        assert "Nothing answers" in health.reason
        assert f"{health.provider.upper()}_BASE_URL" in health.advice
    else:
        assert health.state is HealthState.OK
        assert health.models


@pytest.mark.parametrize("name", ZOO)
async def test_a_bad_server_is_told_in_time_and_in_its_own_word(name):
    bad = ZOO[name]

    async def check(component: str) -> None:
        async with listening(bad.answer) as url:
            # The credentials are there to be kept secret.
            address = url.replace("//", f"//mina:{SECRET}@")
            health = await checked(provider_of(component, address))
            assert health.code in bad.codes, (component, health)
            usually_down = health.code not in ("provider_overloaded", "no_models")
            assert (health.state is HealthState.DOWN) == usually_down, (component, health)

    await asyncio.gather(*map(check, NETWORKED))


async def test_a_server_that_takes_connections_and_reads_nothing_is_down_in_time():
    listener = socket.create_server(("127.0.0.1", 0), backlog=50)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with listener:
        found = await asyncio.gather(*(checked(provider_of(one, address)) for one in NETWORKED))
    assert {health.code for health in found} == {"provider_timeout"}


async def test_https_to_a_server_that_speaks_http_is_told_as_such():
    async with listening(says(400, b"plain", kind="text/plain"), reads=False) as url:
        address = url.replace("http://", "https://")
        found = await asyncio.gather(*(checked(provider_of(one, address)) for one in NETWORKED))
    assert {health.code for health in found} == {"not_secure"}
    assert all("http://" in health.advice for health in found)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A name server that does not answer for names in .slow until the event is set."""
    answers = threading.Event()
    look_up = socket.getaddrinfo

    def slow(host: str | bytes | None, *args: object, **more: object) -> object:
        if host and (host if isinstance(host, str) else host.decode()).endswith(".slow"):
            answers.wait(20)
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return look_up(host, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    yield answers
    answers.set()


@pytest.mark.parametrize("component", NETWORKED)
async def test_a_name_that_does_not_exist_is_told_as_such(component, monkeypatch):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    health = await checked(provider_of(component, "http://nobody.test:80"))
    assert (health.state, health.code) == (HealthState.DOWN, "unknown_host")
    assert "No machine has the name" in health.reason


@pytest.mark.parametrize("component", NETWORKED)
async def test_a_name_server_that_hangs_holds_up_neither_the_check_nor_a_pool(component, names):
    provider = provider_of(component, "http://studio.slow:80")
    before = threading.active_count()
    for _ in range(2):
        health = await checked(provider)
        assert (health.state, health.code) == (HealthState.DOWN, "unknown_host")
        assert "could not be looked up" in health.reason
    # One thread hangs, however often it was checked, and none of the loop's own.
    assert threading.active_count() == before + 1
    assert await asyncio.to_thread(lambda: "free") == "free"
    names.set()


@pytest.mark.parametrize("component", NETWORKED)
async def test_one_that_is_not_set_up_is_not_asked(component, monkeypatch):
    async with listening(says(200, b"{}")) as url:
        provider = provider_of(component, url)
        profile = provider.profile
        provider.profile = ProviderProfile(
            vendor=profile.vendor, mode=profile.mode, models=profile.models, configured=False
        )
        monkeypatch.setattr(provider, "examine", None)  # would break, were it called
        health = await checked(provider)
    assert (health.state, health.code) == (HealthState.NOT_CONFIGURED, "provider_not_configured")
    assert health.details["setting"] == f"{provider.vendor.upper()}_BASE_URL"


class Odd(LLMProvider):
    """A provider whose examination does what `does` says."""

    vendor = "odd"

    def __init__(self, does: object) -> None:
        profile = ProviderProfile("odd", Mode.LIVE, dict.fromkeys(Tier, "m"))
        super().__init__(profile=profile, catalog=Catalog(roles={}, tasks={}))
        self._does = does

    async def examine(self, found: Findings) -> ProviderHealth:
        return await self._does(found)  # type: ignore[operator]

    def stream(self, request: object) -> object:
        raise NotImplementedError

    async def list_models(self) -> list:
        raise NotImplementedError


async def test_an_examination_that_breaks_is_a_state_and_is_in_the_log(caplog):
    async def breaks(_: Findings) -> ProviderHealth:
        raise ZeroDivisionError("odd")

    health = await checked(Odd(breaks))
    assert (health.state, health.code) == (HealthState.DOWN, "check_failed")
    assert health.details["error"] == "ZeroDivisionError"
    assert "ZeroDivisionError: odd" in caplog.text


async def test_an_examination_that_learns_nonsense_is_a_state_too():
    async def nonsense(found: Findings) -> ProviderHealth:
        found.answered(models=7, version=object())
        return found.ok("Fine.")

    assert (await checked(Odd(nonsense))).code == "check_failed"


async def test_an_examination_that_cancels_itself_ends_as_late():
    async def gives_up(_: Findings) -> ProviderHealth:
        raise asyncio.CancelledError

    assert (await checked(Odd(gives_up))).code == "provider_timeout"


async def test_an_examination_that_will_not_be_cancelled_is_left_alone():
    ended = asyncio.Event()

    async def stubborn(_: Findings) -> ProviderHealth:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            await asyncio.sleep(0.4)
            ended.set()
            raise RuntimeError("much too late") from None
        raise AssertionError("never")

    assert (await checked(Odd(stubborn))).code == "provider_timeout"
    await asyncio.wait_for(ended.wait(), 2)
    await asyncio.sleep(0)  # its error is nobody's any more, and asyncio does not complain


async def test_a_caller_that_gives_up_ends_the_examination_too():
    begun, ended = asyncio.Event(), asyncio.Event()

    async def waits(_: Findings) -> ProviderHealth:
        begun.set()
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()
        raise AssertionError("never")

    asking = asyncio.create_task(Odd(waits).health_check())
    await begun.wait()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert asking.cancelled()
    assert ended.is_set()


async def test_what_was_learnt_before_the_rest_was_late_is_kept(monkeypatch):
    monkeypatch.setattr(checkup, "CHECK_TIMEOUT_S", 0.05)

    async def half(found: Findings) -> ProviderHealth:
        found.answered(version="1.2")
        await asyncio.sleep(30)
        raise AssertionError("never")

    health = await checked(Odd(half))
    assert (health.state, health.code) == (HealthState.DEGRADED, "slow")
    assert health.version == "1.2"
    assert health.round_trip_ms is not None


def test_every_provider_of_the_tables_is_tried_here():
    assert set(NETWORKED) == set(COMPONENTS) - {"text/mock", "image/mock"}


async def test_a_caller_that_gives_up_at_the_very_end_leaves_no_error_behind():
    failed = asyncio.Event()

    async def fails(_: Findings) -> ProviderHealth:
        failed.set()
        raise RuntimeError("nobody asks any more")

    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: complaints.append(about))
    asking = asyncio.create_task(Odd(fails).health_check())
    await failed.wait()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    del asking
    await asyncio.sleep(0.01)  # the loop lets go of it too
    gc.collect()
    assert complaints == []
