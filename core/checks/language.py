"""Is the answer in the language that was asked for? Share of Hangul, foreign runs, sentences."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.checks.found import MOST_A_FIELD, found, short
from core.checks.rule_files import any_of, rules
from core.checks.subject import FieldText, Subject
from core.checks.words import sentences
from core.finding import Finding, Severity
from core.types import Language

_RULES = rules("language")
_TECHNICAL = frozenset(_RULES["technical"])
_ENGLISH = frozenset(_RULES["english"])
_OTHER = frozenset(_RULES["other"])
_ASKS_FOR_OTHER = any_of(_RULES["asks_for_other"])

_HAN_KANA = (
    "\u3005\u3006\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)
_HANGUL = "\uac00-\ud7a3\u3131-\u318e\u1100-\u11ff"
_BETWEEN = r"[\s，。、！？：；「」『』（）·]*"
_CJK_RUN = re.compile(f"[{_HAN_KANA}]+(?:{_BETWEEN}[{_HAN_KANA}]+)*[，。、！？」』）]*")
_ASIAN_RUN = re.compile(f"[{_HAN_KANA}{_HANGUL}]+(?:[ ,.!?]*[{_HAN_KANA}{_HANGUL}]+)*[，。、！？]*")
_HANGUL_LETTER = re.compile(f"[{_HANGUL}]")
_PROBABLY_TECHNICAL = re.compile(r"[A-Z]{1,4}s?|[A-Za-z]*[a-z][A-Z]\w*|[A-Za-z]{1,2}")
_NO_WORDS = re.compile(r"https?://\S+|www\.\S+|[#@][^\s#@]+|(?<![\w.+-])[\w.+-]++@[\w.-]+")
# Words of any script but Hangul and Chinese characters; digits keep IPX7 and 20000mAh whole.
_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_FOREIGN = re.compile(f"[^\\W\\d_{_HANGUL}]")
_FOREIGN_WORD = re.compile(f"[^\\W\\d_{_HANGUL}{_HAN_KANA}]+")


@dataclass(frozen=True)
class _Count:
    """Letters of one text: Hangul, and foreign words that nothing excuses. Chinese and Japanese
    characters are left to `language.cjk`: one fault is told once.
    """

    text: FieldText
    hangul: int
    words: tuple[tuple[int, int], ...]

    @property
    def foreign(self) -> int:
        return sum(end - start for start, end in self.words)

    @property
    def letters(self) -> int:
        return self.hangul + self.foreign


def check_language(subject: Subject) -> Iterator[Finding]:
    """Foreign characters, whole sentences in another language, too small a share of Hangul."""
    if subject.task in _RULES["free_tasks"] and _ASKS_FOR_OTHER.search(subject.payload_text):
        return
    korean = subject.language is Language.KOREAN and subject.task not in _RULES["english_tasks"]
    texts = [text for text in subject.texts if not korean or _FOREIGN.search(text.text)]
    if not texts:
        return
    given = "\n".join((subject.payload_text, *_words_of_form(subject)))
    known = _known_words(given)
    for text in texts:
        yield from _runs(text, given, _CJK_RUN if korean else _ASIAN_RUN)
        yield from _sentences(text, known, korean=korean)
    if korean:
        yield from _shares([_count(text, known) for text in subject.texts])


def _words_of_form(subject: Subject) -> Iterator[str]:
    """Labels and choices of the contract, which an answer in labelled lines repeats."""
    if subject.contract is None or subject.parsed is not None:
        return
    for label in subject.contract.labels.values():
        yield f"{label.ko}\n{label.en}"
    for part in subject.contract.schema.get("properties", {}).values():
        yield " ".join(str(choice).replace("_", " ") for choice in part.get("enum", ()))


def _known_words(given: str) -> frozenset[str]:
    words = (*_FOREIGN_WORD.findall(given), *_TOKEN.findall(given))
    return frozenset(word.casefold() for word in words)


def _runs(text: FieldText, payload: str, pattern: re.Pattern[str]) -> Iterator[Finding]:
    runs = (run for run in pattern.finditer(text.text) if not _given(run.group(), payload))
    for run, _ in zip(runs, range(MOST_A_FIELD), strict=False):
        hangul = bool(_HANGUL_LETTER.search(run.group()))
        script, kind = ("한글", "Korean") if hangul else ("한자나 일본어", "Chinese or Japanese")
        yield found(
            "language.cjk",
            Severity.ERROR,
            text,
            run.span(),
            ko=f"{script} 글자가 섞여 있어요: ‘{short(run.group())}’",
            en=f"{kind} characters are mixed in: “{short(run.group())}”.",
        )


def _given(run: str, payload: str) -> bool:
    """Whether the payload itself says it, whole or word by word."""
    return run in payload or all(word in payload for word in re.findall(r"\w+", run))


def _foreign_words(
    text: str, known: frozenset[str], start: int = 0, end: int | None = None
) -> list[tuple[int, int]]:
    """Where words stand that are neither Hangul nor in the payload nor technical."""
    cut = _NO_WORDS.sub(lambda match: " " * len(match.group()), text)
    words = []
    for token in _TOKEN.finditer(cut, start, len(cut) if end is None else end):
        whole = token.group()
        if whole.isdecimal() or whole.casefold() in known:
            continue
        if any(character.isdigit() for character in whole) and whole.isascii():
            continue
        for word in _FOREIGN_WORD.finditer(cut, *token.span()):
            bare = word.group()
            if bare.casefold() not in known and not _is_technical(bare):
                words.append(word.span())
    return words


def _is_technical(word: str) -> bool:
    return word.casefold() in _TECHNICAL or bool(_PROBABLY_TECHNICAL.fullmatch(word))


def _sentences(text: FieldText, known: frozenset[str], *, korean: bool) -> Iterator[Finding]:
    least = _RULES["words_of_sentence"]
    told = 0
    for start, end in sentences(text.text):
        part = text.text[start:end]
        if korean:
            foreign = not _HANGUL_LETTER.search(part) and len(_foreign_words(part, known)) >= least
        else:
            foreign = _is_other_language(part)
        if foreign:
            yield found(
                "language.sentence",
                Severity.ERROR,
                text,
                (start, end),
                ko=f"문장 하나가 통째로 다른 언어예요: ‘{short(part)}’",
                en=f"A whole sentence is in another language: “{short(part)}”.",
            )
            told += 1
            if told >= MOST_A_FIELD:
                return


def _is_other_language(sentence: str) -> bool:
    words = [word.casefold() for word in _FOREIGN_WORD.findall(sentence)]
    if len(words) < _RULES["words_of_sentence"]:
        return False
    if not any(word.isascii() for word in words):
        return True
    return sum(word in _OTHER for word in words) >= 2 and not _ENGLISH & set(words)


def _count(text: FieldText, known: frozenset[str]) -> _Count:
    return _Count(
        text=text,
        hangul=len(_HANGUL_LETTER.findall(text.text)),
        words=tuple(_foreign_words(text.text, known)),
    )


def _shares(counts: list[_Count]) -> Iterator[Finding]:
    """The fields in which there is too little Hangul; the worst one where it is all in all."""
    told = [count for count in counts if _is_low(count)]
    letters = sum(count.letters for count in counts)
    hangul = sum(count.hangul for count in counts)
    if not told and letters and hangul < letters * _RULES["least_hangul"]:
        told = [max(counts, key=lambda count: count.foreign)]
    for count in told:
        share = round(100 * (hangul / letters if not _is_low(count) else _share(count)))
        words = ", ".join(count.text.text[start:end] for start, end in count.words[:5])
        yield found(
            "language.low_hangul",
            Severity.ERROR,
            count.text,
            (count.words[0][0], count.words[-1][1]) if len(count.words) == 1 else None,
            evidence=words,
            ko=f"글자 가운데 한글이 {share}%뿐이에요. 외국어로 쓴 말: {short(words)}",
            en=f"Only {share}% of the letters are Hangul; foreign words: {short(words)}.",
        )


def _share(count: _Count) -> float:
    return count.hangul / count.letters


def _is_low(count: _Count) -> bool:
    return (
        count.letters >= _RULES["letters_of_field"]
        and _share(count) < _RULES["least_hangul_of_field"]
    )
