"""Refusals, and talk of the model about itself or to the person who asked."""

import re
from collections.abc import Iterator

from core.checks.found import found, short
from core.checks.rule_files import rules
from core.checks.subject import FieldText, Subject
from core.checks.words import without_quotations
from core.finding import Finding, Severity

_RULES = rules("refusals")
_REFUSED = _RULES.pattern("refused")
_AI_TALK = _RULES.pattern("ai_talk")
_ABOUT_COPY = "review"  # what a review quotes was not said by the model


def check_refusals(subject: Subject) -> Iterator[Finding]:
    """Each kind once a text; where the request says the same words it is the product's matter."""
    for text in subject.texts:
        told = without_quotations(text.text) if subject.task == _ABOUT_COPY else text.text
        if match := _first(_REFUSED, told, subject.payload_text):
            yield _finding(
                "refusal.refused",
                text,
                match,
                ko="모델이 일을 거절했어요: ‘{}’",
                en="The model refused: “{}”",
            )
        elif match := _first(_AI_TALK, told, subject.payload_text):
            yield _finding(
                "refusal.ai_talk",
                text,
                match,
                ko="카피가 아니라 모델이 하는 말이에요: ‘{}’",
                en="This is the model talking, not copy: “{}”",
            )


def _first(pattern: re.Pattern[str], text: str, known: str) -> re.Match[str] | None:
    return next((hit for hit in pattern.finditer(text) if hit.group() not in known), None)


def _finding(code: str, text: FieldText, match: re.Match[str], *, ko: str, en: str) -> Finding:
    shown = short(text.text[slice(*match.span())])
    return found(code, Severity.ERROR, text, match.span(), ko=ko.format(shown), en=en.format(shown))
