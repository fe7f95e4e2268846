"""Pictures to take away: a ZIP with readable names and a sidecar of parameters beside each."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from pydantic import JsonValue

from core.errors import InvalidRequest
from core.pictures.folder import PictureFolder
from core.types import normalise, normalise_json

MAX_ITEMS = 500
MAX_BYTES = 2 * 1024**3
_PIECE = 1024 * 1024
_UNREADABLE = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class ZipItem:
    """A kept picture on its way out: what names it and what its sidecar says."""

    sha256: str
    made_at: datetime
    preset: str
    seed: int | None
    parameters: Mapping[str, JsonValue]

    @property
    def stem(self) -> str:
        """The name without its ending: "2026-11-23_021720_product_image_seed-7"."""
        moment = self.made_at.astimezone(UTC).strftime("%Y-%m-%d_%H%M%S")
        preset = _UNREADABLE.sub("-", normalise(self.preset)).strip("-.")[:60]
        seed = () if self.seed is None else (f"seed-{self.seed}",)
        return "_".join((moment, preset or "picture", *seed))


def zip_of(
    pictures: PictureFolder,
    items: Sequence[ZipItem],
    files: Mapping[str, Iterable[bytes]] | None = None,
) -> Iterator[bytes]:
    """A ZIP of `items` in pieces of about a MiB, in their order; the same items, the same bytes.

    `files` come first: names and what is in them, piece by piece, dated now. Raises
    InvalidRequest (nothing, or too much at once) and NotFound before the first piece.
    """
    if len(items) > MAX_ITEMS or not (items or files):
        raise InvalidRequest(
            f"A ZIP holds 1 to {MAX_ITEMS} pictures, not {len(items)}. Choose fewer.",
            details={"reason": "too_many_pictures", "pictures": len(items)},
        )
    paths = [pictures.path(item.sha256) for item in items]
    if sum(path.stat().st_size for path in paths) > MAX_BYTES:
        raise InvalidRequest(
            f"These pictures are larger than {MAX_BYTES // 1024**3} GiB together. Choose fewer.",
            details={"reason": "too_many_bytes"},
        )
    return _pieces(files or {}, list(zip(_names(items), items, paths, strict=True)))


class _Outbox:
    """Where ZipFile writes: a stream without a way back, emptied piece by piece."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, data: bytes, /) -> int:
        """Take `data`; ZipFile wants to know how much of it."""
        self._waiting += data
        return len(data)

    def flush(self) -> None:
        """Nothing to do: what is written is there."""

    def close(self) -> None:
        """Nothing to do: there is no file behind it."""

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def _pieces(
    files: Mapping[str, Iterable[bytes]], entries: Sequence[tuple[str, ZipItem, Path]]
) -> Iterator[bytes]:
    outbox = _Outbox()
    with ZipFile(outbox, "w") as archive:
        for name, content in files.items():
            with archive.open(_info(name, datetime.now(UTC), ZIP_DEFLATED), "w") as entry:
                for piece in content:
                    entry.write(piece)
                    yield outbox.take()
        for name, item, path in entries:
            info = _info(name + path.suffix, item.made_at, ZIP_STORED)
            with path.open("rb") as picture, archive.open(info, "w") as entry:
                while piece := picture.read(_PIECE):
                    entry.write(piece)
                    yield outbox.take()
            parameters = normalise_json(dict(item.parameters))
            sidecar = json.dumps(parameters, ensure_ascii=False, indent=2)
            archive.writestr(_info(f"{name}.json", item.made_at, ZIP_DEFLATED), sidecar.encode())
            yield outbox.take()
    yield outbox.take()


def _info(name: str, moment: datetime, compression: int) -> ZipInfo:
    info = ZipInfo(name, moment.astimezone(UTC).timetuple()[:6])
    info.compress_type = compression
    info.external_attr = 0o644 << 16  # left out, unzip makes files that nobody may read
    return info


def _names(items: Sequence[ZipItem]) -> Iterator[str]:
    """The items' stems; those that are taken are numbered."""
    taken: set[str] = set()
    for item in items:
        numbered = (f"{item.stem}_{number}" for number in count(2))
        name = next(name for name in chain((item.stem,), numbered) if name.lower() not in taken)
        taken.add(name.lower())
        yield name
