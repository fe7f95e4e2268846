"""Is every field of the contract there, filled, of the right kind, and no other?"""

from collections.abc import Callable, Iterator

from core.checks.breaches import Breach
from core.checks.found import found, short
from core.checks.subject import FieldText, Subject
from core.finding import Finding, Severity
from core.types import Language

_LENGTHS_AND_LISTS = frozenset({"minLength", "maxLength", "minItems", "maxItems"})
_KINDS = {
    "string": ("글", "text"),
    "array": ("목록", "a list"),
    "object": ("항목 묶음", "an object"),
    "number": ("숫자", "a number"),
    "integer": ("정수", "a whole number"),
    "boolean": ("참/거짓", "true or false"),
    "null": ("빈 값", "nothing"),
}
_BOUNDS = {
    "minimum": ("{} 이상이어야", "at least {} is required"),
    "maximum": ("{} 이하여야", "at most {} is allowed"),
    "exclusiveMinimum": ("{}보다 커야", "more than {} is required"),
    "exclusiveMaximum": ("{}보다 작아야", "less than {} is required"),
}


def check_fields(subject: Subject) -> Iterator[Finding]:
    """Missing, empty, unknown and wrongly filled fields; choices and numbers out of bounds."""
    for breach in subject.breaches:
        if breach.keyword not in _LENGTHS_AND_LISTS:
            yield _TELL.get(breach.keyword, _wrong_form)(subject, breach)
    for text in subject.texts:
        if text.name and subject.contract and "[" not in text.name and is_blank(text.text):
            yield _empty(text.name)
    for breach in subject.breaches:
        if breach.keyword == "minLength" and breach.value == "" and "[" not in breach.name:
            yield _empty(breach.name)


def is_blank(text: str) -> bool:
    """Whether nothing of `text` can be seen."""
    return not any(character.isprintable() and not character.isspace() for character in text)


def _missing(subject: Subject, breach: Breach) -> Finding:
    ko, en = (
        short(subject.label_of(breach.name, language))
        for language in (Language.KOREAN, Language.ENGLISH)
    )
    return found(
        "field.missing",
        Severity.ERROR,
        FieldText(breach.name, ""),
        None,
        ko=f"‘{ko}’ 항목이 답변에 없어요.",
        en=f"“{en}” is missing from the answer.",
        evidence=breach.name,
    )


def _extra(_subject: Subject, breach: Breach) -> Finding:
    return found(
        "field.extra",
        Severity.WARNING,
        FieldText(breach.name, ""),
        None,
        ko=f"요청하지 않은 항목 ‘{short(breach.name)}’이(가) 있어요.",
        en=f"“{short(breach.name)}” was not asked for.",
        evidence=breach.name,
    )


def _empty(name: str) -> Finding:
    return found(
        "field.empty",
        Severity.ERROR,
        FieldText(name, ""),
        None,
        ko="내용이 비어 있어요.",
        en="There is nothing in it.",
    )


def _wrong_type(_subject: Subject, breach: Breach) -> Finding:
    if breach.value is None:
        return _empty(breach.name)
    wanted = [breach.limit] if isinstance(breach.limit, str) else list(breach.limit)
    is_ko, is_en = _KINDS[_kind(breach.value)]
    ko = " 또는 ".join(_KINDS[kind][0] for kind in wanted)
    en = " or ".join(_KINDS[kind][1] for kind in wanted)
    return found(
        "field.wrong_type",
        Severity.ERROR,
        FieldText(breach.name, ""),
        None,
        ko=f"{ko}이어야 하는데 {is_ko}(‘{short(str(breach.value)[:200])}’)로 왔어요.",
        en=f"It has to be {en}, but is {is_en}: “{short(str(breach.value)[:200])}”.",
        evidence=str(breach.value)[:200],
    )


def _choice(_subject: Subject, breach: Breach) -> Finding:
    shown, allowed = short(str(breach.value)[:200]), ", ".join(map(str, breach.limit))
    return found(
        "choice.unknown",
        Severity.ERROR,
        FieldText(breach.name, ""),
        None,
        ko=f"‘{shown}’은(는) 고를 수 없는 값이에요. {allowed} 중 하나여야 해요.",
        en=f"“{shown}” is none of the choices: {allowed}.",
        evidence=str(breach.value)[:200],
    )


def _out_of_range(_subject: Subject, breach: Breach) -> Finding:
    ko, en = (words.format(breach.limit) for words in _BOUNDS[breach.keyword])
    return found(
        "number.out_of_range",
        Severity.ERROR,
        FieldText(breach.name, ""),
        None,
        ko=f"{breach.value}은(는) 범위를 벗어났어요. {ko} 해요.",
        en=f"{breach.value} is out of range: {en}.",
        evidence=str(breach.value),
    )


def _wrong_form(_subject: Subject, breach: Breach) -> Finding:
    shown = short(str(breach.value)[:200])
    hashtag = breach.keyword == "pattern" and str(breach.limit).startswith("^#")
    if hashtag:
        ko = f"‘{shown}’은(는) 해시태그가 아니에요. # 하나로 시작하고 띄어쓰기가 없어야 해요."
        en = f"“{shown}” is no hashtag: one # in front, and no space."
    else:
        ko = f"‘{shown}’은(는) 약속한 형식({breach.keyword})이 아니에요."
        en = f"“{shown}” does not have the form that is asked for ({breach.keyword})."
    return found(
        "field.wrong_form",
        Severity.ERROR,
        FieldText(breach.name, ""),
        None,
        ko=ko,
        en=en,
        evidence=str(breach.value)[:200],
    )


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    for kind, name in ((str, "string"), (list, "array"), (dict, "object"), (int, "integer")):
        if isinstance(value, kind):
            return name
    return "number"


_TELL: dict[str, Callable[[Subject, Breach], Finding]] = {
    "required": _missing,
    "additionalProperties": _extra,
    "type": _wrong_type,
    "enum": _choice,
    **dict.fromkeys(_BOUNDS, _out_of_range),
}
