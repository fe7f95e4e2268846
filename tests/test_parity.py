"""Mock against live: one verdict and its reasons."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compare.pairs import counterpart, pairs_of
from core.compare.parity import Parity, ParityVerdict, parity
from core.compare.reasons import Weight
from core.run import Run
from core.types import Language, Mode, RunStatus
from tests.compare_kit import ANSWER, answered, contract_of, drawn, failed, live
from tests.factories import make_run

CONTRACT = contract_of("product_detail")
HOLDS, DIFFERS, BROKEN = ParityVerdict.HOLDS, ParityVerdict.DIFFERS, ParityVerdict.BROKEN
CANNOT_SAY = ParityVerdict.CANNOT_SAY
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture
def mock() -> Run:
    return answered(ANSWER)


def against(mock: Run, **fields: object) -> Parity:
    """The verdict on a live answer that differs from the mock's in these fields."""
    return parity(mock, live({**ANSWER, **fields}), CONTRACT)


def codes(found: Parity, weight: Weight | None = None) -> list[str]:
    return [one.code for one in found.reasons if weight in (None, one.weight)]


def test_another_answer_that_keeps_the_contract_holds(mock: Run) -> None:
    found = against(mock, headline="집에서 빨아 쓰는 이불", cta="이불 보러 가기")
    assert found.verdict is HOLDS
    assert codes(found) == ["times.simulated"]


def test_times_are_never_compared_and_this_is_said(mock: Run) -> None:
    slow = live(ANSWER, total_ms=900_000.0, first_token_ms=60_000.0)
    found = parity(mock, slow, CONTRACT)
    assert found.verdict is HOLDS
    assert "흉내" in found.reasons[-1].message.ko
    assert "simulated" in found.reasons[-1].message.en


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        (
            {"headline": "너무나도 길어서 스무 글자를 훌쩍 넘기는 헤드라인"},
            "length.too_long",
            "headline",
        ),
        ({"bullets": ANSWER["bullets"][:2]}, "list.count", "bullets"),
        ({"bullets": "집에서 빨아요"}, "field.wrong_type", "bullets"),
        ({"cta": 3}, "field.wrong_type", "cta"),
    ],
)
def test_a_broken_rule_is_broken(mock: Run, fields: dict, code: str, field: str) -> None:
    found = against(mock, **fields)
    assert found.verdict is BROKEN
    reason = next(one for one in found.reasons if one.code == code)
    assert (reason.weight, reason.field) == (Weight.BREAKS, field)


def test_a_missing_field_is_broken_and_said_once(mock: Run) -> None:
    lacking = {name: value for name, value in ANSWER.items() if name != "cta"}
    found = parity(mock, live(lacking), CONTRACT)
    assert found.verdict is BROKEN
    assert [one.code for one in found.reasons if one.field == "cta"] == ["field.missing"]
    assert next(one for one in found.reasons if one.field == "cta").message.ko.startswith(
        "버튼 문구"
    )


def test_prose_instead_of_json_is_broken(mock: Run) -> None:
    found = parity(mock, live("네, 써 드릴게요! 빨래가 쉬운 이불이에요."), CONTRACT)
    assert found.verdict is BROKEN
    assert "format.not_json" in codes(found, Weight.BREAKS)


def test_a_fault_that_breaks_no_rule_differs(mock: Run) -> None:
    found = against(mock, headline="포근담 사계절 차렵이불")
    assert found.verdict is DIFFERS
    assert codes(found, Weight.DIFFERS) == ["headline.product_name"]


def test_a_fault_that_the_mock_has_too_is_no_difference() -> None:
    bad = {**ANSWER, "headline": "포근담 사계절 차렵이불"}
    assert parity(answered(bad), live(bad), CONTRACT).verdict is HOLDS


def test_a_mock_that_breaks_the_rules_promises_little() -> None:
    mock = answered({**ANSWER, "bullets": ANSWER["bullets"][:1]})
    found = parity(mock, live(ANSWER), CONTRACT)
    assert found.verdict is DIFFERS
    assert "mock.breaks" in codes(found, Weight.DIFFERS)


def test_a_much_shorter_text_within_the_rules_is_only_noted() -> None:
    long = (
        "무게 1.8kg이라 혼자서도 가볍게 들어요. 먼지 날림이 적은 고밀도 원단이라 안심하고 덮어요."
    )
    mock = answered({**ANSWER, "body": long})
    found = parity(
        mock, live({**ANSWER, "body": "무게 1.8kg이라 혼자서도 가볍게 들어요."}), CONTRACT
    )
    assert found.verdict is HOLDS
    assert "size.shorter" in codes(found, Weight.NOTE)


def test_a_free_text_of_another_size_differs() -> None:
    free = {"task": "free", "format": "text", "payload": {"prompt": "이불 이야기"}}
    short, long = "이불은 좋아요.", "이불은 참 좋아요. 아침에 빨면 저녁에 말라요. " * 8
    found = parity(answered(short, **free), live(long, **free), None)
    assert "size.longer" in codes(found, Weight.DIFFERS)


def test_other_briefs_are_said_and_their_sizes_not_compared() -> None:
    free = {"task": "free", "format": "text"}
    mock = answered("이불은 좋아요.", **free, payload={"prompt": "짧게"})
    other = live("이불은 참 좋아요. " * 20, **free, payload={"prompt": "길게"})
    found = parity(mock, other, None)
    assert "request.payload" in codes(found, Weight.NOTE)
    assert not [code for code in codes(found) if code.startswith("size.")]


def test_another_form_asked_for_differs_and_breaks_nothing(mock: Run) -> None:
    found = parity(mock, live("빨래가 쉬운 이불이에요.", format="text"), CONTRACT)
    assert found.verdict is DIFFERS
    assert "request.format" in codes(found)


def test_another_language_is_noted(mock: Run) -> None:
    found = parity(mock, live(ANSWER, language=Language.ENGLISH), CONTRACT)
    assert "request.language" in codes(found, Weight.NOTE)


def test_shapes_are_compared_where_there_is_no_contract() -> None:
    free = {"task": "free", "payload": {"prompt": "JSON으로"}}
    mock = answered('{"title": "이불", "tags": ["a", "b"], "n": 1}', **free)
    other = live('{"title": ["이불"], "tags": ["a"], "more": true}', **free)
    found = parity(mock, other, None)
    assert found.verdict is DIFFERS
    told = {(one.code, one.field) for one in found.reasons}
    assert {("shape.type", "title"), ("shape.count", "tags")} <= told
    assert {("shape.missing", "n"), ("shape.extra", "more")} <= told


def test_a_field_too_many_breaks_a_contract_that_allows_none(mock: Run) -> None:
    assert against(mock, extra="덤").verdict is not HOLDS


def test_a_server_that_cannot_be_reached_says_nothing_about_the_model(mock: Run) -> None:
    found = parity(mock, failed(), CONTRACT)
    assert found.verdict is CANNOT_SAY
    assert codes(found) == ["pair.provider_unavailable"]


@pytest.mark.parametrize("code", ["broken_answer", "answer_too_long"])
def test_a_live_answer_that_broke_off_is_broken(mock: Run, code: str) -> None:
    assert parity(mock, failed(code), CONTRACT).verdict is BROKEN


@pytest.mark.parametrize("status", [RunStatus.CANCELLED, RunStatus.INTERRUPTED, RunStatus.RUNNING])
def test_a_run_without_a_whole_answer_cannot_be_judged(mock: Run, status: RunStatus) -> None:
    other = make_run(mode=Mode.LIVE, status=status, payload=mock.payload)
    assert parity(mock, other, CONTRACT).verdict is CANNOT_SAY


def test_two_of_a_mode_are_no_pair(mock: Run) -> None:
    assert codes(parity(mock, answered(ANSWER), CONTRACT)) == ["pair.modes"]
    assert parity(live(ANSWER), live(ANSWER), CONTRACT).verdict is CANNOT_SAY


def test_other_tasks_are_no_pair(mock: Run) -> None:
    other = live("이불", task="free", format="text", payload={"prompt": "이불"})
    assert codes(parity(mock, other, CONTRACT)) == ["pair.task"]


def test_pictures_of_one_number_size_and_format_hold() -> None:
    assert parity(drawn(Mode.MOCK, count=2), drawn(Mode.LIVE, count=2), None).verdict is HOLDS


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"count": 1}, "pictures.count"),
        ({"width": 768}, "pictures.size"),
        ({"kind": "jpeg"}, "pictures.format"),
    ],
)
def test_other_pictures_differ(other: dict, code: str) -> None:
    found = parity(drawn(Mode.MOCK, count=2), drawn(Mode.LIVE, **{"count": 2} | other), None)
    assert found.verdict is DIFFERS
    assert codes(found, Weight.DIFFERS) == [code]


@given(JSON, JSON, st.booleans())
def test_any_two_answers_get_a_verdict(one: object, other: object, contract: bool) -> None:
    task = {} if contract else {"task": "free", "payload": {"prompt": "x"}}
    mock, answer = answered(json.dumps(one), **task), live(json.dumps(other), **task)
    found = parity(mock, answer, CONTRACT if contract else None)
    assert found.verdict in ParityVerdict
    weights = [list(Weight).index(reason.weight) for reason in found.reasons]
    assert weights == sorted(weights)


def test_each_live_model_is_paired_with_the_newest_mock_of_the_same_brief() -> None:
    old, new = answered(ANSWER), answered(ANSWER)
    one, other = live(ANSWER, model="one"), live(ANSWER, model="other")
    apart = live(ANSWER, payload={"product_name": "다른 이불", "features": ["가벼움"]})
    pairs = pairs_of([apart, other, one, new, old])
    assert [(pair.mock.id, pair.live.id) for pair in pairs] == [
        (new.id, other.id),
        (new.id, one.id),
    ]


def test_a_run_with_an_answer_goes_before_a_newer_one_without() -> None:
    mock, good = answered(ANSWER), live(ANSWER)
    assert pairs_of([failed(model="some-model"), good, mock])[0].live.id == good.id


def test_the_counterpart_has_the_other_mode_and_the_same_brief() -> None:
    mock, other = answered(ANSWER), live(ANSWER)
    assert counterpart(mock, [answered(ANSWER), failed(), other]) is other
    assert counterpart(other, [live(ANSWER), mock]) is mock
    assert counterpart(mock, [live(ANSWER, payload={"product_name": "다른 것"})]) is None
