"""From the bytes of an uploaded file to a graph that no server will choke on."""

import json
import math
from typing import Any, NoReturn

from pydantic import JsonValue

from core.errors import InvalidRequest
from core.types import scrub
from core.workflows.graph import Graph, find_faults

LARGEST_FILE = 2 * 1024 * 1024
DEEPEST = 32
_LARGEST_NUMBER = 2**64
_MOST_TOLD = 10

HOW_TO_EXPORT = (
    "Open it in ComfyUI, choose Workflow → Export (API) and upload that file. In an older "
    "ComfyUI turn on the developer mode in the settings first, then press Save (API format)."
)
_OTHER_FILES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"RIFF", "picture"),
    (b"PK", "zip"),
    (b"\x1f\x8b", "zip"),
)
_SENTENCES = {
    "picture": f"This is a picture. Drag it into ComfyUI to get at its workflow. {HOW_TO_EXPORT}",
    "zip": "This is an archive. Unpack it and upload the workflow's .json file.",
    "empty": "The file is empty.",
    "too_large": "The file is larger than 2 MiB, which no workflow is.",
    "not_utf8": "The file is not text in UTF-8. Upload the .json file just as ComfyUI saved it.",
    "not_json": "The file is not JSON. Upload the .json file just as ComfyUI saved it.",
    "too_deep": f"The file is nested deeper than {DEEPEST} levels, which no workflow is.",
    "editor_format": "This is the workflow as the editor saves it, which a server cannot run. "
    f"{HOW_TO_EXPORT}",
    "not_a_workflow": f"The file holds no workflow. {HOW_TO_EXPORT}",
}


def read_graph(data: bytes) -> tuple[Graph, bool]:
    """The graph in an uploaded file, and whether it was part of something larger.

    Of a node only class, inputs and title are kept. Raises InvalidRequest whose
    `details["reason"]` is "picture", "zip", "empty", "too_large", "not_utf8", "not_json",
    "too_deep", "editor_format", "not_a_workflow" or "faults" (then `details["problems"]` has
    a sentence each).
    """
    value = _tidied(_parsed(_text(data)))
    _refuse_editor_format(value)
    inner = value.get("prompt") if isinstance(value, dict) else None
    wrapped = isinstance(inner, dict) and not _is_like_a_node(inner)
    if wrapped:
        value = inner
        _refuse_editor_format(value)
    if not isinstance(value, dict) or not any(_is_like_a_node(node) for node in value.values()):
        raise refused("not_a_workflow")
    graph: Graph = value
    faults = find_faults(graph)
    if faults:
        more = [f"… and {len(faults) - _MOST_TOLD} more."] if len(faults) > _MOST_TOLD else []
        told = [*faults[:_MOST_TOLD], *more]
        raise InvalidRequest(
            "\n".join(["The workflow cannot be run:", *told]),
            details={"reason": "faults", "problems": told},
        )
    return {node_id: _bare(node) for node_id, node in graph.items()}, wrapped


def refused(reason: str) -> InvalidRequest:
    """The error for a file that is something else."""
    return InvalidRequest(_SENTENCES[reason], details={"reason": reason})


def _text(data: bytes) -> str:
    if not data.strip():
        raise refused("empty")
    for beginning, reason in _OTHER_FILES:
        if data.startswith(beginning):
            raise refused(reason)
    if len(data) > LARGEST_FILE:
        raise refused("too_large")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refused("not_utf8") from None


def _parsed(text: str) -> JsonValue:
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_number, parse_int=_integer)
    except RecursionError:
        raise refused("too_deep") from None
    except ValueError:
        raise refused("not_json") from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


def _integer(text: str) -> int:
    number = int(text)
    if abs(number) > _LARGEST_NUMBER:
        raise ValueError(f"{text} is too large")
    return number


def _tidied(value: JsonValue, depth: int = 0) -> JsonValue:
    """`value` without half characters. File names stay as they are, whatever their form."""
    if depth > DEEPEST:
        raise refused("too_deep")
    match value:
        case str():
            return scrub(value)
        case list():
            return [_tidied(item, depth + 1) for item in value]
        case dict():
            return {scrub(key): _tidied(item, depth + 1) for key, item in value.items()}
    return value


def _refuse_editor_format(value: JsonValue) -> None:
    if isinstance(value, dict) and isinstance(value.get("nodes"), list):
        raise refused("editor_format")


def _is_like_a_node(value: JsonValue) -> bool:
    return isinstance(value, dict) and ("class_type" in value or "inputs" in value)


def _bare(node: dict[str, Any]) -> dict[str, Any]:
    meta = node.get("_meta")
    title = meta.get("title") if isinstance(meta, dict) else None
    kept = {"class_type": node["class_type"], "inputs": node["inputs"]}
    return kept | ({"_meta": {"title": title}} if isinstance(title, str) and title else {})
