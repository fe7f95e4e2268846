"""What data care tells: backups, checks, what was mended, what takes room, what is pruned.

Sizes are bytes, times UTC, `took_s` seconds on a monotonic clock.
"""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from core.types import Frozen, utc_now

Kind = Literal["text", "image"]


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


class PruneRule(Frozen):
    """Which runs go. A run goes when any of the first three takes it.

    - `older_than_days`: it was submitted longer ago, and is of one of `kinds`
    - `keep_picture_bytes`: its pictures are not among the newest so many bytes
    - `put_away_after_days`: somebody put it away longer ago; None leaves those alone

    With `spare_judged` (the default) runs stay that have a rating, a vote, a tag or a note. Runs
    that are not over always stay, and so do those that a run which stays repeats (`parent_id`).
    `uploads_after_days`: uploads not sent for so long, from which no run that stays starts, go.
    """

    older_than_days: int | None = Field(default=None, ge=1, le=36_500)
    keep_picture_bytes: int | None = Field(default=None, ge=0)
    put_away_after_days: int | None = Field(default=30, ge=1, le=36_500)
    uploads_after_days: int | None = Field(default=None, ge=1, le=36_500)
    kinds: tuple[Kind, ...] = Field(default=("text", "image"), min_length=1)
    spare_judged: bool = True

    @model_validator(mode="after")
    def _takes_something(self) -> "PruneRule":
        chosen = (
            self.older_than_days,
            self.keep_picture_bytes,
            self.put_away_after_days,
            self.uploads_after_days,
        )
        if all(value is None for value in chosen):
            raise ValueError("a rule needs an age or a size, or nothing would ever go")
        return self


class PruneSample(Frozen):
    """One of the runs that would go."""

    id: str
    created_at: datetime
    kind: Kind
    task: str
    model: str


class PrunePlan(Frozen):
    """What `rule` takes at the moment `made_at`: nothing has been done yet.

    `fingerprint` stands for exactly these runs and uploads: `prune` refuses the plan when the
    rule takes others by then. `spared_judged` and `spared_parents` count the runs that stay
    although their age or size would let them go. `picture_bytes` are freed on the disk at once;
    `database_bytes`, an estimate, become free pages that new runs fill. `samples` are the oldest
    few and the newest few.
    """

    rule: PruneRule
    made_at: datetime
    fingerprint: str
    runs: int
    text_runs: int
    image_runs: int
    put_away: int
    uploads: int
    pictures: int
    picture_bytes: int
    database_bytes: int
    spared_judged: int
    spared_parents: int
    oldest: datetime | None = None
    newest: datetime | None = None
    samples: tuple[PruneSample, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to prune."""
        return not self.runs and not self.uploads


class Pruned(Frozen):
    """What `prune` took away. `spared` runs were judged or repeated since the plan was made.

    `pictures_left` are files that a run under way may be about to name: a check finds them later
    if it did not.
    """

    runs: int
    uploads: int
    pictures: int
    picture_bytes: int
    spared: int = 0
    pictures_left: int = 0
    database_free_bytes: int
    took_s: float
