"""From findings to scores of 0 to 10: what each costs, field by field and in all."""

from collections.abc import Sequence

from core.checks.subject import Subject
from core.finding import Deduction, FieldScore, Finding, Scores, Severity

POINTS = {Severity.ERROR: 5.0, Severity.WARNING: 2.0, Severity.NOTE: 0.0}
BAR_OVERALL = 7.0
BAR_FIELD = 6.0


def scores_of(subject: Subject, findings: Sequence[Finding]) -> Scores:
    """The scores that follow from `findings`; one more finding never raises any of them."""
    weights = _weights(subject)
    lost: dict[str, list[Deduction]] = {name: [] for name in weights}
    whole: list[Deduction] = []
    for finding in findings:
        top = finding.field.split("[", 1)[0].split(".", 1)[0]
        lost.get(top, whole).append(Deduction(code=finding.code, points=POINTS[finding.severity]))
    fields = {
        name: FieldScore(score=_left(lost[name]), weight=weight, deductions=_costly(lost[name]))
        for name, weight in weights.items()
    }
    mean = sum(part.score * part.weight for part in fields.values()) if fields else 10.0
    overall = round(max(0.0, mean - sum(one.points for one in whole)), 2)
    return Scores(
        overall=overall,
        passed=_passes(overall, fields, findings),
        fields=fields,
        deductions=_costly(whole),
    )


def _weights(subject: Subject) -> dict[str, float]:
    if subject.contract is None:
        return {}
    names = list(subject.contract.schema.get("properties", {}))
    weights = {name: subject.contract.weights.get(name, 0.0) for name in names}
    total = sum(weights.values())
    if not total:
        return {name: 1 / len(names) for name in names}
    return {name: weight / total for name, weight in weights.items()}


def _left(deductions: Sequence[Deduction]) -> float:
    return max(0.0, 10.0 - sum(one.points for one in deductions))


def _costly(deductions: Sequence[Deduction]) -> tuple[Deduction, ...]:
    return tuple(one for one in deductions if one.points)


def _passes(overall: float, fields: dict[str, FieldScore], findings: Sequence[Finding]) -> bool:
    return (
        overall >= BAR_OVERALL
        and all(part.score >= BAR_FIELD for part in fields.values())
        and not any(finding.severity is Severity.ERROR for finding in findings)
    )
