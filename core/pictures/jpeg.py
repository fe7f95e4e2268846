"""JPEG segment by segment, up to where the pixels begin (ITU T.81, annex B)."""

from collections.abc import Iterator

from core.pictures.blocks import (
    MAX_BLOCKS,
    MAX_PROFILE_BYTES,
    Damaged,
    Header,
    orientation_of,
    size,
)

SOI, EOI, SOS = b"\xff\xd8", b"\xff\xd9", 0xDA
# A progressive JPEG may come in any number of passes, each as dear to decode as a picture.
MAX_PASSES = 100
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset((0x01, *range(0xD0, 0xD8)))
_EXIF, _ICC = b"Exif\x00\x00", b"ICC_PROFILE\x00"


def read(data: bytes) -> Header:
    """The header of a JPEG. Raises Damaged."""
    dimensions: tuple[int, int] | None = None
    bare, exif, profile, pixels = [SOI], b"", {}, len(data)
    for marker, start, end in _segments(data):
        body = data[start + 4 : end]
        if marker in _FRAMES and dimensions is None:
            dimensions = size(int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"))
        if marker == SOS:
            pixels = start
            break
        if marker == 0xE1 and body.startswith(_EXIF):
            exif = exif or body
        elif marker == 0xE2 and body.startswith(_ICC):
            profile[body[12:13]] = body[14:]
        elif _is_needed(marker):
            bare.append(data[start:end])
    if dimensions is None:
        raise Damaged("it does not say its size")
    _check_passes(data, pixels)
    return Header(
        format="jpeg",
        width=dimensions[0],
        height=dimensions[1],
        bare=b"".join(bare) + data[pixels:],
        orientation=orientation_of(exif),
        profile=_joined(profile),
    )


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment up to the first SOS."""
    position = len(SOI)
    for _ in range(MAX_BLOCKS):
        if position + 4 > len(data):
            break
        if data[position] != 0xFF:
            raise Damaged(f"there is something unexpected at byte {position}")
        marker = data[position + 1]
        if marker == 0xFF:  # filling
            position += 1
        elif marker in _ALONE:
            position += 2
        else:
            length = int.from_bytes(data[position + 2 : position + 4], "big")
            end = position + 2 + length
            if length < 2 or end > len(data):
                raise Damaged("it ends too early")
            yield marker, position, end
            if marker == SOS:
                return
            position = end
    raise Damaged("it ends before its pixels")


def _is_needed(marker: int) -> bool:
    """Tables and frames, and of the applications' own segments JFIF's and Adobe's (colours)."""
    return marker in (0xE0, 0xEE) or not (0xE0 <= marker <= 0xEF or marker == 0xFE)


def _check_passes(data: bytes, pixels: int) -> None:
    end = data.find(EOI, pixels)
    if end < 0:
        raise Damaged("it ends too early")
    if data.count(b"\xff\xda", pixels, end) > MAX_PASSES:
        raise Damaged("it is in too many passes")


def _joined(parts: dict[bytes, bytes]) -> bytes | None:
    profile = b"".join(parts[number] for number in sorted(parts))
    return profile if 0 < len(profile) <= MAX_PROFILE_BYTES else None
