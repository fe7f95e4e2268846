"""Answers beside each other, field by field, each against one that is the reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue
from pydantic_core import from_json

from core.catalog.contract import Contract
from core.checks.contract import field_lengths, parse_answer
from core.compare.diff import Segment, diff, is_same
from core.compare.pairing import paired
from core.compare.shown import as_text
from core.finding import Finding
from core.run import FieldLength, Run
from core.types import RunStatus, normalise

WHOLE = ""  # the name of the row of an answer that has no fields, or is not in their form


@dataclass(frozen=True)
class Cell:
    """One field of one answer.

    `name` is its place in that answer ("bullets[1]", which may be another number than the
    row's), `text` what stands there in NFC, None where the answer lacks it. `segments` lead
    from the reference's text to this one; they are empty in the reference itself and where
    there is nothing to compare. `length` is its measure where the contract has one. `lacking`
    says that a whole answer with fields ought to have this one and does not.
    """

    name: str
    text: str | None = None
    segments: tuple[Segment, ...] = ()
    length: FieldLength | None = None
    findings: tuple[Finding, ...] = ()
    lacking: bool = False


@dataclass(frozen=True)
class Row:
    """One field across all answers, in their order. `known` says that the contract has it."""

    name: str
    cells: tuple[Cell, ...]
    known: bool = True

    @property
    def differs(self) -> bool:
        """Whether the answers do not all say the same here."""
        return len({cell.text for cell in self.cells}) > 1


@dataclass
class _Answer:
    """An answer ready to be laid out: its fields, or None and its whole text."""

    run: Run
    fields: dict[str, JsonValue] | None
    text: str
    lengths: Mapping[str, FieldLength] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Run, contract: Contract | None) -> "_Answer":
        fields = fields_of(run)
        measured = field_lengths(contract, fields) if contract and fields is not None else []
        return cls(run, fields, normalise(run.output), {row.name: row for row in measured})


def fields_of(run: Run) -> dict[str, JsonValue] | None:
    """The fields of the answer of `run`, as many as had arrived; None where it has no such form.

    Text that was not asked for as JSON has no fields, whatever it looks like.
    """
    if run.format != "json":
        return None
    value = run.output_json
    if value is None:
        parsed = parse_answer(normalise(run.output))
        value = parsed.value if parsed else None
    if value is None and run.status is not RunStatus.SUCCEEDED:
        value = _begun(run.output)
    return value if isinstance(value, dict) else None


def compare_fields(
    runs: Sequence[Run], contract: Contract | None, *, reference: int = 0
) -> tuple[Row, ...]:
    """The answers of `runs` as rows, in the contract's order; other fields come after its own.

    Items of lists stand beside those they are like, so that one more at the beginning does not
    move all that follow. Runs without an answer have cells without text.
    """
    answers = [_Answer.of(run, contract) for run in runs]
    table = _Table(answers, reference)
    if any(answer.fields is not None for answer in answers):
        schema: Mapping[str, Any] = contract.schema if contract else {}
        values = [answer.fields for answer in answers]
        table.add_properties(schema, list(values), [WHOLE] * len(answers), known=True)
    whole = [answer.text if answer.fields is None else None for answer in answers]
    if any(whole):
        table.add(WHOLE, [WHOLE] * len(answers), list(whole), known=True)
    return tuple(table.rows)


def against(texts: Sequence[str | None], *, reference: int) -> list[tuple[Segment, ...]]:
    """The segments from the reference's text to each; empty where one of them is missing."""
    base = texts[reference]
    return [
        () if place == reference or base is None or text is None else diff(base, text)
        for place, text in enumerate(texts)
    ]


class _Table:
    """Collects rows. `values` and `names` have one entry an answer, None where it lacks it."""

    def __init__(self, answers: Sequence[_Answer], reference: int) -> None:
        self.rows: list[Row] = []
        self._answers = answers
        self._reference = reference

    def add_properties(
        self,
        schema: Mapping[str, Any],
        values: Sequence[JsonValue],
        names: Sequence[str],
        *,
        known: bool,
    ) -> None:
        parts: Mapping[str, Any] = schema.get("properties", {})
        order = dict.fromkeys(parts)
        first = sorted(range(len(values)), key=lambda place: place != self._reference)
        for place in first:
            value = values[place]
            order |= dict.fromkeys(value if isinstance(value, dict) else ())
        for key in order:
            inner = [value.get(key) if isinstance(value, dict) else None for value in values]
            if all(part is None for part in inner) and key not in schema.get("required", ()):
                continue
            places = [f"{name}.{key}" if name else key for name in names]
            self.add_value(
                parts.get(key, {}), inner, places, known=known and (not parts or key in parts)
            )

    def add_value(
        self,
        schema: Mapping[str, Any],
        values: Sequence[JsonValue],
        names: Sequence[str],
        *,
        known: bool,
    ) -> None:
        if any(isinstance(value, list) and value for value in values):
            self._add_items(schema.get("items", {}), values, names, known=known)
        elif any(isinstance(value, dict) for value in values) and _are(values, dict):
            self.add_properties(schema, values, names, known=known)
        else:
            self.add(names[self._reference], names, [as_text(value) for value in values], known)

    def _add_items(
        self,
        schema: Mapping[str, Any],
        values: Sequence[JsonValue],
        names: Sequence[str],
        *,
        known: bool,
    ) -> None:
        lists = [value if isinstance(value, list) else [] for value in values]
        told = [[as_text(item) or "" for item in items] for items in lists]
        for number, places in enumerate(paired(told, reference=self._reference)):
            inner = [
                None if place is None else items[place]
                for items, place in zip(lists, places, strict=True)
            ]
            inside = [
                f"{name}[{number if place is None else place}]"
                for name, place in zip(names, places, strict=True)
            ]
            self.add_value(schema, inner, inside, known=known)
        bare = [None if isinstance(value, list) else as_text(value) for value in values]
        if any(bare):
            self.add(names[self._reference], names, bare, known)

    def add(
        self, name: str, names: Sequence[str], texts: Sequence[str | None], known: bool
    ) -> None:
        segments = against(texts, reference=self._reference)
        cells = tuple(
            self._cell(place, names[place], texts[place], segments[place], known)
            for place in range(len(texts))
        )
        self.rows.append(Row(name, cells, known))

    def _cell(
        self,
        place: int,
        name: str,
        text: str | None,
        segments: tuple[Segment, ...],
        known: bool,
    ) -> Cell:
        answer = self._answers[place]
        whole = answer.run.status is RunStatus.SUCCEEDED and answer.fields is not None
        return Cell(
            name=name,
            text=text,
            segments=() if is_same(segments) else segments,
            length=answer.lengths.get(name),
            findings=tuple(one for one in findings_of(answer.run) if one.field == name),
            lacking=whole and known and text is None and name != WHOLE,
        )


def findings_of(run: Run) -> tuple[Finding, ...]:
    """What the checks found in the answer of `run`."""
    return run.report.findings if run.report else ()


def _are(values: Sequence[JsonValue], kind: type) -> bool:
    return all(value is None or isinstance(value, kind) for value in values)


def _begun(output: str) -> JsonValue:
    """The JSON that a broken off answer had begun."""
    bare = normalise(output).strip().removeprefix("```json").removeprefix("```")
    try:
        return from_json(bare, allow_partial="trailing-strings")
    except ValueError:
        return None
