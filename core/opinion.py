"""What people say of runs: ratings with reasons, votes between two, tags and notes."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from core.types import Frozen, Text, normalise, utc_now

# The constraints come first: behind a validator in Python, stripping would follow the counting.
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(normalise),
]
Tag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=40),
    AfterValidator(normalise),
]


class Reason(StrEnum):
    """Why a rating is as it is."""

    TONE = "tone"
    FACTS = "facts"
    LENGTH = "length"
    BRAND = "brand"
    SPELLING = "spelling"
    LANGUAGE = "language"
    IDEA = "idea"
    LOOK = "look"


class Rating(Frozen):
    """One person's rating of one run, 1 to 5 stars; the same person's next replaces it."""

    run_id: str
    user: Name
    stars: int = Field(ge=1, le=5)
    reasons: tuple[Reason, ...] = ()
    comment: Text = Field(default="", max_length=2000)
    created_at: datetime = Field(default_factory=utc_now)


class Choice(StrEnum):
    """How a vote between two answers went; a skip is kept so that the pair is not shown again."""

    LEFT = "left"
    RIGHT = "right"
    TIE = "tie"
    BOTH_BAD = "both_bad"
    SKIP = "skip"


class Vote(Frozen):
    """One person's choice between two runs, and on which side each stood."""

    id: str
    created_at: datetime = Field(default_factory=utc_now)
    user: Name
    left_run: str
    right_run: str
    choice: Choice


class Note(Frozen):
    """What somebody wrote down about a run."""

    run_id: str
    text: Text = Field(max_length=5000)
    user: Name | None = None
    changed_at: datetime = Field(default_factory=utc_now)
