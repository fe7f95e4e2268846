"""One way of speaking in one piece: 해요체 or 합쇼체, not both.

Told by how sentences end. Headlines and bullets that end in a noun have no level, and what is
quoted is somebody else's voice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.checks.found import found
from core.checks.rule_files import rules
from core.checks.subject import FieldText, Subject
from core.checks.words import FINAL_BIEUP, final_of, without_quotations
from core.finding import Finding, Severity

_RULES = rules("speech")
_NOUNS = tuple(_RULES["nouns"])
_TOGETHER = _RULES["together"]
_LONGEST_TAIL = 12
_POLITE, _FORMAL = "해요체", "합쇼체"
_ENGLISH = {_POLITE: "polite informal (-요)", _FORMAL: "formal (-습니다)"}
# The last word of a sentence: then signs, and an end, a line's end or an emoji.
_LAST_WORD = re.compile(
    r"(?<![가-힣])[가-힣]++(?=[ \t)\]”’\"'~ㅎㅋ^]{0,8}"
    r"(?:[.!?…。！？♥\n\u2600-\u27bf\U0001f000-\U0001faff]|\Z))"
)


@dataclass(frozen=True)
class _Ending:
    text: FieldText
    start: int
    end: int
    level: str


def check_speech(subject: Subject) -> Iterator[Finding]:
    """Both levels in one field, or in two fields that are read as one."""
    if subject.wants_json and subject.parsed is None:
        return
    pieces: dict[str, list[_Ending]] = {}
    for text in subject.texts:
        pieces.setdefault(text.top, []).extend(_endings(text))
    told = [piece for piece in pieces.values() if _is_mixed(piece)]
    for names in _TOGETHER:
        parts = [pieces.get(name, []) for name in names]
        joined = [ending for part in parts for ending in part]
        if _is_mixed(joined) and not any(_is_mixed(part) for part in parts):
            told.append(joined)
    for piece in told:
        yield _finding(piece)


def _endings(text: FieldText) -> Iterator[_Ending]:
    own = without_quotations(text.text)
    for word in _LAST_WORD.finditer(own):
        level = _level(word.group())
        if level is not None:
            yield _Ending(text, word.start(), word.end(), level)


def _level(word: str) -> str | None:
    """The speech level of a sentence that ends in `word`, None where it has none of the two."""
    if word.endswith(("니다", "니까", "시다")) and len(word) >= 3 and _has_bieup(word):
        return _FORMAL
    if word.endswith(("십시오", "십시요")):
        return _FORMAL
    if len(word) >= 2 and word.endswith(("요", "죠")) and not word.endswith(_NOUNS):
        return _POLITE
    return None


def _has_bieup(word: str) -> bool:
    return final_of(word[-3]) == FINAL_BIEUP


def _is_mixed(piece: list[_Ending]) -> bool:
    return len({ending.level for ending in piece}) == 2


def _finding(piece: list[_Ending]) -> Finding:
    """The finding at the first ending of the level that is there less often."""
    polite = sum(ending.level == _POLITE for ending in piece)
    rarer = _POLITE if 2 * polite < len(piece) else _FORMAL
    if 2 * polite == len(piece):
        rarer = piece[-1].level
    odd = next(ending for ending in piece if ending.level == rarer)
    usual = next(ending for ending in piece if ending.level != rarer)
    here, there = _tail(odd), _tail(usual)
    return found(
        "speech.mixed",
        Severity.WARNING,
        odd.text,
        (odd.start, odd.end),
        ko=f"한 글에서 말투가 섞였어요: ‘{here}’({odd.level}), ‘{there}’({usual.level})",
        en=f"Two speech levels in one piece: “{here}” is {_ENGLISH[odd.level]}, "
        f"“{there}” is {_ENGLISH[usual.level]}.",
    )


def _tail(ending: _Ending) -> str:
    return ending.text.text[ending.start : ending.end][-_LONGEST_TAIL:]
