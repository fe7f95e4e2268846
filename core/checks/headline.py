"""Is the headline more than the product's name?"""

from collections.abc import Iterator

from core.checks.found import found, short
from core.checks.rule_files import rules
from core.checks.subject import FieldText, Subject
from core.checks.words import compact
from core.finding import Finding, Severity

_RULES = rules("headline")
_FIELDS = frozenset(_RULES["fields"])
_DECORATIONS = frozenset(map(compact, (*_RULES["decorations"], *_RULES["particles"])))
_MOST_DECORATION = 30
_LEAST_SHARE = 0.4  # of the name, for a part of it to stand for the whole


def check_headline(subject: Subject) -> Iterator[Finding]:
    """A headline that is the name alone, a part of it, or the name with decoration."""
    names = list(_words_of(subject, _RULES["names"]))
    kinds = [compact(word) for text in _words_of(subject, _RULES["kinds"]) for word in text.split()]
    for text in subject.texts:
        if text.top not in _FIELDS:
            continue
        name = next((name for name in names if _is_only(text.text, name, kinds)), None)
        if name is not None:
            yield _finding(text, name)


def _words_of(subject: Subject, fields: list[str]) -> Iterator[str]:
    for field in fields:
        value = subject.payload.get(field)
        if isinstance(value, str) and compact(value):
            yield value


def _is_only(headline: str, name: str, kinds: list[str]) -> bool:
    """Whether `headline` says nothing but `name`, with or without spaces and decoration."""
    told, whole = compact(headline), compact(name)
    parts = {compact(word) for word in name.split()} - {""}
    if not told or len(told) > 2 * len(whole) + _MOST_DECORATION:
        return False
    rest = told.replace(whole, "\n")
    if rest != told:
        empty = _DECORATIONS.union(kinds, parts)
        return all(_is_made_of(part, empty) for part in rest.split("\n") if part)
    return _is_part(told, parts, whole)


def _is_part(told: str, parts: set[str], whole: str) -> bool:
    """Whether `told` is some words of the name, decorated or not."""
    if not _is_made_of(told, _DECORATIONS | parts):
        return False
    of_name = sum(len(part) for part in parts if part in told)
    return of_name >= len(whole) * _LEAST_SHARE


def _is_made_of(text: str, words: frozenset[str] | set[str]) -> bool:
    """Whether `text` is `words` written one after the other."""
    longest = max(map(len, words), default=0)
    reached = [True] + [False] * len(text)
    for start in range(len(text)):
        if reached[start]:
            for end in range(start + 1, min(len(text), start + longest) + 1):
                reached[end] = reached[end] or text[start:end] in words
    return reached[-1]


def _finding(text: FieldText, name: str) -> Finding:
    return found(
        "headline.product_name",
        Severity.ERROR,
        text,
        (0, len(text.text)),
        ko=f"제품명 ‘{short(name)}’만 있고, 고객이 얻는 좋은 점이 없어요.",
        en=f"It says only the name “{short(name)}”, nothing that the customer gains.",
    )
