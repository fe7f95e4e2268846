"""What goes of the backups: old ones, pictures that no other has, and what killed ones left."""

import shutil

from core.data_care.files import disk_explained, files_below
from core.data_care.locks import alone_in
from core.data_care.manifest import MANIFEST, complete_backups, own_folders, read_pictures
from core.data_care.places import Places


def forget_old(places: Places, *, keep: int) -> int:
    """Delete all but the newest `keep` backups, and the pictures that no other has; how many.

    Raises CareBusy and StoreError.
    """
    with alone_in(places.backups), disk_explained(places.backups):
        old = complete_backups(places.backups)[max(keep, 1) :]
        for backup in old:
            (backup.path / MANIFEST).unlink()  # from here on it is none
            shutil.rmtree(backup.path)
        _forget_pictures(places)
        return len(old)


def sweep(places: Places) -> None:
    """Take away what killed backups left. Whoever calls it has the lock of the folder."""
    for folder in own_folders(places.backups):
        if not (folder / MANIFEST).exists():
            shutil.rmtree(folder)
    for path in places.pool.rglob("*.part"):
        path.unlink()


def _forget_pictures(places: Places) -> None:
    """Delete the pictures that no backup has, or none where a backup does not say which it has."""
    kept = {
        picture.name
        for folder in own_folders(places.backups)
        if (folder / MANIFEST).exists()
        for picture in read_pictures(folder)
    }
    for path in files_below(places.pool):
        if path.name not in kept:
            path.unlink()
