"""The checks against answers that were labelled by hand: what they find, and what they leave be.

`python -m tests.corpus --why` tells of each miss and false alarm.
"""

from collections import Counter
from collections.abc import Iterable

import pytest

from core.checks.contract import check_contract
from core.checks.families import CODES
from core.finding import Severity
from core.types import normalise
from tests.corpus import Labelled, corpus
from tests.corpus.figures import Figures, figures, findings_of, part

GOOD = [one for one in corpus() if one.good]
BAD = [one for one in corpus() if not one.good]
TABLE = figures(corpus())

# Where precision and recall over the whole corpus are not both 1, the figures that were measured
# (2026-11-24); they may only rise.
BOUNDS: dict[str, tuple[float, float]] = {
    "cut.mid_word": (1.0, 0.916),
    "filler.phrase": (1.0, 0.875),
    "repeat.bullet": (1.0, 0.8),
    "speech.mixed": (0.833, 1.0),
}
# Found by the form of an answer alone, and tested with each check: no example of their own here.
WITHOUT_EXAMPLES = {"field.wrong_form"}


def test_most_answers_are_good_and_korean_and_a_quarter_is_held_out() -> None:
    assert len(corpus()) >= 180
    assert len(GOOD) > len(BAD)
    assert 0.6 < _share(one.language == "ko" for one in corpus()) < 0.85
    assert 0.2 < _share(one.held_out for one in corpus()) < 0.35
    assert len({one.id for one in corpus()}) == len(corpus())


def test_every_code_has_at_least_three_answers_with_that_one_fault() -> None:
    labelled = Counter(label.code for one in BAD for label in one.expect)
    assert all(len(one.expect) == 1 for one in BAD)
    assert {code for code in CODES if labelled[code] < 3} == WITHOUT_EXAMPLES


@pytest.mark.parametrize("labelled", corpus(), ids=lambda one: one.id)
def test_labels_name_known_codes_and_evidence_that_is_in_the_answer(labelled: Labelled) -> None:
    subject = labelled.subject
    told = [normalise(labelled.raw), *(text.text for text in subject.texts)]
    for label in labelled.expect:
        assert label.code in CODES
        assert any(normalise(label.evidence) in text for text in told)


@pytest.mark.parametrize("labelled", GOOD, ids=lambda one: one.id)
def test_a_good_answer_keeps_its_contract_and_has_no_error(labelled: Labelled) -> None:
    contract = labelled.subject.contract
    assert contract is None or check_contract(contract, labelled.raw)[1].valid
    errors = [one for one in findings_of(labelled) if one.severity is Severity.ERROR]
    assert [(one.code, one.field, one.evidence) for one in errors] == []


@pytest.mark.parametrize("code", CODES)
def test_a_check_is_as_precise_and_finds_as_much_as_was_measured(code: str) -> None:
    row = TABLE[code]
    precision, recall = BOUNDS.get(code, (1.0, 1.0))
    assert row.precision >= precision, f"false alarms: {row.false}"
    assert row.recall >= recall, f"missed: {row.missed}"


def test_what_the_authors_of_the_checks_did_not_see_is_judged_almost_as_well() -> None:
    held_out = list(figures(part(held_out=True)).values())
    assert _mean(held_out, "precision") >= 0.9
    assert _mean(held_out, "recall") >= 0.9


def _share(flags: Iterable[bool]) -> float:
    told = list(flags)
    return sum(told) / len(told)


def _mean(rows: list[Figures], what: str) -> float:
    right = sum(row.right for row in rows)
    others = sum(len(row.false) if what == "precision" else len(row.missed) for row in rows)
    return right / (right + others)
