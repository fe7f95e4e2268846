"""Ollama through its own API: the live provider of the card (R14, ARCH-002)."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import ClassVar, Self

import httpx
from pydantic import JsonValue

from core.catalog import Catalog
from core.errors import ProviderError, ProviderTimeout
from core.health import ProviderHealth
from core.providers.base import LLMProvider, ProviderProfile
from core.providers.checkup import Findings
from core.providers.http import (
    LoopClients,
    build_client,
    is_worth_retrying,
    map_transport_error,
    safe_address,
)
from core.providers.lookup import HostLookup
from core.providers.ollama.errors import VENDOR, Asked, still_loading
from core.providers.ollama.health import examine_server
from core.providers.ollama.memory import let_go, load
from core.providers.ollama.server import OllamaServer, refused
from core.providers.ollama.shelf import holds, is_cloud
from core.providers.ollama.wire import ChatAnswer, chat_body, load_body
from core.settings import Settings
from core.types import (
    Mode,
    ModelInfo,
    Phase,
    PhaseChanged,
    ProviderEvent,
    ProviderRequest,
    Tier,
)

RETRY_PAUSE_S = 0.3
LOAD_CHECK_AFTER_S = 0.25
LOAD_CHECK_EVERY_S = 2.0


class OllamaProvider(LLMProvider):
    """Models served by Ollama, over `POST /api/chat`, always streamed.

    `OLLAMA_TIMEOUT` is the longest silence: headers come only with the first piece of text, so
    it covers the model's loading too, and no answer is too long as long as it goes on.
    """

    vendor: ClassVar[str] = VENDOR
    label: ClassVar[str] = "Ollama"
    start_command: ClassVar[str | None] = "ollama serve"
    can_preload: ClassVar[bool] = True
    supports_json: ClassVar[bool] = True
    supports_streaming: ClassVar[bool] = True

    def __init__(self, *, settings: Settings, profile: ProviderProfile, catalog: Catalog) -> None:
        super().__init__(profile=profile, catalog=catalog)
        base_url = root_address(settings.ollama_base_url)
        self._settings = settings
        self._address = safe_address(base_url)
        self._lookup = HostLookup(
            base_url, provider=VENDOR, label=self.label, address=self._address
        )
        self._clients = LoopClients(
            lambda: build_client(
                base_url, idle_timeout=settings.ollama_timeout, bearer=settings.ollama_api_key
            )
        )
        self._server = OllamaServer(self._clients, self._address)

    @classmethod
    def from_settings(cls, settings: Settings, catalog: Catalog) -> Self:
        """The provider as the settings want it; the tiers' models are its own if it is live."""
        default = settings.ollama_default_model
        is_live = settings.llm_live_provider == VENDOR
        profile = ProviderProfile(
            vendor=VENDOR,
            mode=Mode.LIVE,
            models=settings.tier_models(default) if is_live else dict.fromkeys(Tier, default),
            concurrency=settings.ollama_concurrency,
        )
        return cls(settings=settings, profile=profile, catalog=catalog)

    @property
    def address(self) -> str:
        """Where Ollama is, credentials masked."""
        return self._address

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent]:
        """Answer `request`; see `LLMProvider`. Sent again once, only if nothing had arrived."""
        yield PhaseChanged(phase=Phase.CONNECTING)
        answer = ChatAnswer(Asked(self._address, request.model))
        body = chat_body(
            request,
            num_ctx=self._settings.ollama_num_ctx,
            keep_alive=self._settings.ollama_keep_alive,
            think=await self._think(request, answer.notes),
        )
        # Headers come with the first piece of text, maybe minutes from now. So the request
        # waits in a task of its own, and what it waits for can be told meanwhile.
        sending = asyncio.create_task(self._send(body, answer.asked))
        watching = asyncio.create_task(self._is_being_loaded(request.model))
        loading = False
        try:
            await asyncio.wait({sending, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done() and watching.result():
                loading = True
                yield PhaseChanged(phase=Phase.LOADING)
            response = await sending
            watching.cancel()
            async with aclosing(answer.events(response)) as events:
                async for event in events:
                    yield event
        except httpx.HTTPError as error:
            received = sending.done() and not sending.cancelled() and not sending.exception()
            raise await self._explain(error, answer.asked, received, loading) from error
        finally:
            await _let_go(sending, watching)

    async def examine(self, found: Findings) -> ProviderHealth:
        """Whether Ollama answers, and has the models that runs use; see `Provider`."""
        await self._lookup.answered()
        return await examine_server(self._server, found, wanted=self.profile.models.values())

    async def list_models(self) -> list[ModelInfo]:
        """The models Ollama has, newest first. Raises ProviderError."""
        return await self._server.models()

    async def preload(self, model: str) -> None:
        """Load `model` with the context length and keeping time of runs; see `LLMProvider`."""
        settings = self._settings
        body = load_body(
            model, num_ctx=settings.ollama_num_ctx, keep_alive=settings.ollama_keep_alive
        )
        await load(self._server, body, timeout_s=settings.ollama_timeout)

    async def unload(self, model: str) -> None:
        """Let go of `model`; see `LLMProvider`."""
        await let_go(self._server, model)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._clients.aclose()

    async def _think(self, request: ProviderRequest, notes: list[str]) -> bool | None:
        """What to send as `think`: contract answers are written without thinking aloud.

        A thinking model would think unconstrained first and may leave the answer empty. False
        is accepted for every model, so it is sent too where the capability cannot be learnt.
        """
        if not request.wants_json and request.output_schema is None:
            return None
        try:
            capabilities = await self._server.capabilities(request.model)
        except ProviderError as error:
            notes.append(f"It could not be learnt whether the model thinks. {error.message}")
            return False
        return False if "thinking" in capabilities else None

    async def _send(self, body: dict[str, JsonValue], asked: Asked) -> httpx.Response:
        """The opened answer, with status 200. Raises ProviderError, or what httpx raises."""
        try:
            response = await self._post(body)
            if response.status_code not in (502, 503):
                return await _accepted(response, asked)
            await response.aclose()
        except httpx.HTTPError as error:
            if not is_worth_retrying(error):
                raise
        await asyncio.sleep(RETRY_PAUSE_S)
        return await _accepted(await self._post(body), asked)

    async def _post(self, body: dict[str, JsonValue]) -> httpx.Response:
        client = self._clients.get()
        return await client.send(client.build_request("POST", "api/chat", json=body), stream=True)

    async def _is_being_loaded(self, model: str) -> bool:
        """Whether the model is not in memory, told once the server tells; never raises."""
        if is_cloud(model):
            return False
        pause = LOAD_CHECK_AFTER_S
        while True:
            await asyncio.sleep(pause)
            loaded = await self._server.loaded()
            if loaded is not None:
                return not holds(loaded, model)
            pause = LOAD_CHECK_EVERY_S

    async def _explain(
        self, error: httpx.HTTPError, asked: Asked, received: bool, loading: bool
    ) -> ProviderError:
        timeout_s = self._settings.ollama_timeout
        failure = map_transport_error(
            error,
            provider=VENDOR,
            address=self._address,
            timeout_s=timeout_s,
            received=received,
            label="Ollama",
        )
        if not loading or received or not isinstance(failure, ProviderTimeout):
            return failure
        is_loaded_now = holds(await self._server.loaded() or (), asked.model)
        return failure if is_loaded_now else still_loading(asked, timeout_s)


def root_address(base_url: str) -> str:
    """`base_url` without the API's own path, which people paste with it: /api, /v1, /api/chat …"""
    return re.sub(r"(/(api|v1)(/(chat|generate|tags|version|chat/completions))?)?/*$", "", base_url)


async def _accepted(response: httpx.Response, asked: Asked) -> httpx.Response:
    """`response` if it is an answer; else it is read, closed and raised as an error."""
    is_page = "html" in response.headers.get("Content-Type", "")
    if response.status_code == 200 and not is_page:
        return response
    try:
        raise await refused(response, asked)
    finally:
        await response.aclose()


async def _let_go(sending: asyncio.Task[httpx.Response], watching: asyncio.Task[bool]) -> None:
    """End both tasks and close the connection, which ends the server's work."""
    sending.cancel()
    watching.cancel()
    sent, _ = await asyncio.gather(sending, watching, return_exceptions=True)
    if isinstance(sent, httpx.Response):
        await sent.aclose()
