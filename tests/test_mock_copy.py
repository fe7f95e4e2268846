"""The mock's copy: every contract kept for any payload, and good copy besides."""

import json
import re
import sys
from itertools import permutations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.catalog import Catalog, Task, load_catalog
from core.types import (
    Language,
)
from tests.mock_requests import (
    CATALOG,
    CONTRACT_TASKS,
    HAN,
    HANGUL,
    answer_to,
    faults_of,
    request_for,
    text_of,
    texts_in,
)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("task", CONTRACT_TASKS, ids=lambda task: task.id)
def test_every_role_keeps_the_contract_with_many_seeds(task: Task, language: Language) -> None:
    for role, seed in product(CATALOG.roles, range(12)):
        request = request_for(task, language=language, role=role, seed=seed)
        assert faults_of(request) == ()


any_text = st.text(max_size=60) | st.sampled_from(
    [
        "",
        " ",
        "🎧",
        "가",
        "바다",
        "X" * 200,
        "최고의 1위 100%",
        "𠮷野家",
        "\u1161\u11a8",
        "é" * 30,
        "e\u0301",
        "\n\t",
    ]
)
any_value = (
    any_text
    | st.lists(any_text, max_size=25)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.none()
    | st.booleans()
)


@st.composite
def any_payload(draw: st.DrawFn, task: Task) -> dict[str, Any]:
    return {field.name: draw(any_value) for field in task.fields if draw(st.booleans())}


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_payload_at_all_gets_an_answer_that_keeps_the_contract(data: st.DataObject) -> None:
    task = data.draw(st.sampled_from(CONTRACT_TASKS))
    payload = data.draw(any_payload(task))
    language = data.draw(st.sampled_from(list(Language)))
    seed = data.draw(st.integers(0, 2**31 - 1))
    assert faults_of(request_for(task, payload, language=language, seed=seed)) == ()


@pytest.mark.parametrize(
    "features",
    [
        ["가" * 10_000],
        ["긴 설명 " * 2_500],
        [" " * 600 + "노이즈 캔슬링"],
        ["하나"],
        [f"특징 {number}번" for number in range(20)],
        ["같음", "같음", "같음"],
        ["🔥🔥🔥", "👨‍👩‍👧‍👦"],
        [],
    ],
    ids=["one-word", "many-words", "spaces", "one", "twenty", "same", "emoji", "none"],
)
@pytest.mark.parametrize("name", ["청", "무선 이어폰", "한정판 " * 25, "🎧", "Pro-X 3"])
def test_nasty_names_and_features_keep_the_contract(name: str, features: list[str]) -> None:
    for seed in range(4):
        payload = {"product_name": name, "features": features}
        assert faults_of(request_for("product_detail", payload, seed=seed)) == ()


def test_no_word_of_a_long_feature_is_cut() -> None:
    long = "아침마다 조용히 물을 데워 주는 유리 주전자라서 잠을 깨우지 않습니다 " * 200
    payload = {"product_name": "고요 주전자", "features": [long]}
    known = set(long.split())
    for seed in range(20):
        answer = text_of(request_for("product_detail", payload, seed=seed))
        for word in re.findall("아침마\\S*|주전자라\\S*|깨우\\S*|데워\\S*", answer):
            assert word.strip("\"',.’“”‘").startswith(tuple(known))


def test_a_word_at_the_border_of_what_is_read_is_not_quoted_in_part() -> None:
    payload = {
        "product_name": "선풍기",
        "features": [" " * 396 + "고요하게흐르는바람", "작은 소리"],
    }
    for seed in range(10):
        assert "고요하게" not in text_of(request_for("product_detail", payload, seed=seed))


SOMEBODYS_TASK = """
tier = "light"
roles = ["copywriter"]
label = { ko = "푸시 알림", en = "Push message" }
help = { ko = "알림을 씁니다.", en = "Writes a push message." }

[options]
max_tokens = 900

[[fields]]
name = "product_name"
type = "text"
required = true
label = { ko = "제품명", en = "Product name" }
example = { ko = "담은 텀블러", en = "Fill Tumbler" }

[system]
ko = "{{ role }} {{ field('title') }} {{ example }}"
en = "{{ role }} {{ field('title') }} {{ example }}"

[user]
ko = "{{ brief }}"
en = "{{ brief }}"

[contract.schema]
type = "object"
additionalProperties = false
required = ["title", "exact", "essay", "code", "tags", "rating", "share", "urgent", "parts"]

[contract.schema.properties]
title = { type = "string", minLength = 7, maxLength = 9 }
exact = { type = "string", minLength = 3, maxLength = 3 }
essay = { type = "string", minLength = 900, maxLength = 1000 }
code = { type = "string", pattern = "^PUSH-[A-Z]+$" }
rating = { type = "integer", minimum = 1, maximum = 5 }
share = { type = "number", exclusiveMinimum = 0, exclusiveMaximum = 1 }
urgent = { type = "boolean" }

[contract.schema.properties.tags]
type = "array"
minItems = 4
maxItems = 4
uniqueItems = true
items = { type = "string", enum = ["a", "b", "c", "d"] }

[contract.schema.properties.parts]
type = "array"
minItems = 2
maxItems = 4

[contract.schema.properties.parts.items]
type = "object"
required = ["line", "level"]

[contract.schema.properties.parts.items.properties]
line = { type = "string", minLength = 5, maxLength = 40 }
level = { type = "string", enum = ["low", "high"] }

[contract.labels]
title = { ko = "제목", en = "Title" }
exact = { ko = "세 글자", en = "Exact" }
essay = { ko = "긴 글", en = "Essay" }
code = { ko = "코드", en = "Code" }
tags = { ko = "꼬리표", en = "Tags" }
rating = { ko = "점수", en = "Rating" }
share = { ko = "비율", en = "Share" }
urgent = { ko = "긴급", en = "Urgent" }
parts = { ko = "부분", en = "Parts" }
"parts.line" = { ko = "줄", en = "Line" }
"parts.level" = { ko = "정도", en = "Level" }

"""


def example_answer() -> str:
    example = (
        'title = "1234567"\nexact = "123"\nessay = "' + "x" * 900 + '"\ncode = "PUSH-ABC"\n'
        'tags = ["a", "b", "c", "d"]\nrating = 3\nshare = 0.5\nurgent = true\n'
        'parts = [{ line = "12345", level = "low" }, { line = "12345", level = "high" }]\n'
    )
    return f"[example_answer.ko]\n{example}\n[example_answer.en]\n{example}"


@pytest.mark.parametrize("language", list(Language))
def test_a_task_that_somebody_adds_as_a_file_is_answered_within_its_contract(
    tmp_path: Path, language: Language
) -> None:
    catalog = catalog_with(tmp_path, "push", SOMEBODYS_TASK + example_answer())
    task = catalog.task("push")
    assert task.contract is not None
    for seed in range(20):
        request = request_for(task, language=language, seed=seed)
        assert task.contract.faults(json.loads(text_of(request, catalog=catalog))) == ()


def catalog_with(folder: Path, name: str, source: str) -> Catalog:
    shipped = Path(sys.modules["core.catalog"].__file__ or "").parent
    for part in ("roles", "tasks"):
        (folder / part).mkdir()
        for file in (shipped / part).glob("*.toml"):
            (folder / part / file.name).write_bytes(file.read_bytes())
    (folder / "tasks" / f"{name}.toml").write_text(source, encoding="utf-8")
    return load_catalog(folder)


def test_a_schema_without_a_catalog_task_is_kept_too() -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string", "minLength": 3}}}
    request = request_for("free", {"prompt": "이름 하나"}).model_copy(
        update={"output_schema": schema, "task": "nobody_knows_it"}
    )
    assert len(answer_to(request)["name"]) >= 3


@pytest.mark.parametrize("language", list(Language))
def test_product_copy_uses_the_payload_and_repeats_nothing(language: Language) -> None:
    payload = CATALOG.task("product_detail").example_payload(language)
    for seed in range(40):
        answer = answer_to(request_for("product_detail", language=language, seed=seed))
        told = " ".join(texts_in(answer)).casefold()
        named = [str(payload["product_name"]), *payload["features"], "침구", "bedding"]  # type: ignore[misc]
        assert any(word.casefold() in told for word in named)
        assert answer["headline"] != payload["product_name"]
        assert not answer["body"].startswith(answer["subheadline"])
        assert len(set(answer["bullets"])) == 3


def test_the_headline_is_not_the_name_even_where_a_feature_is() -> None:
    payload = {"product_name": "Quiet Motor", "features": ["Quiet Motor"]}
    for seed in range(40):
        request = request_for("product_detail", payload, language=Language.ENGLISH, seed=seed)
        assert "Quiet Motor" not in (answer_to(request)["headline"], answer_to(request)["cta"])


def test_no_text_of_an_answer_is_the_beginning_of_another() -> None:
    names = ["first", "second", "third", "fourth", "fifth", "sixth"]
    texts = {name: {"type": "string", "minLength": 10} for name in names}
    payload = {"product_name": "담은 텀블러", "features": ["보온"], "target_audience": "직장인"}
    for seed in range(20):
        request = request_for("product_detail", payload, seed=seed).model_copy(
            update={"task": "new", "output_schema": {"type": "object", "properties": texts}}
        )
        for one, other in permutations(texts_in(answer_to(request)), 2):
            assert not one.startswith(other)


@pytest.mark.parametrize("task", CATALOG.tasks.values(), ids=lambda task: task.id)
def test_korean_answers_hold_no_chinese_and_english_ones_no_korean(task: Task) -> None:
    for seed in range(20):
        assert not HAN.search(text_of(request_for(task, seed=seed)))
        english = text_of(request_for(task, language=Language.ENGLISH, seed=seed))
        assert not HAN.search(english)
        assert not HANGUL.search(english)


@pytest.mark.parametrize("language", list(Language))
def test_an_image_prompt_is_english_whatever_the_brief_is(language: Language) -> None:
    payload = {"brief": "비 오는 날 창가에 놓인 컵", "purpose": "포스터", "tone": "차분하게"}
    for role, seed in product(CATALOG.roles, range(10)):
        request = request_for("image_prompt", payload, language=language, role=role, seed=seed)
        assert all(text.isascii() for text in texts_in(answer_to(request)))


@pytest.mark.parametrize("task_id", ["product_detail", "sns", "brand_kit", "image_prompt", "free"])
def test_no_number_and_no_superlative_comes_from_the_mock_itself(task_id: str) -> None:
    task = CATALOG.task(task_id)
    for language, seed in product(Language, range(20)):
        payload = task.example_payload(language)
        answer = answer_to(request_for(task, language=language, seed=seed))
        known = set(re.findall(r"\d+", json.dumps(payload)))
        told = " ".join(texts_in(answer))
        assert set(re.findall(r"\d+", told)) <= known
        assert not re.search("최고|1위|100%|완벽|유일", told)


@pytest.mark.parametrize(
    ("task_id", "wanted", "other"),
    [
        ("product_detail", r"요\b", "니다"),
        ("sns", r"요\b", "니다"),
        ("brand_kit", "니다", r"[가-힣]요[.!?]"),
        ("campaign", "니다", r"[가-힣]요[.!?]"),
        ("review", "니다", r"[가-힣]요[.!?]"),
        ("free", r"요\b", "니다"),
    ],
)
def test_korean_keeps_the_one_speech_level_that_the_prompt_asks_for(
    task_id: str, wanted: str, other: str
) -> None:
    told = [text_of(request_for(task_id, seed=seed)) for seed in range(20)]
    assert any(re.search(wanted, text) for text in told)
    assert not [text for text in told if re.search(other, text)]


def test_the_social_post_is_for_the_channel_that_was_asked_for() -> None:
    for platform in ("x", "naver_blog", "threads"):
        payload = {"platform": platform, "product_name": "담은 텀블러", "features": ["보온"]}
        assert answer_to(request_for("sns", payload))["platform"] == platform


def test_a_campaign_spends_its_whole_budget_on_the_given_channels_in_the_given_time() -> None:
    task = CATALOG.task("campaign")
    payload = task.example_payload(Language.KOREAN)
    for seed in range(20):
        answer = answer_to(request_for(task, seed=seed))
        shares = answer["budget_allocation"]
        assert {share["channel"] for share in shares} == set(payload["channels"])  # type: ignore[arg-type]
        assert sum(share["percent"] for share in shares) == 100
        assert answer["duration"] == payload["period"]


def test_a_review_approves_from_seven_and_rejects_below() -> None:
    seen = set()
    for seed in range(40):
        answer = answer_to(request_for("review", seed=seed))
        seen.add(answer["approval_status"])
        assert (answer["approval_status"] == "approved") == (answer["overall_score"] >= 7.0)
    assert seen == {"approved", "needs_revision", "rejected"}


def test_a_review_names_the_claims_in_the_copy_and_does_not_approve_it() -> None:
    for seed in range(20):
        answer = answer_to(request_for("review", {"copy": "업계 1위, 최고의 물병"}, seed=seed))
        assert any("최고" in flag for flag in answer["risk_flags"])
        assert any("1위" in flag for flag in answer["risk_flags"])
        assert answer["approval_status"] != "approved"
        assert answer["revision_priority"] in ("high", "critical")


def test_a_free_answer_quotes_the_prompt_and_says_that_it_is_simulated() -> None:
    prompt = "가을 신메뉴 이름을 지어 주세요"
    text = text_of(request_for("free", {"prompt": prompt}, wants_json=False))
    assert prompt in text
    assert "모의 답변" in text
    english = request_for(
        "free", {"prompt": "Name it"}, wants_json=False, language=Language.ENGLISH
    )
    assert "simulated answer" in text_of(english)


def test_a_free_answer_as_json_is_an_object() -> None:
    assert answer_to(request_for("free", {"prompt": "안녕"}))["note"]


def test_without_json_a_contract_answer_is_labelled_lines() -> None:
    as_json = answer_to(request_for("product_detail", seed=3))
    lines = text_of(request_for("product_detail", seed=3, wants_json=False)).splitlines()
    assert lines[0] == f"헤드라인: {as_json['headline']}"
    assert f"- {as_json['bullets'][2]}" in lines
