"""What checks say of an answer: findings, and the scores that follow from them."""

from enum import StrEnum

from pydantic import Field

from core.localised import Localised
from core.types import Frozen, Language


class Severity(StrEnum):
    """How much a finding matters: an error breaks the answer, a warning wants a look, a note
    is a reminder and costs nothing.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(Frozen):
    """One thing that a check found, with its evidence.

    `code` is stable and dotted ("length.too_long"). `field` names the place as `field_lengths`
    does ("headline", "bullets[1]", "budget_allocation[0].purpose"); "" is the whole answer.
    `start` and `end` are characters of that field's text in NFC (of the raw answer where
    `field` is ""), None where there is no one place. `evidence` is the text found.
    """

    code: str = Field(pattern=r"^[a-z]+(\.[a-z0-9_]+)+$", max_length=64)
    severity: Severity
    field: str = Field(default="", max_length=300)
    start: int | None = Field(default=None, ge=0)
    end: int | None = Field(default=None, ge=0)
    evidence: str = Field(default="", max_length=2000)
    message: Localised

    def in_(self, language: Language) -> str:
        """The sentence in `language`."""
        return self.message.in_(language)


class Deduction(Frozen):
    """What one finding costs a field, in points of ten."""

    code: str
    points: float


class FieldScore(Frozen):
    """A top-level field's score, 0 to 10, its weight in the whole (0 to 1), and why it is less
    than ten.
    """

    score: float
    weight: float
    deductions: tuple[Deduction, ...] = ()


class Scores(Frozen):
    """The scores of an answer, 0 to 10.

    `overall` is the weighted mean of `fields` less the `deductions` that concern the whole
    answer. `passed` is the team's release bar: no error, at least 7.0 in all, and no field
    under 6.0.
    """

    overall: float
    passed: bool
    fields: dict[str, FieldScore] = Field(default_factory=dict)
    deductions: tuple[Deduction, ...] = ()


class CheckReport(Frozen):
    """All that the checks say of one answer. `version` is that of the checks that said it."""

    version: int
    scores: Scores
    findings: tuple[Finding, ...] = ()

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity is severity for finding in self.findings)
