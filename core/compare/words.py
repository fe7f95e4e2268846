"""Text cut into what a reader sees as one: words with the space before them, and letters."""

from typing import NamedTuple

import regex

# An eojeol, or one letter of a script that is written without spaces.
_UNIT = regex.compile(
    r"(\s*)([\p{Han}\p{Hiragana}\p{Katakana}]|[^\s\p{Han}\p{Hiragana}\p{Katakana}]+)"
)
_LETTER = regex.compile(r"\X")


class Unit(NamedTuple):
    """A word and the space before it; the last one of a text may be space alone."""

    space: str
    word: str

    @property
    def text(self) -> str:
        """Both, as they stood."""
        return self.space + self.word


def units(text: str) -> list[Unit]:
    """`text` in words; their texts joined are `text` again."""
    found = [Unit(*match.groups()) for match in _UNIT.finditer(text)]
    read = sum(len(unit.text) for unit in found)
    return [*found, Unit(text[read:], "")] if read < len(text) else found


def lines(text: str) -> list[str]:
    """`text` in lines, each with its end."""
    return text.splitlines(keepends=True)


def letters(text: str) -> list[str]:
    """`text` in letters as people count them: an emoji family and a decomposed 각 are one."""
    return _LETTER.findall(text)


def common_ends(left: list[str], right: list[str]) -> tuple[int, int]:
    """How many items two lists share at their beginning, and then at their end."""
    most = min(len(left), len(right))
    head = next((place for place in range(most) if left[place] != right[place]), most)
    most -= head
    tail = next((place for place in range(most) if left[-1 - place] != right[-1 - place]), most)
    return head, tail
