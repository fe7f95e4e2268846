"""The columns of an export as CSV: the same for every run, then those of the tasks in it.

Documented in docs/export.md. What has no column of its own (fields that a task no longer has,
or never had) is still in `payload` and `output`.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from core.catalog.models import Task
from core.export.record import ExportedRun
from core.finding import Severity
from core.opinion import Rating
from core.types import GenerationOptions, ImageOptions

Cell = str | int | float | None
PICTURE_FIELDS = ("prompt", "negative", "source_sha256")  # the payload of every picture

_SAME_NAME = (
    *("id", "created_at", "started_at", "finished_at", "kind", "status", "mode", "provider"),
    *("model", "role", "task", "language", "format", "user", "source", "batch_id", "parent_id"),
    *("finish_reason", "error_code", "error_message"),
)
_NUMBERS = (
    *("prompt_tokens", "completion_tokens", "total_tokens", "tokens_per_second"),
    *("queued_ms", "load_ms", "first_token_ms", "total_ms"),
)
_OPTIONS = tuple(dict.fromkeys((*GenerationOptions.model_fields, *ImageOptions.model_fields)))


@dataclass(frozen=True)
class Column:
    """One column: its name in the first row, and what a run has there."""

    name: str
    value: Callable[[ExportedRun], Cell]


def columns(tasks: Iterable[Task], *, pictures: bool = False) -> tuple[Column, ...]:
    """Every column, for runs of `tasks`, with those of `pictures` where there are such runs."""
    tasks = list(tasks)
    fields = dict.fromkeys(field.name for task in tasks for field in task.fields)
    if pictures:
        fields |= dict.fromkeys(PICTURE_FIELDS)
    answers = dict.fromkeys(
        name
        for task in tasks
        if task.contract
        for name in task.contract.schema.get("properties", {})
    )
    return (
        *(Column(name, _attribute(name)) for name in _SAME_NAME),
        *_judged(),
        *(Column(name, _attribute(name)) for name in _NUMBERS),
        *(Column(f"option.{name}", _option(name)) for name in _OPTIONS),
        Column("pictures", _pictures),
        *(Column(f"payload.{name}", _payload(name)) for name in fields),
        *(Column(f"answer.{name}", _answer(name)) for name in answers),
        *(Column(f"score.{name}", _field_score(name)) for name in answers),
        Column("payload", lambda run: _as_json(run.payload)),
        Column("output", lambda run: run.output),
    )


def _judged() -> Iterator[Column]:
    """What the contract, the checks and people say."""
    yield Column("contract_valid", lambda run: _yes(run.contract.valid if run.contract else None))
    yield Column("score", lambda run: run.report.scores.overall if run.report else None)
    yield Column("passed", lambda run: _yes(run.report.scores.passed if run.report else None))
    for severity in Severity:
        yield Column(f"{severity}s", _count(severity))
    yield Column("findings", _findings)
    yield Column("stars", lambda run: run.stars)
    yield Column("raters", lambda run: len(run.ratings))
    yield Column("ratings", lambda run: "\n".join(map(_rating, run.ratings)))
    yield Column("tags", lambda run: "\n".join(run.tags))
    yield Column("note", lambda run: run.note.text if run.note else None)


def _attribute(name: str) -> Callable[[ExportedRun], Cell]:
    return lambda run: _cell(getattr(run, name))


def _option(name: str) -> Callable[[ExportedRun], Cell]:
    return lambda run: _cell(getattr(run.image.options if run.image else run.options, name, None))


def _payload(name: str) -> Callable[[ExportedRun], Cell]:
    return lambda run: _cell(run.payload.get(name))


def _answer(name: str) -> Callable[[ExportedRun], Cell]:
    def value(run: ExportedRun) -> Cell:
        return _cell(run.output_json.get(name)) if isinstance(run.output_json, dict) else None

    return value


def _field_score(name: str) -> Callable[[ExportedRun], Cell]:
    def value(run: ExportedRun) -> Cell:
        part = run.report.scores.fields.get(name) if run.report else None
        return part.score if part else None

    return value


def _count(severity: Severity) -> Callable[[ExportedRun], Cell]:
    return lambda run: run.report.count(severity) if run.report else None


def _findings(run: ExportedRun) -> Cell:
    return "\n".join(one.code for one in run.report.findings) if run.report else None


def _pictures(run: ExportedRun) -> Cell:
    return "\n".join(picture.sha256 for picture in run.image.pictures) if run.image else None


def _rating(rating: Rating) -> str:
    reasons = f" ({', '.join(rating.reasons)})" if rating.reasons else ""
    comment = f": {rating.comment}" if rating.comment else ""
    return f"{rating.stars} {rating.user}{reasons}{comment}"


def _cell(value: JsonValue | datetime | tuple[str, ...]) -> Cell:
    """Any value as a cell: numbers stay numbers, a list of texts is one a line."""
    match value:
        case None | "":
            return None
        case bool():
            return _yes(value)
        case datetime():
            return value.isoformat(timespec="milliseconds")
        case str():
            return str(value)
        case int() | float():
            return value
        case list() | tuple() if all(isinstance(item, str) for item in value):
            return "\n".join(map(str, value))
    return _as_json(value)


def _yes(value: bool | None) -> str | None:
    return None if value is None else ("yes" if value else "no")


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
