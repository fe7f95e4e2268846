"""Checks of form: what each finds, where, and what it leaves alone."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.catalog import load_catalog
from core.checks.engine import MOST_A_FAMILY, check
from core.checks.families import CODES, FAMILIES
from core.checks.rule_files import FOLDER, read_rules, rules
from core.checks.subject import Subject
from core.errors import CatalogError
from core.finding import CheckReport, Finding, Severity
from core.types import Language, Message
from tests.mock_requests import CONTRACT_TASKS, request_for, text_of

CATALOG = load_catalog()
PAYLOAD: dict[str, Any] = {
    "product_name": "담은 텀블러",
    "features": ["이중 스테인리스 구조", "보온 12시간", "한 손으로 여는 뚜껑"],
}
SYSTEM = CATALOG.render(
    "copywriter", "product_detail", PAYLOAD, language=Language.KOREAN, wants_json=True
)


def example(task: str, language: Language = Language.KOREAN) -> dict[str, Any]:
    answer = CATALOG.task(task).example_answer
    assert answer is not None
    return deepcopy(answer.in_(language))


def subject(
    answer: object, task: str = "product_detail", *, payload: object = None, **values: Any
) -> Subject:
    raw = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    known = {
        "task": task,
        "role": "copywriter",
        "raw": raw,
        "contract": CATALOG.task(task).contract,
        "payload": PAYLOAD if payload is None else payload,
        "finish_reason": "stop",
    }
    return Subject(**known | values)


def report(answer: object, task: str = "product_detail", **values: Any) -> CheckReport:
    return check(subject(answer, task, **values))


def told(code: str, answer: object, task: str = "product_detail", **values: Any) -> list[Finding]:
    return [one for one in report(answer, task, **values).findings if one.code == code]


def places(code: str, answer: object, task: str = "product_detail", **values: Any) -> list[str]:
    return [one.field for one in told(code, answer, task, **values)]


def with_(task: str = "product_detail", **fields: object) -> dict[str, Any]:
    return example(task) | fields


FORM = {code for family in FAMILIES[:13] for code in family.codes}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("task", CONTRACT_TASKS, ids=lambda task: task.id)
def test_the_examples_of_the_catalog_have_nothing_wrong_in_their_form(
    task: Any, language: Language
) -> None:
    found = report(example(task.id, language), task.id, payload={}, language=language)
    assert [one for one in found.findings if one.code in FORM] == []


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("task", CONTRACT_TASKS, ids=lambda task: task.id)
def test_the_good_answers_of_the_mock_have_no_errors(task: Any, language: Language) -> None:
    for role in CATALOG.roles:
        request = request_for(task, language=language, role=role)
        prompt = CATALOG.render(role, task.id, request.payload, language=language, wants_json=True)
        found = report(
            text_of(request),
            task.id,
            payload=request.payload,
            messages=prompt,
            language=language,
        )
        assert [one for one in found.findings if one.severity is Severity.ERROR] == []


@pytest.mark.parametrize("raw", ["", "  ", "네, 알겠어요.", '{"headline": "끊긴', "[" * 100])
def test_an_answer_without_json_is_told_once(raw: str) -> None:
    assert [one.severity for one in told("format.not_json", raw)] == [Severity.ERROR]


def test_text_where_text_was_asked_for_is_no_broken_json() -> None:
    assert told("format.not_json", "헤드라인: 한 모금의 온도", wants_json=False) == []


def test_a_fence_and_talk_around_json_are_told_and_the_rest_is_read() -> None:
    good = json.dumps(example("product_detail"))
    assert told("format.fenced", f"```json\n{good}\n```")
    [chatty] = told("format.chatty", f"네, 만들어 봤어요.\n```json\n{good}\n```")
    assert chatty.evidence == "네, 만들어 봤어요."
    assert places("field.missing", '답이에요: {"headline": "한 모금의 온도"}') == [
        *("subheadline", "body", "bullets", "cta")
    ]


@pytest.mark.parametrize(
    ("code", "change", "place"),
    [
        ("field.empty", {"headline": ""}, "headline"),
        ("field.empty", {"headline": "      "}, "headline"),
        ("field.empty", {"headline": "\u200b\u200b\u200b\u200b\u200b"}, "headline"),
        ("field.empty", {"headline": None}, "headline"),
        ("field.extra", {"slogan": "덤"}, "slogan"),
        ("field.wrong_type", {"headline": ["한 모금"]}, "headline"),
        ("field.wrong_type", {"bullets": "하나, 둘, 셋"}, "bullets"),
        ("length.too_short", {"headline": "온도"}, "headline"),
        ("list.count", {"bullets": ["가벼운 무게", "넓은 입구"]}, "bullets"),
        ("list.item_empty", {"bullets": ["가벼운 무게", "", "넓은 입구"]}, "bullets[1]"),
        ("list.item_empty", {"bullets": ["가벼운 무게", "  ", "넓은 입구"]}, "bullets[1]"),
    ],
)
def test_a_fault_of_a_field_is_told_alone_and_at_its_place(
    code: str, change: dict[str, object], place: str
) -> None:
    found = report(with_(**change), payload={})
    form = [one for one in found.findings if one.code in FORM]
    assert [(one.code, one.field) for one in form] == [(code, place)]


def test_a_text_too_long_is_told_with_what_is_too_much() -> None:
    headline = "아침을 여는 따뜻한 한 모금의 온도를 만나요"
    [found] = told("length.too_long", with_(headline=headline))
    assert (found.start, found.end) == (20, len(headline))
    assert found.evidence == headline[20:]
    assert "20자까지인데 24자" in found.message.ko


def test_choices_numbers_and_forms_have_codes_of_their_own() -> None:
    assert places("choice.unknown", with_("sns", platform="틱톡"), "sns") == ["platform"]
    assert places("field.wrong_form", with_("sns", hashtags=["#하나", "둘", "#셋"]), "sns") == [
        "hashtags[1]"
    ]
    assert places("number.out_of_range", with_("review", clarity=12), "review") == ["clarity"]


@pytest.mark.parametrize(
    ("status", "score", "code"),
    [
        ("approved", 6.9, "review.approved_low"),
        ("approved", 7.0, None),
        ("rejected", 7.0, "review.rejected_high"),
        ("rejected", 6.9, None),
        ("needs_revision", 9.5, None),
    ],
)
def test_a_review_decides_as_its_score_allows(status: str, score: float, code: str | None) -> None:
    answer = with_("review", approval_status=status, overall_score=score)
    found = [one.code for one in report(answer, "review").findings if one.code in FORM]
    assert found == ([code] if code else [])


@pytest.mark.parametrize(("second", "right"), [(40, True), (39, False), (41, False)])
def test_a_budget_adds_up_to_a_hundred(second: int, right: bool) -> None:
    answer = example("campaign")
    answer["budget_allocation"][1]["percent"] = second
    assert places("budget.sum", answer, "campaign") == ([] if right else ["budget_allocation"])


def test_an_answer_that_ran_out_of_tokens_is_told() -> None:
    assert told("cut.length_limit", example("product_detail"), finish_reason="length")
    assert told("cut.length_limit", '{"headline": "한', finish_reason="length")


LIMITS = {"headline": 20, "subheadline": 30, "body": 80, "cta": 15}


def cut_places(field: str, text: str, **values: Any) -> list[str]:
    assert len(text) <= LIMITS[field], len(text)
    return places("cut.mid_word", with_(**{field: text}), **values)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("body", "아침에 담은 커피가 점심까지 따뜻해요. 매일 들고 다니기 좋은 이중 스테인리"),
        ("body", "저녁 준비는 환하게, 잠들기 전에는 은은하게. 손이 바쁜 캠핑에서도 쉽게 켜고"),
        ("body", "뚜껑을 돌리면 바로 열려요. 바쁜 아침에도 부담 없이 챙길 수 있"),
        ("body", "뚜껑을 돌리면 바로 열려요. 바쁜 아침에도 부담 없이 챙길 수"),
        ("body", "무게를 덜어 하루 종일 들고 다녀도 가벼워요. 출근길에도 산책길에도 편안한"),
        ("body", "무게를 덜어 하루 종일 들고 다녀도 가벼워요. 출근길에 어울립니"),
        ("headline", "아침을 여는 따뜻한 한 모금을 위한"),
        ("headline", "하루 종일 따뜻하게 지켜 주는 스테인리"[:20]),
        ("subheadline", "이중 구조라서 점심까지 온기가 그대로 남아 있습니"),
        ("subheadline", "뚜껑을 한 손으로 열 수 있어서 출근길에도 바쁘지 않"),
        ("subheadline", "가볍고 튼튼해서,"),
        ("subheadline", "뚜껑을 한 손으로 열어 출근길의 온도를 끝까지 지키"),
        ("cta", "지금 만나보세"),
    ],
)
def test_korean_that_stops_in_the_middle_is_told(field: str, text: str) -> None:
    assert cut_places(field, text) == [field]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("headline", "점심까지 식지 않는 커피"),
        ("headline", "아침 온기를 퇴근길까지"),
        ("headline", "집에서도 카페처럼"),
        ("headline", "세탁은 더 쉽게, 잠은 더 깊게"),
        ("headline", "바쁜 아침에도 여유를"),
        ("headline", "하루의 시작은 가볍게 한 손으로"),
        ("headline", "가방 속에서도 새지 않는 안심 뚜껑"),
        ("headline", "오래 두고 마셔도 처음 온도 그대로"),
        ("headline", "오늘도 따뜻하게 챙겨 가는 한 모금의 온도"[:19]),
        ("headline", "한겨울 출근길도 따뜻해요 ☕"),
        ("headline", "하루 종일 들어도 가볍다"),
        ("subheadline", "이중 구조로 온기를 오래 지켜 주는 생활 속 냉장고"),
        ("subheadline", "뚜껑 하나로 커피와 물을 편하게 마실 수 있음"),
        ("subheadline", "열두 시간 보온, 그래서 점심 커피도 뜨끈함"),
        ("body", "아침에 담은 커피가 점심까지 따뜻해요. 뚜껑은 한 손으로 열려 출근길에도 편해요!"),
        ("body", "아침에 담은 커피가 점심까지 따뜻해요. 출근길에도 편하게 들고 다닐 수 있어요"),
        ("cta", "지금 바로 담기"),
        ("cta", "1:1 문의"),
        ("cta", "더 알아보기"),
        ("cta", "색상 먼저 고르러 가기"),
    ],
)
def test_good_korean_endings_are_left_alone(field: str, text: str) -> None:
    assert cut_places(field, text) == []


@pytest.mark.parametrize(
    ("field", "text", "cut"),
    [
        ("headline", "Warm coffee and a", True),
        ("headline", "Hot until your lunch", False),
        ("headline", "Lids you can rely on", False),
        ("headline", "Learn more", False),
        ("headline", "Weighs only 1.8 kg", False),
        ("body", "Pour it at seven. It is still hot at noon, and the lid opens with one han", True),
        (
            "body",
            "Pour it at seven. It is still hot at noon, and the lid opens with one hand.",
            False,
        ),
        (
            "body",
            "blurry, low contrast, watermark, crooked horizon, extra fingers, old hands, text",
            False,
        ),
        ("body", "It is still hot at noon, and the lid of this tumbler opens with", True),
    ],
)
def test_english_endings(field: str, text: str, cut: bool) -> None:
    text = text[: LIMITS[field]]
    found = cut_places(field, text, language=Language.ENGLISH)
    assert found == ([field] if cut else [])


def test_a_field_that_is_another_up_to_the_middle_of_a_word_is_cut() -> None:
    body = "커피를 담으면 열두 시간 동안 콜드브루처럼 시원하게 즐겨요."
    assert places("cut.mid_word", with_(body=body, subheadline=body[:19]), payload={}) == [
        "subheadline"
    ]
    assert places("cut.mid_word", with_(body=body, subheadline=body[:21]), payload={}) == []


@pytest.mark.parametrize(
    ("text", "open_at"),
    [
        ("온기를 지키는 구조 (이중 스테인리스", 11),
        ("그대로 남는 “처음의 온도를 느껴요", 7),
        ("'처음의 온도를 그대로 느껴요", 0),
        ('그대로 남는 "처음의 온도를 느껴요', 7),
        ("온기를 지키는 구조 (이중)로 만들어요", None),
        ('15" 노트북도 들어가는 넉넉한 가방', None),
        ("It's the cup you'd take to work", None),
        ("기다렸죠 :( 이제 식지 않아요", None),
        ("'처음의 온도'를 그대로 느껴요", None),
    ],
)
def test_brackets_and_quotations_that_stay_open(text: str, open_at: int | None) -> None:
    found = told("cut.unclosed", with_(subheadline=text))
    assert [one.start for one in found] == ([] if open_at is None else [open_at])


@pytest.mark.parametrize(
    "text",
    [
        *("[제품명]과 함께하는 아침", "{product_name}의 온도", "{{headline}} 그대로예요"),
        *("○○과 함께하는 아침 시간", "OO 텀블러로 여는 아침", "여기에 문구를 입력하세요"),
        *("[Product Name] keeps it hot", "Lorem ipsum dolor sit", "TBD: 나중에 정할 문구"),
        *("서브헤드라인", "subheadline", "string", "..........", "XX% 더 따뜻한 아침"),
    ],
)
def test_gaps_that_were_to_be_filled_are_told(text: str) -> None:
    assert places("leak.placeholder", with_(subheadline=text)) == ["subheadline"]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "[신제품] 점심까지 따뜻한 온도",
            "사이즈는 XXL까지 골라 보세요",
            "O2O 서비스로 바로 받아요",
        ),
        *(
            "하루 12시간 (냉장 24시간) 그대로",
            "1,000원부터 시작하는 온기",
            "점심까지 따뜻해요… 정말로",
        ),
        *("<한정판> 겨울 색으로 만나요", "#텀블러 #보온병 함께 써요"),
    ],
)
def test_copy_with_brackets_and_letters_is_no_gap(text: str) -> None:
    assert places("leak.placeholder", with_(subheadline=text)) == []


def test_what_the_request_says_is_no_gap() -> None:
    answer = with_(subheadline="OO 브랜드가 만든 컵이에요")
    assert places("leak.placeholder", answer) == ["subheadline"]
    assert places("leak.placeholder", answer, payload={"product_name": "OO 브랜드"}) == []


@pytest.mark.parametrize(
    "text",
    [
        "[요청서] 담은 텀블러의 상세페이지 카피예요.",
        "길이를 넘으면 단어 중간에서 자르지 말고, 더 짧은 표현으로 처음부터 다시 씁니다.",
        "<|im_start|>따뜻한 온도를 담은 텀블러예요.",
        "아침에도 </think> 따뜻한 온도를 담은 컵이에요.",
    ],
)
def test_text_of_the_prompt_is_a_leak(text: str) -> None:
    assert "body" in places("leak.prompt", with_(body=text), messages=SYSTEM)


def test_what_the_request_says_is_no_leak_although_the_prompt_holds_it() -> None:
    feature = "이불 빨래가 번거로운 삼십 대 맞벌이 부부를 위한 넉넉한 크기"
    messages = (Message(role="system", content=f"다음 특징을 씁니다: {feature}"),)
    answer = with_(body=f"{feature}예요.")
    assert places("leak.prompt", answer, messages=messages) == ["body"]
    assert places("leak.prompt", answer, messages=messages, payload={"features": [feature]}) == []


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("refusal.refused", "죄송하지만 해당 요청은 도와드릴 수 없습니다."),
        ("refusal.refused", "I'm sorry, but I can't help with that request."),
        ("refusal.refused", "I cannot provide copy for this product, sorry."),
        ("refusal.ai_talk", "저는 AI 언어 모델로서 제품을 써 볼 수는 없어요."),
        ("refusal.ai_talk", "인공지능으로서 커피를 마셔 볼 수는 없지만 따뜻해요."),
        ("refusal.ai_talk", "As an AI language model, I have no favourite cup."),
        ("refusal.ai_talk", "물론입니다! 요청하신 상세페이지 카피를 작성해 드릴게요."),
        ("refusal.ai_talk", "I hope this helps with your product page today!"),
    ],
)
def test_refusals_and_talk_of_the_model_are_told(code: str, text: str) -> None:
    assert places(code, with_(body=text)) == ["body"]
    assert code in {one.code for one in report(text).findings}


@pytest.mark.parametrize(
    "text",
    [
        "한번 쓰면 놓을 수 없는 편안함, 다른 컵으로는 흉내 낼 수 없어요.",
        "AI 요금제를 비교해 드려요. 인공지능이 고른 오늘의 커피도 받아 보세요.",
        "늦어서 미안한 날, 따뜻한 커피 한 잔으로 마음을 전해 보세요.",
        "Sorry, cold coffee: this cup keeps yours hot until the last sip.",
    ],
)
def test_copy_that_sounds_like_a_refusal_is_left_alone(text: str) -> None:
    assert not {"refusal.refused", "refusal.ai_talk"} & {
        one.code for one in report(with_(body=text)).findings
    }


@pytest.mark.parametrize(
    "text",
    [
        "따뜻한 온도 따뜻한 온도 따뜻한 온도 따뜻한 온도",
        "정말 정말 정말 정말 따뜻한 컵이에요.",
        "따뜻해요" + "요" * 20,
        "보온보온보온보온보온보온이에요.",
        "온기가 오래 남아요. " * 5,
    ],
)
def test_what_is_said_over_and_over_is_told(text: str) -> None:
    assert places("repeat.runaway", with_(body=text)) == ["body"]


@pytest.mark.parametrize(
    "text",
    [
        "정말 정말 따뜻해요. 다시 봄, 다시 봄, 다시 커피 한 잔을 담아 보세요.",
        "100000000번을 여닫아도 튼튼한 뚜껑이라 오래 쓸 수 있어요 ㅋㅋㅋㅋㅋㅋㅋㅋㅋㅋ",
        "가볍게, 더 가볍게, 더욱 가볍게 들고 다니는 하루의 온도예요.",
    ],
)
def test_emphasis_is_no_runaway(text: str) -> None:
    assert places("repeat.runaway", with_(body=text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "**따뜻한 온도**를 담아요",
        "# 따뜻한 온도를 담아요",
        "- 따뜻한 온도를 담아요",
        "`온도`를 담는 컵이에요",
    ],
)
def test_markdown_is_told(text: str) -> None:
    assert places("markup.markdown", with_(subheadline=text)) == ["subheadline"]


@pytest.mark.parametrize(
    "text", ["#텀블러 추천해요 오늘은", "*별도 구매 상품이에요, 참고", "커피-물-차 모두 담아요"]
)
def test_hashtags_and_footnotes_are_no_markdown(text: str) -> None:
    assert places("markup.markdown", with_(subheadline=text)) == []


def test_a_free_answer_may_have_markdown() -> None:
    text = "**따뜻한 온도**\n- 하나\n- 둘"
    assert not told("markup.markdown", text, "free", contract=None, wants_json=False)


def test_an_answer_wrong_all_over_is_told_a_bounded_number_of_times() -> None:
    answer = with_() | {f"extra{number}": 1 for number in range(5_000)}
    assert len(told("field.extra", answer)) == MOST_A_FAMILY


def test_spans_and_evidence_agree() -> None:
    answer = with_(
        headline="**따뜻한** [제품명] 아침의 온도를 담아",
        body="물론입니다! 요청하신 카피를 작성해 드릴게요. (따뜻한 온도",
    )
    texts = {text.name: text.text for text in subject(answer).texts}
    spanned = [one for one in report(answer).findings if one.start is not None and one.field]
    assert len(spanned) >= 4
    for one in spanned:
        assert 0 <= one.start < one.end <= len(texts[one.field])


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_file_of_rules_is_dated_and_names_its_source(path: Path) -> None:
    assert read_rules(path)["updated"]
    text = path.read_text(encoding="utf-8").casefold()
    assert "source" in text or "law" in text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("updated = 2026-11-24\nwords = [", "words.toml have a fault"),
        ("words = []", "updated is missing"),
        ('updated = "today"', "updated must be a date"),
    ],
)
def test_a_mistake_in_a_file_of_rules_names_the_file(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "words.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError, match=problem):
        read_rules(path)


def test_a_rule_that_is_missing_or_unreadable_is_named(tmp_path: Path) -> None:
    path = tmp_path / "words.toml"
    path.write_text('updated = 2026-11-24\nlist = ["(", ""]\none = "x"', encoding="utf-8")
    found = read_rules(path)
    with pytest.raises(CatalogError, match="nothing is missing"):
        found["nothing"]
    with pytest.raises(CatalogError, match="one must be a list"):
        found.words("one")
    with pytest.raises(CatalogError, match="empty text"):
        found.words("list")
    path.write_text('updated = 2026-11-24\nlist = ["("]', encoding="utf-8")
    with pytest.raises(CatalogError, match="list: '\\('"):
        read_rules(path).pattern("list")
    assert rules("cut").words("syllables")


def test_the_documented_codes_are_the_codes() -> None:
    page = Path("docs/checks.md").read_text(encoding="utf-8")
    cells = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    told = [code for cell in cells for code in cell.split("`")[1::2]]
    assert sorted(told) == sorted(CODES)


pieces = st.sampled_from(
    [
        *(
            '{"headline": "',
            '"',
            "}",
            "{",
            "[",
            "]",
            ",",
            ":",
            "\\",
            "```",
            "\n",
            " ",
            "요",
            "하는",
        ),
        *("가" * 25, "죄송합니다", "“", "(", "'", "**", "1", "#", "🎧", "\u200b", "\u1161", "the"),
    ]
)


@settings(deadline=None, max_examples=60)
@given(st.text() | st.lists(pieces, max_size=40).map("".join))
def test_no_text_breaks_a_check(raw: str) -> None:
    for task in ("product_detail", "review", "free"):
        contract = CATALOG.task(task).contract
        for wants_json in (True, False):
            found = report(raw, task, contract=contract, wants_json=wants_json, messages=SYSTEM)
            assert {one.code for one in found.findings} <= set(CODES)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | pieces,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from(sorted(example("product_detail"))), any_json), any_json)
def test_what_the_verdict_blames_the_checks_find(fields: dict[str, Any], payload: Any) -> None:
    answer = example("product_detail") | fields
    asked = {"features": payload} if payload is not None else {}
    found = report(answer, payload=asked)
    contract = CATALOG.task("product_detail").contract
    assert contract is not None
    if contract.faults(answer):
        assert any(one.severity is not Severity.NOTE for one in found.findings)


@pytest.mark.parametrize(
    "piece",
    ["가", "가나다 ", "(", '"', "a b ", "**", "요. ", "{", "\n", "1", "죄송합니다 ", "[제품", "' "],
)
def test_a_very_long_text_is_checked_to_its_end(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    assert report(text, messages=SYSTEM).scores.overall == 0
    assert report(with_(body=text), messages=SYSTEM).scores.overall < 10
