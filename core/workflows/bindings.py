"""Which inputs of which nodes a prompt, a seed, a size … go to."""

from collections.abc import Iterator

from pydantic import Field, JsonValue

from core.types import Frozen
from core.workflows.graph import Graph, title_of

_GOLDEN = 0x9E3779B1  # odd, so that no two values below a power of two become the same


class Target(Frozen):
    """One input of one node.

    `maximum` is the largest number that it takes, where that is less than a seed may be: a
    larger seed wraps around. With `spread` neighbouring seeds lie far apart there.
    """

    node: str = Field(min_length=1)
    input: str = Field(min_length=1)
    maximum: int | None = Field(default=None, ge=1)
    spread: bool = False

    def wrapped(self, number: int) -> int:
        """`number` within this input's range."""
        if self.maximum is None:
            return number
        return (number * _GOLDEN if self.spread else number) % (self.maximum + 1)


class Bindings(Frozen):
    """The inputs that each thing goes to; none where the workflow does not take it."""

    prompt: tuple[Target, ...] = ()
    negative: tuple[Target, ...] = ()
    checkpoint: tuple[Target, ...] = ()
    source: tuple[Target, ...] = ()
    seed: tuple[Target, ...] = ()
    width: tuple[Target, ...] = ()
    height: tuple[Target, ...] = ()
    steps: tuple[Target, ...] = ()
    cfg: tuple[Target, ...] = ()
    sampler: tuple[Target, ...] = ()
    scheduler: tuple[Target, ...] = ()
    batch: tuple[Target, ...] = ()
    denoise: tuple[Target, ...] = ()

    def of(self, name: str) -> tuple[Target, ...]:
        """The inputs that `name` goes to."""
        return getattr(self, name)


BINDINGS = tuple(Bindings.model_fields)
WHOLE_NUMBERS = ("seed", "width", "height", "steps", "batch")
NUMBERS = (*WHOLE_NUMBERS, "cfg", "denoise")


def describe(graph: Graph, target: Target) -> str:
    """An input as people recognise it: "Positive prompt (node 6): text"."""
    return f"{title_of(graph, target.node)} (node {target.node}): {target.input}"


def takes(name: str, value: object) -> bool:
    """Whether an input that holds `value` now is one of the kind that `name` goes to."""
    if name in NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str)


def possible_targets(graph: Graph, name: str) -> Iterator[Target]:
    """Every input of the graph that `name` could go to."""
    for node_id, node in graph.items():
        for input_name, value in node["inputs"].items():
            if input_name and takes(name, value):
                yield Target(node=node_id, input=input_name)


def value_at(graph: Graph, target: Target) -> JsonValue:
    """What stands at an input in the graph."""
    return graph[target.node]["inputs"][target.input]


def find_binding_faults(graph: Graph, bindings: Bindings) -> Iterator[tuple[str, int, str]]:
    """Each binding that does not fit the graph: its name, its index there, and why."""
    taken: dict[tuple[str, str], str] = {}
    for name in BINDINGS:
        for index, target in enumerate(bindings.of(name)):
            fault = _fault(graph, name, target)
            place = (target.node, target.input)
            if place in taken:
                fault = f"{describe(graph, target)} is taken already, by {taken[place]}"
            if fault:
                yield name, index, fault
            else:
                taken[place] = name


def _fault(graph: Graph, name: str, target: Target) -> str:
    if target.node not in graph:
        return f"the workflow has no node {target.node}"
    if target.input not in graph[target.node]["inputs"]:
        return f"{title_of(graph, target.node)} (node {target.node}) has no input {target.input!r}"
    value = value_at(graph, target)
    if isinstance(value, list):
        return f"{describe(graph, target)} gets its value from another node"
    kind = "a number" if name in NUMBERS else "text"
    return "" if takes(name, value) else f"{describe(graph, target)} does not hold {kind}"
