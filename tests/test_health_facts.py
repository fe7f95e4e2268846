"""What health checks tell of good servers, and of those that lack something."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from core.catalog import Catalog
from core.health import CODES, Device, Health, HealthState, LoadedModel, QueueLength
from core.providers import checkup
from core.providers.openai import OpenAIProvider
from core.settings import load_settings
from tests import comfyui_kit
from tests.comfyui_kit import request_for
from tests.fakes.comfyui import Answer, FakeComfyUI, Script
from tests.fakes.ollama import FakeModel, FakeOllama, Reply
from tests.fakes.openai import FakeOpenAI, refuses
from tests.ollama_kit import COLD, MODEL, Connect, connecting, make_fake


def degraded(health: Health, code: str) -> bool:
    """Whether it is degraded for this reason, with what the code promises."""
    assert set(CODES[code]) <= set(health.details)
    assert health.reason
    assert health.advice
    return (health.state, health.code) == (HealthState.DEGRADED, code)


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with make_fake() as fake:
        yield fake


@pytest.fixture
async def connect(ollama: FakeOllama) -> AsyncIterator[Connect]:
    async with connecting(ollama) as connect:
        yield connect


class TestOllama:
    async def test_address_version_and_models_are_told(self, ollama, connect):
        health = await connect().health_check()
        assert health.state is HealthState.OK
        assert (health.address, health.version) == (ollama.url, "0.33.0")
        assert 0 < health.round_trip_ms < 2000
        first = health.models[0]
        assert (first.name, first.size, first.parameters) == (MODEL, 8_988_124_069, "14.8B")
        assert (first.loaded, first.capabilities) == (True, ("completion", "tools"))
        assert [model.loaded for model in health.models] == [True, True, False]

    async def test_what_is_in_memory_is_told_with_its_room_and_time(self, ollama, connect):
        gone_at = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=4)
        ollama.models[:] = [
            FakeModel(
                MODEL,
                loaded=True,
                gpu_size=5_000_000_000,
                num_ctx=8192,
                # As Go writes it: nanoseconds, and the time zone of the server.
                expires_at=gone_at.strftime("%Y-%m-%dT%H:%M:%S.123456789Z"),
            ),
            FakeModel(COLD),
        ]
        (loaded,) = (await connect().health_check()).loaded
        assert loaded == LoadedModel(
            name=MODEL,
            memory=8_988_124_069,
            gpu_memory=5_000_000_000,
            context_tokens=8192,
            expires_at=gone_at.replace(microsecond=123_456),
        )

    @pytest.mark.parametrize(
        "expires_at",
        [
            "2318-12-01T01:02:03.456789+02:00",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59-14:00",
            "soon",
            "",
        ],
    )
    async def test_a_model_that_stays_for_ever_has_no_time_left(self, ollama, connect, expires_at):
        ollama.models[0].expires_at = expires_at
        health = await connect().health_check()
        assert health.loaded[0].expires_at is None

    @pytest.mark.parametrize("reply", [Reply.error(500, "no"), Reply.plain(404), Reply(stall=True)])
    async def test_not_knowing_what_is_in_memory_does_not_make_it_worse(
        self, ollama, connect, reply
    ):
        ollama.answer("/api/ps", reply)
        health = await connect().health_check()
        assert (health.state, health.loaded) == (HealthState.OK, None)
        assert {model.loaded for model in health.models} == {None}

    async def test_missing_models_are_told_with_the_command_that_pulls_them(self, connect):
        health = await connect(ollama_default_model="a:1b", llm_model_heavy="b:7b").health_check()
        assert degraded(health, "models_missing")
        assert health.details["models"] == ["a:1b", "b:7b"]
        assert health.command == "ollama pull a:1b && ollama pull b:7b"
        assert health.models

    async def test_no_models_at_all_is_told_with_the_command_that_pulls_the_usual_one(
        self, ollama, connect
    ):
        ollama.models.clear()
        health = await connect(ollama_default_model="a:1b").health_check()
        assert degraded(health, "no_models")
        assert health.command == "ollama pull a:1b"
        assert health.models == ()

    async def test_a_server_that_says_only_that_it_is_there_is_slow(self, ollama, connect):
        ollama.answer("/api/tags", Reply(stall=True))
        health = await connect().health_check()
        assert degraded(health, "slow")
        assert (health.version, health.models) == ("0.33.0", None)

    async def test_nothing_there_is_told_with_the_command_that_starts_it(self, connect):
        health = await connect(ollama_base_url="http://127.0.0.1:9").health_check()
        assert (health.state, health.command) == (HealthState.DOWN, "ollama serve")

    async def test_odd_numbers_and_names_are_unknown_or_cut(self, ollama, connect):
        entry = {"name": "x" * 5000, "size": -1, "size_vram": 1e300, "context_length": True}
        body = json.dumps({"models": [entry, {"name": "\ud800", "size": 10**30}]}).encode()
        ollama.answer("/api/ps", Reply(body=body))
        ollama.answer("/api/tags", Reply(body=body))
        health = await connect().health_check()
        assert [len(model.name) for model in health.models] == [300, 1]
        assert health.loaded[0] == LoadedModel(name="x" * 300)
        health.model_dump_json().encode()


class TestOpenAI:
    @pytest.fixture
    def fake(self) -> Iterator[FakeOpenAI]:
        with FakeOpenAI() as fake:
            yield fake

    async def check(self, fake: FakeOpenAI, model: str = "fake-model") -> Health:
        environ = {"OPENAI_BASE_URL": fake.base_url, "OPENAI_DEFAULT_MODEL": model}
        settings = load_settings(environ, env_file=None)
        provider = OpenAIProvider.from_settings(settings, Catalog(roles={}, tasks={}))
        try:
            return await provider.health_check()
        finally:
            await provider.aclose()

    async def test_address_and_models_are_told(self, fake):
        health = await self.check(fake)
        assert health.state is HealthState.OK
        assert health.address == fake.base_url
        assert [model.name for model in health.models] == ["fake-model"]
        assert health.round_trip_ms > 0

    async def test_a_model_that_is_not_listed_is_named(self, fake):
        health = await self.check(fake, "gone")
        assert degraded(health, "models_missing")
        assert health.details["models"] == ["gone"]

    async def test_no_models_at_all_is_told(self, fake):
        fake.models = {"data": []}
        assert degraded(await self.check(fake), "no_models")

    async def test_one_that_still_loads_is_degraded(self, fake):
        fake.listing = refuses(503, {"error": {"message": "Loading model", "code": 503}})
        health = await self.check(fake)
        assert degraded(health, "provider_overloaded")
        assert "loading" in health.reason


class TestComfyUI:
    @pytest.fixture
    def fake(self) -> Iterator[FakeComfyUI]:
        with FakeComfyUI() as fake:
            yield fake

    @pytest.fixture
    async def comfy(self, fake: FakeComfyUI) -> AsyncIterator[comfyui_kit.Connect]:
        async with comfyui_kit.connecting(fake) as connect:
            yield connect

    async def test_version_devices_and_checkpoints_are_told(self, fake, comfy):
        health = await comfy().health_check()
        assert health.state is HealthState.OK
        assert (health.address, health.version) == (fake.url, "0.3.64")
        assert health.devices == (
            Device(
                name="cuda:0 NVIDIA GeForce RTX 4090",
                kind="cuda",
                memory_total=25_276_502_016,
                memory_free=9_000_000_000,
            ),
        )
        assert [model.name for model in health.models] == fake.checkpoints
        assert health.queue == QueueLength()

    async def test_an_empty_queue_is_not_asked_for(self, fake, comfy):
        await comfy().health_check()
        assert fake.seen("GET", "/queue") == []

    async def test_the_queue_tells_everybodys_jobs_and_ours(self, fake, comfy):
        fake.queue_for_others(1, 2)
        provider = comfy()
        stream = provider.stream(request_for())
        await anext(stream)
        waiting = await anext(stream)
        health = await provider.health_check()
        assert waiting
        assert health.queue == QueueLength(running=1, waiting=2, ours=1)
        await stream.aclose()
        assert (await provider.health_check()).queue.ours == 0

    async def test_one_that_works_for_us_and_answers_late_is_slow_not_down(
        self, fake, comfy, monkeypatch
    ):
        provider = comfy()
        fake.script = Script(steps=5000, step_s=0.01)
        making = asyncio.create_task(comfyui_kit.collect(provider))
        try:
            await fake.until(lambda: fake.running)
            monkeypatch.setattr(checkup, "CHECK_TIMEOUT_S", 0.3)
            fake.answer("/system_stats", Answer(200, stall=True), times=2)
            health = await provider.health_check()
            assert degraded(health, "slow")
            assert "works on our jobs" in health.reason
            # Another app, for which nothing is done there, cannot know that.
            assert (await comfy().health_check()).code == "provider_timeout"
        finally:
            making.cancel()
            await asyncio.gather(making, return_exceptions=True)

    async def test_another_app_at_the_same_server_has_its_own(self, fake, comfy):
        provider = comfy()
        fake.script = Script(hold="sampling")
        stream = provider.stream(request_for())
        await anext(stream)
        await anext(stream)
        assert (await comfy().health_check()).queue.ours == 0
        assert (await provider.health_check()).queue.ours == 1
        await stream.aclose()

    async def test_a_queue_too_large_to_read_is_counted_only(self, fake, comfy, monkeypatch):
        monkeypatch.setattr("core.providers.comfyui.health.LARGEST_QUEUE_BYTES", 100)
        fake.queue_for_others(1, 2, 3)
        health = await comfy().health_check()
        assert health.state is HealthState.OK
        assert health.queue == QueueLength(running=1, waiting=2)

    async def test_a_server_without_any_checkpoint_is_told(self, fake, comfy):
        fake.checkpoints.clear()
        health = await comfy().health_check()
        assert degraded(health, "no_checkpoint")
        assert health.details["folder"] == "models/checkpoints"

    async def test_a_usual_checkpoint_that_is_missing_is_named(self, comfy):
        health = await comfy(comfyui_default_checkpoint="gone.safetensors").health_check()
        assert degraded(health, "checkpoint_missing")
        assert health.details["model"] == "gone.safetensors"

    @pytest.mark.parametrize("answer", [Answer(404), Answer(500, "no"), Answer(200, "[]")])
    async def test_not_knowing_the_checkpoints_does_not_make_it_worse(self, fake, comfy, answer):
        fake.answer("/object_info/CheckpointLoaderSimple", answer)
        health = await comfy().health_check()
        assert (health.state, health.models) == (HealthState.OK, None)

    @pytest.mark.parametrize("devices", [[], None, [7, {}, {"name": 3}], "gpu"])
    async def test_odd_devices_are_left_out(self, fake, comfy, devices):
        fake.devices = devices
        health = await comfy().health_check()
        assert (health.state, health.devices) == (HealthState.OK, ())
