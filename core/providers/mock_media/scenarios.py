"""What the picture mock's models do: one draws well, each other shows one thing that goes wrong.

A scenario is chosen as a model is, by its name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.errors import BrokenAnswer, ProviderError
from core.media import MediaRequest

VENDOR = "mock"
LONGEST_DRAWING_SECONDS = 3.5
TOKENS_A_STEP = 5
SLOW_LOADING_SECONDS = 3.0
SLOW_DRAWING_SECONDS = 15.0
SLOW_AT_ONCE = (0.5, 0.9)


@dataclass(frozen=True)
class Pace:
    """Seconds of loading and of drawing; drawing takes longer only where it is more work."""

    loading: float
    drawing: float


@dataclass(frozen=True)
class Scenario:
    """One way of drawing.

    After `fails_after` of the steps (0 to 1) it raises what `error` makes of the request;
    with `loses_last` the last picture fails; `slow` loads and draws for longer.
    """

    name: str
    fails_after: float | None = None
    error: Callable[[MediaRequest], ProviderError] | None = None
    loses_last: bool = False
    slow: bool = False

    def pace(self, *, steps: int, tokens_per_second: float) -> Pace:
        """How fast it draws `steps` steps; the speed is the setting's, 0 for no delays."""
        if self.slow and not tokens_per_second:
            return Pace(*SLOW_AT_ONCE)
        if self.slow:
            return Pace(SLOW_LOADING_SECONDS, SLOW_DRAWING_SECONDS)
        if not tokens_per_second:
            return Pace(0.0, 0.0)
        seconds = steps * TOKENS_A_STEP / tokens_per_second
        return Pace(0.0, min(LONGEST_DRAWING_SECONDS, seconds))


def _details(request: MediaRequest) -> dict[str, str | bool]:
    return {"simulated": True, "scenario": request.model, "job_id": request.job_id}


def _broke_off(request: MediaRequest) -> ProviderError:
    return BrokenAnswer(
        "The simulated drawing broke off in the middle, as the model "
        f"{request.model} always does. Choose another mock model for a whole picture.",
        provider=VENDOR,
        details=_details(request),
    )


def _out_of_memory(request: MediaRequest) -> ProviderError:
    options = request.options
    return ProviderError(
        "The simulated GPU ran out of memory (CUDA out of memory) at "
        f"{options.width} x {options.height} pixels, {options.batch or 1} at once. Choose a "
        f"smaller size or fewer pictures at once; the mock model {request.model} always fails.",
        provider=VENDOR,
        details=_details(request) | {"exception_type": "torch.OutOfMemoryError"},
    )


def _lost(request: MediaRequest) -> ProviderError:
    return BrokenAnswer(
        "The simulated server no longer knows this job: it was probably restarted, and the "
        f"picture is lost. Run it again; the mock model {request.model} always loses it.",
        provider=VENDOR,
        details=_details(request),
    )


def nothing_left(request: MediaRequest) -> ProviderError:
    """The error of a run whose only picture failed."""
    return BrokenAnswer(
        "The simulated server could not finish the only picture of this run. Ask for two or "
        f"more: the mock model {request.model} then loses just the last one.",
        provider=VENDOR,
        details=_details(request),
    )


_ALL = (
    Scenario("mock-picture"),
    Scenario("mock-picture-slow", slow=True),
    Scenario("mock-picture-error", fails_after=0.5, error=_broke_off),
    Scenario("mock-picture-out-of-memory", fails_after=0.1, error=_out_of_memory),
    Scenario("mock-picture-lost", fails_after=0.6, error=_lost),
    Scenario("mock-picture-partial", loses_last=True),
)

SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _ALL}
DEFAULT_SCENARIO = _ALL[0].name
