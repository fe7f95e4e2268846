"""Words on a picture: what can be shown of them, broken into lines that fit."""

import itertools
import unicodedata
from dataclasses import dataclass

from PIL import ImageDraw

from core.providers.mock_media.looks import Colour
from core.providers.mock_media.romanise import romanised
from core.providers.mock_media.typeface import Font, Typeface

ELLIPSIS = "…"
LONGEST_TEXT = 700
LINE_HEIGHT = 1.36
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_SYMBOLS = {"So", "Sk", "Mn", "Me"}


@dataclass(frozen=True)
class Block:
    """Lines of one size. `height` in pixels with the room between lines."""

    lines: tuple[str, ...]
    size: int
    colour: Colour
    bold: bool = False

    @property
    def height(self) -> int:
        """How high the block is."""
        return round(len(self.lines) * self.size * LINE_HEIGHT)

    def write(self, draw: ImageDraw.ImageDraw, x: float, y: float, typeface: Typeface) -> None:
        """Draw the lines with their top left corner at x, y."""
        for number, line in enumerate(self.lines):
            draw.text(
                (x, y + self.size * LINE_HEIGHT * (number + 0.5)),
                line,
                fill=self.colour,
                font=typeface.at(self.size),
                anchor="lm",
                stroke_width=self.size / 60 if self.bold else 0,
            )


def showable(text: str, typeface: Typeface) -> tuple[str, int]:
    """`text` in one line of what the font has, and how many signs it has no picture of.

    Emoji and marks without a picture are left out, letters become a white square; where the
    font has no Hangul, Korean is romanised.
    """
    text = unicodedata.normalize("NFC", text[: LONGEST_TEXT * 3])
    if not typeface.has_hangul:
        text = romanised(text)
    shown, missing = [], 0
    for character in text:
        category = unicodedata.category(character)
        if character.isspace():
            shown.append(" ")
        elif category in _UNSEEN:
            continue
        elif typeface.has(character):
            shown.append(character)
        else:
            missing += 1
            shown.append(" " if category in _SYMBOLS else "□" if typeface.has("□") else "?")
    return " ".join("".join(shown).split()), missing


def broken(text: str, *, typeface: Typeface, size: int, width: float, most: int) -> tuple[str, ...]:
    """`text` in at most `most` lines of `width` pixels; an ellipsis where it had to be cut.

    Breaks between words, inside a word only where the word alone is too long.
    """
    font = typeface.at(size)
    if not text or most < 1:
        return ()
    lines: list[str] = []
    rest = text[:LONGEST_TEXT]
    cut = len(text) > LONGEST_TEXT
    while rest and len(lines) < most:
        count = _fitting(rest, font, width)
        if count < len(rest) and rest[count] != " " and " " in rest[1:count]:
            count = rest.rindex(" ", 0, count)
        lines.append(rest[:count].rstrip())
        rest = rest[count:].lstrip()
    if rest or cut:
        last = lines[-1]
        while last and font.getlength(last + ELLIPSIS) > width:
            last = last[:-1]
        lines[-1] = last.rstrip(" ,.·") + (ELLIPSIS if typeface.has(ELLIPSIS) else "...")
    return tuple(lines)


def _fitting(text: str, font: Font, width: float) -> int:
    """How many of the first characters fit into `width`, at least one."""
    low, high = 1, min(len(text), max(2, int(width)))
    while low < high:
        middle = (low + high + 1) // 2
        if font.getlength(text[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    return low


def fitted(
    text: str, *, typeface: Typeface, sizes: tuple[int, int], width: float, most: int
) -> tuple[tuple[str, ...], int]:
    """The lines of `text` in the largest of the sizes (first to last) that needs no cut."""
    largest, smallest = sizes
    lines: tuple[str, ...] = ()
    steps = itertools.takewhile(
        lambda size: size > smallest, (round(largest * 0.88**step) for step in range(30))
    )
    for size in [*steps, smallest]:
        lines = broken(text, typeface=typeface, size=size, width=width, most=most)
        if "".join(lines).replace(" ", "") == text.replace(" ", ""):
            return lines, size
    return lines, smallest
