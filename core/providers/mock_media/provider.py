"""The mock provider of pictures (R11): posters drawn here, no network, at a human pace."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import ClassVar

from pydantic import JsonValue

from core.errors import ModelNotFound, ProviderRejected
from core.health import ProviderHealth
from core.media import (
    MediaChoices,
    MediaCompleted,
    MediaEvent,
    MediaOutput,
    MediaRequest,
    Preview,
    Progress,
    QueuePlace,
)
from core.providers.base import MediaProvider, ProviderProfile
from core.providers.checkup import Findings
from core.providers.mock_media.art import SAMPLERS, SCHEDULERS, USUAL_STEPS, opened
from core.providers.mock_media.poster import Poster
from core.providers.mock_media.scenarios import (
    DEFAULT_SCENARIO,
    SCENARIOS,
    VENDOR,
    Pace,
    Scenario,
    nothing_left,
)
from core.providers.mock_media.typeface import Typeface, find_typeface
from core.providers.mock_media.work import Work
from core.settings import Settings
from core.types import Mode, ModelInfo, Phase, PhaseChanged, Tier

PREVIEWS_A_SECOND = 3
FEWEST_PREVIEWS = 3


class MockMediaProvider(MediaProvider):
    """Simulated pictures that show their prompt, size and seed (ARCH-002, R11).

    The model's name chooses a scenario (`core.providers.mock_media.scenarios`). The same
    request gives the same pictures on every machine that has the same typeface.
    """

    vendor: ClassVar[str] = VENDOR
    supports_source: ClassVar[bool] = True
    supports_negative: ClassVar[bool] = True
    supports_batch: ClassVar[bool] = True

    def __init__(
        self,
        *,
        profile: ProviderProfile,
        tokens_per_second: float,
        typeface: Typeface | None = None,
    ) -> None:
        super().__init__(profile=profile)
        self._tokens_per_second = tokens_per_second
        self._typeface = typeface or find_typeface()

    @classmethod
    def from_settings(cls, settings: Settings) -> "MockMediaProvider":
        """The mock as `settings` describe it."""
        profile = ProviderProfile(
            vendor=cls.vendor,
            mode=Mode.MOCK,
            models=dict.fromkeys(Tier, DEFAULT_SCENARIO),
            concurrency=settings.mock_concurrency,
        )
        return cls(profile=profile, tokens_per_second=settings.mock_tokens_per_second)

    async def stream(self, request: MediaRequest) -> AsyncGenerator[MediaEvent]:
        """Draw; see MediaProvider. Raises ModelNotFound, or what the scenario plays."""
        scenario = self._scenario(request.model)
        steps = request.options.steps or USUAL_STEPS
        pace = scenario.pace(steps=steps, tokens_per_second=self._tokens_per_second)
        posters = await asyncio.to_thread(self._posters, request)
        yield QueuePlace(ahead=0)
        if pace.loading:
            yield PhaseChanged(phase=Phase.LOADING)
            await asyncio.sleep(pace.loading)
        yield PhaseChanged(phase=Phase.DRAWING)
        work = Work(posters[:-1] if scenario.loses_last else posters)
        sketch = await asyncio.to_thread(posters[0].sketch)
        shown = _preview_steps(steps, pace)
        started = asyncio.get_running_loop().time()
        for step in range(1, steps + 1):
            share = step / steps
            await _work_until(work, share=share, due=started + pace.drawing * share)
            yield Progress(value=step, maximum=steps)
            if step in shown:
                data = await asyncio.to_thread(sketch.preview, share)
                yield Preview(data=data, mime="image/jpeg")
            if scenario.error and share >= (scenario.fails_after or 0):
                raise scenario.error(request)
        if not work.pictures:
            raise nothing_left(request)
        yield self._completed(request, posters, work.pictures, pace)

    def _posters(self, request: MediaRequest) -> list[Poster]:
        try:
            source = opened(request.source.data) if request.source else None
        except (OSError, ValueError) as error:
            raise ProviderRejected(
                "The picture to start from cannot be read. Upload it again as PNG or JPEG.",
                provider=self.vendor,
            ) from error
        count = request.options.batch or 1
        return [Poster.of(request, index, source, self._typeface) for index in range(count)]

    def _completed(
        self,
        request: MediaRequest,
        posters: Sequence[Poster],
        pictures: Sequence[bytes],
        pace: Pace,
    ) -> MediaCompleted:
        outputs = tuple(
            MediaOutput(data=data, mime="image/png", seed=poster.subject.seed)
            for data, poster in zip(pictures, posters, strict=False)
        )
        problems = tuple(
            f"Picture {number} of {len(posters)} could not be finished (simulated by "
            f"{request.model}). Run it again with seed {poster.subject.seed} to get it."
            for number, poster in enumerate(posters, start=1)
            if number > len(pictures)
        )
        return MediaCompleted(
            outputs=outputs,
            problems=problems,
            load_ms=pace.loading * 1000,
            meta=self._meta(request, posters[0]),
        )

    def _meta(self, request: MediaRequest, poster: Poster) -> dict[str, JsonValue]:
        """What this picture is; `notes` has English sentences about its lettering."""
        notes: list[JsonValue] = []
        if not self._typeface.has_hangul:
            notes.append(
                "No Korean font was found, so Korean words are romanised on the picture. "
                "Install a Korean font, such as Noto Sans CJK or Nanum Gothic."
            )
        if not poster.frame.has_words:
            notes.append("The picture is too small to write prompt, size and seed on it.")
        if poster.words.missing:
            notes.append(
                f"The font has no picture of {poster.words.missing} characters of the prompt; "
                "they are left out or shown as a square."
            )
        return {
            "simulated": True,
            "scenario": request.model,
            "font": self._typeface.name,
            "palette": poster.subject.palette.name,
            "notes": notes,
        }

    def _scenario(self, model: str) -> Scenario:
        if model in SCENARIOS:
            return SCENARIOS[model]
        known = list(SCENARIOS)
        raise ModelNotFound(
            f"The mock has no picture model {model!r}. Known: {', '.join(known)}.",
            provider=self.vendor,
            details={"model": model, "known": known},
        )

    async def examine(self, found: Findings) -> ProviderHealth:
        """Always ok: there is nothing that could be down."""
        models = tuple(ModelInfo(name=name, loaded=True) for name in SCENARIOS)
        found.note(round_trip_ms=0.0, models=models)
        return found.ok("The mock needs no server.")

    async def choices(self) -> MediaChoices:
        """The scenarios as checkpoints, and the samplers and schedulers that show a difference."""
        return MediaChoices(checkpoints=tuple(SCENARIOS), samplers=SAMPLERS, schedulers=SCHEDULERS)


def _preview_steps(steps: int, pace: Pace) -> frozenset[int]:
    """After which steps a preview is shown, spread evenly and a few a second."""
    count = min(steps, max(FEWEST_PREVIEWS, int(pace.drawing * PREVIEWS_A_SECOND)))
    return frozenset(round(steps * (number + 1) / count) for number in range(count))


async def _work_until(work: Work, *, share: float, due: float) -> None:
    """Work until `share` of it is done and the time is `due`; wait only when all is done."""
    clock = asyncio.get_running_loop().time
    while work.share < share or clock() < due:
        if not await work.advance():
            await asyncio.sleep(max(0.0, due - clock()))
            return
