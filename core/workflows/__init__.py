"""ComfyUI workflows as data: a graph in the API's format and what of it can be set.

A workflow is a folder with `workflow.json` (the graph) and `manifest.toml` (label, help and
bindings), shipped beside this file or in the data folder's `workflows/`.
"""

from core.workflows.bindings import BINDINGS, Bindings, Target, describe
from core.workflows.importing import Draft, import_workflow
from core.workflows.loading import load_workflows
from core.workflows.notes import Note
from core.workflows.saving import save_workflow
from core.workflows.server_check import find_problems
from core.workflows.workflow import SOURCE_PLACEHOLDER, Workflow

__all__ = [
    "BINDINGS",
    "SOURCE_PLACEHOLDER",
    "Bindings",
    "Draft",
    "Note",
    "Target",
    "Workflow",
    "describe",
    "find_problems",
    "import_workflow",
    "load_workflows",
    "save_workflow",
]
