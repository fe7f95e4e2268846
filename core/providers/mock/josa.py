"""The right Korean particle after a word that is only known at run time: 은/는, 을/를, 으로/로 …

Hangul tells by its final consonant. Digits, units and Latin words go by how Koreans read them
aloud (5.3 "삼", 500ml "리터", Book "북", LED "디"), which for Latin words is a good guess.
"""

import re
import unicodedata
from enum import Enum


class Ending(Enum):
    """How a word's last syllable ends."""

    VOWEL = "vowel"
    RIEUL = "ㄹ"
    CONSONANT = "consonant"


_UNIT = re.compile(r"\d\s?([A-Za-z]{1,3})$")
_ACRONYM = re.compile(r"(?<![a-z])[A-Z]+$")
_CONSONANT_UNITS = frozenset({"g", "kg", "mg", "h"})  # 그램, 시간
_RIEUL_WORD = re.compile(r"le?$")
_CONSONANT_WORD = re.compile(r"(?:[mn]e?|ng|[aeiou]c?k|[aeiou][pbctg])$")
_DIGITS = {"2": Ending.VOWEL, "4": Ending.VOWEL, "5": Ending.VOWEL, "9": Ending.VOWEL}
_RIEUL_DIGITS = frozenset("178")
_LETTERS = {"L": Ending.RIEUL, "R": Ending.RIEUL, "M": Ending.CONSONANT, "N": Ending.CONSONANT}


def with_josa(word: str, pair: str) -> str:
    """`word` with the fitting one of `pair`: "consonant form/vowel form", as in "은/는".

    After ㄹ, 으로/로 takes 로. A word that ends in no readable sign takes the vowel form.
    """
    after_consonant, after_vowel = pair.split("/")
    ending = ending_of(word)
    closed = ending is Ending.CONSONANT or (
        ending is Ending.RIEUL and not after_consonant.startswith("으")
    )
    return word + (after_consonant if closed else after_vowel)


def ending_of(word: str) -> Ending:
    """How the last letter or digit of `word` ends when read aloud in Korean."""
    if word.endswith("%"):
        return Ending.VOWEL  # 퍼센트
    spoken = re.sub(r"[\W_]+$", "", unicodedata.normalize("NFC", word))
    last = spoken[-1:]
    if "가" <= last <= "힣":
        return _hangul_ending(last)
    if "ㄱ" <= last <= "ㅎ":
        return Ending.RIEUL if last == "ㄹ" else Ending.CONSONANT
    if last.isascii() and last.isdigit():
        return Ending.RIEUL if last in _RIEUL_DIGITS else _DIGITS.get(last, Ending.CONSONANT)
    if last.isascii() and last.isalpha():
        return _latin_ending(spoken)
    return Ending.VOWEL


def _hangul_ending(syllable: str) -> Ending:
    final = (ord(syllable) - ord("가")) % 28
    return {0: Ending.VOWEL, 8: Ending.RIEUL}.get(final, Ending.CONSONANT)


def _latin_ending(spoken: str) -> Ending:
    if unit := _UNIT.search(spoken):
        known = unit.group(1).lower() in _CONSONANT_UNITS
        return Ending.CONSONANT if known else Ending.VOWEL
    if _ACRONYM.search(spoken):
        return _LETTERS.get(spoken[-1], Ending.VOWEL)
    word = spoken.lower()
    if _RIEUL_WORD.search(word):
        return Ending.RIEUL
    return Ending.CONSONANT if _CONSONANT_WORD.search(word) else Ending.VOWEL
