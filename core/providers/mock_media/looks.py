"""Palettes and which composition suits which preset, from `looks.toml`."""

import functools
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.providers.mock.dice import Dice

Colour = tuple[int, int, int]

MOST_READ = 2000


@dataclass(frozen=True)
class Palette:
    """Colours that go together: `colours` from light to dark, `ink` to be read on `paper`."""

    name: str
    paper: Colour
    ink: Colour
    accent: Colour
    colours: tuple[Colour, ...]
    words: tuple[str, ...]

    def suits(self, said: Sequence[str]) -> bool:
        """Whether one of the words said speaks for this palette."""
        return any(
            heard == word or (heard.startswith(word) and not word.isascii())
            for word in self.words
            for heard in said
        )


@dataclass(frozen=True)
class Looks:
    """Everything in the file: palettes, and names of compositions by preset."""

    palettes: tuple[Palette, ...]
    compositions: dict[str, tuple[str, ...]]

    def palette_for(self, prompt: str, dice: Dice) -> Palette:
        """One of the palettes that suit the prompt, else any."""
        said = re.findall(r"\w+", prompt[:MOST_READ].casefold())
        fitting = [palette for palette in self.palettes if palette.suits(said)]
        return dice.pick("palette", fitting or self.palettes)


@functools.cache
def load_looks() -> Looks:
    """The file, read once."""
    text = Path(__file__).with_name("looks.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return Looks(
        palettes=tuple(_palette(entry) for entry in data["palettes"]),
        compositions={task: tuple(names) for task, names in data["compositions"].items()},
    )


def _palette(entry: dict) -> Palette:
    return Palette(
        name=entry["name"],
        paper=_colour(entry["paper"]),
        ink=_colour(entry["ink"]),
        accent=_colour(entry["accent"]),
        colours=tuple(_colour(value) for value in entry["colours"]),
        words=tuple(entry["words"]),
    )


def _colour(value: str) -> Colour:
    red, green, blue = bytes.fromhex(value.removeprefix("#"))
    return red, green, blue


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with `share` (0 to 1) of `other` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
