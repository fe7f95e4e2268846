"""From findings to scores of 0 to 10: what each costs, field by field and in all.

In one field, or in the answer as a whole, the dearest finding of a family (what stands before
the dot of its code) costs its full price and each further one half of the one before: ten
warnings about the same thing are one matter, not ten. Different families add up.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from core.checks.subject import Subject
from core.finding import Deduction, FieldScore, Finding, Scores, Severity

POINTS = {Severity.ERROR: 5.0, Severity.WARNING: 2.0, Severity.NOTE: 0.0}
# A warning about the answer as a whole (a fence, a greeting) spoils no field.
POINTS_WHOLE = POINTS | {Severity.WARNING: 1.0}
# Nothing is left to be scored: these cost all ten points, of the whole answer every field's.
FATAL = frozenset(
    {
        *("format.not_json", "field.missing", "field.empty", "field.wrong_type"),
        "refusal.refused",
    }
)
ALL = 10.0
BAR_OVERALL = 7.0
BAR_FIELD = 6.0


def scores_of(subject: Subject, findings: Sequence[Finding]) -> Scores:
    """The scores that follow from `findings`; one more finding never raises any of them."""
    weights = _weights(subject)
    lost: dict[str, list[Deduction]] = {name: [] for name in weights}
    whole: list[Deduction] = []
    for finding in findings:
        top = top_field(finding.field)
        if top in lost:
            lost[top].append(_price(finding, POINTS))
        elif not finding.field and finding.code in FATAL and lost:
            for deductions in lost.values():
                deductions.append(_price(finding, POINTS))
        else:
            whole.append(_price(finding, POINTS_WHOLE))
    fields = {
        name: _field_score(_diminished(lost[name]), weight) for name, weight in weights.items()
    }
    costs = _diminished(whole)
    mean = sum(part.score * part.weight for part in fields.values()) if fields else ALL
    overall = round(max(0.0, mean - sum(one.points for one in costs)), 2)
    return Scores(
        overall=overall,
        passed=_passes(overall, fields, findings),
        fields=fields,
        deductions=costs,
    )


def top_field(name: str) -> str:
    """The top-level field that a finding's place belongs to: "bullets" of "bullets[0]"."""
    return name.split("[", 1)[0].split(".", 1)[0]


def _weights(subject: Subject) -> dict[str, float]:
    if subject.contract is None:
        return {}
    names = list(subject.contract.schema.get("properties", {}))
    weights = {name: subject.contract.weights.get(name, 0.0) for name in names}
    total = sum(weights.values())
    if not total:
        return {name: 1 / len(names) for name in names}
    return {name: round(weight / total, 6) for name, weight in weights.items()}


def _price(finding: Finding, points: dict[Severity, float]) -> Deduction:
    fatal = finding.code in FATAL
    return Deduction(code=finding.code, points=ALL if fatal else points[finding.severity])


def _diminished(prices: Iterable[Deduction]) -> tuple[Deduction, ...]:
    """What the findings cost together, without those that cost nothing, dearest first."""
    told: dict[str, int] = defaultdict(int)
    costs = []
    for price in sorted(prices, key=lambda one: -one.points):
        family = price.code.split(".", 1)[0]
        if price.points:
            costs.append(Deduction(code=price.code, points=price.points / 2 ** told[family]))
        told[family] += 1
    return tuple(costs)


def _field_score(costs: tuple[Deduction, ...], weight: float) -> FieldScore:
    left = max(0.0, ALL - sum(one.points for one in costs))
    return FieldScore(score=round(left, 2), weight=weight, deductions=costs)


def _passes(overall: float, fields: dict[str, FieldScore], findings: Sequence[Finding]) -> bool:
    return (
        overall >= BAR_OVERALL
        and all(part.score >= BAR_FIELD for part in fields.values())
        and not any(finding.severity is Severity.ERROR for finding in findings)
    )
