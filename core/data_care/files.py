"""Files copied so that a copy is whole or not there, and known by what is in them."""

import hashlib
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from core.errors import PlaygroundError
from core.pictures.kind import MIME
from core.store.faults import explain_files

CHUNK = 1024 * 1024


class Altered(Exception):
    """A file does not hold what it is named for."""


@contextmanager
def disk_explained(folder: Path) -> Generator[None]:
    """Errors of the disk inside become a StoreError about `folder`."""
    try:
        yield
    except PlaygroundError:
        raise
    except OSError as error:
        raise explain_files(error, folder) from error


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def copy_whole(source: Path, target: Path, *, sha256: str | None = None) -> int:
    """Copy a file by way of a name of its own, brought to the disk before it gets the name
    `target`; its bytes. Raises OSError, and Altered when it is not `sha256`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    passing = target.with_name(f"{target.name}.part")
    digest, size = hashlib.sha256(), 0
    try:
        with source.open("rb") as read, passing.open("wb") as written:
            while piece := read.read(CHUNK):
                digest.update(piece)
                written.write(piece)
                size += len(piece)
            written.flush()
            os.fsync(written.fileno())
        _require(sha256 in (None, digest.hexdigest()), source)
        passing.replace(target)
    except BaseException:
        passing.unlink(missing_ok=True)
        raise
    return size


def _require(as_named: bool, path: Path) -> None:
    if not as_named:
        raise Altered(str(path))


def write_whole(target: Path, text: str) -> None:
    """Write a small file so that it stands there whole or not at all, and stays."""
    passing = target.with_name(f"{target.name}.part")
    with passing.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    passing.replace(target)
    settle(target.parent)


def settle(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def files_below(folder: Path) -> list[Path]:
    """Every file below `folder`, at any depth, in order; none where it is not there."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def picture_in(folder: Path, sha256: str) -> Path | None:
    """The picture's file in a folder laid out as `core.pictures` does, None where there is none."""
    places = (folder / sha256[:2] / f"{sha256}.{kind}" for kind in MIME)
    return next((path for path in places if path.is_file()), None)


def sized(count: int) -> str:
    """A number of bytes as people read it: "1.2 GB", "340 KB"."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
