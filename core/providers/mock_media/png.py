"""PNG bytes in short slices: a large picture must not hold up everything else.

Pillow writes a whole picture in one call. Here each slice is a few rows, so that the work can
be left between two of them; zlib lets other threads run meanwhile.
"""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image, ImageChops

ROWS_BYTES = 2_000_000
FASTEST = 1
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB_8_BIT = (8, 2, 0, 0, 0)
_DIFFERENCE_TO_ROW_ABOVE = b"\x02"


def png_slices(picture: Image.Image) -> Iterator[bytes]:
    """The file of an RGB `picture`, piece by piece."""
    width, height = picture.size
    yield _SIGNATURE + _chunk(b"IHDR", struct.pack(">2I5B", width, height, *_RGB_8_BIT))
    packer = zlib.compressobj(FASTEST)
    rows = max(1, ROWS_BYTES // (width * 3))
    for top in range(0, height, rows):
        raw = _differences(picture, top, min(height, top + rows))
        stride = width * 3
        lines = (raw[start : start + stride] for start in range(0, len(raw), stride))
        packed = packer.compress(b"".join(_DIFFERENCE_TO_ROW_ABOVE + line for line in lines))
        yield _chunk(b"IDAT", packed) if packed else b""
    yield _chunk(b"IDAT", packer.flush()) + _chunk(b"IEND", b"")


def _differences(picture: Image.Image, top: int, bottom: int) -> bytes:
    """Rows of `picture`, each value less the one above it: smooth pictures become small."""
    strip = picture.crop((0, top, picture.width, bottom))
    above = picture.crop((0, top - 1, picture.width, bottom - 1))  # black above the first row
    return ImageChops.subtract_modulo(strip, above).tobytes()


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
