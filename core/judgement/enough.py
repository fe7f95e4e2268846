"""Whether votes are enough to conclude from, and if not, what is lacking."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

FEWEST_VOTES = 20  # of a contender: a share of 20 votes is known to about ±20 points
FEWEST_VOTERS = 3  # fewer are taste, and one of two cannot be outvoted


class Place(Protocol):
    """What this module looks at: see `core.judgement.ranking.Standing`."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def votes(self) -> int: ...  # noqa: D102
    @property
    def low(self) -> float: ...  # noqa: D102
    @property
    def high(self) -> float: ...  # noqa: D102
    @property
    def one_sided(self) -> bool: ...  # noqa: D102


class Lack(StrEnum):
    """A reason not to conclude yet."""

    FEW_VOTES = "few_votes"
    FEW_VOTERS = "few_voters"
    OVERLAP = "overlap"
    ONE_SIDED = "one_sided"
    UNLINKED = "unlinked"


@dataclass(frozen=True)
class Warned:
    """A reason, and the contenders it is about (none: all)."""

    lack: Lack
    names: tuple[str, ...] = ()


def lacking(groups: Sequence[Sequence[Place]], *, voters: int) -> list[Warned]:
    """What speaks against concluding from a ranking; empty when nothing does."""
    everyone = [place for group in groups for place in group]
    few = tuple(place.name for place in everyone if place.votes < FEWEST_VOTES)
    one_sided = tuple(place.name for place in everyone if place.one_sided)
    first_two = groups[0][:2] if groups else ()
    overlap = len(first_two) == 2 and first_two[0].low <= first_two[1].high
    found = [
        Warned(Lack.FEW_VOTES, few) if few else None,
        Warned(Lack.FEW_VOTERS) if voters < FEWEST_VOTERS else None,
        Warned(Lack.ONE_SIDED, one_sided) if one_sided else None,
        Warned(Lack.OVERLAP, tuple(place.name for place in first_two)) if overlap else None,
        Warned(Lack.UNLINKED) if len(groups) > 1 else None,
    ]
    return [warned for warned in found if warned]
