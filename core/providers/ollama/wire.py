"""Ollama's `/api/chat` on the wire: the request's body, and the answer's lines as events."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import JsonValue

from core.errors import BrokenAnswer
from core.providers.error_body import ErrorBody, error_of, redact
from core.providers.http import read_lines
from core.providers.ollama.errors import VENDOR, Asked, in_stream_error
from core.types import (
    Completed,
    Phase,
    PhaseChanged,
    ProviderEvent,
    ProviderRequest,
    TextDelta,
    ThinkingDelta,
    Usage,
)

READ_TO_END_S = 0.5
MOST = 2**53  # larger is no count, and no number that JSON readers and SQLite agree on


def chat_body(
    request: ProviderRequest, *, num_ctx: int | None, keep_alive: str, think: bool | None
) -> dict[str, JsonValue]:
    """The body of `POST /api/chat` for `request`; what is None or "" is left to the server.

    `truncate` false makes a prompt that does not fit an error instead of a silent cut. `shift`
    is never sent and `num_ctx` never varies: another value would reload the model.
    """
    options = request.options
    wanted: dict[str, JsonValue] = {
        "temperature": options.temperature,
        "num_predict": options.max_tokens,
        "top_p": options.top_p,
        "top_k": options.top_k,
        "repeat_penalty": options.repeat_penalty,
        "seed": options.seed,
        "stop": list(options.stop) if options.stop else None,
        "num_ctx": num_ctx,
    }
    body: dict[str, JsonValue] = {
        "model": request.model,
        "messages": [message.model_dump() for message in request.messages],
        "stream": True,
        "truncate": False,
    }
    given: dict[str, JsonValue] = {
        name: value for name, value in wanted.items() if value is not None
    }
    if given:
        body["options"] = given
    if request.output_schema is not None:
        body["format"] = request.output_schema
    elif request.wants_json:
        body["format"] = "json"
    if think is not None:
        body["think"] = think
    return body | _kept_alive(keep_alive)


def load_body(model: str, *, num_ctx: int | None, keep_alive: str) -> dict[str, JsonValue]:
    """The body of `POST /api/chat` that only loads `model`, so that `chat_body` finds it ready."""
    body: dict[str, JsonValue] = {"model": model, "messages": [], "stream": False}
    if num_ctx is not None:
        body["options"] = {"num_ctx": num_ctx}
    return body | _kept_alive(keep_alive)


def _kept_alive(keep_alive: str) -> dict[str, JsonValue]:
    """How long the model stays loaded; nothing leaves it to the server.

    Ollama reads a number as seconds, but refuses the same digits in a string.
    """
    if not keep_alive:
        return {}
    is_number = re.fullmatch(r"-?\d+", keep_alive)
    return {"keep_alive": int(keep_alive) if is_number else keep_alive}


@dataclass
class ChatAnswer:
    """An answer being read. `phase` is the last one told, `notes` go into `Completed.meta`."""

    asked: Asked
    notes: list[str] = field(default_factory=list)
    phase: Phase | None = None
    wrote: bool = False

    async def events(self, response: httpx.Response) -> AsyncGenerator[ProviderEvent, None]:
        """The events of `response`, an answer of status 200, ending with `Completed`.

        Raises ProviderError for an error line, BrokenAnswer for anything else than Ollama's
        records and for an end without `done`; what httpx raises passes through.
        """
        async with aclosing(read_lines(response, provider="Ollama")) as lines:
            async for line in lines:
                if not line.strip():
                    continue
                record = self._record(line, response.request)
                if record.get("error"):
                    text, data = error_of(record)
                    body = ErrorBody("json", redact(text, response.request), data)
                    raise in_stream_error(body, self.asked)
                for event in self._deltas(record):
                    yield event
                if record.get("done") is True:
                    yield self._completed(record)
                    await _read_to_end(lines)
                    return
        raise self._broken(
            "ended its answer without its last record. The model may have repeated itself until "
            "Ollama stopped it, or its process ended. Run it again, with a higher temperature or "
            "a repeat penalty if the text repeats itself"
        )

    def _deltas(self, record: dict[str, Any]) -> list[ProviderEvent]:
        message = record.get("message")
        if not isinstance(message, dict):
            message = {}
        events: list[ProviderEvent] = []
        thinking = self._text(message, "thinking")
        if thinking:
            events += [*self._enter(Phase.THINKING), ThinkingDelta(text=thinking)]
        content = self._text(message, "content")
        if content:
            self.wrote = True
            events += [*self._enter(Phase.WRITING), TextDelta(text=content)]
        return events

    def _enter(self, phase: Phase) -> list[ProviderEvent]:
        if self.phase is phase:
            return []
        self.phase = phase
        return [PhaseChanged(phase=phase)]

    def _completed(self, record: dict[str, Any]) -> Completed:
        reason = record.get("done_reason")
        reason = reason if isinstance(reason, str) else None
        notes = list(self.notes)
        if not self.wrote:
            notes.append(_why_empty(reason, thought=self.phase is Phase.THINKING))
        completion = _number(record.get("eval_count"))
        seconds = _ms(record.get("eval_duration"), per=1e9)
        meta: dict[str, JsonValue] = {
            "served_model": record["model"] if isinstance(record.get("model"), str) else None,
            "done_reason": reason,
            "prompt_eval_ms": _ms(record.get("prompt_eval_duration")),
            "total_duration_ms": _ms(record.get("total_duration")),
            "notes": list[JsonValue](notes) or None,
        }
        prompt = _number(record.get("prompt_eval_count"))
        return Completed(
            finish_reason=reason,
            usage=Usage.of(
                int(prompt) if prompt is not None else None,
                int(completion) if completion is not None else None,
            ),
            load_ms=_ms(record.get("load_duration")),
            tokens_per_second=completion / seconds if completion and seconds else None,
            meta={name: value for name, value in meta.items() if value is not None},
        )

    def _record(self, line: str, request: httpx.Request) -> dict[str, Any]:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise self._broken(
                "sent a line that is no record of an answer. Check that OLLAMA_BASE_URL is "
                "Ollama's address, and that no proxy rewrites its answers",
                line=redact(line, request)[:200],
            )
        return record

    def _text(self, message: dict[str, Any], name: str) -> str:
        value = message.get(name)
        if value is None or isinstance(value, str):
            return value or ""
        raise self._broken(f"sent {name} that is no text. Check what stands at OLLAMA_BASE_URL")

    def _broken(self, what: str, **details: str) -> BrokenAnswer:
        return BrokenAnswer(
            f"{self.asked.server} {what}.",
            provider=VENDOR,
            status=200,
            details={"model": self.asked.model, **details},
        )


async def _read_to_end(lines: AsyncGenerator[str, None]) -> None:
    """Take what follows the last record, for a short while, so that the connection is reusable."""
    with suppress(TimeoutError, httpx.HTTPError, BrokenAnswer):
        async with asyncio.timeout(READ_TO_END_S):
            async for _ in lines:
                pass


def _why_empty(reason: str | None, *, thought: bool) -> str:
    if thought and reason == "length":
        return "All of max_tokens went into thinking, so no answer was written: raise max_tokens."
    if thought:
        return "The model thought, but wrote no answer."
    if reason in ("load", "unload"):
        return f"Ollama only did a {reason} of the model: the request held no messages."
    return "The answer is empty."


def _number(value: object) -> float | None:
    """`value` if it is a count or duration, else None: Ollama leaves out what is 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < MOST else None  # neither is true of NaN


def _ms(nanoseconds: object, *, per: float = 1e6) -> float | None:
    value = _number(nanoseconds)
    return None if value is None else value / per
