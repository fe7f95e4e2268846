"""Gaps that were to be filled in, and texts that only name themselves."""

from collections.abc import Iterator

from core.checks.found import MOST_A_FIELD, found, short
from core.checks.rule_files import rules
from core.checks.subject import FieldText, Subject
from core.finding import Finding, Severity

_RULES = rules("placeholders")
_GAP = _RULES.pattern("patterns")
_WHOLE = frozenset(word.casefold() for word in _RULES.words("whole"))
_LONGEST_NAME = 40
_SIGNS = " \t\n.…·-–—_*[](){}<>\"'“”‘’"


def check_placeholders(subject: Subject) -> Iterator[Finding]:
    """Template marks, named gaps and filler letters that the request does not contain."""
    if subject.wants_json and subject.parsed is None:
        return  # the braces of broken JSON are no gaps
    for text in subject.texts:
        if _names_itself(subject, text):
            yield _finding(text, (0, len(text.text)))
            continue
        gaps = (
            match for match in _GAP.finditer(text.text) if match.group() not in subject.payload_text
        )
        for match, _ in zip(gaps, range(MOST_A_FIELD), strict=False):
            yield _finding(text, match.span())


def _names_itself(subject: Subject, text: FieldText) -> bool:
    """Whether the whole text is its field's own name or label, a kind's name, or only signs."""
    if not text.name or len(text.text) > _LONGEST_NAME:
        return False
    told = text.text.strip(_SIGNS).casefold()
    if not told:
        return not any(character not in _SIGNS for character in text.text) and bool(
            text.text.strip()
        )
    return told in _WHOLE | _own_names(subject, text)


def _own_names(subject: Subject, text: FieldText) -> set[str]:
    path = ".".join(part.split("[", 1)[0] for part in text.name.split("."))
    label = subject.contract.labels.get(path) if subject.contract else None
    return {path.casefold(), *([label.ko.casefold(), label.en.casefold()] if label else [])}


def _finding(text: FieldText, span: tuple[int, int]) -> Finding:
    shown = short(text.text[slice(*span)])
    return found(
        "leak.placeholder",
        Severity.ERROR,
        text,
        span,
        ko=f"채우지 않은 자리 ‘{shown}’이(가) 남아 있어요.",
        en=f"“{shown}” was to be filled in.",
    )
