"""What a file really is, by its first bytes; its name and its declared type prove nothing."""

from typing import Literal

from core.errors import InvalidRequest

PictureFormat = Literal["png", "jpeg", "webp"]
MIME: dict[PictureFormat, str] = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
ADVICE = "Send a PNG, JPEG or WebP picture."

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"%PDF", "a PDF document"),
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"II*\x00", "a TIFF"),
    (b"MM\x00*", "a TIFF"),
    (b"8BPS", "a Photoshop document"),
    (b"\x00\x00\x01\x00", "an icon file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"RIFF", "a sound or a video"),
    (b"SQLite format 3", "a database"),
)
_BRANDS = {b"avif": "an AVIF picture", b"avis": "an AVIF picture"}
_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


def format_of(data: bytes, *, name: str = "The file") -> PictureFormat:
    """The format of a picture that the playground reads. Raises InvalidRequest for all else.

    `name` begins the sentence of the refusal; `details["found"]` says what it is instead.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    found = _describe(data)
    raise InvalidRequest(
        f"{name} is {found}, not a picture that can be used. {ADVICE}",
        details={"reason": "wrong_type", "found": found},
    )


def _describe(data: bytes) -> str:
    if not data:
        return "empty"
    for start, words in _SIGNATURES:
        if data.startswith(start):
            return words
    if data[4:8] == b"ftyp":
        return _describe_brand(data[8:12])
    return _describe_text(data[:1024])


def _describe_brand(brand: bytes) -> str:
    if brand in _HEIF:
        return "a HEIC photo"
    return _BRANDS.get(brand, "a video")


def _describe_text(start: bytes) -> str:
    text = start.decode("utf-8", "ignore").lstrip("\ufeff \t\r\n").lower()
    if "\x00" in text or len(text.encode()) < len(start) * 0.8:
        return "of a kind that is not known"
    if "<svg" in text:
        return "an SVG drawing"
    if text.startswith(("<!doctype html", "<html")):
        return "a web page"
    return "text"
