"""The websocket's frames, read without trusting them. What is not understood is None."""

import json
import struct
from dataclasses import dataclass, field
from typing import Any

PREVIEW = 1
PREVIEW_WITH_METADATA = 4
SUPPORTS = {"type": "feature_flags", "data": {"supports_preview_metadata": True}}

_MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"GIF8": "image/gif"}


@dataclass(frozen=True)
class Message:
    """A text frame. `prompt_id` is None where the server does not say whose it is."""

    kind: str
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def prompt_id(self) -> str | None:
        """The job that the message is about."""
        return text_of(self.data.get("prompt_id"))

    @property
    def node(self) -> str | None:
        """The node that people see for it: an expanding node's parts count as that node."""
        shown = self.data.get("display_node") or self.data.get("display_node_id")
        return text_of(shown) or text_of(self.data.get("node"))


@dataclass(frozen=True)
class PreviewFrame:
    """A picture as far as it has emerged; the old frames (type 1) do not say whose it is."""

    image: bytes = field(repr=False)
    mime: str
    prompt_id: str | None = None


def parse(frame: str | bytes) -> Message | PreviewFrame | None:
    """What `frame` says, None where that is of no use here."""
    return _binary(frame) if isinstance(frame, bytes) else _text(frame)


def text_of(value: object) -> str | None:
    """`value` if it is a text with something in it."""
    return value if isinstance(value, str) and value else None


def mime_of(data: bytes) -> str | None:
    """The kind of picture by its first bytes, None when it is no picture."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for magic, mime in _MAGIC.items() if data.startswith(magic)), None)


def _text(frame: str) -> Message | None:
    try:
        value = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        return None
    data = value.get("data")
    return Message(value["type"], data if isinstance(data, dict) else {})


def _binary(frame: bytes) -> PreviewFrame | None:
    if len(frame) < 8:
        return None
    event, size = struct.unpack(">II", frame[:8])
    if event == PREVIEW:
        return _picture(frame[8:], None)
    if event == PREVIEW_WITH_METADATA and 8 + size < len(frame):
        try:
            about = json.loads(frame[8 : 8 + size])
        except (ValueError, RecursionError):
            return None
        prompt_id = text_of(about.get("prompt_id")) if isinstance(about, dict) else None
        return _picture(frame[8 + size :], prompt_id) if prompt_id else None
    return None


def _picture(image: bytes, prompt_id: str | None) -> PreviewFrame | None:
    mime = mime_of(image)
    return PreviewFrame(image, mime, prompt_id) if mime else None
