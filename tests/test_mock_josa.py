"""Korean particles after words that are known only at run time."""

import pytest

from core.providers.mock.josa import with_josa


@pytest.mark.parametrize(
    ("word", "pair", "expected"),
    [
        ("이불", "은/는", "이불은"),
        ("커피", "은/는", "커피는"),
        ("이어폰", "이/가", "이어폰이"),
        ("물", "을/를", "물을"),
        ("차", "을/를", "차를"),
        ("빵", "과/와", "빵과"),
        ("우유", "과/와", "우유와"),
        ("집", "으로/로", "집으로"),
        ("물", "으로/로", "물로"),
        ("서울", "으로/로", "서울로"),
        ("바다", "으로/로", "바다로"),
        ("선물", "이에요/예요", "선물이에요"),
        ("커피", "이에요/예요", "커피예요"),
        ("무선 이어폰 (화이트)", "은/는", "무선 이어폰 (화이트)는"),
        ("‘속 편한 아침’", "이라는/라는", "‘속 편한 아침’이라는"),
        ("커피 ☕", "이/가", "커피 ☕가"),
        ("블루투스 5.3", "은/는", "블루투스 5.3은"),
        ("4", "이/가", "4가"),
        ("10", "을/를", "10을"),
        ("갤럭시 21", "으로/로", "갤럭시 21로"),
        ("시즌 6", "으로/로", "시즌 6으로"),
        ("500ml", "을/를", "500ml를"),
        ("1.8kg", "이/가", "1.8kg이"),
        ("100%", "으로/로", "100%로"),
        ("Pro", "은/는", "Pro는"),
        ("Book", "은/는", "Book은"),
        ("Phone", "이/가", "Phone이"),
        ("Apple", "으로/로", "Apple로"),
        ("Apple", "은/는", "Apple은"),
        ("Serum", "을/를", "Serum을"),
        ("Max", "은/는", "Max는"),
        ("Note", "이/가", "Note가"),
        ("Pad", "이/가", "Pad가"),
        ("LED", "은/는", "LED는"),
        ("SKIN", "은/는", "SKIN은"),
        ("HTML", "으로/로", "HTML로"),
        ("ㅋㅋ", "은/는", "ㅋㅋ은"),
        ("🎧", "은/는", "🎧는"),
        ("", "은/는", "는"),
    ],
)
def test_a_word_takes_the_particle_that_koreans_would_say(
    word: str, pair: str, expected: str
) -> None:
    assert with_josa(word, pair) == expected


def test_a_word_in_decomposed_form_is_heard_the_same() -> None:
    assert with_josa("\u1106\u116e\u11af", "으로/로").endswith("로")
