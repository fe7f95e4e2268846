"""The differences of two texts, as people who read Korean see them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compare import diff as module
from core.compare.diff import Segment, diff, is_same
from core.compare.pairing import paired
from core.compare.words import letters, units

WORDS = st.sampled_from(
    [
        "커피를",
        "커피는",
        "커피",
        "아침",
        "한",
        "손으로",
        "한손으로",
        "👨‍👩‍👧",
        "🇰🇷",
        "각",
        "각",
        "漢字",
        "a",
        "<b>",
    ]
)
SPACES = st.sampled_from([" ", "  ", "\n", "\t", "\u3000", "\u200b", ""])
PROSE = st.lists(st.tuples(WORDS, SPACES)).map(lambda parts: "".join(w + s for w, s in parts))
TEXTS = PROSE | st.text(st.characters(exclude_categories=()))


def told(left: str, right: str) -> list[tuple[str, str, str]]:
    """What is not the same, as (kind, left, right)."""
    return [(s.kind, s.left, s.right) for s in diff(left, right) if s.kind != "same"]


def sides(segments: tuple[Segment, ...]) -> tuple[str, str]:
    return "".join(s.left for s in segments), "".join(s.right for s in segments)


def longest(texts: int) -> str:
    return " ".join(f"단어{number % 97}" for number in range(texts))


@given(TEXTS, TEXTS)
def test_both_texts_can_be_put_together_again_from_the_segments(left: str, right: str) -> None:
    assert sides(diff(left, right)) == (left, right)


@given(TEXTS, TEXTS)
def test_what_is_called_the_same_is_the_same_and_nothing_else_is(left: str, right: str) -> None:
    segments = diff(left, right)
    assert all((s.left == s.right) == (s.kind == "same") for s in segments)
    assert all(bool(s.left) == (s.kind != "added") for s in segments)
    assert all(bool(s.right) == (s.kind != "removed") for s in segments)
    assert is_same(segments) == (left == right)


@given(TEXTS, TEXTS)
def test_neighbouring_segments_are_of_different_kinds(left: str, right: str) -> None:
    kinds = [segment.kind for segment in diff(left, right)]
    assert all(one != other for one, other in pairwise(kinds))


@given(TEXTS)
def test_a_text_is_made_of_its_words_and_of_its_letters(text: str) -> None:
    assert "".join(unit.text for unit in units(text)) == text
    assert "".join(letters(text)) == text


def test_only_the_particle_of_a_word_is_marked() -> None:
    assert told("아침에 커피를 마셔요", "아침에 커피는 마셔요") == [("changed", "를", "는")]


def test_only_the_ending_of_a_verb_is_marked() -> None:
    assert told("빨래가 편해지는 이불", "빨래가 편해져요 이불") == [("changed", "지는", "져요")]


def test_a_word_that_became_another_is_marked_whole() -> None:
    assert told("집에서 세탁기로 빨아요", "집에서 가볍게 빨아요") == [
        ("changed", "세탁기로", "가볍게")
    ]


def test_a_word_put_in_marks_nothing_else() -> None:
    assert told("하루 종일 따뜻해요", "하루 종일 정말 따뜻해요") == [("added", "", " 정말")]


def test_a_word_left_out_marks_nothing_else() -> None:
    assert told("하루 종일 정말 따뜻해요", "하루 종일 따뜻해요") == [("removed", " 정말", "")]


def test_words_written_together_differ_in_the_space_alone() -> None:
    assert told("한 손으로 여는 뚜껑", "한손으로 여는 뚜껑") == [("removed", " ", "")]


def test_a_space_that_became_a_line_break_is_the_only_difference() -> None:
    assert told("첫 줄 둘째 줄", "첫 줄\n둘째 줄") == [("changed", " ", "\n")]


def test_a_change_among_changed_words_is_found() -> None:
    assert told("포근한 이불을 매일 빨아요", "따뜻한 이불이 늘 빨아요") == [
        ("changed", "포근한", "따뜻한"),
        ("changed", "을", "이"),
        ("changed", "매일", "늘"),
    ]


def test_a_family_of_emoji_is_never_cut_in_two() -> None:
    assert told("👨‍👩‍👧", "👨‍👩‍👦") == [("changed", "👨‍👩‍👧", "👨‍👩‍👦")]


def test_a_flag_is_never_cut_in_two() -> None:
    assert told("🇰🇷응원", "🇰🇵응원") == [("changed", "🇰🇷", "🇰🇵")]


def test_a_decomposed_syllable_is_never_cut_in_two() -> None:
    assert told("가\u11a8", "가\u11ab") == [("changed", "가\u11a8", "가\u11ab")]


def test_chinese_is_compared_letter_by_letter() -> None:
    assert told("我们的产品很好", "我们的东西很好") == [("changed", "产品", "东西")]


def test_one_changed_word_is_found_in_ten_thousand_characters() -> None:
    text = longest(2500)
    other = text.split(" ")
    other[1200] = "새말"
    assert told(text, " ".join(other)) == [("changed", text.split(" ")[1200], "새말")]


def test_a_megabyte_is_compared_by_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    counted = module.units
    monkeypatch.setattr(module, "units", lambda text: compared.append(len(text)) or counted(text))
    lines = [f"{number}번째 줄이에요\n" for number in range(90_000)]
    left = "".join(lines)
    lines[40_000] = "바뀐 줄이에요\n"
    right = "".join(lines)

    segments = diff(left, right)

    assert sides(segments) == (left, right)
    assert [s.kind for s in segments if s.kind != "same"] == ["changed"]
    assert max(compared) < 100  # nothing but the line that changed was taken apart


@pytest.mark.parametrize(
    ("left", "right"),
    [("가" * 1_000_000, "나" * 1_000_000), ("가 " * 500_000, "나 " * 500_000)],
)
def test_a_megabyte_without_anything_in_common_is_one_change(left: str, right: str) -> None:
    assert diff(left, right) == (Segment("changed", left, right),)


def test_an_item_more_at_the_beginning_moves_no_other() -> None:
    ours = ["12시간 보온", "한 손으로 여는 뚜껑", "손에 맞는 곡선"]
    lines = paired([ours, ["새로운 디자인", *ours]], reference=0)
    assert lines == [[None, 0], [0, 1], [1, 2], [2, 3]]


def test_items_in_another_order_find_each_other() -> None:
    ours = ["12시간 보온", "한 손으로 여는 뚜껑"]
    theirs = ["한 손으로 여는 가벼운 뚜껑", "12시간 보온 보냉"]
    assert paired([ours, theirs], reference=0) == [[0, 1], [1, 0]]


def test_items_unlike_each_other_stand_beside_each_other_in_order() -> None:
    assert paired([["가나다", "라마바"], ["abc", "def", "ghi"]], reference=0) == [
        [0, 0],
        [1, 1],
        [None, 2],
    ]


ITEMS = st.lists(PROSE, max_size=6)


@given(st.lists(ITEMS, min_size=2, max_size=4), st.integers(0, 1))
def test_every_item_stands_in_exactly_one_line(lists: list[list[str]], reference: int) -> None:
    lines = paired(lists, reference=reference)
    for place, items in enumerate(lists):
        stood = [line[place] for line in lines if line[place] is not None]
        assert sorted(stood) == list(range(len(items)))
    ours = [line[reference] for line in lines if line[reference] is not None]
    assert ours == sorted(ours)
