"""Which two answers to show next: comparable, seldom voted on, and on either side by chance."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from core.types import Mode

MOST_OF_ONE = 3  # answers of one contender to one brief: more would drown the other briefs

Runs = frozenset[str]


@dataclass(frozen=True)
class Contender:
    """Who stands for election: a model with its settings (options without the seed, prompt)."""

    model: str
    settings: str = ""


@dataclass(frozen=True)
class Candidate:
    """A run that can be judged. Runs of one `group` answer the same request: kind, task,
    payload, language and mode are alike. Equal `answer` means the same words.
    """

    id: str
    group: str
    task: str
    mode: Mode
    contender: Contender
    answer: str


@dataclass(frozen=True)
class Pair:
    """Two runs as they are shown; `vote_id` is the id that the vote on them will have."""

    vote_id: str
    left: str
    right: str


@dataclass(frozen=True)
class _Option:
    """A pair that could be shown, and what speaks against it: the least goes first."""

    runs: tuple[str, str]
    group: str
    is_mock: bool
    same_model: bool


@dataclass
class Pairs:
    """The pairs that `candidates` make, the newest first, and who has voted on which.

    `votes` holds (person, run, run) of every vote there is, skips included.
    """

    candidates: Sequence[Candidate]
    votes: Iterable[tuple[str, str, str]]
    user: str
    _options: list[_Option] = field(init=False)

    def __post_init__(self) -> None:
        self._options = list(_options(self.candidates))
        cast = [(user, frozenset((left, right))) for user, left, right in self.votes]
        self._counts = Counter(runs for _, runs in cast)
        self._own = {runs for user, runs in cast if user == self.user}

    @property
    def total(self) -> int:
        """How many pairs there are."""
        return len(self._options)

    @property
    def done(self) -> int:
        """How many of them this person has voted on or skipped."""
        return sum(frozenset(option.runs) in self._own for option in self._options)

    def has(self, pair: Pair) -> bool:
        """Whether `pair` is still one that this person can be asked about."""
        runs = frozenset((pair.left, pair.right))
        return runs not in self._own and any(
            runs == frozenset(option.runs) for option in self._options
        )

    def next(self, vote_id: str) -> Pair | None:
        """The pair this person should see now, None when there is none left.

        Live before mock, different models before one model with itself, then what has the
        fewest votes, then briefs this person has seen least. What is left, and the sides, is
        chance: drawn from `vote_id`, so that the same id gives the same pair.
        """
        chance = random.Random(vote_id)  # noqa: S311 - nothing secret is drawn
        seen = Counter(
            option.group for option in self._options if frozenset(option.runs) in self._own
        )
        open_ = [option for option in self._options if frozenset(option.runs) not in self._own]
        if not open_:
            return None
        chosen = min(
            open_,
            key=lambda option: (
                option.is_mock,
                option.same_model,
                self._counts[frozenset(option.runs)],
                seen[option.group],
                chance.random(),
            ),
        )
        left, right = chance.sample(chosen.runs, 2)
        return Pair(vote_id=vote_id, left=left, right=right)


def _options(candidates: Sequence[Candidate]) -> Iterator[_Option]:
    """Every pair of different contenders that answered the same request in different words."""
    groups: dict[str, list[Candidate]] = {}
    held: Counter[tuple[str, Contender]] = Counter()
    for candidate in candidates:
        place = candidate.group, candidate.contender
        if held[place] < MOST_OF_ONE:
            held[place] += 1
            groups.setdefault(candidate.group, []).append(candidate)
    for group, members in groups.items():
        for one, other in combinations(members, 2):
            if one.contender != other.contender and one.answer != other.answer:
                yield _Option(
                    runs=(one.id, other.id),
                    group=group,
                    is_mock=one.mode is Mode.MOCK,
                    same_model=one.contender.model == other.contender.model,
                )
