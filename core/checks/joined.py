"""All texts of an answer as one, so that a pattern runs over them once."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property

from core.checks.found import MOST_A_FIELD
from core.checks.subject import FieldText

# Longer than anything that a pattern lets stand between two words: nothing matches across it.
_GAP = "\x00" * 16
_HANGUL = re.compile(r"[가-힣]")
_LATIN = re.compile(r"[A-Za-z]{2}")

Place = tuple[FieldText, int, int]


class Joined:
    """`texts` joined, and the way back from a place in it to the text it lies in."""

    def __init__(self, texts: Iterable[FieldText]) -> None:
        self.texts = tuple(texts)
        self._starts: list[int] = []
        start = 0
        for text in self.texts:
            self._starts.append(start)
            start += len(text.text) + len(_GAP)
        self.text = _GAP.join(text.text for text in self.texts)

    @cached_property
    def has_hangul(self) -> bool:
        """Whether there is any Hangul in it."""
        return bool(_HANGUL.search(self.text))

    @cached_property
    def has_latin(self) -> bool:
        """Whether there is any Latin word in it."""
        return bool(_LATIN.search(self.text))

    def place(self, start: int, end: int) -> Place:
        """The text in which `start` to `end` of the whole lies, and where in it."""
        index = bisect_right(self._starts, start) - 1
        shift = self._starts[index]
        return self.texts[index], start - shift, end - shift

    def places(self, spans: Iterable[tuple[int, int]]) -> Iterator[Place]:
        """The places of `spans`, not more than a reader can take in for one text."""
        told = [0] * len(self.texts)
        for start, end in spans:
            index = bisect_right(self._starts, start) - 1
            told[index] += 1
            if told[index] <= MOST_A_FIELD:
                yield self.place(start, end)
            elif len(told) == 1:
                return
