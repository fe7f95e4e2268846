"""Words that Korean advertising rules make risky: a reminder, not legal advice."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.checks.found import found, short
from core.checks.joined import Joined
from core.checks.rule_files import any_of, rules
from core.checks.subject import FieldText, Subject
from core.finding import Finding, Severity

_RULES = rules("ads")
_SKIP_TASKS = frozenset(_RULES["skip_tasks"])
_SKIP_FIELDS = frozenset(_RULES["skip_fields"])
_AROUND = 12
_LOOKED_AT = 4000  # of request and answer, to see what kind of product it is


@dataclass(frozen=True)
class _Rule:
    code: str
    law: Mapping[str, str]
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    context: re.Pattern[str] | None
    severity: Severity
    is_fact_if_given: bool
    is_latin: bool

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "_Rule":
        """The rule as it stands in the file."""
        needs = data.get("needs")
        return cls(
            code=data["code"],
            law=_RULES["laws"][data["law"]],
            pattern=re.compile(data["pattern"]),
            unless=re.compile(data["unless"]) if "unless" in data else None,
            context=any_of(_RULES["contexts"][needs]) if needs else None,
            severity=Severity(data.get("severity", "warning")),
            is_fact_if_given=data.get("given") == "fact",
            is_latin=data["pattern"].startswith("(?i)"),
        )

    def finds(self, text: str, payload: str) -> Iterator[tuple[int, int]]:
        """Where `text` says it and nothing around makes it harmless."""
        for match in self.pattern.finditer(text):
            around = text[max(0, match.start() - _AROUND) : match.end() + _AROUND]
            if self.unless is not None and self.unless.search(around):
                continue
            if self.is_fact_if_given and match.group() in payload:
                continue
            yield match.span()

    def is_about(self, product: str) -> bool:
        """Whether `product`, all that is said of it, is of the kind that the rule is for."""
        return self.context is None or bool(self.context.search(product))


_ALL = tuple(map(_Rule.of, _RULES["rules"]))


def check_ads(subject: Subject) -> Iterator[Finding]:
    """Superlatives, medical and cosmetic claims. What the request itself claims is a note."""
    if subject.task in _SKIP_TASKS:
        return
    payload = subject.payload_text
    joined = Joined(text for text in subject.texts if text.top not in _SKIP_FIELDS)
    product = f"{payload[:_LOOKED_AT]}\n{joined.text[:_LOOKED_AT]}"
    for rule in _ALL:
        if rule.is_latin and not joined.has_latin:
            continue
        for text, start, end in joined.places(rule.finds(joined.text, payload)):
            if rule.is_about(product):
                yield _finding(rule, text, (start, end), given=text.text[start:end] in payload)


def _finding(rule: _Rule, text: FieldText, span: tuple[int, int], *, given: bool) -> Finding:
    shown = short(text.text[slice(*span)].strip())
    return found(
        rule.code,
        Severity.NOTE if given else rule.severity,
        text,
        span,
        ko=f"‘{shown}’: {rule.law['ko']}에 걸릴 수 있으니 근거를 확인해 주세요."
        " (법률 자문이 아닌 알림이에요.)",
        en=f"“{shown}” may need proof under the {rule.law['en']}. (A reminder, not legal advice.)",
    )
