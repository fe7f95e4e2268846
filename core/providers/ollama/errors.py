"""What Ollama's refusals mean: HTTP status, body or mid-stream line -> an error of ours.

The table is `refusal()`; the texts are those of Ollama's and llama-server's sources.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
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

VENDOR = "ollama"

_MODEL_NOT_FOUND = re.compile(r"model .*not found", re.IGNORECASE)
_OVERFLOW = re.compile(r"exceed_context_size|exceeds the available context|longer than the context")
_OVERFLOW_SIZES = re.compile(
    r"\((\d+) tokens\) exceeds the available context size \((\d+) tokens\)"
)
_NO_MEMORY = re.compile(r"out.of.memory|more system memory|cudaMalloc failed|unable to allocate")
_NO_START = re.compile(r"process has terminated|error starting llama|waiting for llama-server")
_CRASH = re.compile(r"unexpectedly stopped|error was encountered while running|runner .*terminated")
_BAD_OPTION = re.compile(r'^option "|^invalid format|invalid option')


@dataclass(frozen=True)
class Asked:
    """Who was asked for what, as far as error messages need it; `address` is masked."""

    address: str
    model: str

    @property
    def server(self) -> str:
        """The server as a sentence's subject."""
        return f"Ollama at {self.address}"


def pull_command(model: str) -> str:
    """The command that fetches `model`."""
    return f"ollama pull {shlex.quote(model)}"


def refusal(status: int, body: ErrorBody, asked: Asked, *, location: str = "") -> ProviderError:
    """The error for an answer whose status is not 200, or that is no API's answer at all."""
    make, message = _by_status(status, body, asked, location)
    if make is ProviderError or make is ProviderRejected:
        special = _by_text(body, asked, status)
        if special is not None:
            return special
    details: dict[str, Any] = {"server_message": body.text} if body.text else {}
    if make is ModelNotFound:
        details |= {"model": asked.model, "pull": pull_command(asked.model)}
    else:
        details |= stand_in(status, body, location=location)
    return make(message, provider=VENDOR, status=status, details=details)


def in_stream_error(body: ErrorBody, asked: Asked) -> ProviderError:
    """The error for an `{"error": …}` line in an answer that had begun with status 200."""
    return _by_text(body, asked, 200) or ProviderError(
        f"{asked.server} broke off its answer: {body.text or 'no reason given'}. Run it again; "
        "what had arrived is kept.",
        provider=VENDOR,
        status=200,
        details={"server_message": body.text},
    )


def still_loading(asked: Asked, timeout_s: float) -> ProviderTimeout:
    """The error for a silence in which the model was still being loaded."""
    return ProviderTimeout(
        f"{asked.server} was still loading {asked.model!r} after {timeout_s:g} s of silence, and "
        "giving up has stopped the loading. Raise OLLAMA_TIMEOUT (a large model's first answer "
        f"can take minutes), or load it beforehand with: ollama run {shlex.quote(asked.model)}",
        provider=VENDOR,
        details={"address": asked.address, "timeout_s": timeout_s, "loading": True},
    )


def _by_status(
    status: int, body: ErrorBody, asked: Asked, location: str
) -> tuple[Callable[..., ProviderError], str]:
    server, said = asked.server, f": {body.text}" if body.text else ""
    not_ollama = (
        f"What answers at {asked.address} does not look like an Ollama server (status {status}"
        f"{', ' + body.text if body.text else ''}). Set OLLAMA_BASE_URL to Ollama's own address, "
        "such as http://127.0.0.1:11434."
    )
    if 300 <= status < 400:
        target = f" to {location}" if location else ""
        return ProviderRejected, (
            f"{asked.address} redirects{target}. Set OLLAMA_BASE_URL to the final address."
        )
    if status == 401:
        if "signin_url" in body.data:
            return ProviderUnauthorized, (
                f"{server} is not signed in to Ollama's cloud, where {asked.model!r} runs. Run "
                "`ollama signin` on that machine, or choose a local model."
            )
        return ProviderUnauthorized, (
            f"{server} wants a key, or another one{said}. Set OLLAMA_API_KEY, or put "
            "user:password@ into OLLAMA_BASE_URL."
        )
    if status in (502, 504) or (status == 503 and body.kind == "html"):
        return ProviderUnavailable, (
            f"A proxy answered in place of Ollama at {asked.address} (status {status}{said}). "
            "Check that Ollama runs behind it and that the proxy waits long enough."
        )
    if status in (429, 503):
        return ProviderOverloaded, (
            f"{server} is too busy to take the request{said}. Wait a moment and run it again."
        )
    if status == 403 and body.kind == "empty":
        return ProviderRejected, (
            f"{server} does not accept this host name (status 403 without a reason). Start "
            "Ollama with OLLAMA_HOST=0.0.0.0 if it should be reached from other machines, and "
            "with OLLAMA_ORIGINS if a proxy adds an Origin header."
        )
    if status == 404 and body.kind == "json" and _MODEL_NOT_FOUND.search(body.text):
        return ModelNotFound, (
            f"{server} does not have the model {asked.model!r}. Fetch it with: "
            f"{pull_command(asked.model)}"
        )
    if body.kind == "html" or status in (200, 404, 405):
        return ProviderRejected, not_ollama
    if status >= 500:
        return ProviderError, (
            f"{server} failed with status {status}{said or ' and gave no reason'}. Look into "
            "Ollama's log, then run it again."
        )
    return ProviderRejected, (
        f"{server} refused the request with status {status}{said or ' and gave no reason'}."
    )


def _by_text(body: ErrorBody, asked: Asked, status: int) -> ProviderError | None:
    """The error that the server's words tell more of than its status does."""
    text = f"{body.text} {body.data.get('type', '')}"
    details: dict[str, Any] = {"server_message": body.text}
    if _OVERFLOW.search(text):
        return _overflow(body, asked, status)
    if _BAD_OPTION.search(text):
        return ProviderRejected(
            f"{asked.server} does not accept an option of the request: {body.text}. Sending it "
            "again will not help: change the option.",
            provider=VENDOR,
            status=status,
            details=details,
        )
    advice = (
        "Choose a smaller model, set a smaller OLLAMA_NUM_CTX, or close what else uses the "
        "machine's memory."
        if _NO_MEMORY.search(text)
        else "The model may not fit this version of Ollama or this machine: update Ollama, fetch "
        f"the model again with {pull_command(asked.model)}, or choose another one."
        if _NO_START.search(text)
        else "The model's process crashed: look into Ollama's log, then run it again or choose a "
        "smaller model."
        if _CRASH.search(text)
        else ""
    )
    if not advice:
        return None
    return ProviderError(
        f"{asked.server} could not run {asked.model!r}: {body.text}. {advice}",
        provider=VENDOR,
        status=status,
        details=details,
    )


def _overflow(body: ErrorBody, asked: Asked, status: int) -> ContextOverflow:
    sizes = _OVERFLOW_SIZES.search(body.text)
    prompt = _count(body.data.get("n_prompt_tokens")) or _count(int(sizes[1]) if sizes else None)
    context = _count(body.data.get("n_ctx")) or _count(int(sizes[2]) if sizes else None)
    details: dict[str, Any] = {"server_message": body.text}
    if prompt is None or context is None:
        how_long = "longer than the model's context"
    else:
        details |= {"prompt_tokens": prompt, "context_tokens": context}
        over = max(prompt - context, 1)
        how_long = f"{prompt} tokens long, {over} too many for the context of {context} tokens"
    return ContextOverflow(
        f"The prompt is {how_long} ({asked.model} on Ollama). Shorten the input, or raise "
        "OLLAMA_NUM_CTX.",
        provider=VENDOR,
        status=status,
        details=details,
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and 0 < value < 2**53 else None
