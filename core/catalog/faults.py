"""What is wrong with a parsed answer, one English sentence a fault."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from pydantic import JsonValue

_KINDS = {
    "string": "text",
    "array": "a list",
    "object": "an object",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}
_LONGEST_QUOTE = 60


def faults_in(validator: Validator, value: JsonValue) -> tuple[str, ...]:
    """The faults of `value`, in the order of the schema's properties, each said once."""
    schema: Any = validator.schema
    order = {name: index for index, name in enumerate(schema.get("properties", {}))}
    found: list[tuple[str, str]] = []
    for error in validator.iter_errors(value):
        found += _told(error, schema)
    found.sort(key=lambda fault: order.get(_first_name(fault[0]), len(order)))
    return tuple(dict.fromkeys(sentence for _, sentence in found))


def field_name(path: tuple[str | int, ...]) -> str:
    """A path in an answer as people write it: `bullets[0]`, `budget_allocation[1].channel`."""
    name = ""
    for step in path:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    return name


def _first_name(name: str) -> str:
    return name.split(".")[0].split("[")[0]


def _told(error: ValidationError, schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The field's name and the sentence; `required` and unknown fields may be several."""
    path = tuple(error.absolute_path)
    condition = _condition(error, schema)
    match error.validator:
        case "required":
            for name in error.validator_value:
                if name not in error.instance:
                    missing = field_name((*path, name))
                    yield missing, f"{missing} is missing{condition}."
        case "additionalProperties":
            known = _schema_of(error).get("properties", {})
            for name in error.instance:
                if name not in known:
                    unknown = field_name((*path, name))
                    yield unknown, f"{_short(unknown)} is not a field of the contract."
        case _:
            name = field_name(path)
            yield name, f"{name or 'The answer'} {_predicate(error)}{condition}."


def _predicate(error: ValidationError) -> str:
    tell = _PREDICATES.get(str(error.validator))
    return tell(error) if tell else f"breaks the rule {error.validator!r}"


def _type(error: ValidationError) -> str:
    wanted = error.validator_value
    kinds = [wanted] if isinstance(wanted, str) else wanted
    return f"is {_kind(error.instance)}, {' or '.join(_KINDS[kind] for kind in kinds)} required"


def _characters(error: ValidationError) -> str:
    count = len(error.instance)
    unit = "character" if count == 1 else "characters"
    return f"is {count} {unit}, {_bound(error, 'minLength', 'maxLength')}"


def _items(error: ValidationError) -> str:
    count = len(error.instance)
    unit = "item" if count == 1 else "items"
    return f"has {count} {unit}, {_bound(error, 'minItems', 'maxItems')}"


def _bound(error: ValidationError, lowest: str, highest: str) -> str:
    schema = _schema_of(error)
    if schema.get(lowest) == schema.get(highest):
        return f"exactly {error.validator_value} required"
    if error.validator == lowest:
        return f"at least {error.validator_value} required"
    return f"at most {error.validator_value} allowed"


def _number(words: str) -> Callable[[ValidationError], str]:
    return lambda error: f"is {error.instance}, {words.format(error.validator_value)}"


def _enum(error: ValidationError) -> str:
    allowed = ", ".join(str(value) for value in error.validator_value)
    return f"is {_short(str(error.instance))!r}, one of {allowed} required"


def _pattern(error: ValidationError) -> str:
    return f"is {_short(error.instance)!r}, which does not have the form {error.validator_value}"


_PREDICATES: dict[str, Callable[[ValidationError], str]] = {
    "type": _type,
    "minLength": _characters,
    "maxLength": _characters,
    "minItems": _items,
    "maxItems": _items,
    "minimum": _number("at least {} required"),
    "maximum": _number("at most {} allowed"),
    "exclusiveMinimum": _number("more than {} required"),
    "exclusiveMaximum": _number("less than {} required"),
    "enum": _enum,
    "pattern": _pattern,
}


def _condition(error: ValidationError, schema: Mapping[str, Any]) -> str:
    """The words " when x is y" for a fault found under an if/then, which no reader would guess."""
    node: Any = schema
    for step in error.absolute_schema_path:
        if step == "then" and "if" in node:
            tests = node["if"].get("properties", {}).items()
            told = [f"{name} is {test['const']}" for name, test in tests if "const" in test]
            return f" when {' and '.join(told)}" if told else ""
        node = node[step]
    return ""


def _schema_of(error: ValidationError) -> Mapping[str, Any]:
    return error.schema if isinstance(error.schema, Mapping) else {}


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    for kind, words in ((str, "text"), (list, "a list"), (dict, "an object")):
        if isinstance(value, kind):
            return words
    return "null" if value is None else "a number"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"
