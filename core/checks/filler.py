"""Phrases that would fit any product."""

from collections.abc import Iterator

from core.checks.found import found, short
from core.checks.joined import Joined
from core.checks.rule_files import any_of, rules
from core.checks.subject import Subject
from core.checks.words import without_quotations
from core.finding import Finding, Severity

_RULES = rules("filler")
_EXCEPT = frozenset(_RULES["except_fields"])
_ABOUT_COPY = frozenset(_RULES["about_copy"])
_KOREAN, _ENGLISH = any_of(_RULES["ko"], ignore_case=False), any_of(_RULES["en"])


def check_filler(subject: Subject) -> Iterator[Finding]:
    """Filler that is not the payload's own wording."""
    joined = Joined(text for text in subject.texts if text.top not in _EXCEPT)
    own = without_quotations(joined.text) if subject.task in _ABOUT_COPY else joined.text
    given = subject.payload_text
    spans = (
        phrase.span()
        for pattern, is_there in ((_KOREAN, joined.has_hangul), (_ENGLISH, joined.has_latin))
        if is_there
        for phrase in pattern.finditer(own)
        if phrase.group() not in given
    )
    for text, start, end in joined.places(spans):
        phrase = short(text.text[start:end])
        yield found(
            "filler.phrase",
            Severity.WARNING,
            text,
            (start, end),
            ko=f"어느 제품에나 쓸 수 있는 빈말이에요: ‘{phrase}’",
            en=f"“{phrase}” would fit any product.",
        )
