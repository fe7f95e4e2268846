"""A graph against what a server says it has (ComfyUI's `/object_info`)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from core.workflows.bindings import Target
from core.workflows.graph import Graph, title_of

ObjectInfo = Mapping[str, Any]
_KINDS = ("required", "optional", "hidden")
_SHOWN = 60


def find_problems(
    graph: Graph, object_info: ObjectInfo, *, skipped: Collection[Target] = ()
) -> list[str]:
    """One sentence for each node, model or choice that the server lacks, in the graph's order.

    `skipped` inputs get their value later and are not looked at.
    """
    later = {(target.node, target.input) for target in skipped}
    problems = list(_missing_classes(graph, object_info))
    for node_id, node in graph.items():
        info = object_info.get(node["class_type"])
        if isinstance(info, dict):
            problems += _missing_inputs(graph, node_id, _specs(info, "required"))
            problems += _missing_choices(graph, node_id, _specs(info), later)
    return problems


def find_unknown_inputs(graph: Graph, object_info: ObjectInfo) -> list[str]:
    """One sentence for each input that the server does not know: it would ignore its value."""
    unknown = []
    for node_id, node in graph.items():
        info = object_info.get(node["class_type"])
        known = _specs(info) if isinstance(info, dict) else None
        unknown += [
            f"{_named(graph, node_id)}: this ComfyUI does not know its input {name!r} and "
            "would ignore it."
            for name in node["inputs"]
            if known is not None and name.partition(".")[0] not in known and name not in known
        ]
    return unknown


def choices_of(spec: object) -> list[Any] | None:
    """The values that an input may have; None where it is no choice, or not told.

    Servers spell it `[[values], {…}]` or `["COMBO", {"options": [values]}]`.
    """
    match spec:
        case [list() as values, *_]:
            return values
        case ["COMBO", {"options": list() as values}, *_]:
            return values
    return None


def first_choice(object_info: ObjectInfo, class_type: str, name: str) -> str | None:
    """The first text that an input of a class may have, None where the server tells none."""
    info = object_info.get(class_type)
    choices = choices_of(_specs(info).get(name)) if isinstance(info, dict) else None
    return choices[0] if choices and isinstance(choices[0], str) else None


def _specs(info: Mapping[str, Any], *kinds: str) -> dict[str, Any]:
    inputs = info.get("input")
    parts = [inputs.get(kind) for kind in kinds or _KINDS] if isinstance(inputs, dict) else []
    return {name: spec for part in parts if isinstance(part, dict) for name, spec in part.items()}


def _named(graph: Graph, node_id: str) -> str:
    return f"{title_of(graph, node_id)} (node {node_id})"


def _missing_classes(graph: Graph, object_info: ObjectInfo) -> Iterator[str]:
    missing: dict[str, list[str]] = {}
    for node_id, node in graph.items():
        if node["class_type"] not in object_info:
            missing.setdefault(node["class_type"], []).append(_named(graph, node_id))
    for class_type, nodes in missing.items():
        yield (
            f"This ComfyUI has no node {class_type!r}, used by {', '.join(nodes)}. Install the "
            "extension it comes from, or update ComfyUI."
        )


def _missing_inputs(graph: Graph, node_id: str, required: Mapping[str, Any]) -> Iterator[str]:
    for name in required:
        given = graph[node_id]["inputs"]
        # An input that grows has its parts under names of their own: "images.image0".
        if name not in given and not any(part.startswith(f"{name}.") for part in given):
            yield f"{_named(graph, node_id)}: its input {name!r} is missing."


def _missing_choices(
    graph: Graph, node_id: str, specs: Mapping[str, Any], later: Collection[tuple[str, str]]
) -> Iterator[str]:
    for name, value in graph[node_id]["inputs"].items():
        choices = choices_of(specs.get(name))
        if choices is None or isinstance(value, list | dict) or (node_id, name) in later:
            continue
        if not choices:
            yield f"{_named(graph, node_id)}: this ComfyUI has nothing to choose from for {name}."
        elif value not in choices and not _is_elsewhere(specs[name], value):
            yield (
                f"{_named(graph, node_id)}: this ComfyUI does not have {_quoted(value)} for {name}."
            )


def _is_elsewhere(spec: Sequence[Any], value: object) -> bool:
    """Whether a picture's name points into a folder; those load without being in the list."""
    options = spec[1] if len(spec) > 1 else None
    uploads = isinstance(options, dict) and any(str(key).endswith("_upload") for key in options)
    return uploads and isinstance(value, str) and ("/" in value or value.endswith("]"))


def _quoted(value: object) -> str:
    shown = str(value)
    return repr(shown if len(shown) <= _SHOWN else f"…{shown[-_SHOWN:]}")
