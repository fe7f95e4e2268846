"""Answers labelled by hand: what QA would say of each, told before any check was run.

One JSON Lines file a task. A line is one answer: what was asked (`task`, `role`, `language`,
`payload`), what came (`raw`, `finish_reason`), and the labels. `good` answers have nothing to
mend; those with claims that the request itself makes (100 %, 1위) expect an `ads.` reminder.
Each other answer has the one fault that `expect` names: its code, its field ("" = the answer
as a whole) and, where it has a place, the text at fault. `follows` are codes that the same
fault may well bring along; finding them is neither right nor wrong.

The files `*_heldout.jsonl` were not looked at while the checks were written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from json import loads
from pathlib import Path
from typing import Any

from core.catalog import Catalog, load_catalog
from core.checks.subject import Subject
from core.types import Language, normalise

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Label:
    """One fault that a person sees in an answer."""

    code: str
    field: str = ""
    evidence: str = ""


@dataclass(frozen=True, eq=False)
class Labelled:
    """One answer of the corpus and what a person says of it."""

    id: str
    task: str
    role: str
    language: str
    payload: dict[str, Any]
    raw: str
    finish_reason: str
    good: bool
    expect: Sequence[Label]
    follows: Sequence[str] = ()
    held_out: bool = False

    @property
    def subject(self) -> Subject:
        """The answer as the checks get it, with the prompt as it would have been sent."""
        return subject_of(self, self.raw)


def subject_of(labelled: Labelled, raw: str) -> Subject:
    """`raw` as an answer to what `labelled` answers."""
    catalog = _catalog()
    task, language = catalog.task(labelled.task), Language(labelled.language)
    wants_json = task.contract is not None
    return Subject(
        task=labelled.task,
        role=labelled.role,
        raw=normalise(raw),
        language=language,
        contract=task.contract,
        wants_json=wants_json,
        payload=labelled.payload,
        messages=catalog.render(
            labelled.role, labelled.task, labelled.payload, language=language, wants_json=wants_json
        ),
        finish_reason=labelled.finish_reason,
    )


@cache
def corpus() -> tuple[Labelled, ...]:
    """Every answer, in the order of the files."""
    return tuple(
        _labelled(line, held_out=path.stem.endswith("_heldout"))
        for path in sorted(HERE.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    )


@cache
def _catalog() -> Catalog:
    return load_catalog()


def _labelled(line: str, *, held_out: bool) -> Labelled:
    values = loads(line)
    labels = tuple(Label(**label) for label in values.pop("expect"))
    return Labelled(**values, expect=labels, held_out=held_out)
