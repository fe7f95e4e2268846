"""One answer in the making: what is asked for, the words there are, and the text it becomes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from core.catalog import Catalog, Contract, Task
from core.catalog.outline import show_answer
from core.providers.mock.dice import Dice
from core.providers.mock.phrases import Tree, load_copy
from core.providers.mock.settle import settled
from core.providers.mock.words import Words, opening_of, words_of
from core.providers.mock.writer import Schema, Writer
from core.types import ProviderRequest

FREE_TASK = "free"
FREE_SCHEMA: Schema = {
    "type": "object",
    "properties": {
        "reply": {"type": "string"},
        "suggestion": {"type": "string"},
        "note": {"type": "string"},
    },
}


@dataclass(frozen=True)
class Draft:
    """A request with everything that writing it needs.

    `schema` is the contract's with its lengths, else the request's own, else the parts of a
    free answer. `copy` is the language's phrase tree.
    """

    request: ProviderRequest
    contract: Contract | None
    schema: Schema
    words: Words
    copy: Tree
    dice: Dice
    examples: tuple[str, ...] = ()

    @classmethod
    def of(cls, request: ProviderRequest, catalog: Catalog) -> "Draft":
        """The draft of `request`."""
        task = catalog.tasks.get(request.task)
        contract = task.contract if task else None
        schema = contract.schema if contract else request.output_schema
        return cls(
            request=request,
            contract=contract,
            schema=FREE_SCHEMA if schema is None else schema,
            words=_words(request, task),
            copy=load_copy(request.language),
            dice=Dice.of(request),
            examples=_examples(task, request),
        )

    @property
    def is_free(self) -> bool:
        """Whether nothing says what the answer must look like."""
        return self.schema is FREE_SCHEMA

    def text(self) -> str:
        """The answer without any fault."""
        return self.told(self.content())

    def content(self, *, schema: Schema | None = None) -> dict[str, Any]:
        """The answer as data, keeping `schema` (default: the draft's)."""
        writer = Writer(
            copy=self.copy,
            words=self.words,
            given=self.request.payload,
            dice=self.dice,
            role=self.request.role,
            task=FREE_TASK if self.is_free else self.request.task,
            examples=self.examples,
        )
        wanted = self.schema if schema is None else schema
        return settled(
            writer.write(wanted),
            schema=wanted,
            payload=self.request.payload,
            copy=self.copy,
            dice=self.dice,
        )

    def told(self, content: Mapping[str, Any]) -> str:
        """`content` in the form asked for: JSON, labelled lines or plain text."""
        request = self.request
        if self.contract is not None:
            return show_answer(
                self.contract, content, language=request.language, wants_json=request.wants_json
            )
        if self.is_free and not request.wants_json:
            return "\n\n".join(content.values())
        return json.dumps(content, ensure_ascii=False, indent=2)


def _examples(task: Task | None, request: ProviderRequest) -> tuple[str, ...]:
    """Every text of the task's example answer."""
    if task is None or task.example_answer is None:
        return ()
    values: list[JsonValue] = [task.example_answer.in_(request.language)]
    for value in values:  # grows while it is gone through
        if isinstance(value, dict | list):
            values += value.values() if isinstance(value, dict) else value
    return tuple(value for value in values if isinstance(value, str))


def _words(request: ProviderRequest, task: Task | None) -> Words:
    payload = dict(request.payload)
    for field in task.fields if task else ():
        labels = {choice.value: choice.label.in_(request.language) for choice in field.choices}
        if isinstance(value := payload.get(field.name), str):
            payload[field.name] = labels.get(value, value)
    opening = opening_of(_prompt(request.payload.get("prompt"), request))
    return {**words_of(payload), **({"prompt_opening": (opening,)} if opening else {})}


def _prompt(prompt: JsonValue, request: ProviderRequest) -> str:
    if isinstance(prompt, str):
        return prompt
    said = [message.content for message in request.messages if message.role == "user"]
    return said[-1] if said else ""
