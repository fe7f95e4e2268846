"""What no schema can see in a task file: do its parts fit together, do its prompts render."""

import traceback
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateSyntaxError
from jsonschema import Draft202012Validator
from pydantic import JsonValue

from core.catalog.contract import Contract
from core.catalog.locate import Place
from core.catalog.models import Role, Task
from core.catalog.payload import check_payload
from core.catalog.prompts import PARTS, Part, compile_template, template_context
from core.errors import InvalidPayload
from core.types import GenerationOptions, Language

_SCHEMA_RULES = Draft202012Validator(Draft202012Validator.META_SCHEMA)
_ANYONE = Role.model_validate(
    {
        "id": "anyone",
        **{key: {"ko": "누구나", "en": "anyone"} for key in ("label", "help", "system")},
        "options": GenerationOptions(),
    }
)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: at which key, in which line of that key's text, and what."""

    place: Place
    message: str
    line: int | None = None


def audit_task(task: Task, *, role_ids: Collection[str]) -> list[Fault]:
    """Every fault of `task` beyond its form. `role_ids` are the roles there are."""
    faults = [*_role_faults(task, role_ids), *_field_faults(task)]
    if task.contract is not None:
        faults += _contract_faults(task, task.contract)
    elif task.example_answer is not None:
        faults.append(Fault(("example_answer",), "has no contract to be an example of"))
    # A prompt shows fields and contract: with those broken its own faults would be echoes.
    return faults or list(_template_faults(task))


def _role_faults(task: Task, role_ids: Collection[str]) -> Iterator[Fault]:
    for index, role in enumerate(task.roles):
        if role not in role_ids:
            known = ", ".join(role_ids)
            yield Fault(("roles", index), f"there is no role {role!r}; known: {known}")


def _field_faults(task: Task) -> Iterator[Fault]:
    names = [field.name for field in task.fields]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Fault(("fields", index, "name"), f"{name!r} is used twice")
    for language in Language:
        try:
            check_payload(task, task.example_payload(language))
        except InvalidPayload as error:
            for name, sentence in error.details["fields"].items():
                yield Fault(("fields", names.index(name), "example", language.value), sentence)


def _contract_faults(task: Task, contract: Contract) -> Iterator[Fault]:
    faults = list(_schema_faults(contract))
    yield from faults
    if faults:
        return
    labelled = set(contract.labels)
    wanted = set(_label_paths(contract.schema))
    for name in sorted(wanted - labelled):
        yield Fault(("contract", "labels"), f"has no label for {name}")
    for name in sorted(labelled - wanted):
        yield Fault(("contract", "labels", name), "is not a field of the schema")
    yield from _weight_faults(contract)
    if task.example_answer is None:
        yield Fault(("example_answer",), "is missing; a task with a contract shows an example")
        return
    for language in Language:
        for sentence in contract.faults(task.example_answer.in_(language)):
            yield Fault(("example_answer", language.value), sentence)


def _schema_faults(contract: Contract) -> Iterator[Fault]:
    place: Place = ("contract", "schema")
    for error in _SCHEMA_RULES.iter_errors(contract.schema):
        yield Fault((*place, *error.absolute_path), error.message)
    if contract.schema.get("type") != "object" or not contract.schema.get("properties"):
        yield Fault((*place, "type"), "an answer must be an object with properties")
    for path in _references(contract.schema):
        yield Fault((*place, *path), "references to other schemas are not supported")


def _references(node: JsonValue, path: Place = ()) -> Iterator[Place]:
    # A reference to an address would be fetched over the network while an answer is checked.
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("$ref", "$dynamicRef") and isinstance(value, str):
                yield (*path, key)
            yield from _references(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _references(value, (*path, index))


def _label_paths(schema: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, part in schema.get("properties", {}).items():
        yield prefix + name
        inner = part.get("items", part)
        yield from _label_paths(inner, f"{prefix}{name}.")


def _weight_faults(contract: Contract) -> Iterator[Fault]:
    place: Place = ("contract", "weights")
    for name in contract.weights:
        if name not in contract.schema["properties"]:
            yield Fault((*place, name), "is not a field of the schema")
    total = sum(contract.weights.values())
    if contract.weights and abs(total - 1) > 1e-6:
        yield Fault(place, f"the weights add up to {total:g}, not to 1")


def _template_faults(task: Task) -> Iterator[Fault]:
    for part in PARTS:
        for language in Language:
            fault = _template_fault(task, part, language)
            if fault is not None:
                yield fault


def _template_fault(task: Task, part: Part, language: Language) -> Fault | None:
    """The first fault of one template, tried with a full form and with only what is required."""
    place: Place = (part, language.value)
    try:
        template = compile_template(task, part, language)
    except TemplateSyntaxError as error:
        return Fault(place, f"{error.message}", line=error.lineno)
    full = check_payload(task, task.example_payload(language))
    required = {field.name for field in task.fields if field.required}
    for payload in (full, {name: full[name] for name in full if name in required}):
        for wants_json in (True, False):
            context = template_context(
                task, _ANYONE, payload, language=language, wants_json=wants_json
            )
            try:
                text = template.render(context)
            except Exception as error:  # a template can raise whatever Python can
                return Fault(place, _reason(error), line=_line_in_template(error))
            if part == "user" and not text.strip():
                return Fault(place, "renders to nothing")
    return None


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"the contract has no field or label {error.args[0]!r}"
    return str(error)


def _line_in_template(error: Exception) -> int | None:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == "<template>"]
    return lines[-1] if lines else None
