from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.catalog import load_catalog
from core.errors import InvalidRequest, NoModelChosen, UnknownProvider
from core.health import ProviderHealth
from core.providers import TEXT_PROVIDERS, build_text_providers
from core.providers.base import LLMProvider, ProviderProfile
from core.providers.checkup import Findings
from core.router import Route, route
from core.services import build_services
from core.settings import Settings
from core.types import (
    Completed,
    Mode,
    ModelInfo,
    ProviderRequest,
    RunStatus,
    TextDelta,
    TextRequest,
    Tier,
)

CATALOG = load_catalog()
PROFILES = {
    "mock": ProviderProfile(
        vendor="mock", mode=Mode.MOCK, models=dict.fromkeys(Tier, "mock-perfect")
    ),
    "ollama": ProviderProfile(
        vendor="ollama",
        mode=Mode.LIVE,
        models={Tier.LIGHT: "small", Tier.STANDARD: "middle", Tier.HEAVY: "large"},
    ),
    "openai": ProviderProfile(vendor="openai", mode=Mode.LIVE, models=dict.fromkeys(Tier, "")),
}


def routed(
    *,
    tier: Tier = Tier.STANDARD,
    profiles: Mapping[str, ProviderProfile] = PROFILES,
    default_mode: Mode = Mode.MOCK,
    live_provider: str = "ollama",
    **request: object,
) -> Route:
    return route(
        TextRequest(role="copywriter", task="sns", **request),
        tier=tier,
        profiles=profiles,
        default_mode=default_mode,
        live_provider=live_provider,
    )


@settings(deadline=None)
@given(
    role=st.sampled_from(list(CATALOG.roles)),
    task=st.sampled_from(list(CATALOG.tasks.values())),
    mode=st.sampled_from([None, *Mode]),
    default_mode=st.sampled_from(Mode),
    live_provider=st.sampled_from(["ollama", "openai"]),
)
def test_every_role_and_task_has_a_route_under_the_settings(
    role, task, mode, default_mode, live_provider
):
    settings = Settings(
        generator_mode=default_mode,
        llm_live_provider=live_provider,
        openai_base_url="http://127.0.0.1:8000/v1",
        openai_default_model="some-model",
    )
    providers = build_text_providers(settings, CATALOG)
    chosen = route(
        TextRequest(role=role, task=task.id, mode=mode),
        tier=task.tier,
        profiles={name: provider.profile for name, provider in providers.items()},
        default_mode=settings.generator_mode,
        live_provider=settings.llm_live_provider,
    )
    assert chosen.mode is (mode or default_mode)
    assert chosen.provider == (live_provider if chosen.mode is Mode.LIVE else "mock")
    assert chosen.model == providers[chosen.provider].profile.models[task.tier] != ""


@pytest.mark.parametrize(
    ("tier", "model"), [(Tier.LIGHT, "small"), (Tier.STANDARD, "middle"), (Tier.HEAVY, "large")]
)
def test_the_tasks_tier_chooses_the_model(tier, model):
    assert routed(tier=tier, mode=Mode.LIVE).model == model


def test_the_settings_name_the_tiers_models():
    settings = Settings(llm_model_light="tiny", ollama_default_model="normal")
    profile = build_text_providers(settings, CATALOG)["ollama"].profile
    assert dict(profile.models) == {
        Tier.LIGHT: "tiny",
        Tier.STANDARD: "normal",
        Tier.HEAVY: "normal",
    }


@settings(deadline=None)
@given(
    mode=st.sampled_from([None, *Mode]),
    provider=st.sampled_from([None, *PROFILES]),
    model=st.sampled_from([None, "chosen"]),
    default_mode=st.sampled_from(Mode),
)
def test_what_the_request_chooses_wins_or_is_an_error(mode, provider, model, default_mode):
    choice = {"mode": mode, "provider": provider, "model": model}
    try:
        chosen = routed(default_mode=default_mode, **choice)
    except NoModelChosen:
        assert (provider, model) == ("openai", None)
    except InvalidRequest:
        assert mode is not None
        assert PROFILES[provider].mode is not mode
    else:
        assert chosen.provider == (provider or chosen.provider)
        assert chosen.model == (model or chosen.model)
        assert chosen.mode is (mode or chosen.mode)
        assert chosen.mode is PROFILES[chosen.provider].mode


@settings(deadline=None)
@given(
    mode=st.sampled_from([None, *Mode]),
    provider=st.sampled_from([None, *PROFILES]),
    live_provider=st.sampled_from([*PROFILES, "gone"]),
    default_mode=st.sampled_from(Mode),
)
def test_a_live_run_never_goes_to_a_mock(mode, provider, live_provider, default_mode):
    asked_live = mode is Mode.LIVE or (mode is None and default_mode is Mode.LIVE)
    try:
        chosen = routed(
            default_mode=default_mode,
            live_provider=live_provider,
            mode=mode,
            provider=provider,
            model="any",
        )
    except InvalidRequest:
        return
    assert chosen.mode is PROFILES[chosen.provider].mode
    if asked_live and provider is None:
        assert chosen == Route(mode=Mode.LIVE, provider=live_provider, model="any")


def test_a_provider_of_the_other_mode_is_a_conflict_that_says_so():
    with pytest.raises(InvalidRequest, match="'mock' is mock, but the run asks for live"):
        routed(mode=Mode.LIVE, provider="mock")
    with pytest.raises(InvalidRequest, match="'ollama' is live, but the run asks for mock"):
        routed(mode=Mode.MOCK, provider="ollama")


def test_a_provider_alone_brings_its_mode():
    assert routed(provider="ollama", default_mode=Mode.MOCK).mode is Mode.LIVE
    assert routed(provider="mock", default_mode=Mode.LIVE).mode is Mode.MOCK


@pytest.mark.parametrize("request_", [{"provider": "olama"}, {"mode": Mode.LIVE}])
def test_an_unknown_provider_lists_the_known_ones(request_):
    with pytest.raises(UnknownProvider, match="'olama'") as caught:
        routed(live_provider="olama", **request_)
    assert caught.value.details["known"] == ["mock", "ollama", "openai"]
    assert "mock, ollama, openai" in caught.value.message


def test_no_model_anywhere_says_which_setting_names_one():
    with pytest.raises(NoModelChosen, match="OPENAI_DEFAULT_MODEL"):
        routed(provider="openai")


class ParrotProvider(LLMProvider):
    """A provider that nothing in the product knows of."""

    vendor = "parrot"

    async def stream(self, request: ProviderRequest):
        yield TextDelta(text=f"안녕, says {request.model}")
        yield Completed(finish_reason="stop")

    async def examine(self, found: Findings) -> ProviderHealth:
        return found.ok("All is well.")

    async def list_models(self) -> list[ModelInfo]:
        return [ModelInfo(name="polly")]


def test_a_provider_in_the_table_runs_without_a_change_elsewhere(tmp_path, monkeypatch):
    profile = ProviderProfile(vendor="parrot", mode=Mode.LIVE, models=dict.fromkeys(Tier, "polly"))
    monkeypatch.setitem(
        TEXT_PROVIDERS,
        "parrot",
        lambda _, catalog: ParrotProvider(profile=profile, catalog=catalog),
    )
    services = build_services(Settings(llm_live_provider="parrot", playground_data_dir=tmp_path))
    asked = TextRequest(role="copywriter", task="free", payload={"prompt": "안녕"}, mode=Mode.LIVE)
    run = services.gateway.result(services.gateway.submit(asked), timeout=10)
    services.close()
    assert (run.status, run.provider, run.model) == (RunStatus.SUCCEEDED, "parrot", "polly")
    assert run.output == "안녕, says polly"
