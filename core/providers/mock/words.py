"""What of a payload can be quoted inside a sentence: short, one line, a noun where one is due."""

import re
from collections.abc import Mapping

from pydantic import JsonValue

from core.types import normalise

Words = Mapping[str, tuple[str, ...]]

LONGEST_QUOTE = 40
MOST_ITEMS = 20
BRIEF_WORDS = 3
LONGEST_TAG = 15
_LONGEST_LOOKED_AT = 400
_EDGES = " \t.,;:!?…。、·•*-–—~\"'"
_CLAUSE_END = re.compile(r"[.。!?,;:](?:\s|$)|[/|()\[\]\n]|\s[-–—]\s")
_TAG_GAP = re.compile(r"[\W_]+")
_DECIMAL = re.compile(r"\d[\W_]+\d")
_PATH = re.compile(r"\s+[>›»/]\s+")
_NO_KOREAN_NOUN = re.compile(
    r"(?:니다|[가-힣][았었였했됐갔왔졌렸한된난간온린진는하있없]다"
    r"|[어아해예에이세게네워려겨져]요|지요|죠|까|[있없좋많적높낮같]음|[가-힣][됨함움]"
    r"|가능|필요|함께|완성|출시|도착|제공|포함|지원|증정|할인|\d[\d.,]*\s?[A-Za-z%가-힣]{0,4})$"
)
_PROPER_ADJECTIVE = re.compile(r"(?:ean|ian|can|ish|ese)s?$")
_COMMON_NOUN_FIELDS = frozenset({"target_audience", "category"})


def words_of(payload: Mapping[str, JsonValue]) -> Words:
    """The quotable words of each payload field, by its name; fields without any are left out.

    `name` holds words that work as a noun, `name_as_is` also those that are a sentence, and
    `name_tag` their letters without spaces. Text too long to quote gives its first clause, a
    name (`*name`) is never shortened, and nothing is ever cut inside a word.
    """
    found: dict[str, tuple[str, ...]] = {}
    for field, value in payload.items():
        whole = field.endswith("name")
        quotes = [_quote(item, whole=whole) for item in _items(value, whole=whole)]
        if field in _COMMON_NOUN_FIELDS:
            quotes = [_in_mid_sentence(_PATH.split(quote)[-1]) for quote in quotes]
        words = tuple(dict.fromkeys(filter(None, quotes)))
        nouns = tuple(
            word for word in words if whole or _is_noun(word, brief=isinstance(value, list))
        )
        tags = tuple(dict.fromkeys(filter(None, map(_tag, words))))
        forms = {field: nouns, f"{field}_as_is": words, f"{field}_tag": tags}
        found |= {name: kept for name, kept in forms.items() if kept}
    return found


def opening_of(text: str, *, limit: int = LONGEST_QUOTE) -> str:
    """The first whole words of `text`, at most `limit` characters; "" where none fits."""
    opening = ""
    for word in normalise(_looked_at(text)).split():
        longer = f"{opening} {word}".strip()
        if len(longer) > limit or not word.isprintable():
            break
        opening = longer
    return opening


def _items(value: JsonValue, *, whole: bool) -> list[JsonValue]:
    if isinstance(value, list):
        return value[:MOST_ITEMS]
    if isinstance(value, str) and not whole:
        lines = value.strip().split("\n", MOST_ITEMS)
        return [*lines[:MOST_ITEMS]]
    return [value]


def _tag(word: str) -> str:
    """`word` without spaces; "" where it gets too long, or 5.3 would turn into 53."""
    tag = _TAG_GAP.sub("", word)
    return tag if len(tag) <= LONGEST_TAG and not _DECIMAL.search(word) else ""


def _is_noun(word: str, *, brief: bool) -> bool:
    """Whether `word` takes a particle well; one of a list has to be `brief` for that."""
    return not _NO_KOREAN_NOUN.search(word) and (not brief or word.count(" ") < BRIEF_WORDS)


def _in_mid_sentence(word: str) -> str:
    """An English common noun without its capital: "Busy couples" is "busy couples"."""
    first = word.split(" ", 1)[0]
    ordinary = first.isascii() and first.istitle() and len(first) > 3
    if not ordinary or _PROPER_ADJECTIVE.search(first):
        return word
    return word[:1].lower() + word[1:]


def _quote(value: JsonValue, *, whole: bool) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12:
        return str(value)
    if not isinstance(value, str):
        return ""
    if whole and len(value) > _LONGEST_LOOKED_AT:
        return ""
    text = _looked_at(value)
    clauses = [text] if whole else [text, _CLAUSE_END.split(text.strip(_EDGES), maxsplit=1)[0]]
    for clause in clauses:
        line = normalise(" ".join(clause.split())).strip(_EDGES)
        if _is_quotable(line, shortest=1 if whole else 2):
            return line
    return ""


def _looked_at(text: str) -> str:
    """The beginning of `text`, without the word at the border, which may be cut."""
    if len(text) <= _LONGEST_LOOKED_AT:
        return text
    return " ".join(text[:_LONGEST_LOOKED_AT].split()[:-1])


def _is_quotable(line: str, *, shortest: int) -> bool:
    return (
        shortest <= len(line) <= LONGEST_QUOTE
        and any(character.isalnum() for character in line)
        and line.replace("\u200d", "").isprintable()
    )
