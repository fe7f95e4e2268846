"""Any server that speaks the OpenAI chat API: vLLM, llama.cpp, LM Studio, a LiteLLM proxy …"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import ClassVar, Self

import httpx

from core.catalog import Catalog
from core.errors import ProviderNotConfigured, ProviderRejected
from core.health import ProviderHealth
from core.providers.base import LLMProvider, ProviderProfile
from core.providers.checkup import Findings
from core.providers.error_body import redact
from core.providers.openai.errors import VENDOR
from core.providers.openai.server import OpenAIServer, whole_body
from core.providers.openai.wire import DONE, AnswerReader, request_body
from core.providers.sse import read_events
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

NOT_CONFIGURED = "No OpenAI-compatible server is set."
HOW_TO_CONFIGURE = "Set OPENAI_BASE_URL to its address, such as http://127.0.0.1:8000/v1."


class OpenAIProvider(LLMProvider):
    """Text from an OpenAI-compatible server, always streamed.

    `OPENAI_TIMEOUT` is the longest silence; the pings of a server that is busy with a prompt
    break it.
    """

    vendor: ClassVar[str] = VENDOR
    label: ClassVar[str] = "OpenAI-compatible server"
    supports_json: ClassVar[bool] = True
    supports_streaming: ClassVar[bool] = True

    def __init__(self, *, server: OpenAIServer, profile: ProviderProfile, catalog: Catalog) -> None:
        super().__init__(profile=profile, catalog=catalog)
        self._server = server

    @classmethod
    def from_settings(cls, settings: Settings, catalog: Catalog) -> Self:
        """The provider as the settings want it; the tiers' models are its own if it is live."""
        default = settings.openai_default_model
        is_live = settings.llm_live_provider == VENDOR
        profile = ProviderProfile(
            vendor=VENDOR,
            mode=Mode.LIVE,
            models=settings.tier_models(default) if is_live else dict.fromkeys(Tier, default),
            concurrency=settings.openai_concurrency,
            configured=bool(settings.openai_base_url),
        )
        server = OpenAIServer(
            settings.openai_base_url,
            api_key=settings.openai_api_key,
            timeout_s=settings.openai_timeout,
        )
        return cls(server=server, profile=profile, catalog=catalog)

    @property
    def address(self) -> str:
        """Where the server is, credentials masked; "" where none is set."""
        return self._server.address

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent]:
        """Answer `request`; `meta["served_model"]` is the model that the server says it used."""
        self._check_configured()
        yield PhaseChanged(phase=Phase.CONNECTING)
        response = await self._server.chat(request_body(request), model=request.model)
        try:
            async with aclosing(self._read(response, request.model)) as events:
                async for event in events:
                    yield event
        except httpx.HTTPError as error:
            raise self._server.broken_wire(error, received=True) from error
        finally:
            await response.aclose()

    async def examine(self, found: Findings) -> ProviderHealth:
        """Whether the server lists its models, those that runs use among them; see `Provider`."""
        await self._server.lookup.answered()
        models = await self._server.models()
        found.answered(models=tuple(models))
        listed = {model.name for model in models}
        missing = sorted({name for name in self.profile.models.values() if name} - listed)
        if not listed:
            return found.degraded(
                "no_models",
                f"{found.server} lists no models at all.",
                "Load one on that server, then check again.",
                models=missing,
            )
        if missing:
            return found.degraded(
                "models_missing",
                f"{found.server} does not list {', '.join(missing)}.",
                "Set OPENAI_DEFAULT_MODEL, or the tier's model, to a name that it lists.",
                models=missing,
            )
        return found.ok(f"{found.server} has {len(listed)} models.")

    async def list_models(self) -> list[ModelInfo]:
        """The models that the server lists, in its order."""
        self._check_configured()
        return await self._server.models()

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._server.aclose()

    async def _read(
        self, response: httpx.Response, model: str
    ) -> AsyncGenerator[ProviderEvent, None]:
        """The events of an answer that has begun, to its end."""
        answer = AnswerReader(
            model=model,
            address=self._server.address,
            clean=lambda text: redact(text, response.request),
        )
        content_type = response.headers.get("Content-Type", "").lower()
        if "html" in content_type:
            raise ProviderRejected(
                f"{VENDOR} at {self._server.address} answers with a web page. Check that "
                "OPENAI_BASE_URL is the API's address; it usually ends in /v1.",
                provider=VENDOR,
                status=response.status_code,
            )
        if "json" in content_type:
            for event in answer.take(await whole_body(response)):
                yield event
            yield answer.completed(done=True)
            return
        async with aclosing(read_events(response, provider=VENDOR)) as chunks:
            async for data in chunks:
                if data.strip() == DONE:
                    yield answer.completed(done=True)
                    return
                for event in answer.take(data):
                    yield event
        yield answer.completed(done=False)

    def _check_configured(self) -> None:
        if not self.profile.configured:
            raise ProviderNotConfigured(f"{NOT_CONFIGURED} {HOW_TO_CONFIGURE}", provider=VENDOR)
