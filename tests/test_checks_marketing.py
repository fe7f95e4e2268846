"""Checks that know marketing: headline, filler, facts, advertising rules; good answers pass."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from core.catalog import load_catalog
from core.checks.ads import check_ads
from core.checks.channels import check_channel
from core.checks.facts import check_features, check_numbers
from core.checks.filler import check_filler
from core.checks.headline import check_headline
from core.checks.language import check_language
from core.checks.repetition import check_repetition
from core.checks.speech import check_speech
from core.checks.subject import Subject
from core.finding import Finding, Severity
from core.types import Language, normalise
from tests.mock_requests import CONTRACT_TASKS, request_for, text_of

Check = Callable[[Subject], Iterable[Finding]]
ALL: tuple[Check, ...] = (
    *(check_ads, check_channel, check_features, check_filler, check_headline),
    *(check_language, check_numbers, check_repetition, check_speech),
)
NAME = "포근담 사계절 차렵이불"


def evidence(
    check: Check, text: str, *, field: str = "body", task: str = "product_detail", **payload: Any
) -> list[str]:
    raw = json.dumps({field: text}, ensure_ascii=False)
    subject = Subject(task=task, role="copywriter", raw=raw, payload=payload)
    return [finding.evidence for finding in check(subject)]


@pytest.mark.parametrize(
    "headline",
    [
        "포근담 사계절 차렵이불",
        "포근담사계절차렵이불!",
        "신상 포근담 사계절 차렵이불!",
        "포근담 사계절 차렵이불 출시",
        "드디어 출시, 포근담 사계절 차렵이불",
        "포근담 차렵이불",
    ],
)
def test_the_name_alone_is_no_headline(headline: str) -> None:
    assert evidence(check_headline, headline, field="headline", product_name=NAME) == [headline]


@pytest.mark.parametrize(
    "headline",
    [
        "세탁기로 빠는 포근담 사계절 차렵이불",
        "차렵이불 빨래가 가벼워지는 날",
        "주말이 가벼워져요",
        "",
    ],
)
def test_a_headline_that_says_something_may_hold_the_name(headline: str) -> None:
    assert evidence(check_headline, headline, field="headline", product_name=NAME) == []


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("특별한 경험을 선사합니다", "특별한 경험을 선사"),
        ("당신의 일상을 바꿔줄 이불", "당신의 일상을"),
        ("Elevate your sleep tonight", "Elevate your"),
    ],
)
def test_filler_is_told(text: str, phrase: str) -> None:
    assert evidence(check_filler, text) == [phrase]


def test_filler_in_a_button_or_from_the_request_is_fine() -> None:
    assert evidence(check_filler, "지금 바로 만나보세요", field="cta") == []
    assert evidence(check_filler, "품격을 더하다", features=["품격을 더하다"]) == []


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("무게는 1.8 kg", "무게 1.8kg"),
        ("1L를 담아요", "용량 1,000ml"),
        ("20,000mAh 배터리", "2만 mAh"),
        ("2만 5천Pa 흡입력", "25,000Pa"),
        ("12시간 보온", "Keeps warm for 12 hours"),
        ("색이 두 가지예요", "양면 디자인"),
        ("길이 183cm", "183x61cm"),
        ("하나로 끝나요. 한 번에, 첫날부터, 두 손 가볍게, 하루 한 번 한 잔", "무게 1.8kg"),
        ("언제나 24/7 곁에", "무게 1.8kg"),
        ("버즈 3 만나 보세요", "버즈 3"),
        ("버즈 3 만큼 가볍게, 버즈 3 억새빛", "버즈 3"),
        ("3 만원", "30,000원"),
        ("3 만 원, 3 만여 명", "3만"),
    ],
)
def test_numbers_of_the_request_and_figures_of_speech_are_fine(text: str, given: str) -> None:
    assert evidence(check_numbers, text, features=[given]) == []


@pytest.mark.parametrize(
    ("text", "made_up"),
    [
        ("무게는 1.5kg", "1.5kg"),
        ("한 시간 만에 말라요", "한 시간 만에"),
        ("하루 두 번이면 충분해요", "두 번"),
        ("지금 30% 할인", "30%"),
        ("IPX7 방수", "IPX7"),
        ("Ready in 20 minutes", "20 minutes"),
    ],
)
def test_a_number_that_is_made_up_is_told(text: str, made_up: str) -> None:
    assert evidence(check_numbers, text, features=["무게 1.8kg"]) == [made_up]


def test_a_feature_left_out_is_a_note_and_none_told_a_warning() -> None:
    features = ["세탁기 세탁", "양면 디자인"]

    def severities(text: str) -> list[Severity]:
        raw = json.dumps({"body": text}, ensure_ascii=False)
        payload: dict[str, Any] = {"features": features}
        subject = Subject(task="product_detail", role="copywriter", raw=raw, payload=payload)
        return [finding.severity for finding in check_features(subject)]

    assert severities("세탁기에 돌려요. 양면으로 써요.") == []
    assert severities("세탁기에 돌려요.") == [Severity.NOTE]
    assert severities("포근한 밤이에요.") == [Severity.WARNING]


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("국민이 뽑은 최고의 이불", "최고"),
        ("판매 1위 이불", "1위"),
        ("100% 만족", "100%"),
        ("면역력 강화에 도움", "면역력 강화"),
        ("피부 주름 개선 크림", "주름 개선"),
    ],
)
def test_a_risky_claim_is_told_as_a_reminder(text: str, claim: str) -> None:
    raw = json.dumps({"body": text}, ensure_ascii=False)
    (finding,) = check_ads(Subject(task="product_detail", role="copywriter", raw=raw))

    assert finding.evidence == claim
    assert finding.severity is Severity.WARNING
    assert "법률 자문이 아닌" in finding.message.ko
    assert "not legal advice" in finding.message.en


@pytest.mark.parametrize(
    "text", ["오늘 최고기온에도 시원하게", "주름 방지 셔츠", "최초 1회 충전", "포근한 밤"]
)
def test_harmless_words_are_no_claims(text: str) -> None:
    assert evidence(check_ads, text) == []


def test_a_composition_that_the_request_states_is_a_fact() -> None:
    assert evidence(check_ads, "면 100% 원단", features=["면 100%"]) == []


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("task", CONTRACT_TASKS, ids=lambda task: task.id)
def test_the_mocks_good_answers_have_no_errors(task: Any, language: Language) -> None:
    for seed in range(8):
        request = request_for(task, language=language, seed=seed)
        subject = Subject(
            task=task.id,
            role=request.role,
            raw=normalise(text_of(request)),
            language=language,
            contract=task.contract,
            payload=request.payload,
        )
        found = [finding for check in ALL for finding in check(subject)]
        assert [one for one in found if one.severity is Severity.ERROR] == []


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("task", CONTRACT_TASKS, ids=lambda task: task.id)
def test_the_catalogs_examples_have_no_errors(task: Any, language: Language) -> None:
    """The examples are of other products than the forms', so their own words are the request."""
    answer = task.example_answer.in_(language)
    raw = json.dumps(answer, ensure_ascii=False)
    subject = Subject(
        task=task.id,
        role="copywriter",
        raw=raw,
        language=language,
        contract=task.contract,
        payload={"description": "25m 40시간 40 hours"},
    )
    found = [finding for check in ALL for finding in check(subject)]
    assert [one for one in found if one.severity is Severity.ERROR] == []


def test_a_repetition_names_the_other_field_as_people_call_it() -> None:
    contract = load_catalog().tasks["product_detail"].contract
    answer = {
        "body": "손이 바쁜 아침에도 한 손으로 열려요.",
        "bullets": ["보온 12시간", "보온 12시간"],
    }
    subject = Subject(
        task="product_detail",
        role="copywriter",
        raw=json.dumps(answer, ensure_ascii=False),
        contract=contract,
    )

    (finding,) = check_repetition(subject)

    assert "불릿 1에도" in finding.message.ko
    assert "Bullets 1" in finding.message.en
