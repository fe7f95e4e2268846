"""What each provider offers now: models, checkpoints, samplers."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from core.errors import ProviderError, ProviderTimeout
from core.media import MediaChoices
from core.providers.base import LLMProvider, MediaProvider
from core.types import Mode, ModelInfo

MODELS_TIMEOUT_S = 3.0

T = TypeVar("T")


@dataclass(frozen=True)
class ModelList:
    """What a provider offers now; `error` when it could not be asked."""

    provider: str
    mode: Mode
    configured: bool
    models: tuple[ModelInfo, ...] = ()
    error: ProviderError | None = None


@dataclass(frozen=True)
class MediaList:
    """What a picture provider offers now; `error` when it could not be asked."""

    provider: str
    mode: Mode
    configured: bool
    supports_source: bool
    supports_negative: bool
    supports_batch: bool
    supports_workflows: bool
    choices: MediaChoices = field(default_factory=MediaChoices)
    error: ProviderError | None = None


async def list_models(providers: Mapping[str, LLMProvider]) -> dict[str, ModelList]:
    """The models of each provider, by its name, within about three seconds; never raises."""
    return await _by_name(providers, (_models(item) for item in providers.values()))


async def list_media(providers: Mapping[str, MediaProvider]) -> dict[str, MediaList]:
    """The choices of each provider, by its name, within about three seconds; never raises."""
    return await _by_name(providers, (_choices(item) for item in providers.values()))


async def _by_name(names: Iterable[str], asking: Iterable[Awaitable[T]]) -> dict[str, T]:
    return dict(zip(names, await asyncio.gather(*asking), strict=True))


async def _models(provider: LLMProvider) -> ModelList:
    known = _known(provider)
    if not provider.profile.configured:
        return ModelList(**known)
    try:
        return ModelList(**known, models=tuple(await _in_time(provider, provider.list_models())))
    except ProviderError as error:
        return ModelList(**known, error=error)


async def _choices(provider: MediaProvider) -> MediaList:
    known: dict[str, Any] = _known(provider) | {
        "supports_source": provider.supports_source,
        "supports_negative": provider.supports_negative,
        "supports_batch": provider.supports_batch,
        "supports_workflows": provider.supports_workflows,
    }
    try:
        return MediaList(**known, choices=await _in_time(provider, provider.choices()))
    except ProviderError as error:
        return MediaList(**known, error=error)


def _known(provider: LLMProvider | MediaProvider) -> dict[str, Any]:
    return {
        "provider": provider.vendor,
        "mode": provider.profile.mode,
        "configured": provider.profile.configured,
    }


async def _in_time(provider: LLMProvider | MediaProvider, asking: Awaitable[T]) -> T:
    """What `asking` gives. Raises ProviderTimeout when it takes too long."""
    try:
        async with asyncio.timeout(MODELS_TIMEOUT_S):
            return await asking
    except TimeoutError as error:
        raise ProviderTimeout(
            f"{provider.vendor} did not say within {MODELS_TIMEOUT_S:.0f} s what it offers. It "
            "may be busy; try again.",
            provider=provider.vendor,
        ) from error
