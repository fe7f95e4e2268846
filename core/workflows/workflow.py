"""A workflow: a graph with the places where a request's values go."""

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from functools import cached_property
from typing import Any

from pydantic import JsonValue, ValidationError

from core.catalog.models import Identifier
from core.errors import InvalidRequest
from core.localised import Localised
from core.types import Frozen, ImageOptions
from core.workflows.bindings import (
    BINDINGS,
    WHOLE_NUMBERS,
    Bindings,
    Target,
    value_at,
)
from core.workflows.server_check import find_problems, find_unknown_inputs, first_choice

SOURCE_PLACEHOLDER = "{{source}}"
FILE_PREFIX = "sparklio"


class Workflow(Frozen):
    """A graph in ComfyUI's API format and what of it can be set. `id` is its folder's name."""

    id: Identifier
    order: int = 1000
    label: Localised
    help: Localised
    graph: dict[str, Any]
    bindings: Bindings

    @cached_property
    def defaults(self) -> ImageOptions:
        """The options as they stand in the graph, without the seed; None where they cannot be."""
        found: dict[str, Any] = {}
        for name in ImageOptions.model_fields:
            targets = self.bindings.of(name)
            if name == "seed" or not targets:
                continue
            value = value_at(self.graph, targets[0])
            try:
                ImageOptions.model_validate({name: value})
            except ValidationError:
                continue  # beyond what a request may ask for: the graph keeps it
            found[name] = value
        return ImageOptions.model_validate(found)

    @property
    def needs_source(self) -> bool:
        """Whether it starts from a picture."""
        return bool(self.bindings.source)

    @property
    def needs_checkpoint(self) -> bool:
        """Whether a checkpoint has to be chosen: it takes one and names none itself."""
        return bool(self.bindings.checkpoint) and self.own_checkpoint is None

    @property
    def own_checkpoint(self) -> str | None:
        """The checkpoint that stands in the graph where one can be chosen, None without one."""
        named = [str(value_at(self.graph, target)) for target in self.bindings.checkpoint]
        return named[0] if named and all(named) else None

    def fill(
        self,
        *,
        prompt: str,
        negative: str,
        options: ImageOptions,
        checkpoint: str | None,
        source_name: str | None = None,
        file_name: str | None = None,
    ) -> dict[str, JsonValue]:
        """A new graph with every value in place; what is None stays as the graph has it.

        `source_name` is the picture's name at the server, `SOURCE_PLACEHOLDER` while that is
        not known. Files are called `sparklio/<file_name>`; without one a name is made from
        the values, so that an equal request finds the server's cached picture. Raises
        InvalidRequest where a picture or a checkpoint is missing.
        """
        values = self._values(prompt, negative, options, checkpoint, source_name)
        self._check(values)
        graph = deepcopy(self.graph)
        for name, value in values.items():
            for target in self.bindings.of(name):
                graph[target.node]["inputs"][target.input] = _fitted(name, value, target)
        _name_files(graph, file_name or _digest(graph))
        return graph

    def unused(
        self,
        *,
        prompt: str = "",
        negative: str = "",
        options: ImageOptions,
        checkpoint: str | None = None,
        source_name: str | None = None,
    ) -> list[str]:
        """Names of what is asked for and goes nowhere: "cfg", "negative", "batch" …

        One picture is what any workflow makes: a batch of one is never named.
        """
        asked = self._values(prompt, negative, options, checkpoint, source_name)
        return [
            name
            for name in BINDINGS
            if asked.get(name) not in (None, "")
            and not self.bindings.of(name)
            and (name, asked[name]) != ("batch", 1)
        ]

    def problems(
        self, object_info: Mapping[str, Any], *, checkpoint: str | None = None
    ) -> list[str]:
        """One sentence for each thing that this server lacks: nodes, models, choices.

        `object_info` is the server's whole answer. `checkpoint` is the one chosen; without it
        the graph's own is looked for, or else any at all.
        """
        graph = deepcopy(self.graph)
        for target in self.bindings.checkpoint:
            node = graph[target.node]
            offered = first_choice(object_info, node["class_type"], target.input)
            chosen = checkpoint or value_at(graph, target) or offered
            node["inputs"][target.input] = chosen
        return find_problems(graph, object_info, skipped=self.bindings.source)

    def unknown_inputs(self, object_info: Mapping[str, Any]) -> list[str]:
        """One sentence for each input that this server does not know and would ignore."""
        return find_unknown_inputs(self.graph, object_info)

    def _values(
        self,
        prompt: str,
        negative: str,
        options: ImageOptions,
        checkpoint: str | None,
        source_name: str | None,
    ) -> dict[str, Any]:
        values = {
            "prompt": _never_placeholder(prompt),
            "negative": _never_placeholder(negative),
            "checkpoint": checkpoint or None,
            "source": source_name or None,
            **options.model_dump(),
        }
        return {name: value for name, value in values.items() if value is not None}

    def _check(self, values: Mapping[str, Any]) -> None:
        if self.needs_source and "source" not in values:
            raise InvalidRequest(
                f"The workflow {self.label.en!r} starts from a picture. Add one, or choose a "
                "workflow without.",
                details={"workflow": self.id, "missing": "source"},
            )
        if self.needs_checkpoint and "checkpoint" not in values:
            raise InvalidRequest(
                f"The workflow {self.label.en!r} needs a checkpoint. Choose one; if the list is "
                "empty, put a model into ComfyUI's folder models/checkpoints.",
                details={"workflow": self.id, "missing": "checkpoint"},
            )


def _never_placeholder(text: str) -> str:
    # A prompt that reads like the placeholder would be taken for the source's place.
    return f"{text} " if text == SOURCE_PLACEHOLDER else text


def _fitted(name: str, value: JsonValue, target: Target) -> JsonValue:
    if name in WHOLE_NUMBERS and isinstance(value, int | float):
        return target.wrapped(int(value)) if name == "seed" else int(value)
    return value


def _digest(graph: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(graph, sort_keys=True).encode()).hexdigest()[:8]


def _name_files(graph: dict[str, Any], file_name: str) -> None:
    for node in graph.values():
        if isinstance(node["inputs"].get("filename_prefix"), str):
            node["inputs"]["filename_prefix"] = f"{FILE_PREFIX}/{file_name}"
