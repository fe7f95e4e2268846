"""Whether a post fits its channel, counted as the channel counts."""

import json
from typing import Any

import pytest

from core.catalog import load_catalog
from core.checks.channels import bytes_in_cp949, check_channel, weight_on_x
from core.checks.rule_files import rules
from core.checks.subject import Subject
from core.finding import Finding

SNS = load_catalog().task("sns")
FAMILY = "👨‍👩‍👧‍👦"


def findings(
    platform: str, caption: str, tags: int = 3, action: str = "보러 가기"
) -> list[Finding]:
    answer: dict[str, Any] = {
        "platform": platform,
        "caption": caption,
        "hashtags": [f"#태그{number}" for number in range(tags)],
        "call_to_action": "보러 가기",
    }
    return list(check_channel(subject(answer, {"platform": platform})))


def subject(answer: dict[str, Any], payload: dict[str, Any], task: str = "sns") -> Subject:
    return Subject(
        task=task,
        role="copywriter",
        raw=json.dumps(answer, ensure_ascii=False),
        contract=SNS.contract,
        payload=payload,
    )


def codes(platform: str, caption: str, **more: Any) -> list[str]:
    return [finding.code for finding in findings(platform, caption, **more)]


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("hello", 5),
        ("안녕", 4),
        ("é", 1),
        ("😀", 2),
        (FAMILY, 2),
        ("👍🏽", 2),
        ("🇰🇷", 2),
        ("1️⃣", 2),
        ("https://example.com/a/very/long/address/that/goes/on", 23),
        ("보기 https://a.kr", 4 + 1 + 23),
        ("“따옴표”", 2 + 6),
    ],
)
def test_x_weighs_as_its_own_counter_does(text: str, weight: int) -> None:
    assert weight_on_x(text) == weight


@pytest.mark.parametrize(("text", "size"), [("abc", 3), ("가나", 4), ("똠힣", 4), ("가 a", 4)])
def test_carriers_count_the_bytes_of_cp949(text: str, size: int) -> None:
    assert bytes_in_cp949(text) == size


@pytest.mark.parametrize(
    ("platform", "fits", "too_long"),
    [
        # Beside the caption: a line break, "보러 가기" (9), and for X a line of three tags.
        ("sms", "가" * 40, "가" * 41),
        ("lms", "가" * 995, "가" * 996),
        ("kakao", "가" * 1294, "가" * 1295),
        ("x", "가" * 122, "가" * 126),
        ("threads", "가" * 470, "가" * 490),
        ("instagram", "가" * 2170, "가" * 2200),
    ],
)
def test_a_post_is_too_long_only_beyond_the_channels_limit(
    platform: str, fits: str, too_long: str
) -> None:
    assert codes(platform, fits) == []
    assert codes(platform, too_long) == ["channel.too_long"]


def test_the_finding_tells_how_long_and_how_long_it_may_be() -> None:
    (finding,) = findings("sms", "가" * 50)

    assert finding.field == "caption"
    assert "90바이트" in finding.message.ko
    assert "110" in finding.message.ko
    assert "90 bytes" in finding.message.en


def test_hashtags_take_room_on_x_and_none_in_a_text_message() -> None:
    assert codes("x", "가" * 110, tags=12) == ["channel.too_long"]
    assert codes("sms", "가" * 40, tags=12) == []


def test_instagram_takes_thirty_hashtags_wherever_they_stand() -> None:
    assert codes("instagram", "오늘의 소식이에요.", tags=30) == []
    assert codes("instagram", "오늘의 소식이에요.", tags=31) == ["channel.hashtags"]
    assert codes("instagram", "소식이에요. #하나 #둘", tags=29) == ["channel.hashtags"]


@pytest.mark.parametrize("platform", ["sms", "lms"])
def test_a_text_message_cannot_carry_emoji(platform: str) -> None:
    (finding,) = findings(platform, "새 소식 😀😀 왔어요")

    assert finding.code == "channel.cp949"
    assert (finding.start, finding.end) == (5, 7)
    assert finding.evidence == "😀😀"


def test_everything_that_cp949_has_is_fine_in_a_text_message() -> None:
    assert codes("lms", "똠방각하 ㈜담은 ★ ‘작은따옴표’ ① ℃ 힣") == []


def test_emoji_are_fine_elsewhere() -> None:
    assert codes("instagram", "새 소식 😀") == []


def test_what_was_asked_for_decides_not_what_the_answer_says() -> None:
    answer = {"platform": "instagram", "caption": "가" * 60, "call_to_action": "보기"}

    found = list(check_channel(subject(answer, {"platform": "sms"})))

    assert [finding.code for finding in found] == ["channel.too_long"]


@pytest.mark.parametrize("platform", ["fax", "task", "updated", "", 7, None])
def test_a_channel_without_rules_is_left_alone(platform: Any) -> None:
    answer = {"caption": "가" * 5000}

    assert list(check_channel(subject(answer, {"platform": platform}))) == []


def test_only_posts_have_a_channel() -> None:
    answer = {"caption": "가" * 5000}

    assert list(check_channel(subject(answer, {"platform": "sms"}, task="campaign"))) == []


def test_every_channel_of_the_rules_is_one_that_the_form_offers() -> None:
    offered = {choice.value for field in SNS.fields for choice in field.choices}
    channels = {name for name, rule in rules("channels").items() if isinstance(rule, dict)}

    assert channels <= offered
    assert offered - channels == {"youtube"}
