"""All checks over one answer: findings in the answer's order, and the scores that follow."""

from itertools import islice

from core.checks.families import FAMILIES
from core.checks.score import scores_of
from core.checks.subject import Subject
from core.finding import CheckReport, Severity

CHECKS_VERSION = 1  # raise it with every change of what a check says; `recheck` finds older ones
MOST_A_FAMILY = 40  # an answer that is wrong all over is told so, not ten thousand times

_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def check(subject: Subject) -> CheckReport:
    """What is wrong with an answer. Pure; never raises, whatever the text."""
    findings = [
        finding for family in FAMILIES for finding in islice(family.check(subject), MOST_A_FAMILY)
    ]
    order = {text.name: place for place, text in enumerate(subject.texts, start=1)}
    findings.sort(
        key=lambda one: (_RANK[one.severity], order.get(one.field, 0), one.start or 0, one.code)
    )
    return CheckReport(
        version=CHECKS_VERSION,
        scores=scores_of(subject, findings),
        findings=tuple(findings),
    )
