"""What was sent, and with which options: parameter by parameter across runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from core.compare.shown import as_text
from core.run import Run
from core.types import normalise_json

Group = Literal["run", "option", "payload", "prompt"]


@dataclass(frozen=True)
class Parameter:
    """One thing that was sent, run by run; None where a run did not send it.

    `name` is that of the request's field ("temperature", "product_name"), or of the message in
    a prompt ("system", "user"; a second one of a voice is "user 2").
    """

    group: Group
    name: str
    values: tuple[JsonValue, ...]

    @property
    def differs(self) -> bool:
        """Whether the runs do not all have the same."""
        return any(as_text(value) != as_text(self.values[0]) for value in self.values)


def compare_parameters(runs: Sequence[Run]) -> tuple[Parameter, ...]:
    """Everything that was sent for `runs`: the way, the options, the payload, the prompt."""
    parts: tuple[tuple[Group, Callable[[Run], dict[str, JsonValue]]], ...] = (
        ("run", _way),
        ("option", _options),
        ("payload", _payload),
        ("prompt", _prompt),
    )
    return tuple(
        Parameter(group, name, values)
        for group, read in parts
        for name, values in _beside([read(run) for run in runs])
    )


def same_payload(one: Run, other: Run) -> bool:
    """Whether both runs were asked for the same thing, whatever asked them how."""
    return normalise_json(dict(one.payload)) == normalise_json(dict(other.payload))


def _beside(found: Sequence[dict[str, JsonValue]]) -> list[tuple[str, tuple[JsonValue, ...]]]:
    names = dict.fromkeys(name for values in found for name in values)
    rows = [(name, tuple(values.get(name) for values in found)) for name in names]
    return [row for row in rows if any(value is not None for value in row[1])]


def _way(run: Run) -> dict[str, JsonValue]:
    way: dict[str, JsonValue] = {
        "mode": run.mode.value,
        "provider": run.provider,
        "model": run.model,
    }
    if run.kind == "text":
        way |= {"role": run.role}
    way |= {"task": run.task, "language": run.language.value}
    if run.kind == "text":
        way |= {"format": run.format}
    return way | {"workflow": run.meta.get("workflow")}


def _options(run: Run) -> dict[str, JsonValue]:
    options = run.image.options if run.image else run.options
    return options.model_dump(mode="json")


def _payload(run: Run) -> dict[str, JsonValue]:
    payload = normalise_json(dict(run.payload))
    return payload if isinstance(payload, dict) else {}


def _prompt(run: Run) -> dict[str, JsonValue]:
    told: dict[str, JsonValue] = {}
    if run.kind == "image":  # its prompt is in the payload
        return told
    for message in run.prompt:
        before = sum(name.split()[0] == message.role for name in told)
        told[f"{message.role} {before + 1}" if before else message.role] = message.content
    return told
