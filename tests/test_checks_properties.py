"""What holds of the checks whatever the answer: they never raise, places are exact, and a fault
more is never worth points.
"""

import json
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.catalog import load_catalog
from core.checks.engine import check
from core.checks.subject import Subject
from core.finding import CheckReport, Finding
from core.types import Language, normalise
from tests.corpus import Labelled, corpus
from tests.corpus.mutations import MUTATIONS, Mutation

CATALOG = load_catalog()
TASKS = sorted(CATALOG.tasks)
GOOD = [one for one in corpus() if one.good and one.subject.contract is not None][::3]

LONG = 200  # evidence of this length may go on in the answer

often = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)

# What has broken text tools before: scripts, halves of pairs, controls, markup, numbers.
PIECES = st.sampled_from(
    [
        *(
            "따뜻한 한 모금",
            "퇴근길까지",
            "해요.",
            "합니다.",
            "ㅋㅋㅋ",
            "\u1112\u1161\u11ab",
            "이어",
        ),
        *(
            "这是一个很好的产品。",
            "とても",
            "👨‍👩‍👧‍👦",
            "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
            "🇰🇷",
            "☕️",
            "\u202e",
            "\u200b",
            "\ufeff",
            "\x00",
        ),
        *(
            "\ud83d",
            "\udc00",
            "\x1b[31m",
            "\u0301" * 40,
            "ﬁ",
            "İ",
            "ß",
            "①",
            "Ⅳ",
            "½",
            "２０％",
            "㎎",
        ),
        *(
            "1" * 400,
            "9" * 30 + "만",
            "1e999",
            "-0",
            "3.14.15",
            "20,000mAh",
            "2만 5천",
            "0.1초",
            "%",
        ),
        *(
            "```json",
            "```",
            "{",
            "}",
            "[",
            "]",
            '"',
            "\\",
            "\\u",
            "{{",
            "{% if",
            "[제품명]",
            "**",
            "# ",
        ),
        *(
            "As an AI language model",
            "죄송하지만",
            "http://a.b/ㅁ?q=%00",
            "#태그",
            "#",
            "'",
            "「",
            "\n",
            " ",
        ),
    ]
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=60),
    st.lists(PIECES, max_size=25).map("".join),
    st.builds(lambda piece, times: piece * times, PIECES, st.integers(1, 3000)),
)
VALUES = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), TEXTS, st.integers(), st.integers(10**300, 10**301)),
        st.floats(),
    ),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=8,
)
PAYLOADS = st.one_of(
    st.dictionaries(TEXTS, VALUES, max_size=4),
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("product_name", "features", "platform", "prompt", "copy"), VALUES),
    ),
)


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    """Any text, or JSON with some of the fields asked for, as an answer to any request."""
    task = CATALOG.task(draw(st.sampled_from(TASKS)))
    names = list(task.contract.schema["properties"]) if task.contract else ["text"]
    answers = st.fixed_dictionaries({}, optional=dict.fromkeys(names, VALUES)).map(json.dumps)
    return Subject(
        task=task.id,
        role=draw(st.sampled_from(task.roles)),
        raw=normalise(draw(TEXTS | answers)),
        language=draw(st.sampled_from(Language)),
        contract=task.contract,
        wants_json=draw(st.booleans()),
        payload=draw(PAYLOADS),
        finish_reason=draw(st.sampled_from([None, "stop", "length", "\ud800"])),
    )


@cache
def report_of(labelled: Labelled) -> CheckReport:
    """What the checks say of an answer of the corpus."""
    return check(labelled.subject)


def misplaced(subject: Subject, report: CheckReport) -> list[Finding]:
    """Findings whose evidence is not what stands at their place. Long evidence is told by its
    beginning, a word that is cut with the words before it (both end where the place does).
    """
    texts = {text.name: text.text for text in subject.texts} | {"": subject.raw}
    wrong = []
    for finding in report.findings:
        if finding.start is None:
            continue
        text, shown = texts.get(finding.field, ""), finding.evidence.removeprefix("…")
        place = text[finding.start : finding.end]
        beginning = len(shown) >= LONG and place.startswith(shown)
        around = finding.code == "cut.mid_word" and text[: finding.end].endswith(shown)
        if not (place == shown or beginning or around) or not place:
            wrong.append(finding)
    return wrong


@often
@given(subjects())
def test_a_check_never_raises_and_its_places_are_exact(subject: Subject) -> None:
    report = check(subject)
    assert misplaced(subject, report) == []
    assert 0 <= report.scores.overall <= 10
    assert all(0 <= part.score <= 10 for part in report.scores.fields.values())


@often
@given(subjects())
def test_a_report_can_be_stored_and_read_back(subject: Subject) -> None:
    report = check(subject)
    assert CheckReport.model_validate_json(report.model_dump_json()) == report


@pytest.mark.parametrize("labelled", corpus(), ids=lambda one: one.id)
def test_evidence_stands_where_the_finding_says(labelled: Labelled) -> None:
    assert misplaced(labelled.subject, report_of(labelled)) == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.spoil.__name__)
def test_a_fault_is_found_in_any_good_answer_and_never_raises_its_score(
    mutation: Mutation,
) -> None:
    tried = 0
    for labelled in GOOD:
        subject = labelled.subject
        worse = mutation.spoil(labelled, subject)
        if worse is None:
            continue
        tried += 1
        before, after = report_of(labelled), check(worse)
        assert mutation.code in {one.code for one in after.findings}, worse.raw
        assert after.scores.overall <= before.scores.overall, worse.raw
    assert tried >= 3
