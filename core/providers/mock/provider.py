"""The mock provider (R13): answers from data files, no network, at a human pace."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import ClassVar

from core.catalog import Catalog
from core.errors import BrokenAnswer, ModelNotFound
from core.health import ProviderHealth
from core.providers.base import LLMProvider, ProviderProfile
from core.providers.checkup import Findings
from core.providers.mock.draft import Draft
from core.providers.mock.pacing import Pace, Piece, estimate_tokens, plan, tokens_of
from core.providers.mock.scenarios import DEFAULT_SCENARIO, SCENARIOS, Scenario
from core.settings import Settings
from core.types import (
    Completed,
    Mode,
    ModelInfo,
    Phase,
    PhaseChanged,
    ProviderEvent,
    ProviderRequest,
    TextDelta,
    Tier,
    Usage,
)

PIECES_BETWEEN_BREATHS = 4


@dataclass(frozen=True)
class Script:
    """A whole answer before it is told: what is sent when, and how it ends."""

    scenario: Scenario
    pace: Pace
    tokens: list[str]
    pieces: list[Piece]
    finish_reason: str

    @property
    def seconds(self) -> float:
        """How long telling it takes."""
        return self.pace.loading + (self.pieces[-1].at if self.pieces else 0.0)


class MockProvider(LLMProvider):
    """Simulated answers that use the payload and keep the task's contract (ARCH-002, R13).

    The model's name chooses a scenario (`core.providers.mock.scenarios`). The same request
    with the same seed gives the same answer, on every machine.
    """

    vendor: ClassVar[str] = "mock"
    supports_json: ClassVar[bool] = True
    supports_streaming: ClassVar[bool] = True

    def __init__(
        self, *, profile: ProviderProfile, catalog: Catalog, tokens_per_second: float
    ) -> None:
        super().__init__(profile=profile, catalog=catalog)
        self._tokens_per_second = tokens_per_second

    @classmethod
    def from_settings(cls, settings: Settings, catalog: Catalog) -> "MockProvider":
        """The mock as `settings` describe it."""
        profile = ProviderProfile(
            vendor=cls.vendor,
            mode=Mode.MOCK,
            models=dict.fromkeys(Tier, DEFAULT_SCENARIO),
            concurrency=settings.mock_concurrency,
        )
        return cls(
            profile=profile,
            catalog=catalog,
            tokens_per_second=settings.mock_tokens_per_second,
        )

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent]:
        """Answer `request`; see LLMProvider. Raises ModelNotFound, or what the scenario plays."""
        script = self.script(request)
        if script.pace.loading:
            yield PhaseChanged(phase=Phase.LOADING)
            await asyncio.sleep(script.pace.loading)
        yield PhaseChanged(phase=Phase.WRITING)
        clock = asyncio.get_running_loop().time
        started = clock()
        for number, piece in enumerate(script.pieces):
            wait = started + piece.at - clock()
            if wait > 0:
                await asyncio.sleep(wait)
            elif number % PIECES_BETWEEN_BREATHS == 0:
                await asyncio.sleep(0)
            yield TextDelta(text=piece.text)
        if script.scenario.fails:
            raise BrokenAnswer(
                "The simulated answer broke off in the middle, as the model "
                f"{script.scenario.name} always does. Choose another mock model for a whole one.",
                provider=self.vendor,
                details={"simulated": True, "scenario": script.scenario.name},
            )
        yield self._completed(request, script)

    def script(self, request: ProviderRequest) -> Script:
        """What `stream` will tell for `request`. Raises ModelNotFound."""
        scenario = self._scenario(request.model)
        text = _until_stop(scenario.write(Draft.of(request, self._catalog)), request.options.stop)
        whole = tokens_of(text)
        kept = len(whole)
        if scenario.stops_at < 1:
            kept = max(1, int(kept * scenario.stops_at))
        tokens = whole[: min(kept, request.options.max_tokens or kept)]
        pace = scenario.pace(self._tokens_per_second)
        return Script(
            scenario=scenario,
            pace=pace,
            tokens=tokens,
            pieces=plan(tokens, pace),
            finish_reason="stop" if len(tokens) == len(whole) else "length",
        )

    def _completed(self, request: ProviderRequest, script: Script) -> Completed:
        prompt_tokens = sum(estimate_tokens(message.content) for message in request.messages)
        return Completed(
            finish_reason=script.finish_reason,
            usage=Usage.of(prompt_tokens, len(script.tokens)),
            load_ms=script.pace.loading * 1000,
            tokens_per_second=script.pace.speed(len(script.tokens)) or None,
            meta={"simulated": True, "scenario": script.scenario.name},
        )

    def _scenario(self, model: str) -> Scenario:
        if model in SCENARIOS:
            return SCENARIOS[model]
        known = list(SCENARIOS)
        raise ModelNotFound(
            f"The mock has no model {model!r}. Known: {', '.join(known)}.",
            provider=self.vendor,
            details={"model": model, "known": known},
        )

    async def examine(self, found: Findings) -> ProviderHealth:
        """Always ok: there is nothing that could be down."""
        found.note(round_trip_ms=0.0, models=tuple(await self.list_models()))
        return found.ok("The mock needs no server.")

    async def list_models(self) -> list[ModelInfo]:
        """The scenarios, as models."""
        return [
            ModelInfo(name=name, loaded=True, capabilities=("completion",)) for name in SCENARIOS
        ]


def _until_stop(text: str, stop: tuple[str, ...] | None) -> str:
    """`text` up to the first of the stop texts, without it, as real servers do."""
    ends = [text.find(mark) for mark in stop or () if mark]
    return text[: min((end for end in ends if end >= 0), default=len(text))]
