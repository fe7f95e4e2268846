"""Brackets and quotation marks that are opened and never closed."""

from collections.abc import Iterator

from core.checks.found import found, short
from core.checks.subject import FieldText, Subject
from core.checks.words import is_hangul
from core.finding import Finding, Severity

_CLOSERS = dict(zip("([{（「『【《〈“‘", ")]}）」』】》〉”’", strict=True))
_OPENERS = {closer: opener for opener, closer in _CLOSERS.items()}
_SMILE_EYES = frozenset(":;=8ㅠㅜ^")
_STRAIGHT = '"'
_INCH_OR_SECOND = frozenset("0123456789")
_LONGEST = 20_000  # a longer text is not copy, and its brackets are nobody's matter


def check_pairs(subject: Subject) -> Iterator[Finding]:
    """The first one in a text that stays open."""
    if subject.wants_json and subject.parsed is None:
        return
    for text in subject.texts:
        place = open_mark(text.text) if len(text.text) <= _LONGEST else None
        if place is not None:
            yield _finding(text, place)


def open_mark(text: str) -> int | None:
    """Where the first bracket or quotation mark stands that is never closed."""
    stack: list[int] = []
    straight: list[int] = []
    for place, character in enumerate(text):
        if character in _CLOSERS:
            if not (character == "(" and text[place - 1 : place] in _SMILE_EYES):
                stack.append(place)
        elif character in _OPENERS:
            _close(stack, text, _OPENERS[character])
        elif character == _STRAIGHT and text[place - 1 : place] not in _INCH_OR_SECOND:
            straight.append(place)
        elif character == _STRAIGHT and len(straight) % 2:
            straight.append(place)  # a quotation that ends with a number
    still_open = [place for place in stack if text[place] != "‘"] + _single(text, stack)
    if len(straight) % 2:
        still_open.append(straight[-1])
    return min(still_open, default=None)


def _close(stack: list[int], text: str, opener: str) -> None:
    """Take the nearest `opener` off, and what stands open inside it stays told."""
    for index in range(len(stack) - 1, max(-1, len(stack) - 9), -1):
        if text[stack[index]] == opener:
            del stack[index]
            return


def _single(text: str, stack: list[int]) -> list[int]:
    """Single quotation marks that open: ‘, and ' before Hangul, but no apostrophe."""
    curly = [place for place in stack if text[place] == "‘"]
    straight = [
        place
        for place, character in enumerate(text)
        if character == "'" and not (text[place - 1 : place].isascii() and _is_letter(text, place))
    ]
    if len(straight) % 2 == 0:
        return curly
    last = straight[-1]
    before, after = text[last - 1 : last] if last else "", text[last + 1 : last + 2]
    opens = (not before or before.isspace() or before in "([,") and bool(after) and is_hangul(after)
    return [*curly, last] if opens else curly


def _is_letter(text: str, place: int) -> bool:
    return place > 0 and text[place - 1].isalnum()


def _finding(text: FieldText, place: int) -> Finding:
    mark, rest = text.text[place], text.text[place:]
    return found(
        "cut.unclosed",
        Severity.WARNING,
        text,
        (place, len(text.text)),
        ko=f"‘{short(rest)}’에서 연 {mark} 기호가 닫히지 않았어요.",
        en=f"The {mark} that opens at “{short(rest)}” is never closed.",
    )
