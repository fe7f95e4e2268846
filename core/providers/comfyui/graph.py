"""Workflows in ComfyUI's API format: what must be right before one is sent, and its titles.

A graph of the wrong shape can stop the server's worker for everybody until it is restarted,
so none is sent that was not checked here.
"""

import json
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from core.errors import ProviderRejected

VENDOR = "comfyui"
SOURCE = "{{source}}"
CHECKPOINT = "{{checkpoint}}"

Graph = dict[str, dict[str, Any]]


class Titles:
    """What the nodes of a graph are called by people, and what they are."""

    def __init__(self, graph: object) -> None:
        self._nodes: Mapping[str, Any] = graph if isinstance(graph, dict) else {}

    @property
    def known(self) -> bool:
        """Whether there is a graph to read them from."""
        return bool(self._nodes)

    def title(self, node_id: str) -> str:
        """The node's title in the editor, else its class, else its id."""
        node = self._node(node_id)
        meta = node.get("_meta")
        title = meta.get("title") if isinstance(meta, dict) else None
        return title if isinstance(title, str) and title.strip() else self.kind(node_id) or node_id

    def kind(self, node_id: str) -> str:
        """The node's class, "" when it is not known."""
        kind = self._node(node_id).get("class_type")
        return kind if isinstance(kind, str) else ""

    def loads_a_model(self, node_id: str) -> bool:
        """Whether the node reads a checkpoint or the like from disk, which takes its time."""
        return "Loader" in self.kind(node_id)

    def _node(self, node_id: str) -> Mapping[str, Any]:
        # Nodes made by an expanding node are called "parent.child" or "parent:child".
        for name in (node_id, node_id.partition(".")[0], node_id.partition(":")[0]):
            node = self._nodes.get(name)
            if isinstance(node, dict):
                return node
        return {}


def wants(graph: object, placeholder: str) -> bool:
    """Whether some input of `graph` is `placeholder`: SOURCE or CHECKPOINT."""
    return isinstance(graph, dict) and any(
        placeholder in node["inputs"].values()
        for node in graph.values()
        if isinstance(node, dict) and isinstance(node.get("inputs"), dict)
    )


def prepared(
    graph: object, *, source_name: str | None = None, checkpoint: str | None = None
) -> Graph:
    """`graph` checked, as it can be sent, its placeholders replaced by these names.

    Raises ProviderRejected where the server would refuse it without a reason or break.
    """
    nodes = checked(graph)
    if wants(nodes, SOURCE) and source_name is None:
        raise _wrong("it starts from a picture, and none was given")
    if wants(nodes, CHECKPOINT) and checkpoint is None:
        raise _wrong("it needs a checkpoint, and none was chosen")
    names = {SOURCE: source_name, CHECKPOINT: checkpoint}
    return {node_id: _sendable(node, names) for node_id, node in nodes.items()}


def checked(graph: object) -> Graph:
    """`graph` itself, if the server can take it. Raises ProviderRejected."""
    if not isinstance(graph, dict) or not graph:
        raise _wrong("it has no nodes")
    if isinstance(graph.get("nodes"), list):
        raise _wrong("it is in the editor's own format; in ComfyUI choose Workflow > Export (API)")
    for node_id, node in graph.items():
        fault = _fault(node_id, node, graph)
        if fault:
            raise _wrong(f"node {node_id!r} {fault}", node=str(node_id))
    try:
        json.dumps(graph, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        raise _wrong("it holds something that JSON has no form for (NaN, infinity …)") from None
    _refuse_circles(graph)
    return graph


def _fault(node_id: object, node: object, graph: dict[str, Any]) -> str:
    if not isinstance(node_id, str):
        return "has a name that is no text"
    if not isinstance(node, dict):
        return "is no object"
    kind, inputs = node.get("class_type"), node.get("inputs")
    if not isinstance(kind, str) or not kind:
        return "has no class_type"
    if not isinstance(inputs, dict):
        return "has no inputs"
    return next(
        (fault for name, value in inputs.items() if (fault := _bad(name, value, graph))), ""
    )


def _bad(name: object, value: object, graph: dict[str, Any]) -> str:
    """What is wrong with one input: every list is read as a link by the server."""
    if not isinstance(name, str):
        return "has an input whose name is no text"
    if not isinstance(value, list):
        return ""
    match value:
        case [str() as target, int() as slot] if slot >= 0 and not isinstance(slot, bool):
            return "" if target in graph else f"links {name!r} to the missing node {target!r}"
    return f"has at {name!r} a list that is no link ([node id as text, slot])"


def _links(node: dict[str, Any]) -> Iterator[str]:
    return (value[0] for value in node["inputs"].values() if isinstance(value, list))


def _refuse_circles(graph: Graph) -> None:
    try:
        TopologicalSorter({name: set(_links(node)) for name, node in graph.items()}).prepare()
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise _wrong(f"its nodes depend on each other in a circle ({circle})") from None


def _sendable(node: dict[str, Any], names: Mapping[str, str | None]) -> dict[str, Any]:
    inputs = {
        name: names.get(value, value) if isinstance(value, str) else value
        for name, value in node["inputs"].items()
    }
    kept = {key: value for key, value in node.items() if key != "_meta" or isinstance(value, dict)}
    return kept | {"inputs": inputs}


def _wrong(what: str, **details: str) -> ProviderRejected:
    return ProviderRejected(
        f"The workflow was not sent to ComfyUI: {what}. Correct the workflow, or export it "
        "again in the API format.",
        provider=VENDOR,
        details={"problem": what, **details},
    )
