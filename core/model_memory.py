"""Loading models at their servers before anybody waits for them, and letting go of them.

Tools of an administrator: whoever unloads a model makes the next run of anybody wait for it.
"""

from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

from core.errors import ProviderNotConfigured, UnknownProvider
from core.providers.base import LLMProvider, MediaProvider

AnyProvider = TypeVar("AnyProvider", LLMProvider, MediaProvider)
OnLoop = Callable[[Coroutine[Any, Any, None]], "Future[None]"]


class ModelMemory:
    """What servers keep in memory. Its methods block; they may be called from any thread."""

    def __init__(
        self,
        *,
        providers: Mapping[str, LLMProvider],
        media: Mapping[str, MediaProvider],
        on_loop: OnLoop,
    ) -> None:
        """`on_loop` runs a coroutine where the providers' connections live."""
        self._providers = providers
        self._media = media
        self._on_loop = on_loop

    def can_preload(self, provider: str) -> bool:
        """Whether this text provider's server loads and unloads models."""
        found = self._providers.get(provider)
        return found is not None and found.can_preload and found.profile.configured

    def can_free(self, provider: str) -> bool:
        """Whether this picture provider's server keeps models that it can let go of."""
        found = self._media.get(provider)
        return found is not None and found.can_free and found.profile.configured

    def preload(self, provider: str, model: str) -> None:
        """Have `model` loaded as runs want it; returns once it is in memory, maybe in minutes.

        Raises ModelNotFound (its `details["pull"]` is the command that fetches it),
        UnknownProvider, InvalidRequest and ProviderError.
        """
        found = _one(self._providers, provider)
        self._on_loop(found.preload(model)).result()

    def unload(self, provider: str, model: str) -> None:
        """Have `model` let go of; returns once it is out of memory. Raises like `preload`."""
        found = _one(self._providers, provider)
        self._on_loop(found.unload(model)).result()

    def free(self, provider: str) -> None:
        """Have a picture server let go of all its models, once no job runs there."""
        found = _one(self._media, provider)
        self._on_loop(found.free()).result()


def _one(providers: Mapping[str, AnyProvider], name: str) -> AnyProvider:
    found = providers.get(name)
    if found is None:
        raise UnknownProvider(
            f"There is no provider {name!r}. Known: {', '.join(providers)}.",
            details={"known": list(providers)},
        )
    if not found.profile.configured:
        setting = f"{name.upper()}_BASE_URL"
        raise ProviderNotConfigured(
            f"{name} is not set up. Set {setting} to its address.", provider=name
        )
    return found
