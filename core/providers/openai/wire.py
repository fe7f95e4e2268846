"""The OpenAI chat format: the body of a request, the chunks of an answer, the lists of models.

Written for what servers really send (vLLM, llama.cpp, LM Studio, LiteLLM, Ollama's `/v1`):
every field may be absent, null or of another type.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import JsonValue

from core.errors import BrokenAnswer
from core.providers.error_body import ErrorBody, error_of
from core.providers.openai.errors import VENDOR, refusal
from core.types import (
    Completed,
    ModelInfo,
    Phase,
    PhaseChanged,
    ProviderEvent,
    ProviderRequest,
    TextDelta,
    ThinkingDelta,
    Usage,
    scrub,
)

DONE = "[DONE]"
MOST = 2**53
LONGEST_NAME = 300


def request_body(request: ProviderRequest) -> dict[str, Any]:
    """The JSON body for `POST …/chat/completions`; what is not set is not sent."""
    options = request.options
    body = {
        "model": request.model,
        "messages": [message.model_dump() for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": options.temperature,
        "max_tokens": options.max_tokens,
        "top_p": options.top_p,
        "seed": options.seed,
        "stop": list(options.stop) if options.stop else None,
        # Not OpenAI's own. One spelling is llama.cpp's and LM Studio's, the other vLLM's and
        # SGLang's; each of them passes over the one it does not know.
        "top_k": options.top_k,
        "repeat_penalty": options.repeat_penalty,
        "repetition_penalty": options.repeat_penalty,
        "response_format": _response_format(request),
    }
    return {name: value for name, value in body.items() if value is not None}


def _response_format(request: ProviderRequest) -> dict[str, Any] | None:
    if request.output_schema is not None:
        name = re.sub(r"[^A-Za-z0-9_-]", "_", request.task)[:64]
        schema = {"name": name, "schema": request.output_schema, "strict": True}
        return {"type": "json_schema", "json_schema": schema}
    return {"type": "json_object"} if request.wants_json else None


class AnswerReader:
    """One answer: chunks in, events out; `completed()` says whether it came whole.

    `clean` takes secrets out of what the server says, before it becomes part of an error.
    """

    def __init__(self, *, model: str, address: str, clean: Callable[[str], str]) -> None:
        self._clean = clean
        self._model = model
        self._address = address
        self._phase = Phase.CONNECTING
        self._finish_reason: str | None = None
        self._usage = Usage()
        self._tokens_per_second: float | None = None
        self._meta: dict[str, JsonValue] = {}

    def take(self, data: str) -> Iterator[ProviderEvent]:
        """The events of one chunk. Raises BrokenAnswer, or what an error in the stream means."""
        chunk = self._parse(data)
        if chunk.get("error"):
            raise self._error(chunk)
        self._note(chunk)
        for choice in _dicts(chunk.get("choices")):
            # A whole answer, from a server that does not stream, has `message`.
            delta = choice.get("delta") or choice.get("message")
            if choice.get("index", 0) == 0 and isinstance(delta, dict):
                yield from self._pieces(delta)
            self._finish_reason = _text(choice.get("finish_reason")) or self._finish_reason

    def completed(self, *, done: bool) -> Completed:
        """The end, `done` telling whether the server marked it as such.

        Raises BrokenAnswer where no finish reason came: some servers (Ollama's `/v1`) end
        like that after an error that they keep to themselves.
        """
        if self._finish_reason is None:
            raise BrokenAnswer(
                f"{VENDOR} at {self._address} ended its answer without saying that it is "
                "whole. Run it again; if it happens again, look into the server's log.",
                provider=VENDOR,
                details={"model": self._model, "done_marker": done},
            )
        return Completed(
            finish_reason=self._finish_reason,
            usage=self._usage,
            tokens_per_second=self._tokens_per_second,
            meta=self._meta if done else {**self._meta, "done_marker": False},
        )

    def _parse(self, data: str) -> dict[str, Any]:
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError):
            chunk = None
        if isinstance(chunk, dict):
            return chunk
        raise BrokenAnswer(
            f"{VENDOR} at {self._address} sent something that is not a part of an "
            "answer. Check that it is an OpenAI-compatible server.",
            provider=VENDOR,
            details={"received": self._clean(data)[:200]},
        )

    def _error(self, chunk: dict[str, Any]) -> Exception:
        text, data = error_of(chunk)
        status = data.get("code")
        return refusal(
            status if isinstance(status, int) and 400 <= status <= 599 else None,
            ErrorBody("json", self._clean(text), data),
            model=self._model,
            address=self._address,
        )

    def _pieces(self, delta: dict[str, Any]) -> Iterator[ProviderEvent]:
        thinking = _text(delta.get("reasoning_content")) or _text(delta.get("reasoning"))
        if thinking:
            yield from self._enter(Phase.THINKING)
            yield ThinkingDelta(text=thinking)
        if text := _text(delta.get("content")):
            yield from self._enter(Phase.WRITING)
            yield TextDelta(text=text)

    def _enter(self, phase: Phase) -> Iterator[ProviderEvent]:
        if self._phase is not phase:
            self._phase = phase
            yield PhaseChanged(phase=phase)

    def _note(self, chunk: dict[str, Any]) -> None:
        """Keep what a chunk tells beside the text."""
        if model := _text(chunk.get("model")):
            self._meta["served_model"] = model
        if isinstance(usage := chunk.get("usage"), dict):
            self._usage = Usage.of(
                _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
            )
        if isinstance(timings := chunk.get("timings"), dict):
            # llama.cpp measures the pauses between tokens, and a single token has none.
            if (_count(timings.get("predicted_n")) or 2) > 1:
                self._tokens_per_second = _measure(timings.get("predicted_per_second"))
            for name in ("prompt_ms", "prompt_per_second"):
                if (value := _measure(timings.get(name))) is not None:
                    self._meta[name] = value


def models_of(value: object) -> list[ModelInfo] | None:
    """The models in the answer to `GET …/models`, None when it is no such list.

    Takes OpenAI's `{"data": [{"id"}]}`, `{"models": […]}`, a bare list, and names alone.
    """
    if isinstance(value, dict):
        value = next((value[key] for key in ("data", "models") if key in value), "")
        # Ollama's /v1 says null where it has none.
        value = [] if value is None else value
    if not isinstance(value, list):
        return None
    found = [_model(item) for item in value]
    return list({model.name: model for model in found if model is not None}.values())


def _model(item: object) -> ModelInfo | None:
    if isinstance(item, str):
        item = {"id": item}
    if not isinstance(item, dict):
        return None
    name = _text(item.get("id")) or _text(item.get("name")) or _text(item.get("model"))
    if not name:
        return None
    meta = item.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    parameters = _count(meta.get("n_params"))
    return ModelInfo(
        name=scrub(name)[:LONGEST_NAME],
        size=_count(meta.get("size")),
        parameters=_short(parameters) if parameters else None,
    )


def _short(parameters: int) -> str:
    """135 million as "135M", 14.8 billion as "14.8B"."""
    if parameters >= 1_000_000_000:
        return f"{parameters / 1e9:.1f}B"
    return f"{parameters / 1e6:.0f}M"


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST
    return value if is_count else None


def _measure(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < MOST else None
