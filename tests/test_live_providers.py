"""The providers against a real small language model, on loopback."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import aclosing

import httpx
import pytest

from core.catalog import load_catalog
from core.errors import ContextOverflow
from core.providers import TEXT_PROVIDERS
from core.providers.base import LLMProvider
from core.settings import Settings
from core.types import (
    Completed,
    GenerationOptions,
    Message,
    ProviderEvent,
    ProviderRequest,
    TextDelta,
)
from tests.fakes.ollama import FakeOllama
from tests.small_llm import MODEL, SmallLLM

pytestmark = pytest.mark.live

SCHEMA = {
    "type": "object",
    "properties": {
        "subject": {"type": "string", "maxLength": 40},
        "steps": {"type": "integer", "minimum": 1, "maximum": 9},
        "style": {"enum": ["oil", "ink"]},
    },
    "required": ["subject", "steps", "style"],
    "additionalProperties": False,
}


def ask(prompt: str, *, schema: dict | None = None, **options) -> ProviderRequest:
    return ProviderRequest(
        role="copywriter",
        task="free",
        model=MODEL,
        messages=(Message(role="user", content=prompt),),
        options=GenerationOptions(**{"max_tokens": 24, "temperature": 0.7, "seed": 3} | options),
        wants_json=schema is not None,
        output_schema=schema,
    )


@pytest.fixture(params=["openai", "ollama"])
async def provider(
    request: pytest.FixtureRequest, small_llm: SmallLLM
) -> AsyncIterator[LLMProvider]:
    catalog = load_catalog()
    with FakeOllama(MODEL, upstream=small_llm.base_url) as fake:
        settings = Settings(
            ollama_base_url=fake.url,
            openai_base_url=f"{small_llm.base_url}/v1",
            openai_default_model=MODEL,
        )
        provider = TEXT_PROVIDERS[request.param](settings, catalog)
        yield provider
        await provider.aclose()


async def events_of(provider: LLMProvider, request: ProviderRequest) -> list[ProviderEvent]:
    async with aclosing(provider.stream(request)) as events:
        return [event async for event in events]


async def busy_slots(small_llm: SmallLLM) -> int:
    async with httpx.AsyncClient() as client:
        slots = (await client.get(f"{small_llm.base_url}/slots")).json()
    return sum(slot["is_processing"] for slot in slots)


async def until_busy_slots(small_llm: SmallLLM, count: int) -> None:
    async with asyncio.timeout(20):
        while await busy_slots(small_llm) != count:  # noqa: ASYNC110 (the server tells no event)
            await asyncio.sleep(0.05)


async def test_text_streams_and_its_measures_are_sane(provider):
    started = time.monotonic()
    events = await events_of(provider, ask("Write one short sentence about tea."))
    seconds = time.monotonic() - started
    pieces = [event.text for event in events if isinstance(event, TextDelta)]
    end = events[-1]
    assert isinstance(end, Completed)
    assert len(pieces) > 3
    assert end.finish_reason in ("stop", "length")
    assert 0 < end.usage.completion_tokens <= 24
    assert 5 < end.usage.prompt_tokens < 100
    # The server's own speed is that of writing alone, so no slower than all of it together.
    assert end.tokens_per_second >= (end.usage.completion_tokens - 1) / seconds


async def test_a_schema_is_kept(provider):
    request = ask("Describe a red fox in snow as JSON.", schema=SCHEMA, max_tokens=120)
    answer = json.loads((await provider.generate(request)).output)
    assert set(answer) == {"subject", "steps", "style"}
    assert isinstance(answer["subject"], str)
    assert 1 <= answer["steps"] <= 9
    assert answer["style"] in ("oil", "ink")


async def test_a_prompt_that_is_too_long_says_by_how_many_tokens(provider, small_llm):
    with pytest.raises(ContextOverflow) as caught:
        await provider.generate(ask("tea " * 4000))
    told = caught.value.details
    assert told["context_tokens"] == small_llm.context
    assert told["prompt_tokens"] > 4000
    assert str(told["prompt_tokens"] - told["context_tokens"]) in caught.value.message


async def test_closing_the_stream_frees_the_slot(provider, small_llm):
    async with aclosing(provider.stream(ask("Count to one thousand.", max_tokens=1900))) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
        await until_busy_slots(small_llm, 1)
    await until_busy_slots(small_llm, 0)


async def test_the_same_seed_gives_the_same_text_and_another_another(provider):
    prompt = "Write a slogan for a tea house."
    first, again, other = [
        (await provider.generate(ask(prompt, temperature=0.9, seed=seed))).output
        for seed in (11, 11, 12)
    ]
    assert first == again
    assert first != other


async def test_many_short_answers_in_a_row_all_arrive(provider):
    for _ in range(8):
        assert (await provider.generate(ask("Say hello.", max_tokens=3))).output


async def test_health_and_models_tell_of_the_model(provider):
    assert MODEL in [model.name for model in await provider.list_models()]
    health = await provider.health_check()
    assert health.provider == provider.vendor
    assert health.round_trip_ms > 0


async def test_the_served_model_is_told(small_llm):
    """llama.cpp answers for any name; the run says which model it was."""
    settings = Settings(openai_base_url=small_llm.base_url)
    provider = TEXT_PROVIDERS["openai"](settings, load_catalog())
    request = ask("Say hello.", max_tokens=3).model_copy(update={"model": "some-large-model"})
    response = await provider.generate(request)
    await provider.aclose()
    assert response.meta["served_model"] == MODEL
