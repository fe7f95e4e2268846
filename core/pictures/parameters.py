"""Our parameters inside a PNG: one tEXt chunk with the key `sparklio` (docs/pictures.md).

Chunks are put in and read; no pixel is touched, and the server's own chunks (`prompt`,
`workflow`) stay as they are, byte for byte.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from core.pictures import png
from core.pictures.blocks import Damaged
from core.pictures.header import read_header

KEY = "sparklio"
MAX_PARAMETER_BYTES = 1024 * 1024
_KEY = KEY.encode()


def with_parameters(data: bytes, parameters: Mapping[str, JsonValue]) -> bytes:
    """The PNG `data` with `parameters` inside, in place of those that it had.

    Whatever is no PNG comes back unchanged: WebP and JPEG carry theirs in the sidecar alone.
    Raises InvalidRequest for a PNG that is damaged, ValueError for NaN or Infinity.
    """
    if not data.startswith(png.SIGNATURE):
        return data
    read_header(data)
    # tEXt is Latin-1: as ASCII with \u escapes the JSON holds every script.
    text = json.dumps(parameters, ensure_ascii=True, allow_nan=False).encode()
    ours = png.chunk(b"tEXt", _KEY + b"\x00" + text)
    pieces, written, end = [png.SIGNATURE], False, len(png.SIGNATURE)
    for part in png.chunks(data):
        end = part.end
        if _text(part) is not None:
            continue
        if part.kind == b"IDAT" and not written:
            pieces.append(ours)
            written = True
        pieces.append(data[part.start : part.end])
    return b"".join(pieces) + data[end:]


def read_parameters(data: bytes) -> dict[str, Any] | None:
    """The parameters inside a PNG; None when there are none, or none that can be read."""
    if not data.startswith(png.SIGNATURE):
        return None
    try:
        texts = [text for part in png.chunks(data) if (text := _text(part)) is not None]
    except Damaged:
        return None
    return _parsed(texts[0]) if texts else None


def _text(part: png.Chunk) -> bytes | None:
    """What a chunk of ours holds, None for other chunks; tools may rewrite tEXt as iTXt."""
    key, _, rest = part.body.partition(b"\x00")
    if key != _KEY or part.kind not in (b"tEXt", b"iTXt"):
        return None
    if part.kind == b"tEXt":
        return rest
    # compression flag and method, language, translated key; a compressed one is not ours
    return rest[2:].split(b"\x00", 2)[-1] if rest[:1] == b"\x00" else b""


def _parsed(text: bytes) -> dict[str, Any] | None:
    if len(text) > MAX_PARAMETER_BYTES:
        return None
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _refuse(digits)
