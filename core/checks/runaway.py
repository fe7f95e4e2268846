"""A model that cannot stop: one letter, word, phrase or sentence over and over."""

import re
from collections import Counter
from collections.abc import Iterator

from core.checks.found import found, short
from core.checks.subject import FieldText, Subject
from core.finding import Finding, Severity

# One sign: letters 8 times (digits 12, for numbers), other signs 16; lines are drawn with - = _.
_LETTER = re.compile(r"([^\W\d_])\1{7,}")
_DIGIT = re.compile(r"(\d)\1{11,}")
_SIGN = re.compile(r"([^\w\s=_*~.─━·-])\1{15,}")
# A phrase of 2 to 30 characters five times without a space between; looked for at both ends.
_PHRASE = re.compile(r"(?=\S*[^\W\d_])(\S{2,30}?)\1{4,}")
_WINDOW = 3_000
_WORD = re.compile(r"\S+")
_SENTENCE = re.compile(r"[^.!?。\n]{8,}")
_LONGEST_PERIOD = 12  # words
_WORDS_LOOKED_AT = 20_000
_SENTENCES = 4
_LAUGHTER = frozenset("ㅋㅎㅠㅜ")


def check_runaway(subject: Subject) -> Iterator[Finding]:
    """The first thing in a text that is said over and over."""
    for text in subject.texts:
        hit = _signs(text.text) or _words(text.text) or _phrase(text.text) or _sentences(text.text)
        if hit:
            yield _finding(text, *hit)


def _signs(text: str) -> tuple[int, int, str, int] | None:
    for pattern in (_LETTER, _DIGIT, _SIGN):
        for match in pattern.finditer(text):
            if match[1] not in _LAUGHTER:
                return *match.span(), match[1], len(match.group())
    return None


def _words(text: str) -> tuple[int, int, str, int] | None:
    """A word four times in a row, a phrase of two or three as often, a longer one three times."""
    words = [match for match, _ in zip(_WORD.finditer(text), range(_WORDS_LOOKED_AT), strict=False)]
    told = [match.group().strip(".,!?~…·").casefold() for match in words]
    for period in range(1, min(_LONGEST_PERIOD, len(told) // 3) + 1):
        least = 4 if period <= 3 else 3
        run = 0
        for place in range(period, len(told)):
            run = run + 1 if told[place] == told[place - period] and told[place] else 0
            if run == period * (least - 1):
                first = place - run - period + 1
                phrase = text[words[first].start() : words[first + period - 1].end()]
                if not any(character.isalpha() for character in phrase):
                    break
                return words[first].start(), words[place].end(), phrase, least
    return None


def _phrase(text: str) -> tuple[int, int, str, int] | None:
    for offset in dict.fromkeys((0, max(0, len(text) - _WINDOW))):
        match = _PHRASE.search(text[offset : offset + _WINDOW])
        if match and any(
            character.isalpha() and character not in _LAUGHTER for character in match[1]
        ):
            start, end = match.span()
            return offset + start, offset + end, match[1], len(match.group()) // len(match[1])
    return None


def _sentences(text: str) -> tuple[int, int, str, int] | None:
    """A sentence that stands in the text four times, wherever."""
    if len(text) < 8 * _SENTENCES:
        return None
    told = Counter(match.group().strip() for match in _SENTENCE.finditer(text))
    sentence, count = max(told.items(), key=lambda item: item[1], default=("", 0))
    if count < _SENTENCES or not any(character.isalpha() for character in sentence):
        return None
    return text.find(sentence), text.rfind(sentence) + len(sentence), sentence, count


def _finding(text: FieldText, start: int, end: int, phrase: str, count: int) -> Finding:
    return found(
        "repeat.runaway",
        Severity.ERROR,
        text,
        (start, end),
        ko=f"‘{short(phrase)}’을(를) {count}번 이상 되풀이해요.",
        en=f"It says “{short(phrase)}” {count} times or more.",
        evidence=text.text[start : min(end, start + 200)],
    )
