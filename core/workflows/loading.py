"""Reading workflows from their folders, with every fault named by file and place."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import Field

from core.catalog.audit import Fault
from core.catalog.files import Source, in_order, read_entry, refuse
from core.catalog.models import Identifier
from core.errors import InvalidRequest
from core.localised import Localised
from core.types import Frozen
from core.workflows.bindings import Bindings, find_binding_faults
from core.workflows.graph import Graph
from core.workflows.reading import LARGEST_FILE, read_graph
from core.workflows.workflow import Workflow

SHIPPED = Path(__file__).parent / "shipped"
GRAPH_FILE = "workflow.json"
MANIFEST_FILE = "manifest.toml"


class Manifest(Frozen):
    """What is told of a graph: label, help and bindings. `id` is its folder's name."""

    id: Identifier
    order: int = Field(default=1000)
    label: Localised
    help: Localised
    bindings: Bindings


def load_workflows(
    folders: Sequence[Path] = (), *, problems: list[str] | None = None
) -> dict[str, Workflow]:
    """The shipped workflows and those in `folders` by id, in their order, shipped ones first.

    A folder that is not there has none. With a list `problems`, faults in `folders` go there
    and the good workflows are returned: one bad file of somebody's must not stop the house.
    Without it, and for shipped ones always, CatalogError is raised with all faults.
    """
    wrong: list[str] = []
    workflows = in_order(_read(SHIPPED, wrong))
    refuse(f"The workflows in {SHIPPED} have", wrong)
    told: list[str] = [] if problems is None else problems
    for folder in folders:
        if folder.resolve() == SHIPPED.resolve():
            continue
        for workflow in in_order(_read(folder, told)).values():
            if workflow.id in workflows:
                told.append(f"{workflow.id}/: there is a workflow of this name already")
            else:
                workflows[workflow.id] = workflow
    if problems is None:
        refuse("The workflows in the data folder have", told)
    return workflows


def read_workflow(folder: Path, problems: list[str]) -> Workflow | None:
    """The workflow in one folder, None where it is wrong: why goes to `problems`."""
    name = f"{folder.name}/{MANIFEST_FILE}"
    found = read_entry(folder / MANIFEST_FILE, Manifest, problems, name=name, entry_id=folder.name)
    graph = _graph(folder / GRAPH_FILE, f"{folder.name}/{GRAPH_FILE}", problems)
    if found is None or graph is None:
        return None
    manifest, source = found
    wrong = _faults(graph, manifest, source)
    problems += wrong
    return None if wrong else Workflow(graph=graph, **dict(manifest))


def _read(folder: Path, problems: list[str]) -> Iterator[Workflow]:
    if not folder.is_dir():
        return
    for inside in sorted(folder.iterdir()):
        if inside.is_dir() and not inside.name.startswith("."):
            workflow = read_workflow(inside, problems)
            if workflow is not None:
                yield workflow


def _graph(path: Path, name: str, problems: list[str]) -> Graph | None:
    try:
        with path.open("rb") as file:
            graph, _ = read_graph(file.read(LARGEST_FILE + 1))
    except OSError as error:
        problems.append(f"{name}: cannot be read: {error.strerror or error}")
    except InvalidRequest as error:
        sentences = error.details.get("problems", [error.message])
        problems += [f"{name}: {sentence}" for sentence in sentences]
    else:
        return graph
    return None


def _faults(graph: Graph, manifest: Manifest, source: Source) -> list[str]:
    return [
        source.told(Fault(("bindings", name, index), fault))
        for name, index, fault in find_binding_faults(graph, manifest.bindings)
    ]
