"""Is the answer JSON where JSON was asked for, and nothing but JSON?"""

from collections.abc import Iterator

from core.checks.found import WHOLE, found, short
from core.checks.subject import FieldText, Subject
from core.finding import Finding, Severity


def check_form(subject: Subject) -> Iterator[Finding]:
    """No JSON, JSON in a code fence, JSON with talk around it."""
    if not subject.wants_json:
        return
    answer = subject.parsed
    if answer is None:
        yield _not_json(subject)
    elif answer.prose:
        yield found(
            "format.chatty",
            Severity.WARNING,
            WHOLE,
            None,
            ko=f"JSON 앞뒤에 다른 말(‘{short(answer.prose)}’)이 붙어 있어요.",
            en=f"There is talk around the JSON: “{short(answer.prose)}”.",
            evidence=answer.prose,
        )
    elif answer.fenced:
        yield found(
            "format.fenced",
            Severity.WARNING,
            WHOLE,
            None,
            ko="JSON이 코드 블록 기호(```) 안에 들어 있어요.",
            en="The JSON stands in a code fence (```).",
            evidence="```",
        )


def _not_json(subject: Subject) -> Finding:
    raw = subject.raw.strip()
    if not raw:
        ko, en = "답변이 비어 있어요.", "The answer is empty."
    elif "{" in raw:
        ko = f"JSON이 깨져 있어서 항목을 나눌 수 없어요. 끝부분: ‘{short(raw[-38:])}’"
        en = f"The JSON is broken, so there are no fields. It ends with “{short(raw[-38:])}”."
    else:
        ko = f"JSON이 아니라 ‘{short(raw)}’라는 글로 답해서 항목을 나눌 수 없어요."
        en = f"It is text, not JSON: “{short(raw)}”."
    return found(
        "format.not_json",
        Severity.ERROR,
        FieldText("", subject.raw),
        None,
        ko=ko,
        en=en,
        evidence=raw[:200],
    )
