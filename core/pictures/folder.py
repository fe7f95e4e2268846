"""The folder of pictures: files named by the SHA-256 of their bytes, thumbnails beside them.

    images/ab/abcdef….png         the bytes as they came; png, jpeg or webp
    images/thumbs/ab/abcdef…-320.webp
    images/incoming/              files being written; renamed when they are whole

Whatever stands under a final name is whole, so readers need no lock.
"""

import hashlib
import io
import os
import re
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidRequest, NotFound, PlaygroundError, RequestTooLarge, StoreError
from core.media import SourceImage
from core.pictures.decode import decode
from core.pictures.header import read_header
from core.pictures.kind import MIME, PictureFormat
from core.pictures.upload import as_png
from core.store.faults import explain_files

WIDTHS = (160, 320, 640, 1280)
MAX_FILE_BYTES = 128 * 1024 * 1024
# A thumbnail of a column of pixels is narrower than asked for rather than endless.
TALLEST = 4
STALE_S = 3600.0

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LOCKS = 16


@dataclass(frozen=True)
class Kept:
    """A file in the folder: its name, its size in upright pixels and in bytes."""

    sha256: str
    width: int
    height: int
    format: PictureFormat
    bytes: int


class PictureFolder:
    """The pictures in `folder`, which is made. Safe to use from any thread.

    Every method blocks on the disk. Raises StoreError when the disk does not play along.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._incoming = folder / "incoming"
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))
        with self._explained():
            self._incoming.mkdir(parents=True, exist_ok=True)
            self._sweep()

    def keep(self, data: bytes) -> Kept:
        """Keep a PNG, JPEG or WebP as it is; the same bytes are one file, however often kept.

        Raises InvalidRequest when it is no whole picture, RequestTooLarge when it is too large
        to show. A file that was damaged on the disk is written again.
        """
        if len(data) > MAX_FILE_BYTES:
            raise RequestTooLarge(
                f"The picture is larger than {MAX_FILE_BYTES // 1024**2} MiB.",
                details={"reason": "too_many_bytes", "bytes": len(data)},
            )
        header = read_header(data)
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._place(sha256, header.format)
        with self._explained():
            if not _kept_again(path, data):
                self._write(path, data)
        width, height = header.upright
        return Kept(sha256, width, height, header.format, len(data))

    def path(self, sha256: str) -> Path:
        """The file of this name. Raises NotFound, also for what cannot be a name."""
        if _SHA256.fullmatch(sha256):
            for kind in MIME:
                path = self._place(sha256, kind)
                if path.is_file():
                    return path
        raise NotFound(f"There is no picture {sha256[:80]!r}.", details={"sha256": sha256[:80]})

    def has(self, sha256: str) -> bool:
        """Whether the picture is there."""
        try:
            self.path(sha256)
        except NotFound:
            return False
        return True

    def open(self, sha256: str) -> bytes:
        """The bytes as they were kept. Raises NotFound; StoreError when they have changed."""
        path = self.path(sha256)
        with self._explained():
            data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StoreError(
                f"The file {path} is damaged. Restore it from a backup, or make it again."
            )
        return data

    def source(self, sha256: str) -> SourceImage:
        """A kept picture to start from: an upright sRGB PNG without metadata.

        `sha256` stays the kept picture's, also where the bytes had to be made anew.
        """
        data = self.open(sha256)
        header = read_header(data)
        width, height = header.upright
        clean = header.format == "png" and header.bare == data
        return SourceImage(
            data=data if clean else as_png(decode(data)), sha256=sha256, width=width, height=height
        )

    def made_thumbnail(self, sha256: str, width: int) -> Path | None:
        """The thumbnail if it was made before: fast, for a reader in a hurry. Raises as below."""
        self.path(sha256)
        path = self._thumbnail_place(sha256, width)
        return path if path.is_file() else None

    def thumbnail(self, sha256: str, width: int) -> Path:
        """A WebP of the next of WIDTHS from `width` up, made at the first call and kept.

        It is never larger than the picture. Raises NotFound, StoreError, and ValueError for a
        width beyond the largest.
        """
        path = self._thumbnail_place(sha256, width)
        with self._locks[hash(path.name) % _LOCKS]:
            made = self.made_thumbnail(sha256, width)
            if made is not None:
                return made
            wide = rounded_up(width)
            try:
                image = decode(self.open(sha256), within=(wide, wide * TALLEST))
            except (InvalidRequest, RequestTooLarge) as error:
                raise StoreError(f"The picture {sha256} cannot be shown. {error}") from error
            buffer = io.BytesIO()
            image.save(buffer, "WEBP", quality=80, method=4)
            with self._explained():
                self._write(path, buffer.getvalue())
            return path

    def _place(self, sha256: str, kind: PictureFormat) -> Path:
        return self.folder / sha256[:2] / f"{sha256}.{kind}"

    def _thumbnail_place(self, sha256: str, width: int) -> Path:
        name = f"{sha256}-{rounded_up(width)}.webp"
        return self.folder / "thumbs" / sha256[:2] / name

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _sweep(self) -> None:
        """Remove what a process that died was writing; others may be writing right now."""
        for path in self._incoming.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - STALE_S:
                    path.unlink()

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except PlaygroundError:
            raise
        except OSError as error:
            raise explain_files(error, self.folder) from error


def _kept_again(path: Path, data: bytes) -> bool:
    """Whether the file is there as it should be. It counts as kept just now then: data care leaves
    a picture alone that a run may be about to name.
    """
    try:
        if path.read_bytes() != data:
            return False
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def rounded_up(width: int) -> int:
    """The next of WIDTHS from `width` up. Raises ValueError when there is none."""
    for wide in WIDTHS:
        if 0 < width <= wide:
            return wide
    raise ValueError(f"a thumbnail is 1 to {WIDTHS[-1]} pixels wide, not {width}")
