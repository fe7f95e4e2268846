"""Importing a workflow: the file checked, its bindings guessed and shown for correction."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.workflows.bindings import BINDINGS, Bindings, Target, possible_targets
from core.workflows.graph import Graph
from core.workflows.guess import guess_bindings
from core.workflows.notes import Note
from core.workflows.reading import read_graph


@dataclass(frozen=True)
class Draft:
    """An imported workflow before it is saved.

    `bindings` are a guess; `choices` has, for each binding, every input that it could go to,
    the guessed ones first. `describe(graph, target)` names one for people.
    """

    graph: Graph
    bindings: Bindings
    notes: tuple[Note, ...]
    choices: Mapping[str, tuple[Target, ...]]


def import_workflow(data: bytes) -> Draft:
    """The workflow in an uploaded file, checked against everything that breaks a server.

    Raises InvalidRequest, see `core.workflows.reading.read_graph` for its details.
    """
    graph, wrapped = read_graph(data)
    bindings, notes = guess_bindings(graph)
    return Draft(
        graph=graph,
        bindings=bindings,
        notes=(*([Note("unwrapped")] if wrapped else []), *notes),
        choices={name: _choices(graph, name, bindings.of(name)) for name in BINDINGS},
    )


def _choices(graph: Graph, name: str, guessed: tuple[Target, ...]) -> tuple[Target, ...]:
    places = {(target.node, target.input) for target in guessed}
    others = (
        target
        for target in possible_targets(graph, name)
        if (target.node, target.input) not in places
    )
    return (*guessed, *others)
