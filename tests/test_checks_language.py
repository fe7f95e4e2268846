"""Checks that know Korean: the language of an answer, its speech level, its repetitions."""

import json
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from core.catalog import load_catalog
from core.checks.language import check_language
from core.checks.repetition import check_repetition
from core.checks.speech import check_speech
from core.checks.subject import Subject
from core.finding import Finding
from core.types import Language

Check = Callable[[Subject], Iterable[Finding]]


def subject(
    answer: dict[str, Any] | str,
    *,
    task: str = "product_detail",
    language: str = "ko",
    **payload: Any,
) -> Subject:
    prose = isinstance(answer, str)
    return Subject(
        task=task,
        role="copywriter",
        raw=answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False),
        language=Language(language),
        wants_json=not prose,
        payload=payload,
    )


def codes(check: Check, text: dict[str, Any] | str, **more: Any) -> list[str]:
    return [finding.code for finding in check(subject(text, **more))]


@pytest.mark.parametrize(
    "text",
    [
        "집에서 세탁기로 빨 수 있어 주말이 가벼워요.",
        "ANC로 조용하게, IPX7 방수로 비 오는 날에도 들어요.",
        "rTG 오메가3, EPA/DHA 1,000mg을 하루 한 알에 담았어요.",
        "20000mAh 보조 배터리, USB-C 하나로 충전해요.",
        "무게 1.8kg, 높이 30cm라 한 손에 들려요.",
        "오늘은 쉬어 가요 😀👨‍👩‍👧",
        "자세한 내용은 https://example.com/products/everyday 에서 보세요.",
        "",
    ],
)
def test_korean_with_technical_words_is_korean(text: str) -> None:
    assert codes(check_language, text) == []


def test_names_from_the_request_are_not_foreign() -> None:
    name = "Sodam Grain Morning Porridge"

    assert codes(check_language, f"아침엔 {name} 한 그릇", product_name=name) == []
    assert codes(check_language, f"아침엔 {name} 한 그릇") == ["language.low_hangul"]


def test_too_many_english_words_are_told_with_their_share() -> None:
    (finding,) = check_language(
        subject("우리의 premium fabric은 soft touch와 natural mood를 줘요.")
    )

    assert finding.code == "language.low_hangul"
    assert "%" in finding.message.ko
    assert "premium" in finding.evidence


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("편안한 밤을 让每一天都变得轻松。 만나요", "让每一天都变得轻松。"),
        ("새로운 やさしい 하루", "やさしい"),
        ("신(新)상품이에요", "新"),
        ("오늘의 ﾗｸﾗｸ 살림", "ﾗｸﾗｸ"),
    ],
)
def test_a_chinese_or_japanese_run_is_told_with_its_span(text: str, run: str) -> None:
    (finding,) = check_language(subject(text))

    assert finding.code == "language.cjk"
    assert text[finding.start : finding.end] == finding.evidence == run


def test_characters_of_the_request_are_not_foreign() -> None:
    assert codes(check_language, "면 요리, 辛 한 그릇", product_name="辛 라면") == []


def test_a_whole_sentence_in_another_language_is_told() -> None:
    text = "포근한 이불이에요. Feel the difference every single day. 오늘 덮어 보세요."

    findings = {finding.code: finding for finding in check_language(subject(text))}

    assert findings["language.sentence"].evidence == "Feel the difference every single day."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Wash it at home and sleep well tonight.", []),
        ("Wash it at home 그리고 sleep well.", ["language.cjk"]),
        ("Quiet nights. 让每一天都轻松。", ["language.cjk"]),
        ("Siente la calma en tu casa con una manta.", ["language.sentence"]),
        ("A café treat, a naïve déjà vu.", []),
    ],
)
def test_an_english_answer_is_english(text: str, found: list[str]) -> None:
    assert codes(check_language, text, language="en") == found


def test_an_english_answer_may_name_the_korean_product() -> None:
    assert codes(check_language, "Meet 담은 tonight.", language="en", product_name="담은") == []


def test_an_image_prompt_is_english_in_both_languages() -> None:
    prompt = "grey flowerpot on a stool, soft morning light"

    assert codes(check_language, prompt, task="image_prompt") == []
    assert codes(check_language, f"{prompt}, 화분", task="image_prompt") == ["language.cjk"]


def test_a_free_prompt_gets_the_language_that_it_asks_for() -> None:
    answer = "Five names for a rainy day drink."

    assert codes(check_language, answer, task="free", prompt="이름을 영어로 지어 주세요") == []
    assert "language.sentence" in codes(check_language, answer, task="free", prompt="이름 다섯 개")


@pytest.mark.parametrize(
    "text",
    [
        "가볍게 덮어요. 아침까지 포근하죠. 오늘 만나보세요!",
        "가볍게 덮습니다. 아침까지 포근합니다.",
        "오늘 필요한 것은 담요. 그것으로 충분합니다.",
        "중요한 것은 꾸준한 수요. 자료로 확인합니다.",
        "“정말 포근해요.”라는 말을 모았습니다.",
        "어머니다운 손길, 포근한 아침",
        "Warm and light.",
        "",
    ],
)
def test_one_speech_level_is_fine(text: str) -> None:
    assert codes(check_speech, text) == []


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("가볍게 덮어요. 포근해요. 세탁도 간편합니다.", "간편합니다"),
        ("가볍게 덮습니다. 포근합니다. 참 좋죠!", "좋죠"),
        ("가볍습니다 😀 포근합니다 😀 좋네요 😀", "좋네요"),
        ("확인해 보십시오. 확인했습니다. 편해요~", "편해요"),
    ],
)
def test_two_speech_levels_in_one_text_are_told(text: str, odd: str) -> None:
    (finding,) = check_speech(subject(text))

    assert (finding.code, finding.evidence) == ("speech.mixed", odd)


def test_decomposed_text_is_read_like_any_other() -> None:
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFD", "덮어요. 포근합니다."))

    assert codes(check_speech, text) == ["speech.mixed"]


def test_body_and_subheadline_are_read_as_one_a_button_is_not() -> None:
    body = {"body": "아침까지 포근합니다.", "cta": "지금 만나보세요"}

    assert codes(check_speech, body) == []
    assert codes(check_speech, body | {"subheadline": "가볍게 덮어요"}) == ["speech.mixed"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("가볍게 덮고 깊이 자는 밤", "가볍게 덮고, 깊이 자는 밤!"),
        ("가볍게 덮고 깊이 자는 밤", "가볍게 덮고 깊이 자는 밤이 와요. 내일도 포근해요."),
        ("내일도 포근한 아침이에요", "세탁기로 빨아요. 내일도 포근한 아침이에요."),
        ("Sleep deeper tonight", "sleep deeper  TONIGHT."),
        (
            "세탁기에 넣고 돌리면 주말 빨래가 가벼워져요",
            "세탁기에 넣고 돌리면 주말 빨래가 더 가벼워져요",
        ),
    ],
)
def test_a_field_that_repeats_another_is_told(one: str, other: str) -> None:
    assert codes(check_repetition, {"subheadline": one, "body": other}) == ["repeat.field"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("가볍게 덮는 밤", "먼지 날림이 적어 아이 방에도 좋아요."),
        ("포근한 밤", "포근한 밤에는 차 한 잔이 어울려요."),
        ("최대 10시간 켜지는 은은한 불빛이에요", "최대 20시간 켜지는 은은한 불빛이에요"),
    ],
)
def test_fields_that_say_different_things_are_fine(one: str, other: str) -> None:
    assert codes(check_repetition, {"subheadline": one, "body": other}) == []


def bullets(*items: str) -> list[str]:
    answer = {"headline": "밤", "bullets": list(items)}
    contract = load_catalog().task("product_detail").contract
    raw = json.dumps(answer, ensure_ascii=False)
    asked = Subject(task="product_detail", role="copywriter", raw=raw, contract=contract)
    return [f"{finding.code} {finding.field}" for finding in check_repetition(asked)]


@pytest.mark.parametrize(
    ("items", "found"),
    [
        (["세탁기 세탁", "양면 디자인", "가벼운 무게"], []),
        (["30분 충전", "60분 충전"], []),
        (["세탁기 세탁", "세탁기  세탁!"], ["repeat.bullet bullets[1]"]),
        (["집에서 간편한 세탁", "간편한 세탁을 집에서"], ["repeat.bullet bullets[1]"]),
        (["#이불", "#이불빨래"], []),
    ],
)
def test_items_of_a_list_differ(items: list[str], found: list[str]) -> None:
    assert bullets(*items) == found
