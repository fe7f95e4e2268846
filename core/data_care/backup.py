"""A backup, made while runs go on: the database at one moment, then the pictures that it names.

In this order every row of the copy finds its picture: a picture is on the disk before its row
is. Pictures are copied, not linked: a backup shares no bytes with what it is there to save.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.data_care.files import (
    Altered,
    copy_whole,
    disk_explained,
    files_below,
    picture_in,
    settle,
    sha256_of,
    sized,
)
from core.data_care.locks import alone_in
from core.data_care.manifest import (
    DATABASE,
    PICTURES,
    WORKFLOWS,
    File,
    Manifest,
    Stored,
    identifier,
    write_manifest,
    write_pictures,
)
from core.data_care.old_backups import sweep
from core.data_care.places import Places
from core.data_care.types import Backup
from core.errors import StoreFull
from core.store import Database
from core.store.named import named_pictures
from core.store.snapshot import content_of, take_snapshot
from core.types import utc_now

MARGIN = 16 * 1024 * 1024  # room that a backup leaves free


def make_backup(database: Database, places: Places, told: Callable[[int, int], None]) -> Backup:
    """Make a backup; `told` hears bytes done and bytes in all, as far as they are known.

    Raises CareBusy, StoreFull before anything is written, and StoreError. What was begun is taken
    away then; what a killed process had begun goes at the next backup.
    """
    with (
        alone_in(places.data),
        alone_in(places.backups),
        disk_explained(places.backups),
    ):
        sweep(places)
        total = _require_room(database, places)
        folder = _new_folder(places.backups)
        try:
            return _Maker(database, places, folder, _Progress(told, total)).make()
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


@dataclass
class _Progress:
    told: Callable[[int, int], None]
    total: int
    done: int = 0

    def add(self, count: int) -> None:
        self.done += count
        self.told(self.done, max(self.total, self.done))


@dataclass
class _Pictures:
    stored: list[Stored] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    new_bytes: int = 0


@dataclass
class _Maker:
    database: Database
    places: Places
    folder: Path
    progress: _Progress

    def make(self) -> Backup:
        moment, began = utc_now(), time.monotonic()
        self._copy_database()
        content = content_of(self.folder / DATABASE)
        pictures = self._keep_pictures(content.pictures)
        write_pictures(self.folder, pictures.stored)
        workflows = self._copy_workflows()
        manifest = Manifest(
            id=self.folder.name,
            created_at=moment,
            schema_step=content.schema_step,
            runs=content.runs,
            pictures=len(pictures.stored),
            uploads=content.uploads,
            workflows=len(workflows),
            missing=tuple(pictures.missing),
            database_bytes=(self.folder / DATABASE).stat().st_size,
            picture_bytes=sum(picture.bytes for picture in pictures.stored),
            new_picture_bytes=pictures.new_bytes,
            took_s=round(time.monotonic() - began, 3),
            files={name: self._file(name) for name in (DATABASE, PICTURES, *workflows)},
        )
        settle(self.folder)
        write_manifest(self.folder, manifest)
        settle(self.places.backups)
        return manifest.backup(self.folder)

    def _copy_database(self) -> None:
        path, done = self.folder / DATABASE, 0

        def told(pages: int, of: int) -> None:
            nonlocal done
            share = self._database_bytes * pages // max(of, 1)
            self.progress.add(share - done)
            done = share

        take_snapshot(self.database, path, told)
        settle(path)

    @property
    def _database_bytes(self) -> int:
        return self.places.database.stat().st_size

    def _keep_pictures(self, named: dict[str, int | None]) -> _Pictures:
        """Have every picture of `named` in the shared folder."""
        pictures, touched = _Pictures(), set[Path]()
        for sha256, size in sorted(named.items()):
            path = self._already(sha256, size)
            if path is None:
                path = self._copy_picture(sha256)
                if path is None:
                    pictures.missing.append(sha256)
                    continue
                pictures.new_bytes += path.stat().st_size
                touched.add(path.parent)
                self.progress.add(path.stat().st_size)
            entry = Stored(name=path.name, sha256=sha256, bytes=path.stat().st_size)
            pictures.stored.append(entry)
        for folder in touched:
            settle(folder)
        if touched:
            settle(self.places.pool)
        return pictures

    def _already(self, sha256: str, size: int | None) -> Path | None:
        path = picture_in(self.places.pool, sha256)
        return path if path and size in (None, path.stat().st_size) else None

    def _copy_picture(self, sha256: str) -> Path | None:
        """Copy it into the shared folder; None where it is gone, or is not what it was."""
        source = picture_in(self.places.images, sha256)
        if source is None:
            return None
        target = self.places.pool / sha256[:2] / source.name
        try:
            copy_whole(source, target, sha256=sha256)
        except (Altered, FileNotFoundError):
            return None
        return target

    def _copy_workflows(self) -> list[str]:
        """Copy the workflows that people added; their paths within the backup."""
        names = []
        for source in files_below(self.places.workflows):
            name = (Path(WORKFLOWS) / source.relative_to(self.places.workflows)).as_posix()
            copy_whole(source, self.folder / name)
            names.append(name)
        return names

    def _file(self, name: str) -> File:
        path = self.folder / name
        return File(sha256=sha256_of(path), bytes=path.stat().st_size)


def _require_room(database: Database, places: Places) -> int:
    """The bytes that a backup will write now. Raises StoreFull where they would not fit."""
    with database.read() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
        named = named_pictures(connection)
    new = sum(size or 0 for sha256, size in named.items() if not picture_in(places.pool, sha256))
    needed = pages * page_bytes + new
    free = shutil.disk_usage(places.backups).free
    if needed + MARGIN > free:
        raise StoreFull(
            f"A backup needs {sized(needed + MARGIN)}, and the disk of {places.backups} has "
            f"{sized(free)} free. Nothing was written. Free some space, or let "
            "PLAYGROUND_BACKUP_DIR name a folder on another disk.",
            details={"needed": needed + MARGIN, "free": free},
        )
    return needed


def _new_folder(backups: Path) -> Path:
    while True:
        folder = backups / identifier(utc_now())
        try:
            folder.mkdir()
        except FileExistsError:  # two within a millisecond, or a clock that was put back
            time.sleep(0.001)
        else:
            return folder
