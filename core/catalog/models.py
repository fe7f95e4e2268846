"""The shape of the catalog's entries: roles, tasks and the fields of a task's form."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from core.catalog.contract import Contract
from core.localised import Localised
from core.types import Frozen, GenerationOptions, Language, Tier

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]


class Role(Frozen):
    """Who writes: a persona with its temperature. `id` is the name of its file."""

    id: Identifier
    order: int = 1000
    label: Localised
    help: Localised
    system: Localised
    options: GenerationOptions


class Choice(Frozen):
    """One value of a choice field and the label people see for it."""

    value: str = Field(min_length=1)
    label: Localised


class FieldExample(Frozen):
    """An example value in both languages, of the field's type."""

    ko: JsonValue
    en: JsonValue

    def in_(self, language: Language) -> JsonValue:
        """The example in `language`."""
        return self.ko if language is Language.KOREAN else self.en


class ExampleAnswer(Frozen):
    """An answer that keeps the contract, about an invented product; the prompt shows it."""

    ko: dict[str, JsonValue]
    en: dict[str, JsonValue]

    def in_(self, language: Language) -> dict[str, JsonValue]:
        """The answer in `language`."""
        return self.ko if language is Language.KOREAN else self.en


class PayloadField(Frozen):
    """One field of a task's form.

    `type`: "text" one line, "long_text" many, "list" strings (one a line in the form),
    "number", "choice" one of `choices` (shown by their labels), any other one-line text also
    accepted where `open` is true. `default` stands in for a field left empty. `max_chars`
    counts characters of NFC text, in a list those of each item.
    """

    name: Identifier
    type: Literal["text", "long_text", "list", "number", "choice"]
    required: bool = False
    label: Localised
    help: Localised | None = None
    example: FieldExample
    choices: tuple[Choice, ...] = ()
    default: JsonValue = None
    open: bool = False
    max_chars: int = Field(default=2000, ge=1, le=100_000)
    max_items: int = Field(default=20, ge=1, le=200)

    @model_validator(mode="after")
    def _choices_belong_to_choice_fields(self) -> "PayloadField":
        if self.type == "choice" and not self.choices:
            raise ValueError("a field of type 'choice' needs choices")
        if self.type != "choice" and (self.choices or self.open):
            raise ValueError("only a field of type 'choice' has choices or open")
        return self


class Task(Frozen):
    """What is written: a form, two prompts, and what the answer must look like.

    `id` is the name of the task's file, `roles` the roles that fit with the usual one first.
    `system` and `user` are Jinja templates, see `core.catalog.prompts`. `contract` and
    `example_answer` are None where the answer is free text.
    """

    id: Identifier
    order: int = 1000
    label: Localised
    help: Localised
    tier: Tier
    roles: Annotated[tuple[str, ...], Field(min_length=1)]
    options: GenerationOptions
    fields: Annotated[tuple[PayloadField, ...], Field(min_length=1)]
    system: Localised
    user: Localised
    contract: Contract | None = None
    example_answer: ExampleAnswer | None = None

    def example_payload(self, language: Language) -> dict[str, JsonValue]:
        """A whole payload of the fields' examples, as a form would be filled in `language`."""
        return {field.name: field.example.in_(language) for field in self.fields}
