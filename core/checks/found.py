"""Making a finding: a place in a text, the evidence, one sentence in both languages."""

from core.checks.subject import FieldText
from core.finding import Finding, Severity
from core.localised import Localised

WHOLE = FieldText("", "")
MOST_A_FIELD = 10  # a text that is wrong all over is told of this often, not a thousand times
_LONGEST_NAME = 300
_LONGEST_EVIDENCE = 2000
_LONGEST_SHOWN = 40


def found(
    code: str,
    severity: Severity,
    text: FieldText,
    span: tuple[int, int] | None,
    *,
    ko: str,
    en: str,
    evidence: str | None = None,
) -> Finding:
    """A finding in `text` at `span` (None: no one place). `evidence` is by default what stands
    there.
    """
    start, end = span or (None, None)
    shown = evidence if evidence is not None else text.text[start:end] if span else ""
    return Finding(
        code=code,
        severity=severity,
        field=text.name[:_LONGEST_NAME],
        start=start,
        end=end,
        evidence=shown[:_LONGEST_EVIDENCE],
        message=Localised(ko=ko, en=en),
    )


def short(text: str) -> str:
    """`text` on one line, short enough to stand inside a sentence."""
    line = " ".join(text[: 4 * _LONGEST_SHOWN].split())
    return line if len(line) <= _LONGEST_SHOWN else line[: _LONGEST_SHOWN - 1].rstrip() + "…"
