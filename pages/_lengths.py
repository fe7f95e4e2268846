"""Lengths of an answer's fields against their limits, as a reader sees them."""

from enum import Enum, auto

from pydantic import JsonValue

from core.run import (
    FieldLength,
    Run,
)
from core.types import (
    RunStatus,
)
from pages._format import gray, number, red, small
from pages._i18n import _


class Stage(Enum):
    """How far an answer is: only a whole one can be too short or lack something."""

    LIVE = auto()
    BROKEN_OFF = auto()
    WHOLE = auto()

    @classmethod
    def of(cls, run: Run) -> "Stage":
        """The stage of the answer of `run`."""
        if not run.status.is_final:
            return cls.LIVE
        return cls.WHOLE if run.status is RunStatus.SUCCEEDED else cls.BROKEN_OFF


def count(
    name: str, items: list[JsonValue], lowest: int | None, highest: int | None
) -> FieldLength:
    """How many items a list has, against how many it may have."""
    held = len(items)
    ok = (lowest is None or held >= lowest) and (highest is None or held <= highest)
    return FieldLength(name=name, length=held, minimum=lowest, maximum=highest, ok=ok)


def measure(
    length: FieldLength | None, *, stage: Stage, items: bool = False, between: str = " · "
) -> str:
    """`18 / 20`; where a limit is broken also by how much, in red and in words."""
    if length is None or length.length is None:
        return ""
    if length.maximum is None and length.minimum is None:
        return ""
    shown = number(length.length)
    if length.maximum is not None:
        shown += f" / {number(length.maximum)}"
    over = length.length - (length.maximum or length.length)
    short = 0 if stage is not Stage.WHOLE else (length.minimum or 0) - length.length
    if over > 0:
        words = _("{n} too many") if items else _("{n} over")
        return _broken(shown, words.format(n=number(over)), between)
    if short > 0:
        words = _("{n} too few") if items else _("{n} short")
        return _broken(shown, words.format(n=number(short)), between)
    return small(gray(shown))


def _broken(shown: str, by_how_much: str, between: str) -> str:
    return small(red(f"**{shown}**")) + between + small(red(f"**{by_how_much}**"))
