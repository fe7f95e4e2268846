"""Who wins against whom: Bradley-Terry over the votes, with intervals (docs/judgement.md).

Loads evalica and with it SciPy: import this where a ranking is shown, and nowhere else.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import evalica

from core.judgement.pairs import Contender
from core.judgement.votes import DECIDED, Ballot, share
from core.opinion import Choice

PRIOR = 1.0  # ties with an average contender that everybody starts with
RESAMPLES = 200
_SEED = 20261124
_ANCHOR = ""
_ROUNDS = 2000

Name = Callable[[Contender], str]
Row = tuple[str, str, evalica.Winner]


@dataclass(frozen=True)
class Standing:
    """A contender's place: `strength` is the chance to win a vote against another one of the
    ranking, between `low` and `high` with 95 % confidence. Ties count half.

    `one_sided` says that it won, or lost, every vote: how far it is ahead cannot be known.
    """

    name: str
    strength: float
    low: float
    high: float
    wins: int
    losses: int
    ties: int
    both_bad: int
    voters: int
    one_sided: bool

    @property
    def votes(self) -> int:
        """Votes that the strength stands on."""
        return self.wins + self.losses + self.ties


@dataclass(frozen=True)
class Ranking:
    """Standings, the strongest first. There are several `groups` where votes do not link all
    contenders: whether those of one group are better than those of another is not known.
    """

    groups: tuple[tuple[Standing, ...], ...]


def rank(ballots: Iterable[Ballot], *, name: Name = lambda contender: contender.model) -> Ranking:
    """Rank what `name` tells apart. Votes of one name with itself are left out; both bad and
    skips say nothing of who is better: the first are counted, the second not even that.
    """
    named = [(name(ballot.left), name(ballot.right), ballot) for ballot in ballots]
    apart = [item for item in named if item[0] != item[1]]
    decided = [item for item in apart if item[2].choice in DECIDED]
    groups = [
        _standings(names, [item for item in decided if item[0] in names], apart)
        for names in _linked(decided)
    ]
    return Ranking(groups=tuple(sorted(groups, key=len, reverse=True)))


_Named = tuple[str, str, Ballot]


def _linked(decided: Sequence[_Named]) -> list[set[str]]:
    """The names in sets, each linked by votes."""
    groups: list[set[str]] = []
    for left, right, _ in decided:
        touched = [group for group in groups if left in group or right in group]
        groups = [group for group in groups if group not in touched]
        groups.append({left, right}.union(*touched))
    return groups


def _standings(
    names: set[str], decided: Sequence[_Named], apart: Sequence[_Named]
) -> tuple[Standing, ...]:
    order = sorted(names)
    # Votes on the same two runs are much alike: they are drawn together, as one.
    bundles: dict[tuple[str, str], Counter[Row]] = {}
    for item in decided:
        bundles.setdefault(item[2].pair, Counter())[_row(item)] += 1
    found = _strengths(order, bundles.values())
    chance = random.Random(_SEED)  # noqa: S311 - the same votes give the same interval
    drawn = [
        _strengths(order, chance.choices(list(bundles.values()), k=len(bundles)))
        for _ in range(RESAMPLES)
    ]
    standings = [
        _standing(one, found[one], sorted(sample[one] for sample in drawn), apart) for one in order
    ]
    return tuple(sorted(standings, key=lambda standing: (-standing.strength, standing.name)))


def _row(item: _Named) -> Row:
    """The vote with its names in order, so that equal votes are counted together."""
    left, right, ballot = item
    if ballot.choice is Choice.TIE:
        return min(left, right), max(left, right), evalica.Winner.Draw
    is_left = ballot.choice is Choice.LEFT
    return (left, right, evalica.Winner.X) if is_left else (right, left, evalica.Winner.X)


def _strengths(names: Sequence[str], bundles: Iterable[Counter[Row]]) -> dict[str, float]:
    """The mean chance of each name to win against each other one.

    Everybody starts with a tie against an average contender: without it, one who always won
    would be infinitely strong, and a part that a resample cuts off would have no place.
    """
    weights: Counter[Row] = Counter()
    for bundle in bundles:
        weights.update(bundle)
    rows: list[Row] = [*weights, *((one, _ANCHOR, evalica.Winner.Draw) for one in names)]
    result = evalica.bradley_terry(
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
        weights=[*(float(count) for count in weights.values()), *(PRIOR for _ in names)],
        tolerance=1e-8,
        limit=_ROUNDS,
    )
    scores = {str(one): float(score) for one, score in result.scores.items()}
    return {
        one: math.fsum(
            scores[one] / (scores[one] + scores[other]) for other in names if other != one
        )
        / (len(names) - 1)
        for one in names
    }


def _standing(
    name: str, strength: float, drawn: Sequence[float], apart: Sequence[_Named]
) -> Standing:
    own = [item for item in apart if name in item[:2]]
    counted = Counter(_outcome(name, item) for item in own)
    wins, losses, ties = counted["win"], counted["loss"], counted["tie"]
    edge = len(drawn) // 40  # 2.5 % on either side
    # Resampling a handful of votes gives much the same votes again: an interval is never
    # narrower than that of a share known from so many pairs.
    pairs = len({item[2].pair for item in own if item[2].choice in DECIDED})
    likely = share(strength * pairs, pairs)
    return Standing(
        name=name,
        strength=strength,
        low=min(drawn[edge], likely.low, strength),
        high=max(drawn[-1 - edge], likely.high, strength),
        wins=wins,
        losses=losses,
        ties=ties,
        both_bad=counted["both_bad"],
        voters=len({item[2].user for item in own if item[2].choice in DECIDED}),
        one_sided=not ties and not (wins and losses),
    )


def _outcome(name: str, item: _Named) -> str:
    left, _, ballot = item
    if ballot.choice not in (Choice.LEFT, Choice.RIGHT):
        return ballot.choice.value
    return "win" if (ballot.choice is Choice.LEFT) == (left == name) else "loss"
