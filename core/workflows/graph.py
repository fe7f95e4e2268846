"""A workflow's graph in ComfyUI's API format: its shape, its links, what is wrong with it.

A graph maps a node's id to `{"class_type": str, "inputs": {name: value}, "_meta": {"title":
str}}`. A value that is a list is a link, `[id of the node, number of its output]`. What is
refused here breaks a server rather than being refused by it: see `find_faults`.
"""

import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

Graph = dict[str, Any]

MOST_NODES = 1000
_PUTS_OUT = re.compile(
    r"save|preview|output|export|combine|send|show|display|write|upload|websocket", re.IGNORECASE
)


def title_of(graph: Graph, node_id: str) -> str:
    """A node's name for people: its title, or else its class."""
    node = graph[node_id]
    return str(node.get("_meta", {}).get("title") or node["class_type"])


def link_of(value: object) -> tuple[str, int] | None:
    """The node and output that `value` links to, None where it is no link."""
    return (value[0], value[1]) if isinstance(value, list) else None


def links_of(graph: Graph, node_id: str) -> dict[str, tuple[str, int]]:
    """The linked inputs of a node, by name."""
    inputs = graph[node_id]["inputs"]
    return {name: link for name, value in inputs.items() if (link := link_of(value))}


def upstream(graph: Graph, start: str) -> set[str]:
    """Every node that `start` gets something from, and itself."""
    seen, waiting = {start}, [start]
    while waiting:
        for node_id, _ in links_of(graph, waiting.pop()).values():
            if node_id not in seen:
                seen.add(node_id)
                waiting.append(node_id)
    return seen


def ordered(graph: Graph) -> list[str]:
    """The nodes in the order in which they can run. Raises graphlib.CycleError."""
    wants = {
        node_id: [target for target, _ in links_of(graph, node_id).values()] for node_id in graph
    }
    return list(TopologicalSorter(wants).static_order())


def find_faults(graph: dict[str, Any]) -> list[str]:
    """One sentence for each thing that keeps a server from running `graph`.

    Some of them would kill its worker for good: a node without inputs, an id that is no text,
    a circle.
    """
    if not graph:
        return ["The workflow has no nodes."]
    if len(graph) > MOST_NODES:
        return [f"The workflow has {len(graph)} nodes, at most {MOST_NODES} are allowed."]
    faults = [fault for node_id, node in graph.items() for fault in _node_faults(node_id, node)]
    faults = faults or [fault for node_id in graph for fault in _link_faults(graph, node_id)]
    return faults or list(_whole_faults(graph))


def _node_faults(node_id: str, node: object) -> Iterator[str]:
    if not node_id.strip():
        yield "A node has an empty id."
    if not isinstance(node, dict):
        yield f"Node {node_id} is not an object with class_type and inputs."
        return
    class_type = node.get("class_type")
    if not isinstance(class_type, str) or not class_type.strip():
        yield f"Node {node_id} has no class_type."
    if not isinstance(node.get("inputs"), dict):
        yield f"Node {node_id} has no inputs; a node without any has an empty object there."


def _link_faults(graph: Graph, node_id: str) -> Iterator[str]:
    for name, value in graph[node_id]["inputs"].items():
        if not isinstance(value, list):
            continue
        where = f"Node {node_id} ({title_of(graph, node_id)}), input {name}"
        match value:
            case [str() as target, int() as slot] if not isinstance(slot, bool) and slot >= 0:
                if target not in graph:
                    yield f"{where}: it links to node {target}, which is not there."
            case _:
                yield f'{where}: a link must be ["node id", output number].'


def _whole_faults(graph: Graph) -> Iterator[str]:
    try:
        ordered(graph)
    except CycleError as error:
        yield f"The nodes {' → '.join(map(str, error.args[1]))} go round in a circle."
        return
    linked = {target for node_id in graph for target, _ in links_of(graph, node_id).values()}
    if not any(_puts_out(graph[node_id]) for node_id in graph if node_id not in linked):
        yield "No node puts out a picture; add a Save Image node at the end."


def _puts_out(node: dict[str, Any]) -> bool:
    return bool(_PUTS_OUT.search(node["class_type"])) or "filename_prefix" in node["inputs"]
