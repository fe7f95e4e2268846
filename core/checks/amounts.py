"""Do the shares of a budget add up?"""

from collections.abc import Iterator
from typing import TypeGuard

from core.checks.found import found
from core.checks.subject import FieldText, Subject
from core.finding import Finding, Severity

_WHOLE = 100
_ROUNDING = 0.01


def check_amounts(subject: Subject) -> Iterator[Finding]:
    """Lists of the contract whose items have a `percent` that do not add up to 100."""
    known = subject.contract.schema.get("properties", {}) if subject.contract else {}
    for name, schema in known.items():
        items = schema.get("items", {})
        value = subject.answer.get(name)
        if "percent" not in items.get("properties", {}) or not isinstance(value, list):
            continue
        shares = [item.get("percent") if isinstance(item, dict) else None for item in value]
        numbers = [float(share) for share in shares if _is_number(share)]
        if not numbers or len(numbers) < len(shares):
            continue  # told of as missing or of the wrong kind
        total = sum(numbers)
        if abs(total - _WHOLE) > _ROUNDING:
            shown = " + ".join(f"{share:g}" for share in numbers[:20])
            yield found(
                "budget.sum",
                Severity.ERROR,
                FieldText(name, ""),
                None,
                ko=f"비율을 더하면 100%가 아니라 {total:g}%예요({shown}).",
                en=f"The shares add up to {total:g} %, not 100 % ({shown}).",
                evidence=shown,
            )


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
