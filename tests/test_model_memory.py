"""Preloading, unloading and freeing models, through the gateway and at the servers."""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from core.errors import (
    InvalidRequest,
    ModelNotFound,
    ProviderError,
    ProviderNotConfigured,
    ProviderTimeout,
    UnknownProvider,
)
from core.providers.ollama import memory
from core.services import Services, build_services
from core.settings import load_settings
from tests.fakes.comfyui import Answer, FakeComfyUI
from tests.fakes.ollama import Behaviour, FakeModel, FakeOllama, Reply
from tests.ollama_kit import COLD, MODEL, REQUEST, Connect, collect, connecting, make_fake


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with make_fake() as fake:
        yield fake


@pytest.fixture
async def connect(fake: FakeOllama) -> AsyncIterator[Connect]:
    async with connecting(fake) as connect:
        yield connect


def loaded(fake: FakeOllama, name: str) -> bool:
    return fake.find(name).loaded


class TestPreload:
    async def test_the_model_is_in_memory_when_it_returns(self, fake, connect):
        await connect().preload(COLD)
        assert loaded(fake, COLD)

    async def test_it_is_asked_for_as_runs_ask_for_it_so_that_the_run_need_not_load(
        self, fake, connect
    ):
        provider = connect(ollama_num_ctx="8192", ollama_keep_alive="1h")
        await provider.preload(COLD)
        await collect(provider, REQUEST.model_copy(update={"model": COLD}))
        preload, run = (chat.body for chat in fake.chats)
        assert preload["messages"] == []
        assert preload["keep_alive"] == run["keep_alive"] == "1h"
        assert preload["options"]["num_ctx"] == run["options"]["num_ctx"] == 8192

    async def test_nothing_is_said_that_no_setting_says(self, fake, connect):
        await connect().preload(COLD)
        assert fake.chats[-1].body == {"model": COLD, "messages": [], "stream": False}

    async def test_a_model_that_is_loaded_stays_so(self, fake, connect):
        await connect().preload(MODEL)
        assert loaded(fake, MODEL)

    async def test_a_model_that_is_not_there_is_refused_with_the_command_that_pulls_it(
        self, fake, connect
    ):
        with pytest.raises(ModelNotFound, match="ollama pull nope:3b") as caught:
            await connect().preload("nope:3b")
        assert caught.value.details == {"model": "nope:3b", "pull": "ollama pull nope:3b"}
        assert fake.chats == []

    @pytest.mark.parametrize("name", ["kimi:cloud", "gpt-oss:20b-cloud"])
    async def test_a_model_of_the_cloud_has_nothing_to_load(self, fake, connect, name):
        with pytest.raises(InvalidRequest, match="cloud"):
            await connect().preload(name)
        assert fake.requests == []

    async def test_a_server_that_cannot_load_it_says_why(self, fake, connect):
        refusal = Reply.error(500, "llama-server reported out-of-memory during startup: cuda")
        fake.behave(Behaviour(reply=refusal))
        with pytest.raises(ProviderError, match="smaller model"):
            await connect().preload(COLD)

    async def test_loading_for_longer_than_the_longest_silence_is_given_up(self, fake, connect):
        fake.behave(Behaviour(hold=True))
        start = time.monotonic()
        with pytest.raises(ProviderTimeout, match="still loading"):
            await connect(ollama_timeout="0.3").preload(COLD)
        assert time.monotonic() - start < 3
        assert not loaded(fake, COLD)

    async def test_a_load_that_leaves_nothing_in_memory_is_an_error(
        self, fake, connect, monkeypatch
    ):
        monkeypatch.setattr(memory, "SEEN_TIMEOUT_S", 0.2)
        fake.answer("/api/ps", Reply(body=b'{"models": []}'))
        with pytest.raises(ProviderTimeout, match="OLLAMA_KEEP_ALIVE"):
            await connect().preload(COLD)

    @pytest.mark.parametrize("name", ["Qwen3", "qwen3:latest"])
    async def test_names_are_read_as_ollama_reads_them(self, fake, connect, name):
        fake.models.append(FakeModel("qwen3:latest"))
        await connect().preload(name)
        assert loaded(fake, "qwen3")


class TestUnload:
    async def test_the_model_is_out_of_memory_when_it_returns(self, fake, connect):
        fake.find(MODEL).lingers_s = 0.3
        start = time.monotonic()
        await connect().unload(MODEL)
        assert not loaded(fake, MODEL)
        assert time.monotonic() - start >= 0.25
        assert fake.chats[-1].body["keep_alive"] == 0

    async def test_one_that_is_not_loaded_is_no_error(self, fake, connect):
        await connect().unload(COLD)
        assert not loaded(fake, COLD)

    async def test_one_that_somebody_uses_is_told_after_a_while(self, fake, connect, monkeypatch):
        monkeypatch.setattr(memory, "SEEN_TIMEOUT_S", 0.2)
        fake.find(MODEL).lingers_s = 30
        with pytest.raises(ProviderTimeout, match="Somebody's request"):
            await connect().unload(MODEL)

    async def test_an_unknown_one_is_an_error(self, connect):
        with pytest.raises(ModelNotFound):
            await connect().unload("nope:3b")


@pytest.fixture
def comfyui() -> Iterator[FakeComfyUI]:
    with FakeComfyUI() as comfyui:
        yield comfyui


@pytest.fixture
def served(fake: FakeOllama, comfyui: FakeComfyUI, tmp_path: Path) -> Iterator[Services]:
    """The services with both servers there and no OpenAI-compatible one set."""
    environ = {
        "PLAYGROUND_DATA_DIR": str(tmp_path / "data"),
        "OLLAMA_BASE_URL": fake.url,
        "COMFYUI_BASE_URL": comfyui.url,
    }
    services = build_services(load_settings(environ, env_file=None))
    yield services
    services.close()


class TestGateway:
    def test_only_servers_that_keep_models_in_memory_can_be_told_to(self, served):
        gateway = served.gateway
        names = ("mock", "ollama", "openai", "comfyui", "nobody")
        assert [name for name in names if gateway.can_preload(name)] == ["ollama"]
        assert [name for name in names if gateway.can_free(name)] == ["comfyui"]

    def test_a_model_goes_in_and_out_and_health_tells_it(self, served, fake):
        def in_memory() -> list[str]:
            health = served.health.check_and_wait("text/ollama")["text/ollama"].health
            return [model.name for model in health.loaded]

        assert COLD not in in_memory()
        served.gateway.preload("ollama", COLD)
        assert COLD in in_memory()
        served.gateway.unload("ollama", COLD)
        assert COLD not in in_memory()

    def test_comfyui_lets_go_of_its_models(self, served, comfyui):
        def free() -> int:
            health = served.health.check_and_wait("image/comfyui")["image/comfyui"].health
            return health.devices[0].memory_free

        before = free()
        served.gateway.free("comfyui")
        assert free() > before
        (asked,) = comfyui.seen("POST", "/free")
        assert asked.body == {"unload_models": True, "free_memory": True}

    def test_a_server_that_refuses_is_an_error(self, served, comfyui):
        comfyui.answer("/free", Answer(500, "500 Internal Server Error"))
        with pytest.raises(ProviderError, match="status 500"):
            served.gateway.free("comfyui")

    @pytest.mark.parametrize("provider", ["mock"])
    def test_one_that_cannot_says_so(self, served, provider):
        for call in (
            lambda: served.gateway.preload(provider, "m"),
            lambda: served.gateway.unload(provider, "m"),
            lambda: served.gateway.free(provider),
        ):
            with pytest.raises(InvalidRequest, match="cannot"):
                call()

    def test_one_that_is_not_set_up_or_unknown_says_so(self, served):
        with pytest.raises(ProviderNotConfigured, match="OPENAI_BASE_URL"):
            served.gateway.preload("openai", "m")
        with pytest.raises(UnknownProvider, match="Known: mock, ollama, openai"):
            served.gateway.unload("nobody", "m")
        with pytest.raises(UnknownProvider, match="Known: mock, comfyui"):
            served.gateway.free("nobody")
