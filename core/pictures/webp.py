"""WebP chunk by chunk (RFC 9649)."""

from collections.abc import Iterator

from core.pictures.blocks import (
    MAX_BLOCKS,
    MAX_PROFILE_BYTES,
    Damaged,
    Header,
    orientation_of,
    size,
)

_PROFILE_FLAG, _EXIF_FLAG, _XMP_FLAG = 0x20, 0x08, 0x04
_EXTENDED, _LOSSY, _LOSSLESS = b"VP8X", b"VP8 ", b"VP8L"
_PICTURE = (_EXTENDED, _LOSSY, _LOSSLESS, b"ALPH", b"ANIM", b"ANMF")


def read(data: bytes) -> Header:
    """The header of a WebP. Raises Damaged."""
    parts = list(_chunks(data))
    width, height = size(*_size(*parts[0]))
    found = {kind: body for kind, body in parts if kind in (b"EXIF", b"ICCP")}
    profile = found.get(b"ICCP", b"")
    content = b"WEBP" + b"".join(_packed(*part) for part in parts if part[0] in _PICTURE)
    return Header(
        format="webp",
        width=width,
        height=height,
        bare=b"RIFF" + len(content).to_bytes(4, "little") + content,
        orientation=orientation_of(found.get(b"EXIF", b"")),
        profile=profile if 0 < len(profile) <= MAX_PROFILE_BYTES else None,
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data) or end < 20:
        raise Damaged("it ends too early")
    position = 12
    for _ in range(MAX_BLOCKS):
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        following = position + 8 + length
        if following > end:
            raise Damaged("it ends too early")
        yield data[position : position + 4], data[position + 8 : following]
        position = following + length % 2
        if position + 8 > end:
            return
    raise Damaged("it has too many parts")


def _size(kind: bytes, body: bytes) -> tuple[int, int]:
    if kind == _EXTENDED and len(body) >= 10:
        return 1 + _number(body, 4, 3), 1 + _number(body, 7, 3)
    if kind == _LOSSY and body[3:6] == b"\x9d\x01\x2a" and len(body) >= 10:
        return _number(body, 6, 2) & 0x3FFF, _number(body, 8, 2) & 0x3FFF
    if kind == _LOSSLESS and body[:1] == b"\x2f" and len(body) >= 5:
        bits = _number(body, 1, 4)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    raise Damaged("it does not begin with a header")


def _number(body: bytes, at: int, length: int) -> int:
    return int.from_bytes(body[at : at + length], "little")


def _packed(kind: bytes, body: bytes) -> bytes:
    if kind == _EXTENDED:
        body = bytes((body[0] & ~(_PROFILE_FLAG | _EXIF_FLAG | _XMP_FLAG),)) + body[1:]
    return kind + len(body).to_bytes(4, "little") + body + b"\x00" * (len(body) % 2)
