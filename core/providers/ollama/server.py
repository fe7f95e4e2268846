"""The small questions to an Ollama server: which version, which models, what they can do."""

import asyncio
import json
import time
from typing import Any

import httpx
from pydantic import JsonValue

from core.errors import ProviderError, ProviderTimeout
from core.health import LoadedModel
from core.providers.error_body import parse_error_body, read_error_body, redact
from core.providers.http import LoopClients, map_transport_error, safe_address
from core.providers.ollama.errors import VENDOR, Asked, refusal
from core.providers.ollama.shelf import loaded_of, model_of, name_of, with_loaded
from core.types import ModelInfo, scrub

QUESTION_TIMEOUT_S = 2.0
LIST_TIMEOUT_S = 15.0
CAPABILITIES_KEPT_S = 600.0
MEMORY_TIMEOUT_S = 1.0
LONGEST_VERSION = 100
MAX_ANSWER_BYTES = 4 * 1024 * 1024


class OllamaServer:
    """One server; every question has a time limit of its own and raises ProviderError.

    `address` is fit to be shown.
    """

    def __init__(self, clients: LoopClients, address: str) -> None:
        self._clients = clients
        self.address = address
        self._capabilities: dict[str, tuple[float, frozenset[str]]] = {}

    async def version(self) -> str | None:
        """The server's version, None where it does not say."""
        version = (await self.ask("GET", "api/version")).get("version")
        return scrub(version)[:LONGEST_VERSION] if isinstance(version, str) else None

    async def models(self) -> list[ModelInfo]:
        """The models it has, newest first, each with whether it is loaded where that is told."""
        # Right after its start Ollama answers only when its list is built.
        listed = await self.listed(timeout_s=LIST_TIMEOUT_S)
        return with_loaded(listed, await self.loaded())

    async def listed(self, *, timeout_s: float = QUESTION_TIMEOUT_S) -> list[ModelInfo]:
        """The models it has, newest first; whether they are loaded is another question."""
        answer = await self.ask("GET", "api/tags", timeout_s=timeout_s)
        return [model_of(entry) for entry in _entries(answer) if name_of(entry)]

    async def loaded(self) -> list[str] | None:
        """The names of the models in memory, None where that cannot be learnt now."""
        memory = await self.memory(timeout_s=QUESTION_TIMEOUT_S)
        return None if memory is None else [model.name for model in memory]

    async def memory(
        self, *, timeout_s: float = MEMORY_TIMEOUT_S
    ) -> tuple[LoadedModel, ...] | None:
        """The models in memory, None where that cannot be learnt now: a busy runner is slow."""
        try:
            answer = await self.ask("GET", "api/ps", timeout_s=timeout_s)
        except ProviderError:
            return None
        return tuple(loaded_of(entry) for entry in _entries(answer))

    async def capabilities(self, model: str) -> frozenset[str]:
        """What `model` can do ("completion", "thinking", …), asked once in ten minutes."""
        asked_at, known = self._capabilities.get(model, (0.0, frozenset()))
        if asked_at and time.monotonic() - asked_at < CAPABILITIES_KEPT_S:
            return known
        answer = await self.ask("POST", "api/show", body={"model": model}, model=model)
        known = frozenset(_strings(answer.get("capabilities")))
        self._capabilities[model] = (time.monotonic(), known)
        return known

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, JsonValue] | None = None,
        model: str = "",
        timeout_s: float = QUESTION_TIMEOUT_S,
    ) -> dict[str, Any]:
        """The JSON object that `path` answers with, within `timeout_s` seconds in all."""
        asked = Asked(self.address, model)
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._clients.get().stream(method, path, json=body) as response,
            ):
                return await _json_object(response, asked)
        except (TimeoutError, httpx.ReadTimeout) as error:
            raise ProviderTimeout(
                f"{asked.server} did not answer within {timeout_s:g} s. It may be starting or "
                "very busy: try again in a moment.",
                provider=VENDOR,
                details={"path": path, "timeout_s": timeout_s},
            ) from error
        except httpx.HTTPError as error:
            raise map_transport_error(
                error,
                provider=VENDOR,
                address=self.address,
                timeout_s=timeout_s,
                received=False,
                label="Ollama",
            ) from error


async def refused(response: httpx.Response, asked: Asked) -> ProviderError:
    """The error that `response`, not an answer, stands for; reads its body."""
    location = safe_address(response.headers.get("Location", ""))
    return refusal(response.status_code, await read_error_body(response), asked, location=location)


async def _json_object(response: httpx.Response, asked: Asked) -> dict[str, Any]:
    if response.status_code != 200:
        raise await refused(response, asked)
    raw = bytearray()
    async for chunk in response.aiter_bytes():
        raw += chunk
        if len(raw) > MAX_ANSWER_BYTES:
            break
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        text = redact(raw[:65536].decode("utf-8", "replace"), response.request)
        raise refusal(200, parse_error_body(text), asked)
    return answer


def _entries(answer: dict[str, Any]) -> list[dict[str, Any]]:
    models = answer.get("models")
    return (
        [entry for entry in models if isinstance(entry, dict)] if isinstance(models, list) else []
    )


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
