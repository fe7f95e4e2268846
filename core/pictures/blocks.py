"""What the readers of the three formats have in common."""

from dataclasses import dataclass, field

from core.pictures.kind import PictureFormat

MAX_BLOCKS = 50_000
MAX_PROFILE_BYTES = 4 * 1024 * 1024


class Damaged(Exception):
    """The file breaks the rules of its format; the message says where, in a few words."""


@dataclass(frozen=True)
class Header:
    """What a file says of its picture before it is decoded.

    `width` and `height` are in stored pixels, before `orientation` (Exif's 1 to 8) is
    applied. `bare` is the file without metadata; `profile` the ICC colour profile.
    """

    format: PictureFormat
    width: int
    height: int
    bare: bytes = field(repr=False)
    orientation: int = 1
    profile: bytes | None = field(default=None, repr=False)

    @property
    def turned(self) -> bool:
        """Whether upright width and height are the stored height and width."""
        return self.orientation >= 5

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height as people see them."""
        return (self.height, self.width) if self.turned else (self.width, self.height)


def size(width: int, height: int) -> tuple[int, int]:
    """Both, once neither is nothing. Raises Damaged."""
    if width < 1 or height < 1:
        raise Damaged("it says that it has no width or no height")
    return width, height


def orientation_of(exif: bytes) -> int:
    """Exif's orientation, 1 (upright) to 8; 1 as well when it is not said or not readable."""
    tiff = exif.removeprefix(b"Exif\x00\x00")
    if tiff[:4] not in (b"II*\x00", b"MM\x00*"):
        return 1
    order = "little" if tiff[:2] == b"II" else "big"

    def number(at: int, length: int) -> int:
        return int.from_bytes(tiff[at : at + length], order)

    start = number(4, 4)
    for entry in range(start + 2, start + 2 + 12 * number(start, 2), 12):
        if entry + 12 > len(tiff):
            return 1
        if number(entry, 2) == 0x0112:
            value = number(entry + 8, 2)
            return value if 1 <= value <= 8 else 1
    return 1
