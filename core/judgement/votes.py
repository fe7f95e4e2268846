"""Votes as they are counted: who won, told by names instead of runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

from core.judgement.pairs import Contender
from core.opinion import Choice
from core.types import Mode

DECIDED = (Choice.LEFT, Choice.RIGHT, Choice.TIE)


@dataclass(frozen=True)
class Ballot:
    """One vote, with what stood on both sides."""

    user: str
    task: str
    mode: Mode
    left_run: str
    right_run: str
    left: Contender
    right: Contender
    choice: Choice

    @property
    def pair(self) -> tuple[str, str]:
        """The two runs, in the order of their ids."""
        first, second = sorted((self.left_run, self.right_run))
        return first, second

    @property
    def verdict(self) -> str:
        """The run that won, or "tie", "both_bad", "skip": does not depend on the sides."""
        if self.choice is Choice.LEFT:
            return self.left_run
        return self.right_run if self.choice is Choice.RIGHT else self.choice.value


@dataclass(frozen=True)
class Share:
    """A part of a whole with the interval it is likely to lie in (95 %, Wilson's)."""

    hits: float
    total: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share itself, 0.5 of nothing."""
        return self.hits / self.total if self.total else 0.5


def share(hits: float, total: int) -> Share:
    """`hits` of `total` with Wilson's interval, which holds for few votes and extremes too.

    A tie is half a hit.
    """
    if not total:
        return Share(hits=0, total=0, low=0.0, high=1.0)
    z = NormalDist().inv_cdf(0.975)
    part = hits / total
    middle = part + z * z / (2 * total)
    spread = z * (part * (1 - part) / total + z * z / (4 * total * total)) ** 0.5
    scale = 1 + z * z / total
    low, high = (middle - spread) / scale, (middle + spread) / scale
    return Share(hits=hits, total=total, low=max(low, 0.0), high=min(high, 1.0))


def left_wins(ballots: Iterable[Ballot]) -> Share:
    """How often the left side won where one side did: about half, if sides do not matter."""
    won = [ballot.choice for ballot in ballots if ballot.choice in (Choice.LEFT, Choice.RIGHT)]
    return share(sum(choice is Choice.LEFT for choice in won), len(won))
