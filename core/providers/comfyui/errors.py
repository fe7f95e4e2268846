"""What the server's refusals and failures mean, as errors of ours.

`refusal()` is for a status that is not 200, `failure()` for a job that began and broke. What
a refused workflow lacks is read in `rejection.py`.
"""

import re
from typing import Any

from core.errors import (
    BrokenAnswer,
    ProviderError,
    ProviderOverloaded,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from core.providers.comfyui.graph import VENDOR, Titles
from core.providers.comfyui.messages import Message, text_of
from core.providers.comfyui.reply import Reply
from core.providers.error_body import one_line, stand_in

_NO_MEMORY = re.compile(r"OutOfMemory|out of memory|Allocation on device|not enough memory", re.I)
_NO_FILE = re.compile(r"FileNotFoundError|No such file|SafetensorError|deserializing header", re.I)
_NO_PICTURE = re.compile(r"UnidentifiedImageError|cannot identify image|Truncated File Read", re.I)


def server_at(address: str) -> str:
    """The server as a sentence's subject."""
    return f"ComfyUI at {address}"


def refusal(reply: Reply, address: str, *, asked: str) -> ProviderError:
    """The error for an answer to `asked`, such as "POST /prompt", that is no answer."""
    make, message = _by_status(reply, server_at(address), address)
    body = reply.said()
    details: dict[str, Any] = {"asked": asked}
    details |= stand_in(reply.status, body, location=reply.location)
    text = body.text
    if text:
        details["server_message"] = text
    return make(message, provider=VENDOR, status=reply.status, details=details)


def not_comfyui(address: str) -> ProviderError:
    """The error for JSON that is not what ComfyUI says."""
    return refusal(Reply(status=200, body=b"{}"), address, asked="GET /system_stats")


def failure(message: Message, titles: Titles, address: str) -> ProviderError:
    """The error for a job that ended with `execution_error` or `execution_interrupted`."""
    data = message.data
    node_id = text_of(data.get("node_id")) or ""
    kind = text_of(data.get("node_type")) or titles.kind(node_id)
    node = titles.title(node_id) or kind or "a node"
    details: dict[str, Any] = {"node": node, "node_id": node_id, "node_type": kind}
    server = server_at(address)
    if message.kind == "execution_interrupted":
        return ProviderError(
            f"Somebody else stopped the job on {server}, in “{node}”: not this playground. Run "
            "it again.",
            provider=VENDOR,
            details=details | {"interrupted": True},
        )
    what = text_of(data.get("exception_type")) or "an error"
    said = one_line(text_of(data.get("exception_message")) or "no reason given")
    details |= {"exception_type": what, "server_message": said}
    if _NO_MEMORY.search(f"{what} {said}"):
        return ProviderError(
            f"{server} ran out of memory in “{node}”. Choose a smaller size or fewer pictures at "
            "once, a smaller checkpoint, or close what else uses the graphics card.",
            provider=VENDOR,
            details=details | {"out_of_memory": True},
        )
    return ProviderError(
        f"{server} failed in “{node}” ({what}): {said.rstrip('.')}. {_advice(f'{what} {said}')}",
        provider=VENDOR,
        details=details,
    )


def failed_without_reason(address: str) -> ProviderError:
    """The error for a job that history calls failed and says nothing more of."""
    return ProviderError(
        f"{server_at(address)} failed and gave no reason. Look into its log, then run it again.",
        provider=VENDOR,
    )


def lost(address: str) -> BrokenAnswer:
    """The error for a job that is in neither queue nor history."""
    return BrokenAnswer(
        f"{server_at(address)} no longer knows the job: the server has restarted, or the job was "
        "deleted from its queue. Run it again.",
        provider=VENDOR,
        details={"address": address, "lost": True},
    )


def silent(address: str, *, timeout_s: float, node: str, ahead: int | None) -> ProviderTimeout:
    """The error for a job that did not move for longer than allowed."""
    where = (
        f"in “{node}”"
        if node
        else f"in its queue, with {ahead} ahead,"
        if ahead is not None
        else "since the job was sent"
    )
    return ProviderTimeout(
        f"{server_at(address)} has not moved {where} for {timeout_s:g} s. If it goes on like that "
        "its worker may have died: restart ComfyUI. If it only is slow, allow a longer silence "
        "with COMFYUI_TIMEOUT.",
        provider=VENDOR,
        details={"address": address, "timeout_s": timeout_s, "node": node, "ahead": ahead},
    )


def _advice(text: str) -> str:
    if _NO_FILE.search(text):
        return "A file that the workflow needs is missing or damaged on that machine: get it again."
    if _NO_PICTURE.search(text):
        return "The picture to start from could not be read: choose another one."
    return "Look into ComfyUI's log, correct the workflow or the options, then run it again."


def _by_status(reply: Reply, server: str, address: str) -> tuple[type[ProviderError], str]:
    status, body = reply.status, reply.said()
    said = f": {body.text}" if body.text else ""
    if 300 <= status < 400:
        target = f" to {reply.location}" if reply.location else ""
        return ProviderRejected, (
            f"{address} redirects{target}. Set COMFYUI_BASE_URL to the final address."
        )
    if status == 401:
        return ProviderUnauthorized, (
            f"{server} wants a user and a password{said}. Put user:password@ into COMFYUI_BASE_URL."
        )
    if status == 403:
        return ProviderRejected, (
            f"{server} refused the request (status 403). A proxy in between may add an Origin "
            "header: start ComfyUI with --enable-cors-header, or take the header out."
        )
    if status == 413:
        return ProviderRejected, (
            f"The request is larger than {server} accepts{said}. Use a smaller picture, or start "
            "ComfyUI with a larger --max-upload-size."
        )
    if status in (502, 504) or (status == 503 and body.kind == "html"):
        return ProviderUnavailable, (
            f"A proxy answered in place of ComfyUI at {address} (status {status}{said}). Check "
            "that ComfyUI runs behind it."
        )
    if status in (429, 503):
        return ProviderOverloaded, (
            f"{server} is too busy to take the request{said}. Wait a moment and run it again."
        )
    if status in (200, 404, 405) or body.kind == "html":
        return ProviderRejected, (
            f"What answers at {address} does not look like a ComfyUI server (status {status}"
            f"{said}). Set COMFYUI_BASE_URL to ComfyUI's own address, such as "
            "http://127.0.0.1:8188."
        )
    if status >= 500:
        return ProviderError, (
            f"{server} failed with status {status}{said or ' and gave no reason'}. Look into "
            "ComfyUI's log, then run it again."
        )
    return ProviderRejected, (
        f"{server} refused the request with status {status}{said or ' and gave no reason'}."
    )
