"""What a backup is made of, in a file that is written last: without it there is no backup.

backups/pictures/ab/abcdef….png          shared by all backups, each picture once
backups/2026-11-24T02-17-20.123Z/
    playground.db                        the database at that moment
    pictures.txt                         the pictures that belong to it: name and bytes
    workflows/…                          the workflows that people added
    manifest.json                        written when all of that is on the disk
"""

import logging
import re
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from core.data_care.files import sha256_of, write_whole
from core.data_care.types import Backup
from core.errors import BackupUnusable
from core.types import Frozen

MANIFEST = "manifest.json"
DATABASE = "playground.db"
PICTURES = "pictures.txt"
WORKFLOWS = "workflows"

log = logging.getLogger("playground.data_care")

_ID = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z", re.ASCII)
_LINE = re.compile(r"(?P<name>(?P<sha256>[0-9a-f]{64})\.(?:png|jpeg|webp)) (?P<bytes>\d+)")


class File(Frozen):
    """A file of the backup's own folder, as it was written."""

    sha256: str
    bytes: int


class Manifest(Frozen):
    """`files` by path within the backup's folder; `missing` pictures by SHA-256; else as Backup."""

    layout: Literal[1] = 1
    id: str
    created_at: datetime
    schema_step: str
    runs: int
    pictures: int
    uploads: int
    workflows: int
    missing: tuple[str, ...]
    database_bytes: int
    picture_bytes: int
    new_picture_bytes: int
    took_s: float
    files: dict[str, File]

    def backup(self, folder: Path) -> Backup:
        """The backup in `folder` as it is told."""
        values = self.model_dump(exclude={"layout", "files", "missing"})
        return Backup(path=folder, missing_pictures=len(self.missing), **values)


class Stored(Frozen):
    """A picture that a backup has, in the folder that backups share."""

    name: str
    sha256: str
    bytes: int

    def in_folder(self, folder: Path) -> Path:
        """Its place in a folder of pictures."""
        return folder / self.sha256[:2] / self.name


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Make `folder` a backup."""
    write_whole(folder / MANIFEST, manifest.model_dump_json(indent=1))


def read_manifest(folder: Path) -> Manifest:
    """What the backup in `folder` is made of. Raises BackupUnusable where it is incomplete."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise BackupUnusable(
            f"{folder} is no complete backup: it has no {MANIFEST}. Use another one."
        ) from None
    except (OSError, ValidationError) as error:
        raise BackupUnusable(
            f"The {MANIFEST} of the backup {folder} cannot be read. Use another one."
        ) from error


def write_pictures(folder: Path, pictures: list[Stored]) -> None:
    """Note which of the shared pictures belong to the backup in `folder`."""
    lines = [f"{picture.name} {picture.bytes}\n" for picture in pictures]
    write_whole(folder / PICTURES, "".join(lines))


def read_pictures(folder: Path) -> list[Stored]:
    """The pictures of the backup in `folder`. Raises BackupUnusable."""
    try:
        lines = (folder / PICTURES).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupUnusable(f"The backup {folder} has no readable {PICTURES}.") from error
    found = [_LINE.fullmatch(line) for line in lines]
    if None in found:
        raise BackupUnusable(f"The {PICTURES} of the backup {folder} is damaged.")
    return [Stored.model_validate(match.groupdict()) for match in found if match]


def require_files(folder: Path, manifest: Manifest) -> None:
    """Raise BackupUnusable unless the backup's own files are as they were written."""
    for name, file in manifest.files.items():
        path = folder / name
        try:
            same = path.stat().st_size == file.bytes and sha256_of(path) == file.sha256
        except OSError:
            same = False
        if not same or not path.resolve().is_relative_to(folder.resolve()):
            raise BackupUnusable(
                f"{path} is not as it was backed up. Use another backup.", details={"file": name}
            )


def complete_backups(backups: Path) -> list[Backup]:
    """The backups in the folder `backups`, the newest first; the log tells of unreadable ones."""
    found = []
    for folder in own_folders(backups):
        if (folder / MANIFEST).is_file():
            try:
                found.append(read_manifest(folder).backup(folder))
            except BackupUnusable as error:
                log.warning("backup left out", extra={"error": error.message})
    return sorted(found, key=lambda backup: backup.id, reverse=True)


def own_folders(backups: Path) -> list[Path]:
    """The folders in `backups` that are named as backups are, complete or not."""
    if not backups.is_dir():
        return []
    return [path for path in backups.iterdir() if _ID.fullmatch(path.name) and path.is_dir()]


def identifier(moment: datetime) -> str:
    """The name of a backup begun at `moment` (UTC): sorts by time, and is a name everywhere."""
    return f"{moment:%Y-%m-%dT%H-%M-%S}.{moment.microsecond // 1000:03d}Z"
