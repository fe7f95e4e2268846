"""Was the answer, or a text in it, cut off?

A text that stops in mid-word passes every count of characters and is broken all the same. The
rules for how such texts end stand in rules/cut.toml; here is where each of them counts:

- always: the end of any text;
- close: a text at 92 % of its limit or more, or a body (several sentences);
- body: a body that near its limit, or a text with exactly as many characters as are allowed.

Copy ends in nouns, in -까지, -처럼, -하게, -요: those are no signs. Neither is an end with a
mark of punctuation or an emoji behind it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from core.checks.found import WHOLE, found, short
from core.checks.pairs import open_mark
from core.checks.rule_files import rules
from core.checks.subject import FieldText, Subject
from core.checks.words import FINAL_BIEUP, final_of, is_hangul
from core.finding import Finding, Severity

_RULES = rules("cut")
_ALWAYS, _CLOSE, _BODY, _COPY = (
    re.compile(f"(?:{_RULES.pattern(key).pattern})$") for key in ("always", "close", "body", "copy")
)
_WORDS = frozenset(_RULES.words("words"))
_SYLLABLES = frozenset(_RULES.words("syllables"))
_OPEN_SYLLABLES = frozenset(_RULES.words("open_syllables"))
_TAILS = tuple(_RULES.words("tails"))
_ENGLISH_ALWAYS = frozenset(_RULES.words("english_always"))
_ENGLISH_CLOSE = frozenset(_RULES.words("english_close"))
_ENGLISH_RUNNING = frozenset(_RULES.words("english_running"))
_ENGLISH_SHORT = frozenset(_RULES.words("english_short"))
_STUMP = re.compile(f"(?:{_RULES.pattern('english_stumps').pattern})$")
_ENGLISH_TAILS = frozenset(_RULES.words("english_tails"))

_SSANG_SIOT = 20  # ㅆ among the 28 final consonants: only stems of verbs end in it
_RIEUL = 8  # ㄹ: "쓸" of "쓸 수"
_NEAR = 0.92
_LONG = 0.85
_CLAUSE = 40
_BODY_LIMIT = 60
_LAST = re.compile(r"(?:[가-힣ㄱ-ㅎㅏ-ㅣ]+|[A-Za-z]+(?:['’-][A-Za-z]+)*)$")
_SENTENCE_END = re.compile(r"[.!?。…]\s+\S|[.!?。]\n")
_DANGLING = re.compile(r"[,，、:;/&(\[{「『“‘~-]$")
_HANDED_OVER = re.compile(r"[:：]$")
_WORD = re.compile(r"[가-힣]+|[A-Za-z]+")
_FINAL = re.compile(r"(?:[다요죠까네군걸게]|세요|[음슴함됨임봄줌짐김감옴기])$")
_MOST_WORDS = 5_000
_LONGEST_OPEN = 2_000
_COMMAS_OF_A_LIST = 3
_JAMO = re.compile(r"[ㄱ-ㅎㅏ-ㅣ]$")
_LAUGHTER = frozenset("ㅋㅎㅠㅜㅡㅇㄱㄷ")


def check_cut(subject: Subject) -> Iterator[Finding]:
    """An answer that stopped at its most tokens, and texts that stop in mid-word."""
    if subject.finish_reason == "length":
        yield found(
            "cut.length_limit",
            Severity.ERROR,
            WHOLE,
            None,
            ko="토큰 한도에 걸려 답변이 중간에 끊겼어요. 최대 토큰을 늘려 다시 실행해 보세요.",
            en="The answer stopped at its limit of tokens. Allow more and run it again.",
            evidence=subject.raw[-80:],
        )
    if subject.wants_json and subject.parsed is None:
        return
    vocabulary = _Vocabulary(subject)
    for text in subject.texts:
        why = _cut_word(_End(text), vocabulary)
        if why:
            yield _mid_word(text, why)


@dataclass(frozen=True)
class _End:
    """How a text ends, and how likely it is that it was cut there."""

    text: FieldText

    @cached_property
    def shown(self) -> str:
        return self.text.text.rstrip()

    @cached_property
    def word(self) -> str:
        """The last word, "" where something else than a letter ends the text."""
        match = _LAST.search(self.shown[-60:])
        return match.group() if match else ""

    @cached_property
    def is_full(self) -> bool:
        """Exactly as many characters as are allowed."""
        return self.text.maximum is not None and len(self.text.text) == self.text.maximum

    @cached_property
    def is_near(self) -> bool:
        maximum = self.text.maximum
        return maximum is not None and maximum * _NEAR <= len(self.text.text) <= maximum

    @cached_property
    def is_long(self) -> bool:
        """Not far from the limit: enough for a body whose last sentence has no end."""
        return len(self.text.text) >= _LONG * (self.text.maximum or 0)

    @cached_property
    def is_list(self) -> bool:
        """Keywords with commas between them, as for a picture: they want no mark at the end."""
        return self.shown[:_LONGEST_OPEN].count(",") >= _COMMAS_OF_A_LIST

    @cached_property
    def is_body(self) -> bool:
        """Several sentences, of which the last one has no mark at its end."""
        return bool(_SENTENCE_END.search(self.shown[:2_000]))

    @cached_property
    def is_running(self) -> bool:
        """A text of the length of a body: a clause in it is expected to be ended."""
        return self.is_body or (self.text.maximum or 0) >= _BODY_LIMIT


class _Vocabulary:
    """The words of the request and of the answer's other texts, made when first asked for."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word but the last ones, which may be cut themselves."""
        told = [self._subject.payload_text]
        told += [text.text.rstrip() for text in self._subject.texts[:200]]
        words: set[str] = set()
        for index, text in enumerate(told):
            hits = [hit for hit, _ in zip(_WORD.finditer(text), range(_MOST_WORDS), strict=False)]
            whole = hits[:-1] if index and hits and hits[-1].end() == len(text) else hits
            words.update(hit.group() for hit in whole)
        return frozenset(words)

    def continued(self, word: str) -> list[str]:
        """What the words that begin with `word` have behind it; [] where it is one itself."""
        if word in self.words:
            return []
        return [other[len(word) :] for other in self.words if other.startswith(word)]

    def goes_on_elsewhere(self, text: FieldText) -> bool:
        """Whether another text begins with the whole of `text` and goes on in mid-word."""
        end = len(text.text)
        return end >= 8 and any(
            other.text[end : end + 1].isalpha() and not _is_tail(_word_at(other.text, end))
            for other in self._subject.texts[:50]
            if other.name != text.name and other.text.startswith(text.text)
        )


def _cut_word(end: _End, vocabulary: _Vocabulary) -> str:
    """The end that shows that a text was cut, "" where nothing does."""
    if not end.shown or end.shown.lstrip().startswith("#"):
        return ""
    if _dangles(end):
        return end.shown[-1]
    if not end.word:
        return ""
    cut = _is_cut_hangul if is_hangul(end.word[-1]) else _is_cut_other
    return end.word if cut(end, vocabulary) or _is_open_at_limit(end) else ""


def _is_open_at_limit(end: _End) -> bool:
    """Whether the limit stands inside brackets or a quotation."""
    return end.is_full and len(end.shown) <= _LONGEST_OPEN and open_mark(end.shown) is not None


def _dangles(end: _End) -> bool:
    """Whether a comma or an opening mark is the last thing: something was to follow."""
    if not _DANGLING.search(end.shown):
        return False
    soft = end.shown[-1] in "~-:"
    return (end.is_near or end.is_body) and end.is_running if soft else True


def _is_cut_hangul(end: _End, vocabulary: _Vocabulary) -> bool:
    word = end.word
    if len(word) == 1:
        return _is_cut_syllable(end)
    if word in _WORDS:
        return False
    if _ALWAYS.search(word) or (word[-1] == "니" and final_of(word[-2]) == FINAL_BIEUP):
        return True
    if (end.is_near or end.is_body) and (_CLOSE.search(word) or final_of(word[-1]) == _SSANG_SIOT):
        return True
    if _FINAL.search(word) or (not end.is_running and _COPY.search(word)):
        return False
    may_be_noun = (end.is_body and end.is_near) or end.is_full
    if may_be_noun and (_BODY.search(word) or (end.is_full and end.is_running)):
        return True
    return _is_part(end, vocabulary) or vocabulary.goes_on_elsewhere(end.text)


def _is_cut_syllable(end: _End) -> bool:
    word = end.word
    if word == "수":  # "쓸 수" wants "있어요"
        return final_of(end.shown[:-1].rstrip()[-1:]) == _RIEUL
    if word in _OPEN_SYLLABLES or final_of(word) == _SSANG_SIOT:
        return end.is_near or end.is_body
    return end.is_full and word not in _SYLLABLES and end.shown[-2:-1].isspace()


def _is_part(end: _End, vocabulary: _Vocabulary) -> bool:
    """Whether the last word is the beginning of one that stands elsewhere."""
    word = end.word
    if not (end.is_near or end.is_body):
        return False
    behind = vocabulary.continued(word)
    if any(_is_tail(tail) for tail in behind):
        return False
    return any(end.is_full or (len(word) >= 3 and len(tail) == 1) for tail in behind)


def _is_cut_other(end: _End, vocabulary: _Vocabulary) -> bool:
    """A Latin word, or a consonant that stands alone."""
    word = end.word
    if _JAMO.search(word):
        return word[-1] not in _LAUGHTER
    if word in _ENGLISH_ALWAYS:
        return True
    if not (end.is_near or (end.is_running and len(end.shown) >= _CLAUSE)):
        return False
    if word in _ENGLISH_CLOSE or _STUMP.search(word):
        return True
    if _is_english(end.shown) and (_is_unended(end) or (end.is_full and _is_no_word(word))):
        return True
    return _is_part_of_latin(end, vocabulary) or vocabulary.goes_on_elsewhere(end.text)


def _is_unended(end: _End) -> bool:
    """English that would have a mark at its end: a body's other sentences have, a clause too."""
    if not end.is_running:
        return False
    full = end.is_full and not end.is_list
    return end.word in _ENGLISH_RUNNING or full or (end.is_body and end.is_long)


def _is_no_word(word: str) -> bool:
    """Whether it is one or two small letters that are no word, or has no vowel."""
    if not word.islower() or word in _ENGLISH_SHORT:
        return False
    return len(word) <= 2 or not set(word) & set("aeiouy")


def _is_part_of_latin(end: _End, vocabulary: _Vocabulary) -> bool:
    behind = vocabulary.continued(end.word)
    if len(end.word) < 3 or end.is_list or any(tail in _ENGLISH_TAILS for tail in behind):
        return False
    return any(end.is_full or len(end.word) >= 4 for _ in behind)


def _is_tail(tail: str) -> bool:
    """Whether `tail`, behind a word, makes another form of it."""
    return tail.startswith(_TAILS) or tail in _ENGLISH_TAILS


def _word_at(text: str, place: int) -> str:
    match = _WORD.match(text, place)
    return match.group() if match else ""


def _is_english(text: str) -> bool:
    return not any(map(is_hangul, text[-200:]))


def _mid_word(text: FieldText, why: str) -> Finding:
    shown = text.text.rstrip()
    end = len(shown)
    tail = f"…{shown[-20:]}" if end > 20 else shown
    limit = text.maximum is not None and len(text.text) == text.maximum
    at_ko = f"꼭 {text.maximum}자에서 " if limit else ""
    at_en = f" at exactly {text.maximum} characters" if limit else ""
    return found(
        "cut.mid_word",
        Severity.ERROR,
        text,
        (end - len(why), end),
        ko=f"‘{short(tail)}’에서 {at_ko}말이 끝나지 않고 끊겼어요.",
        en=f"“{short(tail)}” stops in the middle{at_en}.",
        evidence=tail,
    )
