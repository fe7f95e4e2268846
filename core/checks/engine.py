"""All checks over one answer: findings in the answer's order, and the scores that follow."""

from collections.abc import Callable, Iterable

from core.checks.families import CHECKS
from core.checks.score import scores_of
from core.checks.subject import Subject
from core.finding import CheckReport, Finding, Severity

CHECKS_VERSION = 1  # raise it with every change of what a check says; `recheck` finds older ones

Check = Callable[[Subject], Iterable[Finding]]
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def check(subject: Subject) -> CheckReport:
    """What is wrong with an answer. Pure; never raises, whatever the text."""
    findings = [finding for each in CHECKS for finding in each(subject)]
    order = {text.name: place for place, text in enumerate(subject.texts, start=1)}
    findings.sort(
        key=lambda one: (_RANK[one.severity], order.get(one.field, 0), one.start or 0, one.code)
    )
    return CheckReport(
        version=CHECKS_VERSION,
        scores=scores_of(subject, findings),
        findings=tuple(findings),
    )
