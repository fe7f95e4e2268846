"""Does every text keep the limits of its field? Counted in characters of NFC text."""

from collections.abc import Iterator

from core.checks.fields import is_blank
from core.checks.found import found, short
from core.checks.subject import FieldText, Subject
from core.finding import Finding, Severity


def check_lengths(subject: Subject) -> Iterator[Finding]:
    """Texts over their maximum or under their minimum; an empty one is not told of here."""
    for breach in subject.breaches:
        if not isinstance(breach.value, str) or is_blank(breach.value):
            continue
        text, length = FieldText(breach.name, breach.value), len(breach.value)
        if breach.keyword == "maxLength":
            over = length - breach.limit
            yield found(
                "length.too_long",
                Severity.ERROR,
                text,
                (breach.limit, length),
                ko=f"{breach.limit}자까지인데 {length}자예요. {over}자를 줄여 주세요.",
                en=f"{length} characters where {breach.limit} are allowed: {over} too many.",
            )
        elif breach.keyword == "minLength":
            yield found(
                "length.too_short",
                Severity.WARNING,
                text,
                None,
                ko=f"{breach.limit}자 이상이어야 하는데 ‘{short(text.text)}’ {length}자뿐이에요.",
                en=f"“{short(text.text)}” has {length} characters, at least {breach.limit} needed.",
                evidence=text.text,
            )
