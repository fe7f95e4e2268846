"""Why a workflow was refused, or taken only in part: the answers of POST /prompt."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from core.errors import ModelNotFound, ProviderError, ProviderRejected
from core.providers.comfyui.errors import server_at
from core.providers.comfyui.graph import VENDOR, Titles
from core.providers.comfyui.messages import text_of
from core.providers.error_body import one_line

_MISSING_NODE = re.compile(r"node (?P<name>.+) does not exist|Node '(?P<quoted>.+)' not found")
_NO_CLASS = re.compile(r"missing the class_type")
_NODE_ID = re.compile(r"#(?P<id>[^']+)")
_RECEIVED = re.compile(r"'(?P<value>[^']*)' not in")
_FILE = re.compile(r"\.(safetensors|sft|ckpt|pt2?|pth|bin|gguf|onnx)$", re.IGNORECASE)
_MODEL_INPUTS = re.compile(r"^(ckpt|unet|vae|lora|clip|control_net|style_model|model|gligen)_?name")
MOST_SENTENCES = 5
MOST_FAULTS = 100  # nodes, and faults of one of them


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with one input of one node."""

    node_id: str
    node: str
    kind: str
    input_name: str
    received: str
    sentence: str

    @property
    def is_missing_model(self) -> bool:
        """Whether the server lacks a model file that the workflow names."""
        return self.kind == "value_not_in_list" and bool(
            _FILE.search(self.received) or _MODEL_INPUTS.match(self.input_name)
        )


def rejected(answer: dict[str, Any], titles: Titles, address: str, status: int) -> ProviderError:
    """The error for `{"error": …, "node_errors": …}`, in which nothing was queued."""
    error = answer.get("error")
    error = error if isinstance(error, dict) else {"message": str(error or "")}
    missing = _missing_nodes(error, titles)
    if missing:
        return ProviderRejected(
            f"{server_at(address)} does not have the node {', '.join(missing)} that the workflow "
            "uses. Install it there (ComfyUI Manager finds most), or choose another workflow.",
            provider=VENDOR,
            status=status,
            details={"missing_nodes": missing},
        )
    faults = list(_faults(answer.get("node_errors"), titles))
    if faults:
        return _faulty(faults, address, status, "refused the workflow")
    said = _sentence(error.get("message"), error.get("details"))
    if error.get("type") == "prompt_outputs_failed_validation":
        said += " (its nodes may depend on each other in a circle)"
    return ProviderRejected(
        f"{server_at(address)} refused the workflow: {said or 'no reason given'}. Correct the "
        "workflow, or choose another one.",
        provider=VENDOR,
        status=status,
        details={"type": text_of(error.get("type")), "server_message": said},
    )


def partly_rejected(node_errors: object, titles: Titles, address: str) -> ProviderError:
    """The error for a workflow of which the server would make only a part."""
    faults = list(_faults(node_errors, titles))
    if not faults:
        return ProviderRejected(
            f"{server_at(address)} would have made only a part of the workflow, so it was "
            "stopped. Correct the workflow.",
            provider=VENDOR,
            status=200,
        )
    return _faulty(faults, address, 200, "would have made only a part of it, so it was stopped")


def _faulty(faults: list[Fault], address: str, status: int, what: str) -> ProviderError:
    server = server_at(address)
    details: dict[str, Any] = {
        "faults": [
            {"node_id": fault.node_id, "node": fault.node, "input": fault.input_name,
             "type": fault.kind, "received": fault.received}
            for fault in faults
        ]
    }  # fmt: skip
    models = list(dict.fromkeys(one.received for one in faults if one.is_missing_model))
    if models and all(fault.is_missing_model for fault in faults):
        return ModelNotFound(
            f"{server} does not have {', '.join(models)}. Put the file into ComfyUI's models "
            "folder, or choose another checkpoint.",
            provider=VENDOR,
            status=status,
            details=details | {"model": models[0], "missing_models": models},
        )
    sentences = list(dict.fromkeys(fault.sentence for fault in faults))
    more = len(sentences) - MOST_SENTENCES
    shown = "; ".join(sentences[:MOST_SENTENCES]) + (f"; and {more} more" if more > 0 else "")
    return ProviderRejected(
        f"{server} {what}: {shown}. Correct the options or the workflow.",
        provider=VENDOR,
        status=status,
        details=details,
    )


def _faults(node_errors: object, titles: Titles) -> Iterator[Fault]:
    if not isinstance(node_errors, dict):
        return
    for node_id, node in islice(node_errors.items(), MOST_FAULTS):
        errors = node.get("errors") if isinstance(node, dict) else None
        for error in errors[:MOST_FAULTS] if isinstance(errors, list) else []:
            if isinstance(error, dict):
                yield _fault(str(node_id), error, titles)


def _fault(node_id: str, error: dict[str, Any], titles: Titles) -> Fault:
    extra = error.get("extra_info")
    extra = extra if isinstance(extra, dict) else {}
    details = one_line(text_of(error.get("details")) or "")
    name = one_line(text_of(extra.get("input_name")) or details.partition(":")[0])
    received = extra.get("received_value")
    found = _RECEIVED.search(details)
    return Fault(
        node_id=node_id,
        node=titles.title(node_id),
        kind=text_of(error.get("type")) or "",
        input_name=name,
        received=one_line(str(received))
        if received is not None
        else found["value"]
        if found
        else "",
        sentence=f"{titles.title(node_id)}: {_sentence(error.get('message'), details)}",
    )


def _missing_nodes(error: dict[str, Any], titles: Titles) -> list[str]:
    message = one_line(str(error.get("message") or ""))  # long ones would take minutes
    found = _MISSING_NODE.search(message)
    if found:
        return [found["name"] or found["quoted"]]
    if error.get("type") != "missing_node_type" or _NO_CLASS.search(message):
        return []
    extra = error.get("extra_info")
    named = text_of(extra.get("class_type")) if isinstance(extra, dict) else None
    node_id = _NODE_ID.search(one_line(str(error.get("details") or "")))
    return [name] if (name := named or (titles.kind(node_id["id"]) if node_id else "")) else []


def _sentence(message: object, details: object) -> str:
    parts = [one_line(str(part)).rstrip(".") for part in (message, details) if part]
    return ": ".join(parts)
