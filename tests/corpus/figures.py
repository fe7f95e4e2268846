"""How good the checks are over the corpus: right, missed and false, code by code."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache

from core.checks.engine import check
from core.checks.families import CODES
from core.finding import Finding, Severity
from tests.corpus import Label, Labelled, corpus


@dataclass
class Figures:
    """The figures of one code. `found` are answers in which it was found, `right` labels that
    a finding meets, at the right place.
    """

    labelled: int = 0
    right: int = 0
    false: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """The share of what was found that was to be found; 1 where nothing was found."""
        found = self.right + len(self.false)
        return self.right / found if found else 1.0

    @property
    def recall(self) -> float:
        """The share of what was to be found that was found; 1 where there was nothing."""
        return self.right / self.labelled if self.labelled else 1.0


@cache
def findings_of(labelled: Labelled) -> tuple[Finding, ...]:
    """What the checks say of an answer."""
    return check(labelled.subject).findings


def figures(answers: Iterable[Labelled]) -> dict[str, Figures]:
    """The figures of every code over `answers`, in the order of the checks' table."""
    table = {code: Figures() for code in CODES}
    for labelled in answers:
        _score(labelled, table)
    return table


def part(*, held_out: bool) -> list[Labelled]:
    """The answers that the checks' authors saw, or those that they did not."""
    return [one for one in corpus() if one.held_out == held_out]


def told(findings: Iterable[Finding]) -> list[Finding]:
    """Findings that count here: notes are hints of what may be missing, not faults, but for the
    reminders about advertising, which are labelled.
    """
    return [
        one for one in findings if one.severity is not Severity.NOTE or one.code.startswith("ads.")
    ]


def meets(finding: Finding, label: Label) -> bool:
    """Whether `finding` is what `label` says: the code, the field and the text at fault. A check
    that speaks of the answer as a whole may name any field, and the other way round.
    """
    if finding.code != label.code:
        return False
    fields = {finding.field, label.field}
    if len(fields) > 1 and "" not in fields and not _same_list(finding.field, label.field):
        return False
    return not finding.evidence or not label.evidence or _overlap(finding.evidence, label.evidence)


def _overlap(one: str, other: str) -> bool:
    """Whether two texts at fault are about the same place: half of the shorter is in the other."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return 2 * matcher.find_longest_match().size >= min(len(one), len(other))


def _same_list(one: str, other: str) -> bool:
    """A list and one of its items: a repeated bullet may be told at either."""
    return one.split("[")[0] == other.split("[")[0] and (
        one.startswith(other) or other.startswith(one)
    )


def _score(labelled: Labelled, table: dict[str, Figures]) -> None:
    findings = told(findings_of(labelled))
    for label in labelled.expect:
        row = table[label.code]
        row.labelled += 1
        if any(meets(finding, label) for finding in findings):
            row.right += 1
        else:
            row.missed.append(labelled.id)
    allowed = set(labelled.follows)
    strange = Counter(
        finding.code
        for finding in findings
        if finding.code not in allowed
        and not any(meets(finding, label) for label in labelled.expect)
    )
    for code in strange:  # one false alarm an answer, however often it is repeated there
        table[code].false.append(labelled.id)
