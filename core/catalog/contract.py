"""The output contract of a task: the schema, what of it goes to a server, what breaks it."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from pydantic import ConfigDict, Field, JsonValue

from core.catalog.faults import faults_in
from core.localised import Localised
from core.types import Frozen

_WIRE_KEYWORDS = (
    "type",
    "description",
    "required",
    "enum",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
)


class Contract(Frozen):
    """What an answer must look like: a JSON Schema with the limits, labels and weights.

    `labels` names the fields for people, by dotted path ("budget_allocation.channel").
    `weights` says how much a field counts in a score, by top-level field; empty means all
    count the same.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    schema_: dict[str, JsonValue] = Field(alias="schema")
    labels: dict[str, Localised] = Field(default_factory=dict)
    weights: dict[str, float] = Field(default_factory=dict)

    @property
    def schema(self) -> dict[str, Any]:  # ty: ignore[incompatible-property-override]
        """The whole JSON Schema (draft 2020-12), with every limit."""
        return self.schema_

    @cached_property
    def wire_schema(self) -> dict[str, Any]:
        """The schema that a server is asked to keep while it writes: shape, no text lengths.

        minLength and maxLength are left out on purpose. A grammar keeps maxLength by closing
        the string at the limit, in the middle of a word: the check passes and the copy is
        broken, which is what this QA team suffered. The lengths stand in the prompt and are
        checked afterwards, so a text that is too long is seen as too long. Conditions
        (if/then) and patterns are left out too: few servers know them.
        """
        return _wire(self.schema_)

    @cached_property
    def validator(self) -> Validator:
        """The validator of the whole schema."""
        return Draft202012Validator(self.schema_)

    def faults(self, value: JsonValue) -> tuple[str, ...]:
        """One English sentence for each way in which `value` breaks the contract.

        `value` is a parsed answer in NFC; the sentences come in the contract's order.
        """
        return faults_in(self.validator, value)


def _wire(schema: Mapping[str, Any]) -> dict[str, Any]:
    wire: dict[str, Any] = {key: schema[key] for key in _WIRE_KEYWORDS if key in schema}
    if "properties" in schema:
        wire["properties"] = {name: _wire(part) for name, part in schema["properties"].items()}
    if isinstance(schema.get("items"), dict):
        wire["items"] = _wire(schema["items"])
    if isinstance(schema.get("additionalProperties"), bool):
        wire["additionalProperties"] = schema["additionalProperties"]
    return wire
