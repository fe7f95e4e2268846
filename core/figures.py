"""Figures over many runs: how fast they are, how good, what goes wrong. Each says how many runs
it stands on; mock and live never share a figure.
"""

from core.types import Frozen, Mode, RunStatus

MOST_RUNS = 100_000  # the newest so many stand for all where there are more


class Timing(Frozen):
    """Times of the succeeded runs of one model: milliseconds and tokens a second.

    `p50` is the median, `p95` what 95 of 100 runs keep; None where no run has the figure.
    The total includes loading the model, which is told apart, of the runs that waited for it.
    """

    mode: Mode
    model: str
    runs: int
    first_token_p50_ms: float | None = None
    first_token_p95_ms: float | None = None
    total_p50_ms: float | None = None
    total_p95_ms: float | None = None
    load_p50_ms: float | None = None
    load_p95_ms: float | None = None
    tokens_per_second: float | None = None


class Quality(Frozen):
    """What the checks say of the answers of one model to one task in one period.

    `period` is the day ("2026-11-24") or the week's Monday; `runs` counts those checked, of
    which `without_errors` have no error and `passed` keep the release bar. `mean_score` is 0-10.
    """

    period: str
    mode: Mode
    model: str
    task: str
    runs: int
    without_errors: int
    passed: int
    mean_score: float


class FailureCount(Frozen):
    """How many runs ended in one way that is no success."""

    mode: Mode
    status: RunStatus
    error_code: str | None = None
    runs: int
