"""The gateway, recording every run, against bare httpx on the same stream of 200 tokens."""

import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import NamedTuple

import httpx

from core.feed import EndEvent, TextEvent
from core.gateway import Gateway
from core.types import RunStatus, TextRequest
from tests.bench.live import live_request, live_services
from tests.bench.pairing import Figure, Size, in_turns
from tests.bench.stream_server import TOKEN, TOKENS, model, stream_server

PATHS = {"openai": "/v1/chat/completions", "ollama": "/api/chat"}
# Rounds by the milliseconds between two tokens.
ROUNDS = {
    Size.FULL: {0: 80, 5: 5},
    Size.QUICK: {0: 15, 5: 1},
    Size.SMOKE: {0: 1},
}
TOTAL_AIM, FIRST_TOKEN_AIM = 1.25, 1.10
WHOLE = TOKEN * TOKENS


class Times(NamedTuple):
    """Seconds from asking to the first piece of text, and to the end."""

    first: float
    total: float


async def bench(size: Size) -> list[Figure]:
    """Total and first token, for both providers, at zero delay and at 5 ms a token."""
    figures: list[Figure] = []
    with stream_server() as server, live_services(server) as services:
        async with httpx.AsyncClient(base_url=server, trust_env=False) as client:
            for provider in PATHS:
                for pause_ms, rounds in ROUNDS[size].items():
                    figures += await _pair(client, services.gateway, provider, pause_ms, rounds)
    return figures


async def _pair(
    client: httpx.AsyncClient, gateway: Gateway, provider: str, pause_ms: float, rounds: int
) -> list[Figure]:
    request = live_request(provider, pause_ms)
    floor, ours = await in_turns(
        lambda: with_httpx(client, provider, pause_ms),
        lambda: with_gateway(gateway, request),
        rounds,
    )
    name = f"{provider}, {pause_ms} ms a token"
    return [
        _figure(f"{name}: total", [t.total for t in floor], [t.total for t in ours], TOTAL_AIM),
        _figure(
            f"{name}: first token",
            [t.first for t in floor],
            [t.first for t in ours],
            FIRST_TOKEN_AIM,
        ),
    ]


def _figure(name: str, floor: Sequence[float], ours: Sequence[float], aim: float) -> Figure:
    return Figure(name, "ms", [s * 1000 for s in floor], [s * 1000 for s in ours], aim)


async def with_gateway(gateway: Gateway, request: TextRequest) -> Times:
    """Submit, and follow the run to its end."""
    began = time.perf_counter()
    first: float | None = None
    run_id = await gateway.asubmit(request)
    async with aclosing(gateway.afollow(run_id)) as events:
        async for event in events:
            if first is None and isinstance(event, TextEvent):
                first = time.perf_counter() - began
    total = time.perf_counter() - began
    assert isinstance(event, EndEvent)
    assert event.run.status is RunStatus.SUCCEEDED, event.run.error_message
    assert event.run.output == WHOLE
    assert first is not None
    return Times(first, total)


async def with_httpx(client: httpx.AsyncClient, provider: str, pause_ms: float) -> Times:
    """The least a program can do: read the lines, parse them, join the text."""
    body = {
        "model": model(pause_ms),
        "messages": [{"role": "user", "content": "담은 텀블러의 소개글을 써 주세요."}],
        "stream": True,
    }
    began = time.perf_counter()
    first: float | None = None
    text: list[str] = []
    async with client.stream("POST", PATHS[provider], json=body) as response:
        async for piece in _PIECES[provider](response):
            if first is None:
                first = time.perf_counter() - began
            text.append(piece)
    total = time.perf_counter() - began
    assert "".join(text) == WHOLE
    assert first is not None
    return Times(first, total)


async def _openai_pieces(response: httpx.Response) -> AsyncIterator[str]:
    async for line in response.aiter_lines():
        if not line or line == "data: [DONE]":
            continue
        choices = json.loads(line.removeprefix("data: "))["choices"]
        if choices and (piece := choices[0]["delta"].get("content")):
            yield piece


async def _ollama_pieces(response: httpx.Response) -> AsyncIterator[str]:
    async for line in response.aiter_lines():
        if piece := json.loads(line)["message"]["content"]:
            yield piece


_PIECES = {"openai": _openai_pieces, "ollama": _ollama_pieces}
