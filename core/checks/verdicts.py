"""Does a review decide as its own score allows?"""

from collections.abc import Iterator

from core.checks.found import found
from core.checks.subject import FieldText, Subject
from core.finding import Finding, Severity

BAR = 7.0  # approved from here on, rejected only below
_SCORE, _DECISION = "overall_score", "approval_status"


def check_verdict(subject: Subject) -> Iterator[Finding]:
    """Approved with a score under 7.0, rejected with one of 7.0 or more."""
    known = subject.contract.schema.get("properties", {}) if subject.contract else {}
    score, decision = subject.answer.get(_SCORE), subject.answer.get(_DECISION)
    if not {_SCORE, _DECISION} <= set(known) or not isinstance(score, int | float):
        return
    if isinstance(score, bool):
        return
    if decision == "approved" and score < BAR:
        yield _finding(
            "review.approved_low",
            ko=f"총점 {score}점인데 승인했어요. 승인은 {BAR}점부터예요.",
            en=f"Approved with {score}; approval takes at least {BAR}.",
            evidence=f"approved, {score}",
        )
    elif decision == "rejected" and score >= BAR:
        yield _finding(
            "review.rejected_high",
            ko=f"총점 {score}점인데 반려했어요. 반려는 {BAR}점 미만이어야 해요.",
            en=f"Rejected with {score}; only less than {BAR} is rejected.",
            evidence=f"rejected, {score}",
        )


def _finding(code: str, *, ko: str, en: str, evidence: str) -> Finding:
    place = FieldText(_DECISION, "")
    return found(code, Severity.ERROR, place, None, ko=ko, en=en, evidence=evidence)
