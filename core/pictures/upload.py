"""A picture from outside: checked by what it is, turned upright, bare of everything but pixels."""

import io
import unicodedata
from dataclasses import dataclass, field

from PIL import Image

from core.errors import RequestTooLarge
from core.pictures.decode import decode_header
from core.pictures.header import read_header
from core.types import LARGEST_SIDE, normalise

MAX_UPLOAD_BYTES = 20 * 1024 * 1024
MAX_NAME = 120
# Level 6 takes five times as long for a photo and saves an eighth.
_PNG_LEVEL = 2


@dataclass(frozen=True)
class Upload:
    """A checked picture: PNG bytes in sRGB, upright, without metadata.

    `width` and `height` are those of `data`, the original's (upright) beside them: a picture
    with a side beyond LARGEST_SIDE is made smaller.
    """

    name: str
    data: bytes = field(repr=False)
    width: int
    height: int
    original_width: int
    original_height: int

    @property
    def shrunk(self) -> bool:
        """Whether it was made smaller."""
        return (self.width, self.height) != (self.original_width, self.original_height)


def check_upload(data: bytes, *, name: str) -> Upload:
    """The picture in `data`, ready to be kept and to be given to a model.

    Raises RequestTooLarge (bytes, pixels) and InvalidRequest (no picture, damaged); both have
    `details["reason"]`. `name` is shown to people, and otherwise ignored.
    """
    shown = clean_name(name)
    if len(data) > MAX_UPLOAD_BYTES:
        raise RequestTooLarge(
            f"{shown} is larger than {MAX_UPLOAD_BYTES // 1024**2} MiB. Send a smaller picture.",
            details={"reason": "too_many_bytes", "bytes": len(data)},
        )
    header = read_header(data, name=shown)
    image = decode_header(header, name=shown, within=(LARGEST_SIDE, LARGEST_SIDE))
    width, height = header.upright
    return Upload(shown, as_png(image), image.width, image.height, width, height)


def as_png(image: Image.Image) -> bytes:
    """`image` as a PNG that holds nothing but pixels."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=_PNG_LEVEL)
    return buffer.getvalue()


def clean_name(name: str) -> str:
    """The last part of a file's path, in NFC, without control characters; "picture" for none."""
    last = normalise(name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C")
    return kept.strip()[:MAX_NAME] or "picture"
