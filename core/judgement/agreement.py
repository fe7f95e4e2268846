"""How far people agree: Krippendorff's alpha over pairs that several of them voted on.

Loads evalica and with it SciPy: import this where a ranking is shown, and nowhere else.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import evalica
import pandas as pd

from core.judgement.votes import Ballot
from core.opinion import Choice

# Krippendorff: rely on 0.8 and more, draw tentative conclusions from 0.667 on.
_GOOD, _FAIR, _SLIGHT = 0.8, 0.667, 0.2


class Accord(StrEnum):
    """Agreement in a word."""

    UNKNOWN = "unknown"
    NONE = "none"
    SLIGHT = "slight"
    FAIR = "fair"
    GOOD = "good"


@dataclass(frozen=True)
class Agreement:
    """`alpha` is 1 where all agree and 0 where it is as by chance, None where it has no value:
    nobody voted on the same pair, or everybody always said the same.

    `same` of `pairs` that at least two people voted on got one verdict from all of them.
    """

    alpha: float | None
    pairs: int
    same: int
    voters: int

    @property
    def accord(self) -> Accord:
        """The number in a word."""
        if self.alpha is None:
            return Accord.UNKNOWN
        if self.alpha >= _GOOD:
            return Accord.GOOD
        if self.alpha >= _FAIR:
            return Accord.FAIR
        return Accord.SLIGHT if self.alpha >= _SLIGHT else Accord.NONE


def agreement(ballots: Iterable[Ballot]) -> Agreement:
    """Agreement over verdicts by name (which run won, tie, both bad); skips are no verdict.

    The verdict is "first" or "second" run of a pair, whichever side it stood on.
    """
    verdicts: dict[tuple[str, str], dict[str, str]] = {}
    for ballot in ballots:
        if ballot.choice is not Choice.SKIP:
            verdicts.setdefault(ballot.pair, {})[ballot.user] = _code(ballot)
    shared = {pair: said for pair, said in verdicts.items() if len(said) > 1}
    return Agreement(
        alpha=_alpha(shared),
        pairs=len(shared),
        same=sum(len(set(said.values())) == 1 for said in shared.values()),
        voters=len({user for said in shared.values() for user in said}),
    )


def _code(ballot: Ballot) -> str:
    first, second = ballot.pair
    return {first: "first", second: "second"}.get(ballot.verdict, ballot.verdict)


def _alpha(shared: dict[tuple[str, str], dict[str, str]]) -> float | None:
    if len({code for said in shared.values() for code in said.values()}) < 2:
        return None
    codes = {code: number for number, code in enumerate(("first", "second", "tie", "both_bad"))}
    # Observers are rows, pairs are columns; what somebody did not vote on is missing.
    table = pd.DataFrame(
        [{user: float(codes[code]) for user, code in said.items()} for said in shared.values()]
    ).T
    alpha = evalica.alpha(table, distance="nominal").alpha
    return None if math.isnan(alpha) else float(alpha)
