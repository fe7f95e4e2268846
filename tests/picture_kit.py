"""Picture files, honest and hostile, made for tests."""

import io
import zipfile
import zlib
from typing import Any

from PIL import Image

from core.pictures.png import SIGNATURE, chunk, chunks

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def plain(kind: str = "PNG", *, size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    """One colour; `seed` makes another one."""
    colour = (options.pop("seed", 0) % 256, 120, 200)
    return encoded(Image.new("RGB", size, colour), kind, **options)


def marked(size: tuple[int, int] = (80, 40)) -> Image.Image:
    """Blue, its upper left quarter red."""
    image = Image.new("RGB", size, BLUE)
    image.paste(RED, (0, 0, size[0] // 2, size[1] // 2))
    return image


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def exif(orientation: int) -> bytes:
    """Exif with an orientation, a maker and a place."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010F] = "Secret Phone"
    tags.get_ifd(0x8825)[1] = "N"
    return tags.tobytes()


def png_header(width: int, height: int) -> bytes:
    """The IHDR of 8-bit RGB."""
    return chunk(b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\2\0\0\0")


def png_bomb(width: int, height: int) -> bytes:
    """A small, valid PNG that claims to be huge."""
    pixels = zlib.compress(b"\0" * 1000)
    return SIGNATURE + png_header(width, height) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def with_chunks(png: bytes, *added: tuple[bytes, bytes]) -> bytes:
    """`png` with more chunks behind its header."""
    head = next(chunks(png)).end
    return png[:head] + b"".join(chunk(*each) for each in added) + png[head:]


def chunk_list(png: bytes) -> list[tuple[bytes, bytes]]:
    return [(part.kind, part.body) for part in chunks(png)]


def zip_archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("hello.txt", "hello")
    return buffer.getvalue()


def near(found: Any, wanted: tuple[int, ...], *, by: int = 6) -> bool:
    """Whether two colours are the same to the eye."""
    return all(abs(a - b) <= by for a, b in zip(found, wanted, strict=True))
