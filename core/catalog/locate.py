"""Finding the line of a dotted key in a TOML text, which tomllib does not tell."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

Place = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.\- ]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*([\w\-]+(?:\s*\.\s*[\w\-]+)*)\s*=(.*)$")
_QUOTES = ('"""', "'''")


@dataclass(frozen=True)
class Position:
    """Where a key stands, and where the text of its value begins; lines count from 1."""

    line: int
    value_line: int


def position_of(place: Place, positions: Mapping[Place, Position]) -> Position | None:
    """The position of `place`, or else of the nearest table or key around it."""
    for length in range(len(place), 0, -1):
        if place[:length] in positions:
            return positions[place[:length]]
    return None


def find_positions(text: str) -> dict[Place, Position]:
    """Every table and key of a TOML text that stands at the start of a line."""
    positions: dict[Place, Position] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    closing = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if closing:
            closing = "" if closing in line else closing
        elif header := _HEADER.match(line):
            table = _table(header[2], counts, is_array=header[1] == "[[")
            positions.setdefault(table, Position(number, number))
        elif key := _KEY.match(line):
            closing = _opened(key[2])
            below = bool(closing) and key[2].strip() == closing
            place = (*table, *_names(key[1]))
            positions.setdefault(place, Position(number, number + below))
    return positions


def _names(dotted: str) -> list[str]:
    return [name.strip() for name in dotted.split(".")]


def _table(dotted: str, counts: dict[Place, int], *, is_array: bool) -> Place:
    """The place a header opens; inside an array of tables, that of its latest table."""
    place: Place = ()
    names = _names(dotted)
    for index, name in enumerate(names):
        place = (*place, name)
        if is_array and index == len(names) - 1:
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, counts[place])
    return place


def _opened(value: str) -> str:
    """The quotes of a multi-line text that begins in this line and does not end in it."""
    quotes = min((q for q in _QUOTES if q in value), key=value.index, default="")
    return quotes if quotes and value.count(quotes) == 1 else ""
