"""Does a field say again what another says? Compared without spaces, signs and case."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from core.checks.found import found, short
from core.checks.subject import FieldText, Subject
from core.checks.words import compact, sentences, stems
from core.finding import Finding, Severity
from core.types import Language

_BEGINNING = 10  # letters; shorter texts may begin alike by chance
_SENTENCE = 6
_LONG = 16
_LONG_ITEM = 8
_ALIKE = 0.85
_COMMON = 4  # words
_MOST_WORDS = 0.8
_MOST_COMPARED = 40  # every text with every other; a longer answer is compared by equality only
_LONGEST_COMPARED = 2000
_INDEX = re.compile(r"\[\d+\]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class _Part:
    """One text, ready to be compared."""

    text: FieldText

    @property
    def kind(self) -> str:
        """What it is one of: "bullets[]" of "bullets[1]"."""
        return _INDEX.sub("[]", self.text.name)

    @cached_property
    def letters(self) -> str:
        return compact(self.text.text)

    @cached_property
    def letter_set(self) -> frozenset[str]:
        return frozenset(self.letters[:_LONGEST_COMPARED])

    @cached_property
    def is_tag(self) -> bool:
        return self.text.text.lstrip().startswith("#")

    @cached_property
    def numbers(self) -> list[str]:
        return sorted(_NUMBER.findall(self.text.text[:_LONGEST_COMPARED]))

    @cached_property
    def pairs(self) -> Counter[str]:
        """Its letters two by two, for likeness."""
        letters = self.letters[:_LONGEST_COMPARED]
        return Counter(letters[place : place + 2] for place in range(len(letters) - 1))

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(stems(self.text.text[:_LONGEST_COMPARED]))

    @cached_property
    def sentences(self) -> frozenset[str]:
        text = self.text.text[:_LONGEST_COMPARED]
        told = frozenset(compact(text[start:end]) for start, end in sentences(text))
        return told if len(told) > 1 else frozenset()


def check_repetition(subject: Subject) -> Iterator[Finding]:
    """Fields that repeat another or are its beginning, and items of a list that are alike."""
    parts = [part for part in map(_Part, subject.texts) if part.letters]
    given = compact(subject.payload_text)
    told: set[str] = set()
    seen: dict[str, _Part] = {}
    for place, part in enumerate(parts):
        equal = seen.setdefault(part.letters, part)
        if equal is not part and not _is_apart(equal, part):
            told.add(part.text.name)
            yield _finding(subject, part, equal, equal=True)
        if place >= _MOST_COMPARED:
            continue
        for other in parts[:place]:
            if other.letters == part.letters or _is_apart(other, part):
                continue
            repeat, source = _shorter_first(part, other)
            if not _repeats(repeat, source, given):
                continue
            if part.kind == other.kind:  # of two items of a list, the later one repeats
                repeat, source = part, other
            if repeat.text.name not in told:
                told.add(repeat.text.name)
                yield _finding(subject, repeat, source, equal=False)


def _is_apart(one: _Part, other: _Part) -> bool:
    """Whether two texts may be alike: a hashtag and the post it belongs to."""
    return one.is_tag != other.is_tag


def _shorter_first(one: _Part, other: _Part) -> tuple[_Part, _Part]:
    return (one, other) if len(one.letters) <= len(other.letters) else (other, one)


def _repeats(part: _Part, source: _Part, given: str) -> bool:
    """Whether `part`, the shorter one, says nothing that `source` does not say.

    A feature in the request's own words, `given`, may stand in a list and in a text.
    """
    if part.is_tag:
        return False
    if part.kind == source.kind:
        return _is_like_item(part, source)
    if "[" in part.kind and part.letters in given:
        return False
    if len(part.letters) >= _BEGINNING and source.letters.startswith(part.letters):
        return True
    if len(part.letters) >= _SENTENCE and part.letters in source.sentences:
        return True
    return len(part.letters) >= _LONG and _is_alike(part, source)


def _is_like_item(part: _Part, source: _Part) -> bool:
    """Whether two items of one list are alike: one the other's beginning, or the same words."""
    if part.numbers != source.numbers:
        return False
    if len(part.letters) >= _BEGINNING and source.letters.startswith(part.letters):
        return True
    if 2 * len(part.letters) < len(source.letters) or not _shares_letters(part, source):
        return False
    common = len(part.words & source.words)
    if len(part.words) >= 2 and part.words == source.words:
        return True
    if common >= _COMMON and common >= _MOST_WORDS * len(part.words):
        return True
    return len(part.letters) >= _LONG_ITEM and _is_alike(part, source)


def _shares_letters(part: _Part, source: _Part) -> bool:
    """Whether most letters of the one are in the other: a quick look before a closer one."""
    return 2 * len(part.letter_set & source.letter_set) > len(part.letter_set)


def _is_alike(part: _Part, source: _Part) -> bool:
    """Whether nearly all letters, two by two, are the same (Dice's coefficient)."""
    lengths = len(part.letters), len(source.letters)
    if 2 * min(lengths) < sum(lengths) * _ALIKE or not _shares_letters(part, source):
        return False
    if part.numbers != source.numbers:
        return False
    total = part.pairs.total() + source.pairs.total()
    return 2 * (part.pairs & source.pairs).total() >= total * _ALIKE


def _finding(subject: Subject, part: _Part, source: _Part, *, equal: bool) -> Finding:
    same_list = part.kind == source.kind
    shown = short(part.text.text)
    name = source.text.name
    where_ko = short(subject.label_of(name, Language.KOREAN)) if name else "앞"
    where_en = short(subject.label_of(name, Language.ENGLISH)) if name else "what stands before"
    ko = "같은 말이" if equal else "이 말이"
    en = "is the same as" if equal else "repeats"
    return found(
        "repeat.bullet" if same_list else "repeat.field",
        Severity.ERROR,
        part.text,
        (0, len(part.text.text)),
        ko=f"{ko} {where_ko}에도 있어요: ‘{shown}’",
        en=f"“{shown}” {en} {where_en}.",
    )
