"""Reading an answer and holding it against its contract."""

import json
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from core.catalog import Contract, load_catalog
from core.checks import check_contract, check_json, field_lengths, parse_answer
from core.run import (
    ContractVerdict,
    FieldLength,
)

CATALOG = load_catalog()


def contract_of(task: str) -> Contract:
    contract = CATALOG.task(task).contract
    assert contract is not None
    return contract


PRODUCT = contract_of("product_detail")
REVIEW = contract_of("review")
CAMPAIGN = contract_of("campaign")


def example(task: str) -> dict[str, JsonValue]:
    answer = CATALOG.task(task).example_answer
    assert answer is not None
    return deepcopy(answer.ko)


def errors(contract: Contract, answer: JsonValue) -> tuple[str, ...]:
    _, verdict = check_contract(contract, json.dumps(answer))
    assert verdict.valid is (not verdict.errors)
    return verdict.errors


def row(contract: Contract, value: JsonValue, name: str) -> FieldLength:
    [found] = [row for row in field_lengths(contract, value) if row.name == name]
    return found


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
product_like = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(PRODUCT.schema["properties"], json_values)
)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        '\n {"a": 1} \n',
        '\ufeff{"a": 1}',
        '{"a": 0, "a": 1}',
    ],
)
def test_json_alone_is_read(text: str) -> None:
    answer = parse_answer(text)
    assert answer is not None
    assert (answer.value, answer.fenced) == ({"a": 1}, False)


@pytest.mark.parametrize(
    "text",
    ['```json\n{"a": 1}\n```', '```\n{"a": 1}```', '```JSON {"a": 1} ```\n', '```{"a": 1}```'],
)
def test_one_fence_around_the_whole_is_taken_off_and_told(text: str) -> None:
    answer = parse_answer(text)
    assert answer is not None
    assert (answer.value, answer.fenced) == ({"a": 1}, True)


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ('Here you are: {"a": 1}', "Here you are:"),
        ('{"a": 1} I hope it helps!', "I hope it helps!"),
        ('네, 아래와 같습니다.\n```json\n{"a": 1}\n```', "네, 아래와 같습니다."),
        ('{product} is here: {"a": 1}', "{product} is here:"),
        ('Either {"b": 0} or {"a": 1, "b": [2, 3]}', 'Either {"b": 0} or'),
        ('{"a": 1}}', "}"),
    ],
)
def test_json_amid_prose_is_read_and_the_prose_told(text: str, prose: str) -> None:
    answer = parse_answer(text)
    assert answer is not None
    assert isinstance(answer.value, dict)
    assert answer.value["a"] == 1
    assert (answer.fenced, answer.prose) == (False, prose)


def test_a_fence_that_stays_open_is_a_fence() -> None:
    answer = parse_answer('```json\n{"a": 1}')
    assert answer is not None
    assert (answer.value, answer.fenced, answer.prose) == ({"a": 1}, True, "")


def test_a_chatty_answer_that_keeps_the_contract_is_valid() -> None:
    text = f"Here it is:\n{json.dumps(example('product_detail'))}"
    assert check_contract(PRODUCT, text)[1].valid


@pytest.mark.parametrize(
    "text",
    ["{" * 1_000_000, '{"a":' * 200_000, '[{"a"' * 200_000, "{ " * 500_000, '{"a":1} {' * 100_000],
)
def test_a_megabyte_of_braces_ends(text: str) -> None:
    answer = parse_answer(text)
    assert answer is None or answer.value == {"a": 1}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "```",
        "``````",
        "```json\n\n",
        "Here you are: a is 1.",
        '{"a": 1',
        'Here you are: {"a": {"b": 1}',
        'Here you are: {"a": [{"b": 1}, {"b": 2}, {"b',
        'Here you are: {"a": 1, b: {"c": 2}}',
        'Here you are: {a: [{"b": 1}]}',
        'Here you are: {"a": NaN}',
        "Here you are: [1, 2]",
        "{'a': 1}",
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": 9223372036854775808}',
        "1" * 10_000,
        "[" * 100_000,
        "[" * 65 + "]" * 65,
        '{"a": "line\nbreak"}',
    ],
)
def test_what_holds_no_whole_json_is_not_json(text: str) -> None:
    assert parse_answer(text) is None
    value, verdict = check_contract(PRODUCT, text)
    assert value is None
    assert not verdict.valid
    assert len(verdict.errors) == 1
    assert "not JSON" in verdict.errors[0]


def test_a_null_answer_is_json() -> None:
    answer = parse_answer("null")
    assert answer is not None
    assert answer.value is None


def test_half_characters_are_read_and_replaced() -> None:
    answer = parse_answer('{"\\ud800": "\\udfff"}')
    assert answer is not None
    assert answer.value == {"\ufffd": "\ufffd"}


def test_an_answer_that_keeps_the_contract_is_valid() -> None:
    value, verdict = check_contract(PRODUCT, json.dumps(example("product_detail")))
    assert value == example("product_detail")
    assert verdict == ContractVerdict(valid=True)


def test_a_fenced_answer_that_keeps_the_contract_is_valid() -> None:
    text = f"```json\n{json.dumps(example('product_detail'))}\n```"
    assert check_contract(PRODUCT, text)[1].valid


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("headline", "가" * 21, "headline is 21 characters, at most 20 allowed."),
        ("headline", "가", "headline is 1 character, at least 5 required."),
        ("headline", ["a"], "headline is a list, text required."),
        ("headline", None, "headline is null, text required."),
        ("bullets", ["하나", "둘"], "bullets has 2 items, exactly 3 required."),
        ("bullets", ["하나", "둘", "셋", "넷"], "bullets has 4 items, exactly 3 required."),
        ("bullets", ["a", "b", "가" * 25], "bullets[2] is 25 characters, at most 20 allowed."),
        ("bullets", "하나, 둘, 셋", "bullets is text, a list required."),
        ("slogan", "hi", "slogan is not a field of the contract."),
    ],
)
def test_a_fault_is_one_sentence(field: str, value: JsonValue, sentence: str) -> None:
    assert errors(PRODUCT, example("product_detail") | {field: value}) == (sentence,)


def test_faults_come_in_the_order_of_the_contract() -> None:
    answer = example("product_detail") | {"cta": "!", "body": 3}
    del answer["headline"]
    assert errors(PRODUCT, answer) == (
        "headline is missing.",
        "body is a number, text required.",
        "cta is 1 character, at least 4 required.",
    )


def test_an_answer_that_is_no_object_is_told_so() -> None:
    assert errors(PRODUCT, []) == ("The answer is a list, an object required.",)


def test_nested_faults_are_named_by_their_path() -> None:
    answer = example("campaign")
    answer["budget_allocation"] = [{"channel": "앱", "percent": 101.5, "why": "x"}]
    assert set(errors(CAMPAIGN, answer)) == {
        "budget_allocation[0].percent is a number, a whole number required.",
        "budget_allocation[0].percent is 101.5, at most 100 allowed.",
        "budget_allocation[0].why is not a field of the contract.",
        "budget_allocation[0].purpose is missing.",
    }


@pytest.mark.parametrize("item", ["컵", "#컵 추천", "##컵"])
def test_a_hashtag_starts_with_one_hash_and_has_no_space(item: str) -> None:
    answer = example("sns") | {"hashtags": ["#하나", "#둘", item]}
    told = errors(contract_of("sns"), answer)
    assert any(sentence.startswith("hashtags[2] is ") for sentence in told)


@pytest.mark.parametrize(
    ("status", "score", "sentences"),
    [
        ("approved", 7.0, ()),
        (
            "approved",
            6.9,
            ("overall_score is 6.9, at least 7.0 required when approval_status is approved.",),
        ),
        ("rejected", 6.9, ()),
        (
            "rejected",
            7,
            ("overall_score is 7, less than 7.0 required when approval_status is rejected.",),
        ),
        ("needs_revision", 9, ()),
        (
            "maybe",
            5,
            ("approval_status is 'maybe', one of approved, needs_revision, rejected required.",),
        ),
        ("needs_revision", 11, ("overall_score is 11, at most 10 allowed.",)),
    ],
)
def test_a_review_decides_as_its_score_allows(
    status: str, score: float, sentences: tuple[str, ...]
) -> None:
    answer = example("review") | {"approval_status": status, "overall_score": score}
    assert errors(REVIEW, answer) == sentences


def test_lengths_are_counted_in_composed_characters() -> None:
    decomposed = "\u1112\u1161\u11ab" * 20
    answer = example("product_detail") | {"headline": decomposed}
    assert errors(PRODUCT, answer) == ()
    assert row(PRODUCT, answer, "headline").length == 20


def test_json_without_a_contract_is_only_parsed() -> None:
    assert check_json('["a"]') == (["a"], ContractVerdict(valid=True))
    assert check_json("Sure!") == (
        None,
        ContractVerdict(valid=False, errors=("The answer is not JSON.",)),
    )


def test_every_text_is_told_with_its_limits_in_the_order_of_the_contract() -> None:
    rows = field_lengths(PRODUCT, dict(reversed(example("product_detail").items())))
    assert [(row.name, row.minimum, row.maximum) for row in rows] == [
        ("headline", 5, 20),
        ("subheadline", 10, 30),
        ("body", 20, 80),
        ("bullets[0]", 1, 20),
        ("bullets[1]", 1, 20),
        ("bullets[2]", 1, 20),
        ("cta", 4, 15),
    ]
    assert all(row.ok and row.length == len(str(row.value)) for row in rows)


def test_a_field_over_its_limit_is_not_ok() -> None:
    answer = example("product_detail") | {"cta": "지금 바로 자세히 알아보러 가기"}
    assert row(PRODUCT, answer, "cta").ok is False
    assert row(PRODUCT, answer, "cta").length == 17


def test_what_is_missing_is_told_without_a_value() -> None:
    rows = field_lengths(PRODUCT, {"bullets": ["하나", "둘"]})
    missing = [row.name for row in rows if row.value is None]
    assert missing == ["headline", "subheadline", "body", "bullets[2]", "cta"]
    assert not any(row.ok for row in rows if row.value is None)
    assert [row.name for row in field_lengths(PRODUCT, None)] == [
        "headline",
        "subheadline",
        "body",
        "bullets",
        "cta",
    ]


def test_an_item_too_many_is_not_ok() -> None:
    rows = field_lengths(PRODUCT, example("product_detail") | {"bullets": list("abcd")})
    assert [row.ok for row in rows if row.name.startswith("bullets")] == [True, True, True, False]


def test_numbers_and_choices_are_told_without_a_length() -> None:
    answer = example("review") | {"clarity": 12}
    assert row(REVIEW, answer, "overall_score").length is None
    assert row(REVIEW, answer, "overall_score").ok
    assert row(REVIEW, answer, "clarity") == FieldLength(name="clarity", value=12, ok=False)
    assert row(REVIEW, answer, "approval_status").length is None


def test_nested_fields_are_told_by_their_path() -> None:
    names = [row.name for row in field_lengths(CAMPAIGN, example("campaign"))]
    assert names[3:6] == [
        "budget_allocation[0].channel",
        "budget_allocation[0].percent",
        "budget_allocation[0].purpose",
    ]


def test_a_value_of_the_wrong_type_is_told_as_it_is() -> None:
    found = row(PRODUCT, {"bullets": "하나, 둘"}, "bullets")
    assert (found.value, found.ok) == ("하나, 둘", False)


@settings(deadline=None)
@given(st.text() | st.text(alphabet='{}[]",:0123456789eE.-`jsontrufal\\ \n'))
def test_no_text_breaks_the_reader(text: str) -> None:
    value, verdict = check_contract(PRODUCT, text)
    assert verdict.valid is (not verdict.errors)
    field_lengths(PRODUCT, value)


@settings(deadline=None)
@given(product_like | json_values)
def test_no_json_breaks_the_verdict(answer: JsonValue) -> None:
    for contract in (PRODUCT, REVIEW, CAMPAIGN):
        value, verdict = check_contract(contract, json.dumps(answer))
        assert all(sentence.endswith(".") for sentence in verdict.errors)
        rows = field_lengths(contract, value)
        if verdict.valid:
            assert all(row.ok for row in rows)
        elif all(row.ok for row in rows):
            assert any("not a field" in e or "when" in e for e in verdict.errors)


@settings(deadline=None)
@given(st.text(min_size=1))
def test_the_verdict_and_the_rows_agree_on_a_text(text: str) -> None:
    answer = example("product_detail") | {"headline": text}
    value, verdict = check_contract(PRODUCT, json.dumps(answer))
    assert row(PRODUCT, value, "headline").ok is verdict.valid
