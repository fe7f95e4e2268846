"""Ours against a floor, in turns, so that a machine that slows down slows both."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median, quantiles
from typing import Literal, TypeVar

T = TypeVar("T")


class Size(StrEnum):
    """How much is measured: enough to trust, enough to get an idea, or only that it runs."""

    FULL = "full"
    QUICK = "quick"
    SMOKE = "smoke"


@dataclass(frozen=True)
class Figure:
    """One measured thing: medians of floor and ours, and the ratios of the pairs.

    `aim` bounds the ratio, or with `bounds="ours"` our own figure; it is the least one where
    `larger_is_better`, else the most. None: told without an aim.
    """

    name: str
    unit: str
    floor: Sequence[float]
    ours: Sequence[float]
    aim: float | None = None
    larger_is_better: bool = False
    bounds: Literal["ratio", "ours"] = "ratio"

    @property
    def ratios(self) -> list[float]:
        """Ours to the floor measured just before it."""
        return [ours / floor for floor, ours in zip(self.floor, self.ours, strict=True)]

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """The quarters between which half of the ratios lie."""
        return spread(self.ratios)

    @property
    def met(self) -> bool | None:
        """Whether the aim is reached, None where there is none."""
        if self.aim is None:
            return None
        value = self.ratio if self.bounds == "ratio" else median(self.ours)
        return value >= self.aim if self.larger_is_better else value <= self.aim


def spread(values: Sequence[float]) -> tuple[float, float]:
    """First and third quartile; of a single value that value twice."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = quantiles(values, n=4, method="inclusive")
    return low, high


async def in_turns(
    floor: Callable[[], Awaitable[T]], ours: Callable[[], Awaitable[T]], rounds: int
) -> tuple[list[T], list[T]]:
    """What `floor` and `ours` give in `rounds` rounds, after one of each that does not count."""
    await floor()
    await ours()
    floors, owns = [], []
    for _ in range(rounds):
        floors.append(await floor())
        owns.append(await ours())
    return floors, owns
