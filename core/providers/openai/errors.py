"""What a refusal of an OpenAI-compatible server means, in our errors."""

import re
from typing import Any

from core.errors import (
    ContextOverflow,
    ModelNotFound,
    ProviderError,
    ProviderOverloaded,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from core.providers.error_body import ErrorBody, stand_in

VENDOR = "openai"

_OVERFLOW_CODES = ("exceed_context_size_error", "context_length_exceeded")
MOST_DIGITS = 15  # of a number of tokens: one that is longer is none
_CONTEXT_TOKENS = re.compile(r"context length (?:is|of)(?: only)? (\d+)")
_PROMPT_TOKENS = re.compile(r"(\d+) (?:in the messages|(?:input|prompt) tokens)")
_ASKED_TOKENS = re.compile(r"(?:requested|resulted in) (\d+) tokens")
_NO_MODEL = re.compile(
    r"model\b.*\b(not found|not exist|no such)|(no such|invalid|unknown) model|no models? loaded",
    re.IGNORECASE,
)


def refusal(
    status: int | None,
    body: ErrorBody,
    *,
    model: str,
    address: str,
    retry_after: str | None = None,
    location: str = "",
) -> ProviderError:
    """The error for an answer with `status`, or None for an error in the middle of a stream.

    What the server says counts before its status: servers disagree on statuses. The messages
    name settings, never their secret values.
    """
    words = body.text or "no reason given"
    where = f"{VENDOR} at {address}"
    details: dict[str, Any] = {"address": address, "server_said": body.text}
    if model:
        details["model"] = model
    if retry_after:
        details["retry_after"] = retry_after
    kind, message = _judge(status, body, where=where, model=model, words=words)
    if status is not None and kind is not ModelNotFound:
        details |= stand_in(status, body, location=location)
    if kind is ContextOverflow:
        message, numbers = _overflow(body, model=model)
        details |= numbers
    return kind(message, provider=VENDOR, status=status, details=details)


def _judge(
    status: int | None, body: ErrorBody, *, where: str, model: str, words: str
) -> tuple[type[ProviderError], str]:
    """Which error it is and what to tell people."""
    codes = [body.data.get("type"), body.data.get("code")]  # of any JSON type
    if any(code in codes for code in _OVERFLOW_CODES) or _CONTEXT_TOKENS.search(body.text):
        return ContextOverflow, ""
    if status in (401, 403):
        return ProviderUnauthorized, (
            f"{where} wants a key, or another one than it got ({words}). Set OPENAI_API_KEY."
        )
    if model and _names_no_model(status, body):
        return ModelNotFound, (
            f"{where} does not have the model {model!r} ({words}). Choose one that it lists, "
            "or set OPENAI_DEFAULT_MODEL."
        )
    match status:
        case 404 | 405:
            return ProviderRejected, (
                f"{where} does not know this path ({words}). Does OPENAI_BASE_URL end in /v1, "
                "and is it the API's address?"
            )
        case 429:
            return ProviderOverloaded, (
                f"{where} takes no more requests for now ({words}). Wait a little, then run "
                "it again."
            )
        case 503 if "loading" in body.text.lower():
            return ProviderOverloaded, (
                f"{where} is still loading its model. Run it again in a moment."
            )
        case 503:
            return ProviderOverloaded, (
                f"{where} is too busy to answer ({words}). Wait a little, then run it again."
            )
        case 502:
            return ProviderUnavailable, (
                f"The server behind {where} does not answer ({words}). Start it, or check "
                "OPENAI_BASE_URL."
            )
        case 504:
            return ProviderTimeout, (
                f"The server behind {where} was silent for too long ({words}). Run it again, or "
                "allow more time in the proxy before it."
            )
        case int() if status < 400:
            return ProviderRejected, (
                f"{where} sends us elsewhere instead of answering. Set OPENAI_BASE_URL to the "
                "address it really has."
            )
        case int() if status < 500:
            return ProviderRejected, f"{where} refused the request: {words}"
    return ProviderError, f"{where} failed: {words}"


def _names_no_model(status: int | None, body: ErrorBody) -> bool:
    if body.data.get("code") == "model_not_found":
        return True
    return status in (400, 404, None) and _NO_MODEL.search(body.text) is not None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and 0 <= value < 10**MOST_DIGITS


def _overflow(body: ErrorBody, *, model: str) -> tuple[str, dict[str, int]]:
    """The message and the numbers, as far as the server told them, in fields or in words."""
    fields = {"prompt_tokens": body.data.get("n_prompt_tokens")}
    fields["context_tokens"] = body.data.get("n_ctx")
    prompt = _PROMPT_TOKENS.search(body.text) or _ASKED_TOKENS.search(body.text)
    for name, found in (
        ("prompt_tokens", prompt),
        ("context_tokens", _CONTEXT_TOKENS.search(body.text)),
    ):
        if not _is_count(fields[name]):
            fields[name] = int(found[1][:MOST_DIGITS]) if found else None
    numbers = {name: value for name, value in fields.items() if value is not None}
    tokens, room = numbers.get("prompt_tokens"), numbers.get("context_tokens")
    todo = "Shorten it, or start the server with a longer context."
    if tokens is None or room is None:
        return f"The prompt does not fit the context of {model!r}: {body.text} {todo}", numbers
    if tokens <= room:
        return (
            f"The prompt ({tokens} tokens) and the longest answer allowed do not fit the context "
            f"of {model!r} ({room} tokens) together. Allow fewer tokens, or start the server "
            "with a longer context."
        ), numbers
    return (
        f"The prompt has {tokens} tokens, {tokens - room} more than the context of {model!r} "
        f"holds ({room}). {todo}"
    ), numbers
