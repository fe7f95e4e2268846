"""What the tests of the Ollama provider share: a provider on a fake, and ways to read events."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

import pytest

from core.catalog import Catalog
from core.errors import ProviderError
from core.providers.ollama.provider import OllamaProvider
from core.settings import load_settings
from core.types import (
    Completed,
    Message,
    Phase,
    PhaseChanged,
    ProviderEvent,
    ProviderRequest,
    TextDelta,
)
from tests.fakes.ollama import FakeModel, FakeOllama

MODEL = "qwen2.5:14b"
THINKER = "qwen3:8b"
COLD = "cold:1b"
SCHEMA = {"type": "object", "properties": {"headline": {"type": "string"}}}
REQUEST = ProviderRequest(
    role="copywriter",
    task="sns",
    model=MODEL,
    messages=(
        Message(role="system", content="너는 카피라이터다."),
        Message(role="user", content="커피 광고 문구"),
    ),
)
FROM_COLD = REQUEST.model_copy(update={"model": COLD})
WITH_SCHEMA = REQUEST.model_copy(update={"output_schema": SCHEMA, "wants_json": True})

Connect = Callable[..., OllamaProvider]


def make_fake() -> FakeOllama:
    """A fake with a model in memory, one that thinks, and one that has to be loaded."""
    return FakeOllama(
        FakeModel(MODEL, loaded=True),
        FakeModel(THINKER, capabilities=("completion", "thinking"), loaded=True),
        FakeModel(COLD),
    )


@asynccontextmanager
async def connecting(fake: FakeOllama) -> AsyncIterator[Connect]:
    """A maker of providers on `fake`, settings given in small letters; closes what it made."""
    made: list[OllamaProvider] = []

    def connect(**settings: str) -> OllamaProvider:
        environ = {"OLLAMA_BASE_URL": fake.url} | {
            name.upper(): value for name, value in settings.items()
        }
        provider = OllamaProvider.from_settings(
            load_settings(environ, env_file=None), Catalog(roles={}, tasks={})
        )
        made.append(provider)
        return provider

    yield connect
    for provider in made:
        await provider.aclose()


async def collect(
    provider: OllamaProvider, request: ProviderRequest = REQUEST
) -> list[ProviderEvent]:
    async with aclosing(provider.stream(request)) as events:
        return [event async for event in events]


async def until_failure(
    provider: OllamaProvider, request: ProviderRequest = REQUEST
) -> tuple[list[ProviderEvent], ProviderError]:
    """The error that the answer ends with, and the events before it."""
    seen: list[ProviderEvent] = []
    try:
        async with aclosing(provider.stream(request)) as events:
            async for event in events:
                seen.append(event)  # noqa: PERF401 (kept when the error comes)
    except ProviderError as error:
        return seen, error
    pytest.fail(f"no error after {seen}")


def text_of(events: list[ProviderEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def phases_of(events: list[ProviderEvent]) -> list[Phase]:
    return [event.phase for event in events if isinstance(event, PhaseChanged)]


def end_of(events: list[ProviderEvent]) -> Completed:
    assert isinstance(events[-1], Completed)
    assert sum(isinstance(event, Completed) for event in events) == 1
    return events[-1]


def lines(*records: object) -> bytes:
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in records)


def record(content: str = "", **more: object) -> dict[str, object]:
    message = {"role": "assistant", "content": content}
    return {"model": MODEL, "message": message, "done": False} | more


DONE = record(done=True, done_reason="stop")
