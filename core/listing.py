"""Looking for runs: the filter, the sorting, one line of the list, a page of lines."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from core.run import ImageRecord
from core.types import Frozen, Mode, RunStatus, Text

LONGEST_QUERY = 200
LARGEST_PAGE = 200


class Sort(StrEnum):
    """What comes first. Runs with nothing to sort by come last; ties are newest first."""

    NEWEST = "newest"
    OLDEST = "oldest"
    SLOWEST = "slowest"
    LOWEST_SCORE = "lowest_score"


class RunFilter(Frozen):
    """Which runs. What is empty or None does not narrow; several values of one field mean any
    of them.

    `q` is free text as people type it, found anywhere in payload or answer (every word of it,
    "in quotes" as it stands). `findings` are codes, or "error" / "warning" for any of that
    severity. `since` is included, `until` is not. `min_stars` and `max_stars` bound the mean
    rating. Runs put away are left out unless `deleted`, which shows them alone.
    """

    q: Text = Field(default="", max_length=LONGEST_QUERY)
    kind: Literal["text", "image"] | None = None
    modes: tuple[Mode, ...] = ()
    providers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    statuses: tuple[RunStatus, ...] = ()
    findings: tuple[str, ...] = ()
    passed: bool | None = None
    min_stars: float | None = Field(default=None, ge=1, le=5)
    max_stars: float | None = Field(default=None, ge=1, le=5)
    rated: bool | None = None
    users: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    batch_id: str | None = Field(default=None, max_length=64)
    parent_id: str | None = Field(default=None, max_length=64)
    deleted: bool = False


class RunRow(Frozen):
    """One run as a line of the list: what people look for, not all that is recorded.

    `title` is what the run was about (product, brand or the prompt's beginning), `excerpt` the
    beginning of the answer or of the error; `stars` the mean rating of `raters` people.
    Scores and counts are None where nothing was checked.
    """

    id: str
    created_at: datetime
    kind: Literal["text", "image"]
    status: RunStatus
    mode: Mode
    provider: str
    model: str
    role: str
    task: str
    user: str | None = None
    batch_id: str | None = None
    parent_id: str | None = None
    title: str = ""
    excerpt: str = ""
    score: float | None = None
    passed: bool | None = None
    errors: int | None = None
    warnings: int | None = None
    stars: float | None = None
    raters: int = 0
    tags: tuple[str, ...] = ()
    first_token_ms: float | None = None
    load_ms: float | None = None
    total_ms: float | None = None
    tokens_per_second: float | None = None
    completion_tokens: int | None = None
    error_code: str | None = None
    deleted_at: datetime | None = None
    pictures: tuple[ImageRecord, ...] = ()


class RunPage(Frozen):
    """Lines of the list, and the cursor of what comes after them (None at the end).

    `complete` is False where looking was stopped because it took too long (or, sorted by
    something else than time, found too much): then there may be more runs than these say.
    """

    items: tuple[RunRow, ...]
    next: str | None = None
    complete: bool = True


class RunCount(Frozen):
    """How many runs; counting stops at a bound, then `more` is true ("10,000 or more")."""

    runs: int
    more: bool = False


class Facets(Frozen):
    """What there is to choose from in a filter: each in the order of the alphabet."""

    models: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()


class Lineage(Frozen):
    """A run's family: the run it repeats, those that repeat it, those submitted with it."""

    parent: RunRow | None = None
    children: tuple[RunRow, ...] = ()
    batch: tuple[RunRow, ...] = ()
