"""The mock's sentences: data files of phrases with slots, and how a slot is filled.

A phrase may hold `{field}` (a word of that payload field), `{field#2}` (another one of it),
`{field:은/는}` (with the fitting particle) and `{‘field’:은/는}` (in quotes, with particle).
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from core.providers.mock.josa import with_josa
from core.providers.mock.words import Words
from core.types import Language, normalise

Tree = Mapping[str, Any]

FOLDER = Path(__file__).parent / "copy"

_SLOT = re.compile(r"\{([‘“]?)([a-z_]+)(?:#(\d))?([’”]?)(?::([^{}/]+/[^{}/]*))?\}")
_HANGUL = re.compile("[가-힣]")


@dataclass(frozen=True)
class Slot:
    """A place for a word: the payload field, which of its words, quotes and particle pair."""

    field: str
    nth: int = 0
    josa: str = ""
    quotes: tuple[str, str] = ("", "")


@dataclass(frozen=True, eq=False)
class Phrase:
    """A sentence with slots. Equal only to itself, which makes it a cheap member of a set."""

    parts: tuple[str | Slot, ...]

    @cached_property
    def literal(self) -> str:
        """The phrase without its slots."""
        return "".join(part for part in self.parts if isinstance(part, str))

    @cached_property
    def is_quote(self) -> bool:
        """Whether it only quotes a word and adds none of its own."""
        return not any(character.isalnum() for character in self.literal)

    @classmethod
    def parse(cls, source: str) -> "Phrase":
        """The phrase written as `source`."""
        parts: list[str | Slot] = []
        at = 0
        for match in _SLOT.finditer(source):
            opening, field, nth, closing, josa = match.groups()
            slot = Slot(field, int(nth or 1) - 1, josa or "", (opening, closing))
            parts += [source[at : match.start()], slot]
            at = match.end()
        return cls(tuple(part for part in (*parts, source[at:]) if part))

    def filled(self, words: Words, *, start: int = 0) -> Iterator[str]:
        """The phrase with every fitting choice of words, from the `start`-th word on.

        Nothing where a field has no word, or not as many as the phrase wants.
        """
        if any(len(words.get(slot.field, ())) <= slot.nth for slot in self._slots):
            return
        turns = max((len(words[slot.field]) for slot in self._slots), default=1)
        for turn in range(start, start + turns):
            text = "".join(
                part if isinstance(part, str) else _word(part, words[part.field], turn)
                for part in self.parts
            )
            yield normalise(text if self.is_quote or self._opens_with_name else _capitalised(text))

    @cached_property
    def _slots(self) -> list[Slot]:
        return [part for part in self.parts if isinstance(part, Slot)]

    @cached_property
    def _opens_with_name(self) -> bool:
        first = self.parts[0]
        return isinstance(first, Slot) and first.field.endswith("name")


def _word(slot: Slot, words: tuple[str, ...], turn: int) -> str:
    word = words[(turn + slot.nth) % len(words)].join(slot.quotes)
    return with_josa(word, slot.josa) if slot.josa else word


def _capitalised(text: str) -> str:
    """English with a capital first letter, unless its first word has a spelling of its own."""
    first = text.split(" ", 1)[0]
    ordinary = first.isascii() and first.islower() and not _HANGUL.search(text)
    return text[:1].upper() + text[1:] if ordinary else text


@cache
def load_copy(language: Language) -> Tree:
    """The phrases of `language`: tables in tables, with tuples of phrases as the leaves."""
    source = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return _parsed(source)


def _parsed(table: dict[str, Any]) -> Tree:
    return {
        key: _parsed(value) if isinstance(value, dict) else tuple(map(Phrase.parse, value))
        for key, value in table.items()
    }


def first_fitting(
    phrase: Phrase, words: Words, *, start: int, fits: Callable[[str], bool]
) -> str | None:
    """The first text of `phrase` that `fits` accepts, or None."""
    return next((text for text in phrase.filled(words, start=start) if fits(text)), None)
