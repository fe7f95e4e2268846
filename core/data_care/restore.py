"""A backup back in its place: everything is checked and ready before the present data moves.

    data.restoring-<moment>     the new folder while it is being filled
    data.restored-<moment>      the same when it is whole; becomes `data`
    data.before-<moment>        what was there; never deleted here

A restore that is killed leaves the present data as it was. Only between the last two renames
there is no `data` for a moment: `finish_restore` puts the new folder in place then.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.data_care.files import Altered, copy_whole, disk_explained, settle, sized
from core.data_care.in_use import not_in_use
from core.data_care.locks import alone_in
from core.data_care.manifest import (
    DATABASE,
    WORKFLOWS,
    Manifest,
    Stored,
    complete_backups,
    identifier,
    read_manifest,
    read_pictures,
    require_files,
)
from core.data_care.places import Places
from core.data_care.types import Restored
from core.errors import BackupUnusable, RestoreRefused, StoreFull, StoreTooNew
from core.store.snapshot import require_whole, unknown_steps
from core.types import utc_now

LATEST = "latest"
MARGIN = 16 * 1024 * 1024

Told = Callable[[int, int], None]


def restore(
    places: Places, wanted: str, *, replace: bool, accept_missing: bool, told: Told
) -> Restored:
    """Put the backup `wanted` ("latest", its id, or a path) into the data folder.

    `replace` moves what is there aside. `accept_missing` restores a backup some of whose pictures
    are gone or damaged without those. `told` hears bytes done and in all. Raises RestoreRefused
    where there is data and no `replace`, or while something works with it; BackupUnusable,
    StoreTooNew, StoreFull, StoreError. Whatever is raised, the present data is as it was.
    """
    finish_restore(places)
    folder = find(places, wanted)
    _require_place(places, replace=replace)
    parent, lock = places.data.parent, f"{places.data.name}.restore.lock"
    with alone_in(parent, lock), disk_explained(parent):
        manifest = read_manifest(folder)
        pictures = _verified(folder, manifest)
        _require_room(places, manifest, pictures)
        with not_in_use(places):
            pass  # said before the work rather than after it
        return _Restorer(places, folder, manifest, told).put(
            pictures, accept_missing=accept_missing
        )


def find(places: Places, wanted: str) -> Path:
    """The folder of the backup `wanted`. Raises BackupUnusable where there is none."""
    known = complete_backups(places.backups)
    if wanted == LATEST and known:
        return known[0].path
    for backup in known:
        if backup.id == wanted:
            return backup.path
    path = Path(wanted)
    if wanted != LATEST and path.is_dir():
        return path.resolve()
    names = ", ".join(backup.id for backup in known[:5]) or "none"
    raise BackupUnusable(
        f"There is no backup {wanted!r} in {places.backups}. There: {names}.",
        details={"known": [backup.id for backup in known]},
    )


def finish_restore(places: Places) -> bool:
    """Put the new folder in place where a restore was killed right before that; whether so."""
    data = places.data
    if data.exists():
        return False
    ready = sorted(data.parent.glob(f"{data.name}.restored-*"))
    if not ready:
        return False
    moment = ready[-1].name.removeprefix(f"{data.name}.restored-")
    _keep_backups(places, data.with_name(f"{data.name}.before-{moment}"), ready[-1])
    ready[-1].rename(data)
    return True


def _require_place(places: Places, *, replace: bool) -> None:
    if places.data.is_dir() and any(places.data.iterdir()):
        if not replace:
            raise RestoreRefused(
                f"There is data in {places.data}. Nothing was changed. To restore in its place add "
                "--replace: what is there is moved aside, not deleted."
            )
        if os.path.ismount(places.data):
            raise RestoreRefused(
                f"{places.data} is a disk of its own and cannot be moved aside. Nothing was "
                "changed. Let PLAYGROUND_DATA_DIR name an empty folder on it, then restore."
            )


def _verified(folder: Path, manifest: Manifest) -> list[Stored]:
    """The pictures of a backup whose own files are as they were written."""
    require_files(folder, manifest)
    require_whole(folder / DATABASE)
    unknown = unknown_steps(folder / DATABASE)
    if unknown:
        raise StoreTooNew(
            f"The backup {folder.name} comes from a newer version of the playground "
            f"({', '.join(unknown)}). Restore it with that version. Nothing was changed.",
            details={"unknown": unknown},
        )
    return read_pictures(folder)


def _require_room(places: Places, manifest: Manifest, pictures: list[Stored]) -> None:
    needed = sum(file.bytes for file in manifest.files.values())
    needed += sum(picture.bytes for picture in pictures) + MARGIN
    parent = places.data.parent
    parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(parent).free
    if needed > free:
        raise StoreFull(
            f"Restoring needs {sized(needed)}, and the disk of {parent} has {sized(free)} free. "
            "Nothing was changed. Free some space first.",
            details={"needed": needed, "free": free},
        )


@dataclass
class _Restorer:
    places: Places
    folder: Path
    manifest: Manifest
    told: Told

    def put(self, pictures: list[Stored], *, accept_missing: bool) -> Restored:
        data, moment = self.places.data, identifier(utc_now())
        for name in ("restoring", "restored"):  # of restores that were killed or given up
            for left in data.parent.glob(f"{data.name}.{name}-*"):
                shutil.rmtree(left)
        fresh = data.with_name(f"{data.name}.restoring-{moment}")
        ready = data.with_name(f"{data.name}.restored-{moment}")
        fresh.mkdir()
        try:
            missing = self._fill(fresh, pictures, accept_missing=accept_missing)
            fresh.rename(ready)
            settle(data.parent)
            # The lock ends before the new database has the name: closing tidies up by names.
            with not_in_use(self.places):
                aside = self._move_aside(moment)
        except BaseException:
            for folder in (fresh, ready):
                shutil.rmtree(folder, ignore_errors=True)
            raise
        self._move_in(ready, aside)
        return Restored(
            backup=self.manifest.backup(self.folder),
            data=data,
            moved_to=aside,
            missing_pictures=len(missing) + len(self.manifest.missing),
        )

    def _fill(self, fresh: Path, pictures: list[Stored], *, accept_missing: bool) -> list[str]:
        """Copy everything, each file checked on the way; the pictures that could not be had."""
        total, done = sum(picture.bytes for picture in pictures) + self.manifest.database_bytes, 0
        for name, file in self.manifest.files.items():
            if name == DATABASE or name.startswith(f"{WORKFLOWS}/"):
                copy_whole(self.folder / name, fresh / name, sha256=file.sha256)
        pool, images, missing = self.folder.parent / "pictures", fresh / "images", list[str]()
        done += self.manifest.database_bytes
        for picture in pictures:
            try:
                source, target = picture.in_folder(pool), picture.in_folder(images)
                copy_whole(source, target, sha256=picture.sha256)
            except (Altered, FileNotFoundError):
                missing.append(picture.name)
            done += picture.bytes
            self.told(done, total)
        if missing and not accept_missing:
            raise BackupUnusable(
                f"{len(missing)} pictures of the backup {self.folder.name} are gone or damaged "
                f"({', '.join(missing[:3])} …). Nothing was changed. Use another backup, or add "
                "--accept-missing to restore it without them.",
                details={"missing": missing[:100]},
            )
        for inside in (path for path in (fresh, *fresh.rglob("*")) if path.is_dir()):
            settle(inside)
        return missing

    def _move_aside(self, moment: str) -> Path | None:
        """Move the present data out of the way; where to, None where there was none."""
        data = self.places.data
        if not data.is_dir() or os.path.ismount(data):
            return None
        if not any(data.iterdir()):
            data.rmdir()
            return None
        aside = data.with_name(f"{data.name}.before-{moment}")
        data.rename(aside)
        return aside

    def _move_in(self, ready: Path, aside: Path | None) -> None:
        data = self.places.data
        if data.is_dir():  # an empty disk of its own: it is filled rather than replaced
            for path in list(ready.iterdir()):
                shutil.move(path, data / path.name)
            ready.rmdir()
            return
        if aside is not None:
            _keep_backups(self.places, aside, ready)
        ready.rename(data)
        settle(data.parent)


def _keep_backups(places: Places, aside: Path, ready: Path) -> None:
    """Backups that lay in the data folder will lie there again."""
    if not places.backups.is_relative_to(places.data):
        return
    within = places.backups.relative_to(places.data)
    if (aside / within).is_dir() and not (ready / within).exists():
        (ready / within).parent.mkdir(parents=True, exist_ok=True)
        (aside / within).rename(ready / within)
