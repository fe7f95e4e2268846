"""The parameters of an address that say which runs, as a `RunFilter`."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from core.listing import LARGEST_PAGE, LONGEST_QUERY, RunFilter, Sort
from core.types import Frozen, Mode, RunStatus, Text

MOST_VALUES = 50
_PLURALS = {
    "mode": "modes",
    "provider": "providers",
    "model": "models",
    "role": "roles",
    "task": "tasks",
    "status": "statuses",
    "finding": "findings",
    "user": "users",
    "tag": "tags",
}

_DATE = re.compile(r"\d{4}-\d\d-\d\d")

Word = Annotated[Text, Field(min_length=1, max_length=300)]
AnyOf = Annotated[list[Word], Field(default_factory=list, max_length=MOST_VALUES)]
Stars = Annotated[float | None, Field(ge=1, le=5, allow_inf_nan=False)]


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("in UTC it is outside of the years 1 to 9999") from error


def _written_out(moment: object) -> object:
    """`moment` as it came. Pydantic alone would take any number for seconds since 1970."""
    if isinstance(moment, str) and not _DATE.match(moment):
        raise ValueError("write it as 2026-11-24T09:30:00Z")
    return moment


Moment = Annotated[datetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]


class RunQuery(Frozen):
    """Which runs. What is left out does not narrow; a name given several times means any of
    its values. Times without an offset are UTC.
    """

    q: Annotated[Text, Field(max_length=LONGEST_QUERY)] = Field(
        "",
        description='Words in payload and answer, all of them; "in quotes" as it stands.',
        examples=["할인"],
    )
    kind: Literal["text", "image"] | None = None
    mode: Annotated[list[Mode], Field(default_factory=list, max_length=MOST_VALUES)]
    provider: AnyOf
    model: AnyOf
    role: AnyOf
    task: AnyOf
    status: Annotated[list[RunStatus], Field(default_factory=list, max_length=MOST_VALUES)]
    finding: AnyOf = Field(
        default_factory=list,
        description='Codes such as "length.too_long", or "error" or "warning" for any of those.',
    )
    passed: bool | None = Field(None, description="Whether it passes the release bar.")
    min_stars: Stars = Field(None, description="The least mean rating, 1 to 5.")
    max_stars: Stars = Field(None, description="The highest mean rating, 1 to 5.")
    rated: bool | None = None
    user: AnyOf
    tag: AnyOf
    since: Moment | None = Field(None, description="This moment or later.")
    until: Moment | None = Field(None, description="Before this moment.")
    batch_id: Annotated[str | None, Field(max_length=64)] = None
    parent_id: Annotated[str | None, Field(max_length=64)] = None
    deleted: bool = Field(False, description="Those that were put away, and no others.")

    def to_filter(self) -> RunFilter:
        """The filter as the store takes it."""
        values = {
            _PLURALS.get(name, name): value
            for name, value in self
            if _PLURALS.get(name, name) in RunFilter.model_fields
        }
        return RunFilter.model_validate(values)


class RunListQuery(RunQuery):
    """Which runs, in what order, and how many of them at once."""

    sort: Sort = Sort.NEWEST
    limit: int = Field(50, ge=1, le=LARGEST_PAGE)
    cursor: str | None = Field(
        None, max_length=300, description="The `next` of the page before, with the same `sort`."
    )
