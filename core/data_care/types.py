"""What data care tells: backups, checks, what was mended, what takes room.

Sizes are bytes, times UTC, `took_s` seconds on a monotonic clock.
"""

from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import Field

from core.types import Frozen, utc_now


class Backup(Frozen):
    """A complete backup: its manifest is there.

    `id` is its folder's name and sorts by time. `schema_step` is the last migration of its
    database. `runs`, `pictures`, `uploads` and `workflows` count what is in it;
    `missing_pictures` those that its rows name though their files were gone or damaged when it
    was made. `database_bytes` is the copy of the database, `picture_bytes` all its pictures,
    `new_picture_bytes` those that no earlier backup had: backups share their pictures.
    """

    id: str
    path: Path
    created_at: datetime
    schema_step: str
    runs: int
    pictures: int
    uploads: int
    workflows: int
    missing_pictures: int = 0
    database_bytes: int
    picture_bytes: int
    new_picture_bytes: int
    took_s: float


class Restored(Frozen):
    """A backup that is the data folder `data` now; what was there before is in `moved_to`.

    `missing_pictures` are named by rows, but the backup did not have them whole.
    """

    backup: Backup
    data: Path
    moved_to: Path | None
    missing_pictures: int


class Fault(StrEnum):
    """What a check can find. The first three are not mended by `mend`: restore a backup."""

    DATABASE_DAMAGED = "database_damaged"
    PICTURE_MISSING = "picture_missing"  # a row names it, its file is gone
    PICTURE_DAMAGED = "picture_damaged"  # its bytes are not those it is named for (deep checks)
    ROWS_WITHOUT_RUN = "rows_without_run"
    RUNS_NOT_FINDABLE = "runs_not_findable"  # the list's own tables do not have them
    SEARCH_INDEX_DAMAGED = "search_index_damaged"  # (deep checks)
    ORPHAN_PICTURE = "orphan_picture"  # a file that no row names
    STALE_INCOMING = "stale_incoming"  # a dead process was writing it
    ORPHAN_THUMBNAIL = "orphan_thumbnail"  # of a picture that is gone

    @property
    def mendable(self) -> bool:
        """Whether `mend` takes care of it."""
        return self not in (
            Fault.DATABASE_DAMAGED,
            Fault.PICTURE_MISSING,
            Fault.PICTURE_DAMAGED,
        )


class Problem(Frozen):
    """One kind of fault: how many there are, their bytes where they are files, a few of them.

    `message` is an English sentence: what it is, and what to do.
    """

    fault: Fault
    count: int
    bytes: int = 0
    samples: tuple[str, ...] = ()
    message: str


class IntegrityReport(Frozen):
    """What a check found; `problems` is empty where all is well.

    `deep` checks read every picture and the search index as well. `complete` is False where the
    time allowed was over before everything had been looked at. `runs` and `pictures` count what
    was looked at.
    """

    checked_at: datetime = Field(default_factory=utc_now)
    took_s: float
    deep: bool
    complete: bool = True
    runs: int
    pictures: int
    problems: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.problems

    @property
    def mendable(self) -> bool:
        """Whether `mend` can do something about it."""
        return any(problem.fault.mendable for problem in self.problems)


class Mended(Frozen):
    """What `mend` did.

    `orphans_moved` pictures are in `images/orphans/` now, `rows_removed` rows in the file
    `rows_kept_in`; `files_removed` were unfinished files and thumbnails, which hold nothing of
    their own. `runs_made_findable` are in the list's tables again, and `search_index_emptied`
    says that the index is being filled anew. `left` is what a check finds afterwards.
    """

    orphans_moved: int = 0
    orphan_bytes: int = 0
    rows_removed: int = 0
    rows_kept_in: Path | None = None
    files_removed: int = 0
    runs_made_findable: int = 0
    search_index_emptied: bool = False
    left: IntegrityReport


class AgeShare(Frozen):
    """What runs older than `older_than_days` days take: how many, and their pictures' bytes."""

    older_than_days: int
    runs: int
    pictures: int
    picture_bytes: int


class Usage(Frozen):
    """What takes room in the data folder, in bytes, and how many of it there are.

    `database_bytes` counts the write-ahead log too; `database_free_bytes` of it are free pages
    that new runs fill first. `runs_put_away` of `runs` are in no list. `pictures` are files that
    runs made, `uploads` files that people sent. `by_age` has the oldest last.
    `backup_bytes` counts every backup and the pictures they share. `disk_free` and `disk_total`
    are those of the data folder's disk.
    """

    database_bytes: int
    database_free_bytes: int
    runs: int
    runs_put_away: int
    pictures: int
    picture_bytes: int
    uploads: int
    upload_bytes: int
    thumbnail_bytes: int
    orphan_bytes: int
    backups: int
    backup_bytes: int
    disk_free: int
    disk_total: int
    by_age: tuple[AgeShare, ...] = ()
