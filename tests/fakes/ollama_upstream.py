"""Ollama's chat translated to an OpenAI-compatible llama.cpp server, as Ollama itself does."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import httpx

_OPTIONS = {
    "temperature": "temperature",
    "num_predict": "max_tokens",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "seed",
    "stop": "stop",
    "repeat_penalty": "repeat_penalty",
}


class UpstreamRefusal(Exception):
    """llama.cpp said no; `text` is its body, which Ollama passes on as a string."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass
class Part:
    """A piece of the answer, or its end: then `end` holds the last record's fields."""

    content: str = ""
    thinking: str = ""
    end: dict[str, Any] | None = None


def upstream_body(body: dict[str, Any]) -> dict[str, Any]:
    """The body of `/v1/chat/completions` that does what `/api/chat` with `body` asks."""
    options = body.get("options") or {}
    asked: dict[str, Any] = {
        "model": body["model"],
        "messages": [
            {"role": message["role"], "content": message["content"]} for message in body["messages"]
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    asked |= {theirs: options[ours] for ours, theirs in _OPTIONS.items() if ours in options}
    match body.get("format"):
        case "json":
            asked["response_format"] = {"type": "json_object"}
        case dict() as schema:
            asked["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": schema},
            }
    return asked


async def ask(base_url: str, body: dict[str, Any]) -> AsyncGenerator[Part, None]:
    """The answer of the server at `base_url`, piece by piece; closing it closes the connection.

    Raises UpstreamRefusal.
    """
    end: dict[str, Any] = {"done_reason": "stop"}
    url = f"{base_url.rstrip('/').removesuffix('/v1')}/v1/chat/completions"
    async with (
        # This server closes a finished stream's connection without saying so.
        httpx.AsyncClient(
            timeout=httpx.Timeout(60, read=300),
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
        ) as client,
        client.stream("POST", url, json=upstream_body(body)) as response,
    ):
        if response.status_code != 200:
            text = (await response.aread()).decode("utf-8", "replace")
            raise UpstreamRefusal(response.status_code, text)
        async for chunk in _chunks(response):
            end |= _metrics(chunk)
            for choice in chunk.get("choices", ()):
                delta = choice.get("delta") or {}
                part = Part(delta.get("content") or "", delta.get("reasoning_content") or "")
                if part.content or part.thinking:
                    yield part
                if choice.get("finish_reason"):
                    reason = choice["finish_reason"]
                    end["done_reason"] = "length" if reason == "length" else "stop"
    yield Part(end=end)


async def _chunks(response: httpx.Response) -> AsyncGenerator[dict[str, Any], None]:
    rest = b""
    async for data in response.aiter_bytes():
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data: {"):
                yield json.loads(line.removeprefix(b"data: "))


def _metrics(chunk: dict[str, Any]) -> dict[str, Any]:
    usage, timings = chunk.get("usage") or {}, chunk.get("timings") or {}
    told = {
        "prompt_eval_count": usage.get("prompt_tokens"),
        "prompt_eval_duration": _nanoseconds(timings.get("prompt_ms")),
        "eval_count": usage.get("completion_tokens"),
        "eval_duration": _nanoseconds(timings.get("predicted_ms")),
    }
    return {name: value for name, value in told.items() if value}


def _nanoseconds(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else int(milliseconds * 1e6)
