"""Which provider and model a run uses: a pure function of request, task and settings (R10)."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import InvalidRequest, NoModelChosen, UnknownProvider
from core.media import ImageRequest
from core.providers.base import ProviderProfile
from core.types import Mode, TextRequest, Tier


@dataclass(frozen=True)
class Route:
    """Where a run goes."""

    mode: Mode
    provider: str
    model: str


def route(
    request: TextRequest | ImageRequest,
    *,
    tier: Tier,
    profiles: Mapping[str, ProviderProfile],
    default_mode: Mode,
    live_provider: str,
) -> Route:
    """The route of `request`: what it chooses wins, settings decide the rest.

    A provider's mode is a fact: asking for one in the other mode is an error, so a live run
    never becomes a mock run (R15). `profiles` holds every provider by name, `tier` is the
    task's. Raises UnknownProvider, InvalidRequest or NoModelChosen.
    """
    mode, provider = request.mode, request.provider
    if provider is None:
        mode = mode or default_mode
        provider = live_provider if mode is Mode.LIVE else _first_mock(profiles)
    profile = profiles.get(provider)
    if profile is None:
        raise UnknownProvider(
            f"There is no provider {provider!r}. Known: {', '.join(profiles)}.",
            details={"known": list(profiles)},
        )
    if mode is not None and mode is not profile.mode:
        raise InvalidRequest(
            f"Provider {provider!r} is {profile.mode}, but the run asks for {mode}. "
            "Choose a provider of that mode, or leave one of the two open."
        )
    model = request.model or profile.models.get(tier, "")
    if not model:
        raise NoModelChosen(
            f"No model is set for provider {provider!r}. Name one in the request, or set "
            f"{provider.upper()}_DEFAULT_MODEL.",
            details={"provider": provider},
        )
    return Route(mode=profile.mode, provider=provider, model=model)


def _first_mock(profiles: Mapping[str, ProviderProfile]) -> str:
    return next(name for name, profile in profiles.items() if profile.mode is Mode.MOCK)
