"""How a contract and a brief are told in a prompt: names, limits, labelled lines."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from core.catalog.contract import Contract
from core.catalog.models import PayloadField, Task
from core.types import Language

_WORDS: dict[Language, dict[str, str]] = {
    Language.KOREAN: {
        "range": "{0}~{1}{unit}",
        "same": "정확히 {1}{unit}",
        "lowest": "{0}{unit} 이상",
        "highest": "{1}{unit} 이하",
        "string": "자",
        "array": "개",
        "number": "",
        "each": "하나당 {}",
    },
    Language.ENGLISH: {
        "range": "{0} to {1}{unit}",
        "same": "exactly {1}{unit}",
        "lowest": "at least {0}{unit}",
        "highest": "at most {1}{unit}",
        "string": " characters",
        "array": " items",
        "number": "",
        "each": "each {}",
    },
}
_BOUNDS = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "number": ("minimum", "maximum"),
    "integer": ("minimum", "maximum"),
}


def describe_field(contract: Contract, path: str, *, language: Language, wants_json: bool) -> str:
    """One field with its limits, as "headline (헤드라인, 5~20자)"; the numbers are the schema's.

    `path` is dotted, list items by "[]": "budget_allocation[].channel". Without JSON only the
    label is given. Raises KeyError for a path that the contract does not have.
    """
    schema: Any = contract.schema
    for step in path.replace("[]", ".[]").split("."):
        schema = schema["items"] if step == "[]" else schema["properties"][step]
    label = contract.labels[path.replace("[]", "")].in_(language)
    limits = _limits(schema, language)
    if not wants_json:
        return f"{label} ({', '.join(limits)})" if limits else label
    key = path.rsplit(".", 1)[-1]
    return f"{key} ({', '.join((label, *limits))})"


def _limits(schema: Mapping[str, Any], language: Language) -> list[str]:
    words = _WORDS[language]
    if "enum" in schema:
        return [" | ".join(str(value) for value in schema["enum"])]
    kind = schema.get("type", "")
    if kind not in _BOUNDS:
        return []
    lowest, highest = (schema.get(name) for name in _BOUNDS[kind])
    limits = []
    if lowest is not None or highest is not None:
        unit = words["number" if kind == "integer" else kind]
        limits.append(words[_bound(lowest, highest)].format(lowest, highest, unit=unit))
    if kind == "array":
        limits += [words["each"].format(limit) for limit in _limits(schema["items"], language)]
    return limits


def _bound(lowest: float | None, highest: float | None) -> str:
    if highest is None:
        return "lowest"
    if lowest is None:
        return "highest"
    return "same" if lowest == highest else "range"


def show_answer(
    contract: Contract, answer: Mapping[str, JsonValue], *, language: Language, wants_json: bool
) -> str:
    """An answer as JSON, or as labelled lines with lists below their label."""
    if wants_json:
        return json.dumps(answer, ensure_ascii=False, indent=2)
    lines: list[str] = []
    for name, value in answer.items():
        label = contract.labels[name].in_(language)
        if isinstance(value, list):
            lines.append(f"{label}:")
            lines += [f"- {_item(contract, name, item, language)}" for item in value]
        else:
            lines.append(f"{label}: {value}")
    return "\n".join(lines)


def _item(contract: Contract, name: str, item: JsonValue, language: Language) -> str:
    if not isinstance(item, dict):
        return str(item)
    return ", ".join(
        f"{contract.labels[f'{name}.{key}'].in_(language)}: {value}" for key, value in item.items()
    )


def show_brief(task: Task, payload: Mapping[str, JsonValue], *, language: Language) -> str:
    """The filled fields of a form as labelled lines, long texts between marks of their own."""
    return "\n".join(
        _brief_line(field, payload[field.name], language)
        for field in task.fields
        if payload.get(field.name) is not None
    )


def _brief_line(field: PayloadField, value: JsonValue, language: Language) -> str:
    label = field.label.in_(language)
    if isinstance(value, list):
        return "\n".join([f"- {label}:", *(f"  - {item}" for item in value)])
    if field.type == "long_text":
        mark = _mark_for(str(value))
        return f"- {label}:\n{mark}\n{value}\n{mark}"
    if field.type == "choice":
        labels = {choice.value: choice.label.in_(language) for choice in field.choices}
        return f"- {label}: {labels.get(str(value), value)}"
    if isinstance(value, int | float):
        return f"- {label}: {value:,}"
    return f"- {label}: {value}"


def _mark_for(text: str) -> str:
    """A line of quotes longer than any in `text`, so that the text cannot end its own frame."""
    mark = '"""'
    while mark in text:
        mark += '"'
    return mark
