"""What the fake ComfyUI does with a job, and what it tells of it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any, Literal

OUTPUTS = ("SaveImage", "PreviewImage")
OUT_OF_MEMORY = {
    "exception_type": "torch.OutOfMemoryError",
    "exception_message": "Allocation on device 0 would exceed allowed memory.\nTips: …\n",
}


@dataclass(frozen=True)
class Script:
    """How a job goes. `hold` is where it stays until `FakeComfyUI.release()`.

    `error` is what execution_error says of the sampler; `previews` the frames sent at each
    step; `says_nothing` has the worker take the job and die; `files` adds outputs.
    """

    steps: int = 4
    step_s: float = 0
    hold: Literal["start", "loading", "sampling", ""] = ""
    previews: Literal["new", "old", "none"] = "new"
    preview_padding: int = 0
    error: dict[str, Any] | None = None
    status: Literal["normal", "null"] = "normal"
    dies: bool = False
    saves: bool = True
    files: dict[str, Any] = field(default_factory=dict)


@dataclass
class Job:
    """A queue item with what became of it."""

    number: float
    prompt_id: str
    graph: dict[str, Any]
    extra_data: dict[str, Any]
    script: Script = field(default_factory=Script)
    interrupted: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def client_id(self) -> str | None:
        """The socket that is told of it; None: nobody's."""
        return self.extra_data.get("client_id")

    @property
    def outputs(self) -> list[str]:
        """The nodes that the job is for."""
        return [name for name, node in self.graph.items() if node["class_type"] in OUTPUTS]

    def item(self) -> list[Any]:
        """The job as /queue and history list it."""
        return [self.number, self.prompt_id, self.graph, self.extra_data, self.outputs]

    def __lt__(self, other: "Job") -> bool:
        return self.number < other.number


def order_of(graph: dict[str, Any]) -> Iterator[str]:
    """The nodes in an order in which they can run."""
    links = {
        name: {v[0] for v in node["inputs"].values() if isinstance(v, list)}
        for name, node in graph.items()
    }
    return TopologicalSorter(links).static_order()


def node_errors(graph: dict[str, Any], checkpoints: list[str]) -> dict[str, Any]:
    """What validation finds, in the server's words."""
    found: dict[str, Any] = {}
    for name, node in graph.items():
        inputs, errors = node["inputs"], []
        checkpoint = inputs.get("ckpt_name")
        if checkpoint is not None and checkpoint not in checkpoints:
            errors.append(
                {
                    "type": "value_not_in_list",
                    "message": "Value not in list",
                    "details": f"ckpt_name: '{checkpoint}' not in {checkpoints}",
                    "extra_info": {
                        "input_name": "ckpt_name",
                        "input_config": [checkpoints, {}],
                        "received_value": checkpoint,
                    },
                }
            )
        if inputs.get("steps") == 0:
            errors.append(
                {
                    "type": "value_smaller_than_min",
                    "message": "Value 0 smaller than min of 1",
                    "details": "steps",
                    "extra_info": {"input_name": "steps", "received_value": 0},
                }
            )
        if node["class_type"] in OUTPUTS and "images" not in inputs:
            errors.append(
                {
                    "type": "required_input_missing",
                    "message": "Required input is missing",
                    "details": "images",
                    "extra_info": {"input_name": "images"},
                }
            )
        if errors:
            found[name] = {
                "errors": errors,
                "dependent_outputs": [],
                "class_type": node["class_type"],
            }
    return found
