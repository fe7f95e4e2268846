"""Korean and English words without an analyser: particles, endings, stems, quotations.

Rules of thumb, all linear in the length of the text. A stem is good for telling whether two
texts speak of the same thing, not for grammar.
"""

import re
from collections.abc import Iterator

from core.checks.rule_files import rules

_FIRST, _LAST = "가", "힣"
FINAL_BIEUP = 17  # ㅂ among the 28 final consonants

_WORD = re.compile(r"[가-힣]+|[A-Za-z]+(?:['’-][A-Za-z]+)*|\d[\d.,]*")
_RULES = rules("korean")
_ENDINGS = sorted((*_RULES["particles"], *_RULES["endings"]), key=len, reverse=True)
_ENDING = re.compile(f"(?:{'|'.join(_ENDINGS)})$")
_ENGLISH_ENDING = re.compile(r"(?:'s|ing|ies|es|ed|ly|s)$")
_QUOTED = re.compile(r"“[^“”\n]*”|‘[^‘’\n]*’|「[^「」\n]*」|\"[^\"\n]*\"|(?<!\w)'[^'\n]*'")
_SENTENCE = re.compile(r"[^.!?。！？\n…]+[.!?。！？…]*")
_NO_LETTER = re.compile(r"[\W_]+")


def is_hangul(character: str) -> bool:
    """Whether it is a Hangul syllable."""
    return _FIRST <= character <= _LAST


def final_of(syllable: str) -> int:
    """The number of a syllable's final consonant, 0 for none or for what is no syllable."""
    return (ord(syllable) - ord(_FIRST)) % 28 if is_hangul(syllable) else 0


def compact(text: str) -> str:
    """`text` without spaces, signs and case: what is left when only the words count."""
    return _NO_LETTER.sub("", text).casefold()


def stem(word: str) -> str:
    """`word` without particle or ending, at least one syllable (three Latin letters) of it."""
    if word[:1].isascii():
        cut = _ENGLISH_ENDING.sub("", word.casefold())
        return cut if len(cut) >= 3 else word.casefold()
    cut = _ENDING.sub("", word)
    if len(cut) >= 2:
        return cut
    return word if len(word) <= 2 else cut or word


def stems(text: str) -> list[str]:
    """The stems of the words of `text`, in order."""
    return [stem(match.group()) for match in _WORD.finditer(text)]


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence of `text` stands, without the spaces around it."""
    for match in _SENTENCE.finditer(text):
        part = match.group()
        start = match.start() + len(part) - len(part.lstrip())
        end = match.end() - len(part) + len(part.rstrip())
        if end > start:
            yield start, end


def quotations(text: str) -> list[tuple[int, int]]:
    """Where something is quoted in `text`, quotation marks included."""
    return [match.span() for match in _QUOTED.finditer(text)]


def without_quotations(text: str) -> str:
    """`text`, same length, with spaces where something is quoted."""
    return _QUOTED.sub(lambda match: " " * len(match.group()), text)
