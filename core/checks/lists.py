"""Has every list as many items as agreed, and is there something in each?"""

from collections.abc import Iterator

from core.checks.breaches import Breach
from core.checks.fields import is_blank
from core.checks.found import found
from core.checks.subject import FieldText, Subject
from core.finding import Finding, Severity


def check_lists(subject: Subject) -> Iterator[Finding]:
    """Lists with too few or too many items, and items with nothing in them."""
    for breach in subject.breaches:
        if breach.keyword in ("minItems", "maxItems"):
            yield _count(breach)
        elif breach.keyword == "minLength" and breach.value == "" and "[" in breach.name:
            yield _empty(breach.name)
    for text in subject.texts:
        if "[" in text.name and is_blank(text.text):
            yield _empty(text.name)


def _count(breach: Breach) -> Finding:
    count = len(breach.value) if isinstance(breach.value, list) else 0
    least, most = breach.schema.get("minItems"), breach.schema.get("maxItems")
    if least == most:
        ko, en = f"{most}개여야", f"exactly {most}"
    elif breach.keyword == "minItems":
        ko, en = f"{least}개 이상이어야", f"at least {least}"
    else:
        ko, en = f"{most}개 이하여야", f"at most {most}"
    return found(
        "list.count",
        Severity.ERROR,
        FieldText(breach.name, ""),
        None,
        ko=f"{ko} 하는데 {count}개예요.",
        en=f"{count} {'item' if count == 1 else 'items'}, but it has to be {en}.",
        evidence=str(count),
    )


def _empty(name: str) -> Finding:
    return found(
        "list.item_empty",
        Severity.ERROR,
        FieldText(name, ""),
        None,
        ko="목록에 빈 항목이 있어요.",
        en="An item of the list has nothing in it.",
    )
