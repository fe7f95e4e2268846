"""What a check is handed: the answer, what was asked, and what the task promises."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from pydantic import JsonValue

from core.catalog.contract import Contract
from core.checks.breaches import Breach, breaches_of
from core.checks.contract import ParsedAnswer, field_lengths, parse_answer
from core.run import (
    Run,
)
from core.types import (
    Language,
    Message,
    normalise,
)

_MOST_BREACHES = 200

_ITEM = re.compile(r"\[([0-9]{1,9})\]$")


@dataclass(frozen=True)
class FieldText:
    """One text of an answer, in NFC. `name` as in `field_lengths` ("" where there is no
    contract: the whole answer); limits in characters, None where there are none.
    """

    name: str
    text: str
    minimum: int | None = None
    maximum: int | None = None

    @property
    def top(self) -> str:
        """The top-level field it belongs to: "bullets" of "bullets[0]"."""
        return self.name.split("[", 1)[0].split(".", 1)[0]


@dataclass(frozen=True)
class Subject:
    """One answer on the bench. `raw` is the answer as it came, in NFC.

    `value` may be given where the answer was parsed already (or was never text); otherwise
    `parsed` reads it from `raw`. `messages` is the prompt as sent, for leaks of it.
    """

    task: str
    role: str
    raw: str
    language: Language = Language.KOREAN
    contract: Contract | None = None
    wants_json: bool = True
    payload: Mapping[str, JsonValue] = field(default_factory=dict)
    messages: Sequence[Message] = ()
    finish_reason: str | None = None

    @classmethod
    def of(cls, run: Run, contract: Contract | None) -> "Subject":
        """The answer of `run`, whose task has `contract`."""
        return cls(
            task=run.task,
            role=run.role,
            raw=normalise(run.output),
            language=run.language,
            contract=contract,
            wants_json=run.format == "json",
            payload=run.payload,
            messages=run.prompt,
            finish_reason=run.finish_reason,
        )

    @cached_property
    def parsed(self) -> ParsedAnswer | None:
        """The answer as JSON; None where it is not JSON, or was not asked for as JSON."""
        return parse_answer(self.raw) if self.wants_json else None

    @cached_property
    def answer(self) -> dict[str, JsonValue]:
        """The fields of the answer; empty where it is no JSON object."""
        value = self.parsed.value if self.parsed else None
        return value if isinstance(value, dict) else {}

    @cached_property
    def texts(self) -> tuple[FieldText, ...]:
        """Every text of the answer that people will read: the string fields of the contract and
        their items, in its order, without choices; the whole answer where it has no fields.
        """
        if self.contract is None or self.parsed is None:
            whole = self.raw.strip() if self.parsed is None else ""
            return (FieldText("", self.raw),) if whole else tuple(self._loose(self.parsed))
        return tuple(
            FieldText(row.name, row.value, row.minimum, row.maximum)
            for row in field_lengths(self.contract, self.parsed.value)
            if row.length is not None and isinstance(row.value, str) and row.value
        )

    @cached_property
    def breaches(self) -> tuple[Breach, ...]:
        """Where the answer breaks its contract's schema, in the contract's order."""
        if self.contract is None or self.parsed is None:
            return ()
        return tuple(islice(breaches_of(self.contract, self.parsed.value), _MOST_BREACHES))

    def label_of(self, name: str, language: Language) -> str:
        """What people call a field: "bullets[1]" is "불릿 2"; its name where it has no label."""
        path = ".".join(part.split("[", 1)[0] for part in name.split("."))
        label = self.contract.labels.get(path) if self.contract else None
        if label is None:
            return name
        item = _ITEM.search(name)
        return label.in_(language) + (f" {int(item.group(1)) + 1}" if item else "")

    @cached_property
    def payload_text(self) -> str:
        """All words of the payload, a value a line."""
        return "\n".join(_strings(dict(self.payload)))

    def _loose(self, parsed: ParsedAnswer | None) -> Iterator[FieldText]:
        """The texts of JSON that has no contract, by top-level field."""
        if parsed is None:
            return
        value = parsed.value
        if isinstance(value, dict):
            for name, part in value.items():
                yield from (FieldText(name, text) for text in _strings(part) if text)
        else:
            yield from (FieldText("", text) for text in _strings(value) if text)


def _strings(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
