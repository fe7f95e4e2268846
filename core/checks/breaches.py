"""In which ways an answer breaks the schema of its contract, each with its place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema.exceptions import ValidationError
from pydantic import JsonValue

from core.catalog.contract import Contract
from core.catalog.faults import field_name


@dataclass(frozen=True)
class Breach:
    """One rule of the schema that is broken: which (`keyword`), where, by what `value`.

    `limit` is what the rule says; `schema` is the part of the schema that it stands in.
    """

    keyword: str
    name: str
    value: JsonValue
    limit: Any
    schema: Mapping[str, Any]


def breaches_of(contract: Contract, value: JsonValue) -> Iterator[Breach]:
    """Every breach of `contract` in `value`, a parsed answer; each field that is missing or not
    known is one. What holds only under a condition (a review's decision) is left out.
    """
    told: set[str] = set()
    for error in contract.validator.iter_errors(value):
        if "then" not in error.absolute_schema_path:
            yield from _told(error, told)


def _told(error: ValidationError, told: set[str]) -> Iterator[Breach]:
    path = tuple(error.absolute_path)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    instance: Any = error.instance
    match error.validator:
        case "required":
            names = [name for name in error.validator_value if name not in instance]
        case "additionalProperties":
            known = schema.get("properties", {})
            names = [name for name in instance if name not in known]
        case _:
            yield Breach(
                str(error.validator), field_name(path), instance, error.validator_value, schema
            )
            return
    for name in (field_name((*path, name)) for name in names):
        if name not in told:  # jsonschema says `required` once for each field that is missing
            told.add(name)
            yield Breach(str(error.validator), name, None, error.validator_value, schema)
