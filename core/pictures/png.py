"""PNG chunk by chunk: read, left out, put in, never re-encoded (W3C PNG, third edition)."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from core.pictures.blocks import (
    MAX_BLOCKS,
    MAX_PROFILE_BYTES,
    Damaged,
    Header,
    orientation_of,
    size,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What the pixels need. Animation, text and everything else stays outside.
_PICTURE = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")


@dataclass(frozen=True)
class Chunk:
    """One chunk: its four letters, its content, and where in the file it begins and ends."""

    kind: bytes
    body: bytes
    start: int
    end: int


def chunks(data: bytes) -> Iterator[Chunk]:
    """The chunks of a PNG up to IEND, each with a right checksum. Raises Damaged.

    What stands behind IEND is no part of the picture.
    """
    position = len(SIGNATURE)
    for _ in range(MAX_BLOCKS):
        length = int.from_bytes(data[position : position + 4], "big")
        end = position + 12 + length
        if end > len(data):
            raise Damaged("it ends too early")
        kind, body = data[position + 4 : position + 8], data[position + 8 : end - 4]
        if zlib.crc32(body, zlib.crc32(kind)) != int.from_bytes(data[end - 4 : end], "big"):
            raise Damaged(f"a checksum is wrong at byte {position}")
        yield Chunk(kind, body, position, end)
        if kind == b"IEND":
            return
        position = end
    raise Damaged("it has too many parts")


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk as it stands in a file."""
    checksum = zlib.crc32(body, zlib.crc32(kind))
    return len(body).to_bytes(4, "big") + kind + body + checksum.to_bytes(4, "big")


def read(data: bytes) -> Header:
    """The header of a PNG. Raises Damaged."""
    parts = list(chunks(data))
    first = parts[0]
    if first.kind != b"IHDR" or len(first.body) != 13:
        raise Damaged("it does not begin with a header")
    if not any(part.kind == b"IDAT" for part in parts):
        raise Damaged("it holds no picture")
    width, height = size(
        int.from_bytes(first.body[:4], "big"), int.from_bytes(first.body[4:8], "big")
    )
    bare = [data[part.start : part.end] for part in parts if part.kind in _PICTURE]
    found = {part.kind: part.body for part in parts if part.kind in (b"eXIf", b"iCCP")}
    return Header(
        format="png",
        width=width,
        height=height,
        bare=SIGNATURE + b"".join(bare),
        orientation=orientation_of(found.get(b"eXIf", b"")),
        profile=_profile(found.get(b"iCCP", b"")),
    )


def _profile(body: bytes) -> bytes | None:
    """The profile of an iCCP chunk, None when it is unreadable or absurdly large."""
    _, _, packed = body.partition(b"\x00")
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(packed[1:], MAX_PROFILE_BYTES)
    except zlib.error:
        return None
    return profile if profile and unpacker.eof else None
