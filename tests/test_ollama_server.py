"""What the Ollama provider tells of the server: its health and its models."""

from collections.abc import AsyncIterator, Iterator

import pytest

from core.errors import ProviderError, ProviderUnavailable
from core.types import ModelInfo
from tests.fakes.ollama import FakeModel, FakeOllama, Reply
from tests.ollama_kit import COLD, MODEL, THINKER, Connect, connecting, make_fake
from tests.test_ollama_errors import closed_port


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with make_fake() as fake:
        yield fake


@pytest.fixture
async def connect(fake: FakeOllama) -> AsyncIterator[Connect]:
    async with connecting(fake) as connect:
        yield connect


class TestHealth:
    async def test_a_running_server_with_its_model_is_ok(self, connect):
        health = await connect().health_check()
        assert (health.state, health.advice) == ("ok", "")
        assert health.version == "0.33.0"
        assert "3 models" in health.reason
        assert health.round_trip_ms is not None

    async def test_a_missing_default_model_is_told_with_the_command_that_fetches_it(self, connect):
        health = await connect(ollama_default_model="nope:3b").health_check()
        assert health.state == "degraded"
        assert "nope:3b" in health.reason
        assert health.advice == "Fetch it with: ollama pull nope:3b"

    async def test_a_missing_model_of_a_tier_is_told_too(self, connect):
        health = await connect(llm_model_heavy="big:70b").health_check()
        assert health.advice == "Fetch it with: ollama pull big:70b"

    @pytest.mark.parametrize("name", ["Qwen3", "qwen3:latest", "kimi:cloud", "gpt-oss:20b-cloud"])
    async def test_names_are_read_as_ollama_reads_them(self, fake, connect, name):
        fake.models.append(FakeModel("qwen3:latest"))
        assert (await connect(ollama_default_model=name).health_check()).state == "ok"

    async def test_nothing_listening_is_down_and_says_what_to_start(self, connect):
        health = await connect(ollama_base_url=f"http://127.0.0.1:{closed_port()}").health_check()
        assert health.state == "down"
        assert "Nothing answers" in health.reason
        assert "OLLAMA_BASE_URL" in health.advice

    @pytest.mark.parametrize(
        ("reply", "word"),
        [
            (Reply.page(200, "<title>Router</title>"), "Router"),
            (Reply.page(502), "proxy"),
            (Reply.plain(404, "404 page not found"), "does not look like"),
            (Reply.plain(401), "key"),
            (Reply.plain(200, "hello"), "hello"),
            (Reply(body=b"[]"), "does not look like"),
            (Reply(302, location="https://x.test/"), "redirects"),
        ],
    )
    async def test_a_wrong_answer_is_down_and_says_why(self, fake, connect, reply, word):
        fake.answer("/api/version", reply)
        health = await connect().health_check()
        assert health.state == "down"
        assert word in health.reason
        assert health.advice

    async def test_a_silent_server_is_down_and_the_check_ends_by_itself(self, fake, connect):
        fake.answer("/api/version", Reply(stall=True))
        health = await connect().health_check()
        assert health.state == "down"
        assert "did not answer within 1.8 s" in health.reason
        assert health.advice

    async def test_a_server_that_cannot_list_its_models_is_degraded(self, fake, connect):
        fake.answer("/api/tags", Reply.error(500, "no disk"))
        health = await connect().health_check()
        assert (health.state, health.version) == ("degraded", "0.33.0")
        assert "no disk" in health.reason

    async def test_no_credential_is_shown(self, fake, connect):
        fake.answer("/api/version", Reply.plain(401, "not p@ss-word"))
        address = fake.url.replace("http://", "http://mina:p%40ss-word@")
        health = await connect(ollama_base_url=address).health_check()
        assert "ss-word" not in repr(health)


class TestModels:
    async def test_models_are_listed_with_what_is_known_of_them(self, connect):
        models = await connect().list_models()
        assert models[0] == ModelInfo(
            name=MODEL,
            size=8_988_124_069,
            parameters="14.8B",
            loaded=True,
            capabilities=("completion", "tools"),
        )
        assert [(model.name, model.loaded) for model in models] == [
            (MODEL, True),
            (THINKER, True),
            (COLD, False),
        ]

    @pytest.mark.parametrize("reply", [Reply.error(500, "no"), Reply.plain(404), Reply(body=b"7")])
    async def test_not_knowing_what_is_loaded_does_not_fail_the_list(self, fake, connect, reply):
        fake.answer("/api/ps", reply)
        assert {model.loaded for model in await connect().list_models()} == {None}

    async def test_fields_that_are_missing_or_odd_are_unknown(self, fake, connect):
        odd = (
            b'{"models": [{"name": "a:1b"}, {"model": "b:1b", "size": "9", "details": null,'
            b' "capabilities": null}, {"size": 3}, 7, {"name": "c:1b", "details":'
            b' {"parameter_size": 4}, "capabilities": ["vision", 3]}]}'
        )
        fake.answer("/api/tags", Reply(body=odd))
        assert await connect().list_models() == [
            ModelInfo(name="a:1b", loaded=False),
            ModelInfo(name="b:1b", loaded=False),
            ModelInfo(name="c:1b", loaded=False, capabilities=("vision",)),
        ]

    @pytest.mark.parametrize("body", [b"{}", b'{"models": null}', b'{"models": []}'])
    async def test_a_server_without_models_lists_none(self, fake, connect, body):
        fake.answer("/api/tags", Reply(body=body))
        assert await connect().list_models() == []

    async def test_a_dead_server_is_an_error(self, connect):
        with pytest.raises(ProviderUnavailable):
            await connect(ollama_base_url=f"http://127.0.0.1:{closed_port()}").list_models()

    async def test_a_wrong_answer_is_an_error(self, fake, connect):
        fake.answer("/api/tags", Reply.page(200))
        with pytest.raises(ProviderError, match="web page"):
            await connect().list_models()
