"""A picture's header, read before anything is decoded: size, turn, colours, and the bare picture.

The three readers here (png.py, jpeg.py, webp.py) only walk over blocks with lengths. They
leave out whatever is not the picture itself (text, Exif, previews, further frames), so the
decoder never sees metadata, which is where most tricks hide.
"""

from collections.abc import Callable, Mapping

from core.errors import InvalidRequest, RequestTooLarge
from core.pictures import jpeg, png, webp
from core.pictures.blocks import Damaged, Header
from core.pictures.kind import PictureFormat, format_of

MAX_PIXELS = 64_000_000
MAX_SIDE = 32_768

_READERS: Mapping[PictureFormat, Callable[[bytes], Header]] = {
    "png": png.read,
    "jpeg": jpeg.read,
    "webp": webp.read,
}


def read_header(data: bytes, *, name: str = "The picture") -> Header:
    """The header of a whole PNG, JPEG or WebP file; nothing is decompressed.

    Raises InvalidRequest when it is something else or damaged, RequestTooLarge when it has
    more than MAX_PIXELS.
    """
    kind = format_of(data, name=name)
    try:
        header = _READERS[kind](data)
    except Damaged as fault:
        raise damaged(name, str(fault)) from None
    pixels = header.width * header.height
    if pixels > MAX_PIXELS or max(header.width, header.height) > MAX_SIDE:
        raise RequestTooLarge(
            f"{name} has {header.width} x {header.height} pixels; at most "
            f"{MAX_PIXELS // 1_000_000} million pixels and {MAX_SIDE} a side can be used. "
            "Make it smaller.",
            details={"reason": "too_many_pixels", "width": header.width, "height": header.height},
        )
    return header


def damaged(name: str, fault: str) -> InvalidRequest:
    """The refusal of a picture that cannot be read to its end."""
    return InvalidRequest(
        f"{name} is damaged: {fault}. Export or download it again.",
        details={"reason": "damaged", "fault": fault},
    )
