"""Does the answer keep to the facts of the request? Numbers it makes up, features it leaves out."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from core.catalog.contract import Contract
from core.checks.found import WHOLE, found, short
from core.checks.joined import Joined
from core.checks.numbers import COUNT, Number, numbers_in, numerals_in
from core.checks.rule_files import rules
from core.checks.subject import Subject
from core.checks.words import compact, is_hangul, stems
from core.finding import Finding, Severity
from core.types import Language

_RULES = rules("facts")
_SKIP_TASKS = frozenset(_RULES["skip_tasks"])
_SKIP_FIELDS = frozenset(_RULES["skip_fields"])
_LISTED = frozenset(_RULES["spelled"]["listed"]["units"])
_IMPLIED: dict[str, float] = _RULES["implied"]
_HARMLESS = re.compile("|".join(_RULES["harmless"]["phrases"]), re.IGNORECASE | re.MULTILINE)
_CODE = re.compile(
    r"[A-Z](?<![A-Za-z\d][A-Z])[A-Z]{1,5}-?\d{1,4}(?![A-Za-z\d])"
    r"|\d(?<![A-Za-z\d]\d)\s?\+\s?\d(?!\d)"
)
_MONEY, _SHARE = "money", "share"
_MOST_FEATURES = 30


@dataclass(frozen=True)
class _Known:
    """The numbers of the request."""

    text: str
    keys: frozenset[tuple[str, float]]
    figures: frozenset[float]
    bare: frozenset[float]
    counts: frozenset[float]
    items: int
    shares: frozenset[float]

    def has(self, number: Number) -> bool:
        """Whether `number` is the request's, or one that follows from it."""
        figure = number.figure
        if number.key in self.keys or figure in self.bare:
            return True
        if number.kind == "":
            return figure in self.figures or figure == 1
        if number.kind == COUNT:
            listed = number.unit in _LISTED and figure <= self.items
            return figure == 1 or listed or figure in self.counts
        if number.kind == _SHARE:
            return figure in self.shares
        return number.kind == _MONEY and any(
            round(figure * 100 / share, 4) in self.figures for share in self.shares if share
        )


def check_numbers(subject: Subject) -> Iterator[Finding]:
    """Numbers, units and type codes that the request does not contain."""
    if subject.task in _SKIP_TASKS or not subject.payload_text:
        return
    joined = Joined(text for text in subject.texts if text.top not in _SKIP_FIELDS)
    is_whole = subject.contract is not None and subject.parsed is None
    own = _without_labelled(joined.text, subject.contract) if is_whole else joined.text
    for text, start, end in joined.places(_made_up(own, _known(subject))):
        shown = short(text.text[start:end])
        yield found(
            "facts.number",
            Severity.ERROR,
            text,
            (start, end),
            ko=f"요청서에 없는 숫자예요: ‘{shown}’",
            en=f"“{shown}” is not in the request.",
        )


def check_features(subject: Subject) -> Iterator[Finding]:
    """Features of the request of which the answer says nothing: a note, unless it is all."""
    features = subject.payload.get("features")
    if subject.task not in _RULES["tell_features"] or not isinstance(features, list):
        return
    if subject.wants_json and subject.parsed is None:
        return
    answer = "\n".join(text.text for text in subject.texts)
    told, words = compact(answer), frozenset(stems(answer))
    comparable = [
        feature
        for feature in features[:_MOST_FEATURES]
        if isinstance(feature, str) and _is_comparable(feature, subject.language)
    ]
    left_out = [feature for feature in comparable if not _is_told(feature, told, words)]
    if not told or not left_out:
        return
    if len(left_out) == len(comparable):
        yield found(
            "facts.left_out",
            Severity.WARNING,
            WHOLE,
            None,
            evidence="\n".join(left_out),
            ko="요청서의 특징이 하나도 드러나지 않아요.",
            en="None of the features of the request is told.",
        )
        return
    for feature in left_out:
        yield found(
            "facts.left_out",
            Severity.NOTE,
            WHOLE,
            None,
            evidence=feature,
            ko=f"요청서의 특징이 빠졌어요: ‘{short(feature)}’",
            en=f"The feature “{short(feature)}” is left out.",
        )


def _known(subject: Subject) -> _Known:
    text = subject.payload_text
    numbers = list(numbers_in(text))
    folded = text.casefold()
    implied = {value for word, value in _IMPLIED.items() if word in folded} | numerals_in(text)
    lists = [len(value) for value in subject.payload.values() if isinstance(value, list)]
    items = max([*lists, *_lists_of(subject.answer)], default=0)
    return _Known(
        text=folded,
        keys=frozenset(number.key for number in numbers),
        figures=frozenset(number.figure for number in numbers),
        bare=frozenset(number.figure for number in numbers if number.kind == ""),
        counts=frozenset(number.figure for number in numbers if number.kind == COUNT) | implied,
        items=items,
        shares=frozenset(_numbers_of(subject.answer)),
    )


def _without_labelled(text: str, contract: Contract | None) -> str:
    """A whole answer of labelled lines, same length, without what is no claim: "비율: 40", and
    the lines of fields that propose.
    """
    for path, label in contract.labels.items() if contract else ():
        names = "|".join(re.escape(name) for name in (label.ko, label.en))
        rest = ".*" if path in _SKIP_FIELDS else r"\d+(?:\.\d+)?%?"
        line = re.compile(rf"(?:{names})[^\S\n]*[:：][^\S\n]*{rest}")
        text = line.sub(lambda match: " " * len(match.group()), text)
    return text


def _lists_of(answer: dict[str, JsonValue]) -> list[int]:
    return [len(value) for value in answer.values() if isinstance(value, list)]


def _numbers_of(value: JsonValue) -> Iterator[float]:
    """The numbers that the answer states as data, such as the shares of a budget."""
    if isinstance(value, dict):
        for part in value.values():
            yield from _numbers_of(part)
    elif isinstance(value, list):
        for part in value:
            yield from _numbers_of(part)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def _made_up(text: str, known: _Known) -> Iterator[tuple[int, int]]:
    codes = [match.span() for match in _CODE.finditer(text)]
    unknown = [span for span in codes if text[slice(*span)].casefold() not in known.text]
    unknown += [
        (number.start, number.end)
        for number in numbers_in(text)
        if not known.has(number) and not _is_within(number.start, codes)
    ]
    if unknown:
        harmless = [match.span() for match in _HARMLESS.finditer(text)]
        yield from (span for span in sorted(unknown) if not _is_within(span[0], harmless))


def _is_within(place: int, spans: list[tuple[int, int]]) -> bool:
    """Whether `place` lies in one of `spans`, which are in order."""
    before = bisect_right(spans, place, key=lambda span: span[0])
    return before > 0 and place < spans[before - 1][1]


def _is_comparable(feature: str, language: Language) -> bool:
    """Whether an answer in `language` would use the words of `feature`."""
    hangul = any(map(is_hangul, feature))
    code = not hangul and any(map(str.isdigit, feature))
    return code or (bool(stems(feature)) and hangul == (language is Language.KOREAN))


def _is_told(feature: str, told: str, words: frozenset[str]) -> bool:
    """Whether one of the words that carry `feature` is in the answer: a Hangul one anywhere in
    its letters (Korean writes words together), others as a word.
    """
    found = stems(feature)
    carrying = [word for word in found if len(word) >= (2 if is_hangul(word[0]) else 4)]
    numbers = [word for word in found if word[0].isdigit()]
    return any(
        word in told if is_hangul(word[0]) else word in words
        for word in carrying + numbers or found
    )
