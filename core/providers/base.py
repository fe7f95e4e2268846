"""The contracts every provider keeps (ARCH-002 "Gateway Pattern", SPEC-001, R1, R11)."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, ClassVar

from core.catalog import Catalog
from core.errors import BrokenAnswer, InvalidRequest
from core.health import ProviderHealth
from core.media import MediaChoices, MediaEvent, MediaRequest
from core.providers.checkup import Findings, check_up
from core.types import (
    Completed,
    GenerationOptions,
    LLMProviderResponse,
    Mode,
    ModelInfo,
    ProviderEvent,
    ProviderRequest,
    TextDelta,
    ThinkingDelta,
    Tier,
)


@dataclass(frozen=True)
class ProviderProfile:
    """What router and runner need to know of a provider without calling it.

    `models` names the model of each tier ("" where none is set), `concurrency` how many runs
    it is handed at once, `configured` whether the settings it needs are there.
    """

    vendor: str
    mode: Mode
    models: Mapping[Tier, str]
    concurrency: int = 1
    configured: bool = True


class Provider(ABC):
    """What providers of text and of pictures have in common.

    `label` is its name in sentences (default: the vendor), `start_command` what starts its
    server on its machine, where one command does.
    """

    vendor: ClassVar[str]
    label: ClassVar[str] = ""
    start_command: ClassVar[str | None] = None

    def __init__(self, *, profile: ProviderProfile) -> None:
        self.profile = profile

    @property
    def address(self) -> str | None:
        """Where its server is, credentials masked; None where there is no server."""
        return None

    async def health_check(self) -> ProviderHealth:
        """Whether the provider can answer now: within 2 s whatever the server does, no errors.

        One without the settings it needs is not asked.
        """
        label, address = self.label or self.vendor, self.address or None
        found = Findings(
            vendor=self.vendor,
            server=f"{label} at {address}" if address else label,
            address=address,
            start_command=self.start_command,
        )
        if not self.profile.configured:
            return found.not_configured()
        return await check_up(found, self.examine)

    @abstractmethod
    async def examine(self, found: Findings) -> ProviderHealth:
        """Ask the server, note in `found` what it tells, and return one of its verdicts.

        Called by `health_check()`, which bounds it in time and takes in what it raises: a
        ProviderError says what is wrong with the server. What need not be known is None.
        """

    async def aclose(self) -> None:  # noqa: B027 (most have nothing to close)
        """Let go of connections. The provider is not used afterwards."""


class LLMProvider(Provider):
    """A source of text. One instance serves the whole process, many requests at once.

    Written by every provider: `vendor`, `profile`, `stream()`, `examine()`, `list_models()`;
    `aclose()` where there is something to close, `preload()` and `unload()` where its server
    keeps models in memory (`can_preload`).

    `stream()` yields `PhaseChanged`, `ThinkingDelta` and `TextDelta` in any number and ends
    with exactly one `Completed`. Whatever goes wrong is raised as a `ProviderError`; what was
    yielded before stays valid. A stream that ends without `Completed` is a `BrokenAnswer`.
    Nothing is retried once a piece of text was yielded, and no other provider or model is
    ever used in place of the one asked for. Deltas are never empty.

    The caller must close the iterator (`contextlib.aclosing`) or cancel its task to stop the
    server: closing has to end the server's work for this request, not just our reading.
    """

    supports_json: ClassVar[bool] = False
    supports_streaming: ClassVar[bool] = False
    can_preload: ClassVar[bool] = False

    def __init__(self, *, profile: ProviderProfile, catalog: Catalog) -> None:
        super().__init__(profile=profile)
        self._catalog = catalog

    @abstractmethod
    def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent]:
        """Answer `request` piece by piece; see the class for what is yielded and raised."""

    @abstractmethod
    async def list_models(self) -> list[ModelInfo]:
        """The models on offer, in the server's order. Raises ProviderError."""

    def get_default_options(self, role: str, task: str) -> GenerationOptions:
        """Options of the catalog for this pair: the role's temperature, the task's max tokens.

        Raises UnknownRole or UnknownTask.
        """
        return self._catalog.default_options(role, task)

    async def generate(self, request: ProviderRequest) -> LLMProviderResponse:
        """The stream collected into one response; `output` is the raw text.

        Raises ProviderError, and BrokenAnswer when the stream ended without its end.
        """
        text: list[str] = []
        thinking: list[str] = []
        completed: Completed | None = None
        async with aclosing(self.stream(request)) as events:
            async for event in events:
                match event:
                    case TextDelta():
                        text.append(event.text)
                    case ThinkingDelta():
                        thinking.append(event.text)
                    case Completed():
                        completed = event
        if completed is None:
            raise BrokenAnswer(
                f"{self.vendor} ended its answer without saying so. Run it again.",
                provider=self.vendor,
                details={"partial": "".join(text)},
            )
        return LLMProviderResponse(
            provider=self.vendor,
            model=request.model,
            usage=completed.usage,
            output="".join(text),
            meta={
                **completed.meta,
                "finish_reason": completed.finish_reason,
                "load_ms": completed.load_ms,
                "tokens_per_second": completed.tokens_per_second,
                "thinking": "".join(thinking) or None,
            },
        )

    async def preload(self, model: str) -> None:
        """Have the server load `model` as runs want it; returns once it is in memory.

        As often as one likes: a model that is loaded stays so, its time begins anew. Raises
        ModelNotFound for one that the server does not have (nothing is fetched), InvalidRequest
        where loading makes no sense, and ProviderError. Only with `can_preload`.
        """
        raise cannot(self.vendor, "load models beforehand")

    async def unload(self, model: str) -> None:
        """Have the server let go of `model`; returns once it is out of memory.

        One that is not loaded is no error. Raises like `preload`, and ProviderTimeout while
        somebody's request keeps it there. Only with `can_preload`.
        """
        raise cannot(self.vendor, "let go of models")


class MediaProvider(Provider):
    """A source of pictures. One instance serves the whole process, many requests at once.

    `stream()` yields `PhaseChanged`, `QueuePlace`, `Progress` and `Preview` in any number and
    ends with exactly one `MediaCompleted` that has at least one output. Whatever goes wrong is
    raised as a `ProviderError`. No other provider is ever used in place of the one asked for.

    The caller must close the iterator (`contextlib.aclosing`) or cancel its task to stop the
    server. Closing returns only when the job is known to be out of the server's queue and not
    running, or after a bounded wait; it touches this job and nobody else's.
    """

    supports_source: ClassVar[bool] = False
    supports_negative: ClassVar[bool] = False
    supports_batch: ClassVar[bool] = False
    supports_workflows: ClassVar[bool] = False
    can_resume: ClassVar[bool] = False
    can_free: ClassVar[bool] = False

    @abstractmethod
    def stream(self, request: MediaRequest) -> AsyncGenerator[MediaEvent]:
        """Make the pictures; see the class for what is yielded and raised."""

    @abstractmethod
    async def choices(self) -> MediaChoices:
        """Checkpoints, samplers … on offer. Raises ProviderError."""

    async def object_info(self) -> dict[str, Any]:
        """Every node that the server has, with its inputs; empty where there are no workflows.

        Raises ProviderError.
        """
        return {}

    async def free(self) -> None:
        """Have the server let go of every model in its memory, as soon as no job runs there.

        Raises ProviderError, InvalidRequest where there is nothing to free. Only with
        `can_free`.
        """
        raise cannot(self.vendor, "let go of models")

    def detach(self) -> None:
        """From now on closing a stream leaves its job at the server, to be resumed later."""


def cannot(vendor: str, what: str) -> InvalidRequest:
    """The error of a provider that is asked for something it has no use for."""
    return InvalidRequest(f"{vendor} cannot {what}.", details={"provider": vendor})
