"""From findings to scores: what each costs, and that one more never helps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.catalog import load_catalog
from core.checks.families import CODES
from core.checks.score import BAR_FIELD, FATAL, scores_of
from core.checks.subject import Subject
from core.finding import Finding, Severity
from core.localised import Localised

CONTRACT = load_catalog().task("product_detail").contract
assert CONTRACT is not None
FIELDS = tuple(CONTRACT.schema["properties"])
SUBJECT = Subject(task="product_detail", role="copywriter", raw="{}", contract=CONTRACT)
FREE = Subject(task="free", role="copywriter", raw="글", wants_json=False)


def found(code: str, field: str = "headline", severity: Severity = Severity.ERROR) -> Finding:
    return Finding(code=code, severity=severity, field=field, message=Localised(ko="가", en="a"))


findings = st.builds(
    found,
    st.sampled_from(CODES),
    st.sampled_from(["", *FIELDS, "bullets[1]", "unknown"]),
    st.sampled_from(list(Severity)),
)


def test_an_answer_without_findings_has_ten_of_ten() -> None:
    scores = scores_of(SUBJECT, [])
    assert (scores.overall, scores.passed) == (10.0, True)
    assert {name: part.weight for name, part in scores.fields.items()} == {
        "headline": 0.25,
        "subheadline": 0.20,
        "body": 0.25,
        "bullets": 0.20,
        "cta": 0.10,
    }


@given(st.lists(findings, max_size=12), findings, st.sampled_from([SUBJECT, FREE]))
def test_one_more_finding_never_raises_a_score(
    before: list[Finding], one: Finding, subject: Subject
) -> None:
    first, second = scores_of(subject, before), scores_of(subject, [*before, one])
    assert second.overall <= first.overall
    assert all(second.fields[name].score <= part.score for name, part in first.fields.items())
    assert first.passed or not second.passed


@given(st.lists(findings, max_size=12))
def test_scores_are_explained_to_the_last_point(all_of_them: list[Finding]) -> None:
    scores = scores_of(SUBJECT, all_of_them)
    assert 0 <= scores.overall <= 10
    for part in scores.fields.values():
        left = max(0.0, 10 - sum(one.points for one in part.deductions))
        assert part.score == pytest.approx(left, abs=0.01)
    mean = sum(part.score * part.weight for part in scores.fields.values())
    costs = sum(one.points for one in scores.deductions)
    assert scores.overall == pytest.approx(max(0.0, mean - costs), abs=0.02)


@given(st.lists(findings, max_size=6), st.sampled_from(FIELDS), st.sampled_from(CODES))
def test_an_error_takes_its_field_below_the_bar(
    others: list[Finding], field: str, code: str
) -> None:
    scores = scores_of(SUBJECT, [*others, found(code, field)])
    assert scores.fields[field].score < BAR_FIELD
    assert not scores.passed


def test_no_json_at_all_is_nothing_of_ten() -> None:
    for subject in (SUBJECT, FREE):
        scores = scores_of(subject, [found("format.not_json", "")])
        assert scores.overall == 0
        assert {part.score for part in scores.fields.values()} <= {0.0}


@pytest.mark.parametrize("code", sorted(FATAL - {"format.not_json", "refusal.refused"}))
def test_a_field_that_is_not_there_is_worth_nothing(code: str) -> None:
    assert scores_of(SUBJECT, [found(code, "cta")]).overall == 9.0


def test_warnings_cost_less_and_notes_nothing() -> None:
    def overall(severity: Severity) -> float:
        return scores_of(SUBJECT, [found("filler.phrase", "body", severity)]).overall

    assert overall(Severity.ERROR) < overall(Severity.WARNING) < overall(Severity.NOTE) == 10.0


def test_warnings_of_one_family_are_one_matter() -> None:
    many = [found("filler.phrase", "body", Severity.WARNING)] * 30
    mixed = [*many, found("markup.markdown", "body", Severity.WARNING)]
    assert scores_of(SUBJECT, many).fields["body"].score == pytest.approx(6.0, abs=0.01)
    assert scores_of(SUBJECT, mixed).fields["body"].score == pytest.approx(4.0, abs=0.01)


def test_a_fence_costs_a_point_of_the_whole_and_no_field() -> None:
    scores = scores_of(SUBJECT, [found("format.fenced", "", Severity.WARNING)])
    assert (scores.overall, scores.passed) == (9.0, True)
    assert [(one.code, one.points) for one in scores.deductions] == [("format.fenced", 1.0)]
