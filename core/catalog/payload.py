"""Checking and tidying what a form or a program sends for a task."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import JsonValue

from core.catalog.models import PayloadField, Task
from core.errors import InvalidPayload
from core.types import normalise

_LARGEST_NUMBER = 10**15
_MOST_TOLD = 10  # fields that are none; a request may name any number of them
_LONGEST_TOLD = 100
_LIST_MARK = re.compile(r"^[-*•·]\s+")


class _Refused(ValueError):
    """A value does not fit its field; the text goes on after the field's name."""


def check_payload(task: Task, payload: Mapping[str, Any]) -> dict[str, JsonValue]:
    """`payload` as the prompt takes it: stripped, in the form's order, without empty fields.

    Raises InvalidPayload; `details["fields"]` has one English sentence for each wrong field.
    """
    known = [field.name for field in task.fields]
    unknown = [name[:_LONGEST_TOLD] for name in payload if name not in known]
    wrong: dict[str, str] = {
        name: f"{name} is not a field of {task.id}; its fields are {', '.join(known)}."
        for name in unknown[:_MOST_TOLD]
    }
    checked: dict[str, JsonValue] = {}
    for field in task.fields:
        try:
            value = _value(field, payload.get(field.name))
            if value is None:
                value = _value(field, field.default)
        except _Refused as refused:
            wrong[field.name] = f"{field.name} {refused}."
            continue
        if value is not None:
            checked[field.name] = value
        elif field.required:
            wrong[field.name] = f"{field.name} is required."
    if wrong:
        raise InvalidPayload(
            f"The payload does not fit the task {task.id!r}: {' '.join(wrong.values())}",
            details={"fields": wrong},
        )
    return checked


def _value(field: PayloadField, value: object) -> JsonValue:
    """`value` tidied, None where it is empty. Raises _Refused."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return _TIDY[field.type](field, value)


def _text(field: PayloadField, value: object) -> str:
    # One line stays one line: a line break could pass off the rest as another labelled line.
    return " ".join(filter(None, (part.strip() for part in _long_text(field, value).splitlines())))


def _long_text(field: PayloadField, value: object) -> str:
    if not isinstance(value, str):
        raise _Refused("must be text")
    text = normalise(value).replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > field.max_chars:
        raise _Refused(f"has {len(text)} characters, at most {field.max_chars} are allowed")
    return text


def _list(field: PayloadField, value: object) -> list[JsonValue] | None:
    items = value.splitlines() if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise _Refused("must be a list of texts, or a text with one item a line")
    texts = [_LIST_MARK.sub("", item.strip()) for item in items]
    kept: list[JsonValue] = [_text(field, text) for text in texts if text.strip()]
    if len(kept) > field.max_items:
        raise _Refused(f"has {len(kept)} items, at most {field.max_items} are allowed")
    return kept or None


def _number(_: PayloadField, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Refused("must be a number")
    if (isinstance(value, float) and not math.isfinite(value)) or abs(value) > _LARGEST_NUMBER:
        raise _Refused("must be a number between -10^15 and 10^15")
    return int(value) if value == int(value) else value


def _choice(field: PayloadField, value: object) -> str:
    text = _text(field, value)
    if not field.open and text not in (values := [choice.value for choice in field.choices]):
        raise _Refused(f"must be one of {', '.join(values)}")
    return text


_TIDY: dict[str, Callable[[PayloadField, Any], JsonValue]] = {
    "text": _text,
    "long_text": _long_text,
    "list": _list,
    "number": _number,
    "choice": _choice,
}
