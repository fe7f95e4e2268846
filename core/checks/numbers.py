"""Numbers with their units, read out of Korean and English text, in a form that compares.

1.8kg and 1,800 g are the same, so are 20,000, 20000 and 2만, 12시간 and 12 hours, 두 가지 and
2 kinds. Linear in the length of the text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.checks.rule_files import rules

_RULES = rules("facts")
COUNT = "count"

_UNITS: dict[str, tuple[str, float]] = {
    unit.casefold(): (kind, float(factor))
    for kind, units in _RULES["units"].items()
    for unit, factor in units.items()
}
_SCALES = {"십": 10, "백": 100, "천": 1000, "만": 10_000, "억": 100_000_000}


def _alternatives(words: list[str]) -> str:
    """Words for a pattern, longest first; Latin ones end where the word ends."""
    ordered = sorted(words, key=len, reverse=True)
    return "|".join(
        re.escape(word) + (r"(?![A-Za-z])" if word[-1:].isascii() and word[-1:].isalpha() else "")
        for word in ordered
    )


_UNIT = _alternatives(list(_UNITS))
_DIGITS = re.compile(
    # A digit first, then what must not stand before it: that way the search skips ahead.
    r"(?P<number>\d(?<![\d.,A-WYZa-wyz]\d)(?<![^\d\s][xX]\d)\d{0,14}(?:,\d{3}){0,4}(?:\.\d{1,6})?)"
    # After a space 만 begins a word as often as it scales: 버즈 3 만나 보세요.
    r"(?P<scale>[천백십]?[만억]|\s[천백십]?[만억](?![가-힣](?<![원여명개]))|[천백](?=\s?원))?"
    r"(?P<more>(?<=만)\s?\d{1,4}(?:[천백]|(?=\s?원)))?"
    rf"(?:[-\s]?(?P<unit>{_UNIT}))?",
    re.IGNORECASE,
)
_NUMERALS: dict[str, float] = _RULES["numerals"]
_PROMISE = f"(?:{_alternatives(_RULES['spelled']['promise'])})"
_NO_PROMISE = rf"(?!(?:{_alternatives(_RULES['spelled']['promised'])})(?!\s?{_PROMISE}))"
_SPELLED = re.compile(
    rf"(?<![가-힣A-Za-z\d])(?P<word>{_alternatives(list(_NUMERALS))})[-\s]?"
    rf"{_NO_PROMISE}(?P<unit>{_alternatives(_RULES['spelled']['before'])})(?!째)",
    re.IGNORECASE,
)
_ONE = re.compile(
    rf"(?<![가-힣])(?:한\s?(?P<unit>{_alternatives(_RULES['spelled']['one_before'])})\s?{_PROMISE}"
    r"|하루\s?(?:만에|이내|안에))"
)
_DAYS = re.compile(rf"(?<![가-힣])(?P<word>이틀|사흘|나흘|열흘|일주일|보름)(?=\s?{_PROMISE})")
_DAY_VALUES = {"이틀": 2, "사흘": 3, "나흘": 4, "열흘": 10, "일주일": 7, "보름": 15}
_LOOSE_NUMERAL = re.compile(
    rf"(?<![가-힣A-Za-z])(?P<word>{_alternatives(list(_NUMERALS))})", re.IGNORECASE
)


@dataclass(frozen=True)
class Number:
    """One number of a text. `kind` is what it measures ("" where no unit is known), `value` in
    the smallest unit of that kind, `figure` the number as written, `unit` as written.
    """

    start: int
    end: int
    kind: str
    value: float
    figure: float
    unit: str = ""

    @property
    def key(self) -> tuple[str, float]:
        """What makes two numbers the same."""
        return self.kind, round(self.value, 4)


def numbers_in(text: str) -> Iterator[Number]:
    """The numbers of `text`: digits with or without unit, spelled ones before a measure."""
    for match in _DIGITS.finditer(text):
        yield _of_digits(match)
    for match in _SPELLED.finditer(text):
        yield _with_unit(match, _NUMERALS[match["word"].casefold()], match["unit"])
    for match in _ONE.finditer(text):
        yield _with_unit(match, 1, match["unit"] or "일")
    for match in _DAYS.finditer(text):
        yield _with_unit(match, _DAY_VALUES[match["word"]], "일")


def numerals_in(text: str) -> set[float]:
    """The spelled-out numbers of `text`, whatever follows them."""
    return {_NUMERALS[match["word"].casefold()] for match in _LOOSE_NUMERAL.finditer(text)}


def _of_digits(match: re.Match[str]) -> Number:
    figure = float(match["number"].replace(",", ""))
    for sign in (match["scale"] or "").strip():
        figure *= _SCALES[sign]
    if more := (match["more"] or "").strip():
        figure += float(more.rstrip("천백")) * _SCALES.get(more[-1], 1)
    return _with_unit(match, figure, match["unit"])


def _with_unit(match: re.Match[str], figure: float, unit: str | None) -> Number:
    kind, factor = _UNITS[unit.casefold()] if unit else ("", 1.0)
    return Number(match.start(), match.end(), kind, figure * factor, figure, unit or "")
