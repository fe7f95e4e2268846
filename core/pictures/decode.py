"""Decoding: upright, 8 bits a channel, sRGB, RGB or RGBA; within limits checked before."""

import io
from collections.abc import Mapping

from PIL import Image, ImageCms
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from core.pictures.blocks import Header
from core.pictures.header import damaged, read_header
from core.pictures.kind import PictureFormat

# Not Image.open(): it looks for many formats, and takes a phone's JPEG for one of its others.
_DECODERS: Mapping[PictureFormat, type[ImageFile]] = {
    "png": PngImageFile,
    "jpeg": JpegImageFile,
    "webp": WebPImageFile,
}
_TURNS: Mapping[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def decode(
    data: bytes, *, name: str = "The picture", within: tuple[int, int] | None = None
) -> Image.Image:
    """The picture (of an animation the first), shrunk to fit `within` (width, height) if larger.

    Raises InvalidRequest and RequestTooLarge as `read_header` does, and InvalidRequest when
    the pixels are damaged.
    """
    return decode_header(read_header(data, name=name), name=name, within=within)


def decode_header(
    header: Header, *, name: str = "The picture", within: tuple[int, int] | None = None
) -> Image.Image:
    """As `decode`, of a header that is read already."""
    try:
        return _decode(header, within)
    except Exception as error:  # a decoder given hostile bytes raises nearly anything
        raise damaged(name, "its pixels cannot be read") from error


def _decode(header: Header, within: tuple[int, int] | None) -> Image.Image:
    image: Image.Image = _DECODERS[header.format](io.BytesIO(header.bare))
    if image.size != (header.width, header.height):
        raise ValueError("the decoder sees another size than the header says")
    box = within if within is None or not header.turned else (within[1], within[0])
    if box is not None:
        _draft(image, box)
    image = _to_srgb(image, header.profile)
    if box is not None:
        image.thumbnail(box, Image.Resampling.LANCZOS)
    turn = _TURNS.get(header.orientation)
    image = image if turn is None else image.transpose(turn)
    image.info.clear()  # an encoder would write it out again
    return image


def _draft(image: Image.Image, box: tuple[int, int]) -> None:
    """Have a JPEG decoded at a half, a quarter or an eighth when that is still large enough."""
    if isinstance(image, JpegImageFile):
        scale = min(1.0, box[0] / image.width, box[1] / image.height)
        width, height = (max(1, round(side * scale * 2)) for side in image.size)
        image.draft(None, (width, height))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    image.load()
    if image.mode.startswith("I"):
        image = _eight_bits(image)
    wanted = "RGBA" if image.has_transparency_data else "RGB"
    if profile is None or image.mode != "CMYK":
        image = _in_mode(image, wanted)
    if profile is None:
        return image
    converted = _with_profile(image, profile)
    if wanted == "RGBA":
        converted.putalpha(image.getchannel("A"))
    return converted


def _with_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """RGB in sRGB; plainly converted when the profile is broken or for other kinds of pixels."""
    image = image if image.mode == "CMYK" else _in_mode(image, "RGB")
    try:
        source, target = (
            ImageCms.ImageCmsProfile(io.BytesIO(content)) for content in (profile, _SRGB)
        )
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        converted = None
    return converted or image.convert("RGB")


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    """`image` in `mode`; not a copy where it is already, for that may be 256 MiB."""
    return image if image.mode == mode else image.convert(mode)


def _eight_bits(image: Image.Image) -> Image.Image:
    """A grey picture of 16 bits by its upper 8; Pillow's own conversion would cut them off."""
    little_endian = image.convert("I;16").tobytes()
    return Image.frombytes("L", image.size, little_endian[1::2])
