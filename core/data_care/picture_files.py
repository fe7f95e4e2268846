"""What lies in the folder of pictures, and how a file leaves it without being missed."""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

from core.data_care.places import Places
from core.pictures.folder import STALE_S

AT_ONCE = 200

T = TypeVar("T")

_NAME = re.compile(r"(?P<sha256>[0-9a-f]{64})\.(?:png|jpeg|webp)", re.ASCII)
_THUMBNAIL = re.compile(r"(?P<sha256>[0-9a-f]{64})-\d+\.webp", re.ASCII)
_SHARD = re.compile(r"[0-9a-f]{2}", re.ASCII)


@dataclass(frozen=True)
class PictureFile:
    """A file under a picture's name: its bytes, and the seconds since somebody last kept it."""

    path: Path
    sha256: str
    bytes: int
    age_s: float

    @property
    def settled(self) -> bool:
        """Whether no run can be about to name it in its row."""
        return self.age_s > STALE_S


@dataclass
class Listing:
    """Every file below `images`, by what it is. `left` were leaving when a process died."""

    pictures: dict[str, PictureFile] = field(default_factory=dict)
    thumbnails: list[PictureFile] = field(default_factory=list)
    incoming: list[PictureFile] = field(default_factory=list)
    left: list[PictureFile] = field(default_factory=list)


def listing(places: Places) -> Listing:
    """What lies in the folder now. Raises OSError."""
    found = Listing(
        thumbnails=list(_files(places.images / "thumbs", "*/*", _THUMBNAIL)),
        incoming=list(_files(places.images / "incoming", "*", None)),
        left=list(_files(places.leaving, "*", _NAME)),
    )
    for file in _files(places.images, "*/*", _NAME):
        if _SHARD.fullmatch(file.path.parent.name):
            found.pictures[file.sha256] = file
    return found


def take_out(
    files: Iterable[PictureFile],
    places: Places,
    may_go: Callable[[list[PictureFile]], set[str]],
) -> list[PictureFile]:
    """Move pictures out of their places, but for those that turn out to be wanted.

    `may_go` is asked once they are out: whoever keeps the same picture from then on writes it
    again, and whoever did before shows in its age. What it does not name gets its place again.
    Those that went lie in `places.leaving`.
    """
    gone = []
    for some in batched(files, AT_ONCE):
        places.leaving.mkdir(exist_ok=True)
        away = [
            moved
            for file in some
            if (moved := _moved(file, places.leaving / file.path.name)) is not None
        ]
        allowed = may_go(away)
        for file in away:
            if file.sha256 in allowed:
                gone.append(file)
            else:
                put_back(file.path, places)
    return gone


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """`items` in lists of at most `size`."""
    iterator = iter(items)
    while some := list(islice(iterator, size)):
        yield some


def put_all_back(places: Places) -> None:
    """Give pictures their places again that were leaving when a process died; nobody else may be
    at work.
    """
    for file in _files(places.leaving, "*", _NAME):
        put_back(file.path, places)


def remove_thumbnails(places: Places, sha256: str) -> None:
    """Delete what was made smaller of a picture that has gone."""
    for thumbnail in (places.images / "thumbs" / sha256[:2]).glob(f"{sha256}-*.webp"):
        thumbnail.unlink(missing_ok=True)


def put_back(away: Path, places: Places) -> None:
    """Give a picture its place again; where it was written anew meanwhile, that one stays."""
    place = places.images / away.name[:2] / away.name
    place.parent.mkdir(exist_ok=True)
    if place.exists():
        away.unlink()
    else:
        away.rename(place)


def _moved(file: PictureFile, to: Path) -> PictureFile | None:
    try:
        file.path.rename(to)
    except FileNotFoundError:
        return None
    return as_file(to, file.sha256)


def _files(folder: Path, pattern: str, name: re.Pattern[str] | None) -> Iterator[PictureFile]:
    for path in folder.glob(pattern):
        match = name.fullmatch(path.name) if name else None
        if name is None or match:
            file = as_file(path, match["sha256"] if match else "")
            if file is not None:
                yield file


def as_file(path: Path, sha256: str) -> PictureFile | None:
    """The file as it is now, None where it is gone."""
    try:
        stat = path.stat()
    except FileNotFoundError:  # it went meanwhile
        return None
    return PictureFile(path, sha256, stat.st_size, time.time() - stat.st_mtime)
