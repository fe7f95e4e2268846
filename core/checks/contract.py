"""Whether an answer keeps its task's contract: parsing, verdict, field by field."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from jsonschema import Draft202012Validator
from pydantic import JsonValue

from core.catalog.contract import Contract
from core.run import (
    ContractVerdict,
    FieldLength,
)
from core.types import (
    normalise_json,
)

_DEEPEST = 64
_LARGEST_INTEGER = 2**63
_FENCE = "```"
_FENCE_MARK = re.compile(r"`{3,}(?:json\b)?", re.IGNORECASE)
_OBJECT = re.compile(r'\{\s*"')
_PLAIN_TEXT = {"type", "minLength", "maxLength", "description"}  # most fields: no validator needed
_MOST_TRIES = 64  # objects in the prose of one answer that are looked at


@dataclass(frozen=True)
class ParsedAnswer:
    """The JSON of an answer, its texts in NFC; `fenced` when it stood in a code fence and
    nothing else. `prose` is what else was written around the JSON, "" where nothing was.
    """

    value: JsonValue
    fenced: bool = False
    prose: str = ""


def parse_answer(text: str) -> ParsedAnswer | None:
    """The answer as JSON, None when there is none in it. Never raises; linear in its length.

    A code fence is taken off. Of an answer that talks around its JSON the longest object is
    taken that stands in it whole; an object that was broken off is none, and nothing inside it
    is one. Refused like broken JSON: NaN and Infinity, integers beyond 64 bits, numbers beyond
    a float, nesting deeper than 64 levels. They would break what comes after: SQLite, pandas,
    the browser.
    """
    bare = text.strip().removeprefix("\ufeff").strip()
    fenced = bare.startswith(_FENCE) and bare.endswith(_FENCE) and len(bare) > 2 * len(_FENCE)
    inside = _without_fence(bare) if fenced else bare
    try:
        value = _DECODER.decode(inside)
    except (ValueError, RecursionError):
        return _amid_prose(bare)
    if _is_deep(value):
        return None
    return ParsedAnswer(normalise_json(value), fenced)


def check_json(text: str) -> tuple[JsonValue, ContractVerdict]:
    """The JSON of an answer that has no contract (None if it is not JSON) and the verdict."""
    answer = parse_answer(text)
    if answer is None:
        return None, ContractVerdict(valid=False, errors=(_not_json(text),))
    return answer.value, ContractVerdict(valid=True)


def check_contract(contract: Contract, text: str) -> tuple[JsonValue, ContractVerdict]:
    """The JSON of an answer (None if it is not JSON) and whether it keeps `contract`.

    Texts are counted in characters (code points) of NFC. A fence or talk around the JSON is no
    fault here; `parse_answer` tells of it.
    """
    answer = parse_answer(text)
    if answer is None:
        return None, ContractVerdict(valid=False, errors=(_not_json(text),))
    errors = contract.faults(answer.value)
    return answer.value, ContractVerdict(valid=not errors, errors=errors)


def field_lengths(contract: Contract, value: JsonValue) -> list[FieldLength]:
    """Every field of the contract against its limits, in the contract's order.

    Lists are told item by item ("bullets[0]"), objects field by field
    ("budget_allocation[0].channel"). What is required and missing has `value` None and is not
    ok, so has an item too many. Numbers and choices have no `length`. Fields that the contract
    does not know are left to the verdict.
    """
    return list(_rows(contract.schema, normalise_json(value), ""))


def _amid_prose(text: str) -> ParsedAnswer | None:
    """The longest object that stands whole in `text`, outside of any other braces."""
    best: tuple[int, int, JsonValue] | None = None
    depth = reached = 0
    for match, _ in zip(_OBJECT.finditer(text), range(_MOST_TRIES), strict=False):
        start = match.start()
        if start < reached:
            continue  # inside the object just read
        depth += text.count("{", reached, start) - text.count("}", reached, start)
        reached = start
        if depth > 0:
            break  # inside something that is broken
        depth = 0  # a stray closing brace is no hole to climb out of
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue  # its brace stays open, so that nothing inside it is taken
        reached = end
        if best is None or end - start > best[1] - best[0]:
            best = start, end, value
    if best is None or _is_deep(best[2]):
        return None
    start, end, value = best
    around = _FENCE_MARK.sub(" ", f"{text[:start]}\n{text[end:]}").strip()
    return ParsedAnswer(normalise_json(value), fenced=not around, prose=around)


def _without_fence(text: str) -> str:
    inside = text[len(_FENCE) : -len(_FENCE)]
    return inside[4:] if inside[:4].lower() == "json" else inside


def _not_json(text: str) -> str:
    return "The answer is not JSON." if text.strip() else "The answer is empty, not JSON."


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _integer(digits: str) -> int:
    number = int(digits)
    return number if -_LARGEST_INTEGER <= number < _LARGEST_INTEGER else _refuse(digits)


def _finite_float(digits: str) -> float:
    number = float(digits)
    return number if abs(number) != float("inf") else _refuse(digits)


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_int=_integer, parse_float=_finite_float)


def _is_deep(value: JsonValue) -> bool:
    level: list[JsonValue] = [value]
    for _ in range(_DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: JsonValue) -> Iterator[JsonValue]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _rows(schema: dict[str, Any], value: JsonValue, name: str) -> Iterator[FieldLength]:
    """The rows of `value`, which stands at `name` ("" for the answer itself)."""
    if "properties" in schema and (isinstance(value, dict) or not name):
        yield from _property_rows(schema, value if isinstance(value, dict) else {}, name)
    elif "items" in schema and isinstance(value, list):
        yield from _item_rows(schema, value, name)
    else:
        yield _row(schema, value, name)


def _property_rows(
    schema: dict[str, Any], value: dict[str, JsonValue], name: str
) -> Iterator[FieldLength]:
    for key, part in schema["properties"].items():
        inner = f"{name}.{key}" if name else key
        if key in value:
            yield from _rows(part, value[key], inner)
        elif key in schema.get("required", ()):
            yield _missing(part, inner)


def _item_rows(schema: dict[str, Any], value: list[JsonValue], name: str) -> Iterator[FieldLength]:
    most = schema.get("maxItems", len(value))
    for index, item in enumerate(value):
        for row in _rows(schema["items"], item, f"{name}[{index}]"):
            yield row if index < most else row.model_copy(update={"ok": False})
    for index in range(len(value), schema.get("minItems", 0)):
        yield _missing(schema["items"], f"{name}[{index}]")


def _missing(schema: dict[str, Any], name: str) -> FieldLength:
    return FieldLength(name=name, ok=False, **_limits(schema))


def _row(schema: dict[str, Any], value: JsonValue, name: str) -> FieldLength:
    counted = isinstance(value, str) and "enum" not in schema
    return FieldLength(
        name=name,
        value=value,
        length=len(value) if counted else None,
        ok=_is_ok(schema, value),
        **_limits(schema),
    )


def _is_ok(schema: dict[str, Any], value: JsonValue) -> bool:
    if isinstance(value, str) and schema.keys() <= _PLAIN_TEXT and schema.get("type") == "string":
        return schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
    return Draft202012Validator(schema).is_valid(value)


def _limits(schema: dict[str, Any]) -> dict[str, int | None]:
    return {"minimum": schema.get("minLength"), "maximum": schema.get("maxLength")}
