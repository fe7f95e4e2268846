"""The contract of `LLMProvider`, over every provider in the table.

A provider joins with one stage: where it plays and how its server is made to misbehave. One
without a stage fails.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager

import pytest

from core.catalog import load_catalog
from core.errors import ModelNotFound, ProviderError, UnknownRole, UnknownTask
from core.providers import TEXT_PROVIDERS
from core.providers.base import LLMProvider
from core.settings import Settings
from core.types import (
    Completed,
    GenerationOptions,
    LLMProviderResponse,
    Message,
    ProviderEvent,
    ProviderRequest,
    TextDelta,
    ThinkingDelta,
)
from tests.fakes import ollama, openai

CATALOG = load_catalog()
NOWHERE = "http://127.0.0.1:9"


def request_about(product: str, *, model: str) -> ProviderRequest:
    return ProviderRequest(
        role="copywriter",
        task="product_detail",
        model=model,
        messages=(Message(role="user", content=f"{product} 상세 페이지를 써 줘"),),
        options=GenerationOptions(temperature=0.5, seed=7),
        payload={"product_name": product, "features": ["가벼움", "오래 감"]},
    )


class Stage:
    """A provider and its server. `server_can_fail` is false where there is no server."""

    server_can_fail = True
    models: tuple[str, ...] = ("model-a", "model-b", "model-c")

    def __init__(self, provider: str, **settings: object) -> None:
        self._name = provider
        self.provider = self.build(**settings)

    def build(self, **settings: object) -> LLMProvider:
        """The provider under other settings."""
        return TEXT_PROVIDERS[self._name](Settings(**settings), CATALOG)

    def requests(self) -> list[ProviderRequest]:
        """Requests whose answers differ."""
        products = ("담은 텀블러", "들꽃 비누", "바람 우산")
        return [
            request_about(product, model=model)
            for product, model in zip(products, self.models, strict=True)
        ]

    def unreachable(self) -> LLMProvider:
        """The provider with nothing at its address."""
        raise NotImplementedError

    def fall_silent(self) -> ProviderRequest:
        """A request whose answer stops in the middle, and goes on for ever if let."""
        raise NotImplementedError

    async def work_has_ended(self) -> bool:
        """Whether the server has stopped working for the last request."""
        raise NotImplementedError

    def fail_midway(self) -> ProviderRequest:
        """A request whose answer breaks after some text."""
        raise NotImplementedError

    def not_have(self, model: str) -> None:
        """Make the server lack `model`."""


class MockStage(Stage):
    server_can_fail = False
    models = ("mock-perfect",) * 3

    def __init__(self) -> None:
        super().__init__("mock", mock_tokens_per_second=0)

    def unreachable(self) -> LLMProvider:
        return self.provider

    def fall_silent(self) -> ProviderRequest:
        self.provider = self.build(mock_tokens_per_second=1)
        self._tasks_before = asyncio.all_tasks()
        return self.requests()[0]

    async def work_has_ended(self) -> bool:
        return asyncio.all_tasks() <= self._tasks_before

    def fail_midway(self) -> ProviderRequest:
        return request_about("담은 텀블러", model="mock-error")


class OllamaStage(Stage):
    def __init__(self, fake: ollama.FakeOllama) -> None:
        super().__init__("ollama", ollama_base_url=fake.url, ollama_default_model="model-a")
        self._fake = fake
        for model in self.models:
            words = tuple(f"{model} {word} " for word in ("하나", "둘", "셋", "넷"))
            fake.behave(ollama.Behaviour(pieces=words, thinking=("음 ",)), model=model)

    def unreachable(self) -> LLMProvider:
        return self.build(ollama_base_url=NOWHERE)

    def fall_silent(self) -> ProviderRequest:
        self._fake.behave(ollama.Behaviour(end="silence"))
        return self.requests()[0]

    async def work_has_ended(self) -> bool:
        await self._fake.until(lambda: self._fake.chats[-1].left)
        return True

    def fail_midway(self) -> ProviderRequest:
        self._fake.behave(ollama.Behaviour(end="error"))
        return self.requests()[0]


class OpenAIStage(Stage):
    def __init__(self, fake: openai.FakeOpenAI) -> None:
        super().__init__("openai", openai_base_url=fake.base_url, openai_default_model="model-a")
        self._fake = fake
        fake.models = {"data": [{"id": model} for model in self.models]}

    def unreachable(self) -> LLMProvider:
        return self.build(openai_base_url=NOWHERE)

    def fall_silent(self) -> ProviderRequest:
        self._fake.behaviour = openai.sends(openai.tells("아")[:2], then=openai.stalls)
        return self.requests()[0]

    async def work_has_ended(self) -> bool:
        return await asyncio.to_thread(self._fake.disconnected.wait, 10)

    def fail_midway(self) -> ProviderRequest:
        broken = openai.event(openai.openai_error("it broke"))
        self._fake.behaviour = openai.sends([*openai.tells("아")[:2], broken])
        return self.requests()[0]

    def not_have(self, model: str) -> None:
        body = openai.openai_error(f"The model `{model}` does not exist.", code="model_not_found")
        self._fake.behaviour = openai.refuses(404, body)


@contextmanager
def ollama_stage() -> Iterator[Stage]:
    with ollama.FakeOllama(*Stage.models) as fake:
        yield OllamaStage(fake)


@contextmanager
def openai_stage() -> Iterator[Stage]:
    with openai.FakeOpenAI() as fake:
        yield OpenAIStage(fake)


@contextmanager
def mock_stage() -> Iterator[Stage]:
    yield MockStage()


STAGES = {"mock": mock_stage, "ollama": ollama_stage, "openai": openai_stage}


@pytest.fixture(params=list(TEXT_PROVIDERS))
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    if request.param not in STAGES:
        pytest.fail(
            f"The provider {request.param!r} has no stage in tests/test_provider_contract.py: "
            "every text provider must keep the contract.",
            pytrace=False,
        )
    with STAGES[request.param]() as stage:
        yield stage
        await stage.provider.aclose()


async def events_of(stage: Stage, request: ProviderRequest) -> list[ProviderEvent]:
    async with aclosing(stage.provider.stream(request)) as events:
        return [event async for event in events]


async def until_text(events: AsyncIterator[ProviderEvent]) -> str:
    async for event in events:
        if isinstance(event, TextDelta):
            return event.text
    raise AssertionError("no text came")


def text_of(events: list[ProviderEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def test_the_table_holds_nothing_that_this_suite_does_not_try():
    assert set(STAGES) == set(TEXT_PROVIDERS)


async def test_a_stream_ends_with_its_one_completed(stage):
    events = await events_of(stage, stage.requests()[0])
    assert [isinstance(event, Completed) for event in events[-3:]] == [False, False, True]
    assert sum(isinstance(event, Completed) for event in events) == 1
    assert events[-1].finish_reason == "stop"


async def test_pieces_are_several_and_never_empty(stage):
    events = await events_of(stage, stage.requests()[0])
    pieces = [event.text for event in events if isinstance(event, TextDelta | ThinkingDelta)]
    assert len(pieces) > 1
    assert all(pieces)


async def test_generate_is_the_stream_collected(stage):
    request = stage.requests()[0]
    events = await events_of(stage, request)
    response = await stage.provider.generate(request)
    assert response.output == text_of(events) != ""
    assert response.usage == events[-1].usage
    assert response.meta["finish_reason"] == events[-1].finish_reason


async def test_a_response_has_the_one_shape_of_all_providers(stage):
    request = stage.requests()[0]
    response = await stage.provider.generate(request)
    assert isinstance(response, LLMProviderResponse)
    assert set(response.model_dump(mode="json")) == {
        "provider",
        "model",
        "usage",
        "output",
        "meta",
        "timestamp",
    }
    assert (response.provider, response.model) == (stage.provider.vendor, request.model)
    assert response.timestamp.utcoffset() is not None


async def test_usage_adds_up(stage):
    usage = (await stage.provider.generate(stage.requests()[0])).usage
    assert usage.prompt_tokens > 0
    assert usage.completion_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


async def test_requests_at_the_same_time_do_not_mix(stage):
    alone = [await stage.provider.generate(request) for request in stage.requests()]
    assert len({response.output for response in alone}) == 3
    many = stage.requests() * 4
    together = await asyncio.gather(*(stage.provider.generate(request) for request in many))
    assert [response.output for response in together] == [one.output for one in alone] * 4


async def test_closing_the_stream_ends_the_servers_work(stage):
    events = stage.provider.stream(stage.fall_silent())
    assert await until_text(events)
    await events.aclose()
    assert await stage.work_has_ended()


async def test_cancelling_the_task_ends_the_servers_work(stage):
    request = stage.fall_silent()
    begun = asyncio.Event()

    async def read() -> None:
        async with aclosing(stage.provider.stream(request)) as events:
            await until_text(events)
            begun.set()
            await until_text(aiter(events))
            await asyncio.Event().wait()

    task = asyncio.create_task(read())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await stage.work_has_ended()


async def test_an_answer_that_breaks_raises_and_keeps_what_came(stage):
    events = stage.provider.stream(stage.fail_midway())
    assert await until_text(events)
    with pytest.raises(ProviderError) as caught:
        [event async for event in events]
    assert caught.value.provider == stage.provider.vendor
    assert caught.value.message


async def test_a_model_that_is_not_there_is_named(stage):
    stage.not_have("no-such-model")
    with pytest.raises(ModelNotFound, match="no-such-model") as caught:
        await stage.provider.generate(request_about("비누", model="no-such-model"))
    assert caught.value.provider == stage.provider.vendor
    assert caught.value.details["model"] == "no-such-model"


async def test_a_server_that_is_down_is_a_provider_error_and_no_other_answers(stage):
    if not stage.server_can_fail:
        pytest.skip("it has no server")
    provider = stage.unreachable()
    for call in (provider.generate(stage.requests()[0]), provider.list_models()):
        with pytest.raises(ProviderError) as caught:
            await call
        assert caught.value.provider == provider.vendor
    await provider.aclose()


async def test_health_is_ok_with_a_good_server_and_never_raises(stage):
    assert (await stage.provider.health_check()).state == "ok"
    provider = stage.unreachable()
    health = await provider.health_check()
    assert health.provider == provider.vendor
    if stage.server_can_fail:
        assert health.state == "down"
        assert health.reason
        assert health.advice
    await provider.aclose()


async def test_the_models_it_offers_are_listed(stage):
    names = [model.name for model in await stage.provider.list_models()]
    assert set(stage.models) <= set(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("role", "temperature"), [("copywriter", 0.8), ("strategist", 0.6), ("reviewer", 0.3)]
)
@pytest.mark.parametrize(("task", "max_tokens"), [("brand_kit", 3000), ("sns", 1000)])
async def test_default_options_are_those_of_role_and_task(
    stage, role, temperature, task, max_tokens
):
    options = stage.provider.get_default_options(role, task)
    assert (options.temperature, options.max_tokens) == (temperature, max_tokens)


async def test_default_options_of_what_is_not_known_are_an_error(stage):
    with pytest.raises(UnknownRole):
        stage.provider.get_default_options("nobody", "sns")
    with pytest.raises(UnknownTask):
        stage.provider.get_default_options("copywriter", "nothing")
