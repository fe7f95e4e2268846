"""Figures over many runs: how fast they are, how good, what goes wrong. Each says how many runs
it stands on; mock and live never share a figure.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field, JsonValue

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


class Span(StrEnum):
    """How far back recent figures look."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"

    @property
    def parts(self) -> int:
        """Into how many equal stretches of time it is cut: 5 minutes, an hour, a day each."""
        return _PARTS[self][0]

    @property
    def part(self) -> timedelta:
        """How long each of them is."""
        return _PARTS[self][1]


_PARTS = {
    Span.HOUR: (12, timedelta(minutes=5)),
    Span.DAY: (24, timedelta(hours=1)),
    Span.WEEK: (7, timedelta(days=1)),
}


class Spread(Frozen):
    """A duration over several runs, in milliseconds: the median and what 95 of 100 keep."""

    runs: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None


class Stretch(Frozen):
    """A part of a span, from `start` on."""

    start: datetime
    succeeded: int = 0
    failed: int = 0
    first_token: Spread = Spread()
    total: Spread = Spread()


class Recent(Frozen):
    """How the runs of one component ended between `since` and `until`, and how long they took.

    Durations are those of the runs that succeeded. `parts` cut the span into equal stretches, the
    oldest first. Not `complete`: only the newest 100,000 runs were looked at.
    """

    span: Span
    since: datetime
    until: datetime
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    interrupted: int = 0
    first_token: Spread = Spread()
    total: Spread = Spread()
    parts: tuple[Stretch, ...] = ()
    complete: bool = True

    @property
    def success_rate(self) -> float | None:
        """The share that succeeded of the runs that succeeded or failed; None of none."""
        decided = self.succeeded + self.failed
        return self.succeeded / decided if decided else None


class LastError(Frozen):
    """The newest run of a component that failed, and why."""

    run_id: str
    created_at: datetime
    model: str
    code: str
    details: dict[str, JsonValue] = Field(default_factory=dict)
