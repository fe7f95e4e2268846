"""Looking whether all that is kept is whole. Nothing is changed, and nobody is held up."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from core.data_care.files import disk_explained, sha256_of
from core.data_care.picture_files import Listing, PictureFile, listing
from core.data_care.places import Places
from core.data_care.types import Fault, IntegrityReport, Problem
from core.errors import StoreCorrupt
from core.store import Database
from core.store.faults import RESTORE
from core.store.integrity import (
    Reference,
    look_at_pages,
    lost_references,
    search_index_damage,
    unnumbered,
)
from core.store.named import named_pictures

SAMPLES = 10
LONGEST_S = 3600.0

_MESSAGES = {
    Fault.DATABASE_DAMAGED: (
        "The database is damaged. Stop the playground and restore the last backup: " + RESTORE
    ),
    Fault.PICTURE_MISSING: (
        "Pictures that runs name are gone. Copy them back from a backup's `pictures` folder into "
        "`images`, or make them again; their runs are kept."
    ),
    Fault.PICTURE_DAMAGED: (
        "Pictures do not hold what they held when they were kept. Copy them back from a backup's "
        "`pictures` folder into `images`, or make them again."
    ),
    Fault.ROWS_WITHOUT_RUN: "Rows belong to runs that are gone. Mending puts them in a file.",
    Fault.RUNS_NOT_FINDABLE: "Runs are in no list. Mending puts them back into the lists.",
    Fault.SEARCH_INDEX_DAMAGED: "The search index is damaged. Mending fills it anew.",
    Fault.ORPHAN_PICTURE: (
        "Pictures belong to no run and no upload. Mending moves them to `images/orphans`."
    ),
    Fault.STALE_INCOMING: "Unfinished files were left behind. Mending removes them.",
    Fault.ORPHAN_THUMBNAIL: "Small previews of pictures that are gone. Mending removes them.",
}


@dataclass
class Findings:
    """What a check found, in the form in which mending takes it up."""

    report: IntegrityReport
    lost: dict[Reference, list[str]]
    orphans: list[PictureFile]
    stale: list[PictureFile]


def look(
    database: Database,
    places: Places,
    *,
    deep: bool,
    told: Callable[[int, int], None],
    thorough: bool = True,
    seconds: float = LONGEST_S,
    stopped: Callable[[], bool] = lambda: False,
) -> Findings:
    """Look at everything, about `seconds` at most or until `stopped` says so; `thorough` compares
    indexes with their tables.

    `told` hears how many pictures of all were looked at. Raises StoreError where the disk does not
    play along; a damaged database is a finding.
    """
    check = _Check(database, places, deep, told, seconds, stopped)
    return check.run(thorough=thorough)


@dataclass
class _Check:
    database: Database
    places: Places
    deep: bool
    told: Callable[[int, int], None]
    seconds: float
    stopped: Callable[[], bool]
    began: float = field(default_factory=time.monotonic)
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True
    lost: dict[Reference, list[str]] = field(default_factory=dict)
    runs: int = 0

    def run(self, *, thorough: bool) -> Findings:
        listed = Listing()
        orphans: list[PictureFile] = []
        stale: list[PictureFile] = []
        try:
            self._look_at_pages(thorough=thorough)
            self._look_at_rows()
            with disk_explained(self.places.images):
                named_before = self._named()
                listed = listing(self.places)
                named = self._named()
                self._look_for_missing(set(named_before) & set(named), listed)
                orphans = self._orphans(named, listed)
                stale = self._leftovers(listed)
                if self.deep:
                    self._look_into_pictures(list(listed.pictures.values()))
        except StoreCorrupt as error:
            self._tell(Fault.DATABASE_DAMAGED, [error.message])
        return Findings(
            report=IntegrityReport(
                took_s=round(time.monotonic() - self.began, 3),
                deep=self.deep,
                complete=self.complete,
                runs=self.runs,
                pictures=len(listed.pictures),
                problems=tuple(self.problems),
            ),
            lost=self.lost,
            orphans=orphans,
            stale=stale,
        )

    def _look_at_pages(self, *, thorough: bool) -> None:
        pages = look_at_pages(
            self.database, thorough=thorough, seconds=self._time_left(), stopped=self.stopped
        )
        self.complete = self.complete and pages.complete
        self._tell(Fault.DATABASE_DAMAGED, pages.found)
        if self.deep:
            index = search_index_damage(self.database, seconds=self._time_left())
            self.complete = self.complete and index.complete
            self._tell(Fault.SEARCH_INDEX_DAMAGED, index.found)

    def _look_at_rows(self) -> None:
        with self.database.read() as connection:
            self.runs = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
            self.lost = lost_references(connection)
            count, ids = unnumbered(connection)
        rows = [f"{one.table}: {run}" for one, runs in self.lost.items() for run in runs]
        self._tell(Fault.ROWS_WITHOUT_RUN, rows)
        self._tell(Fault.RUNS_NOT_FINDABLE, ids, count=count)

    def _named(self) -> dict[str, int | None]:
        with self.database.read() as connection:
            return named_pictures(connection)

    def _look_for_missing(self, named: set[str], listed: Listing) -> None:
        """Named before and after the files were listed: one that was pruned meanwhile is none."""
        away = {file.sha256 for file in listed.left}
        self._tell(Fault.PICTURE_MISSING, sorted(named - set(listed.pictures) - away))

    def _orphans(self, named: dict[str, int | None], listed: Listing) -> list[PictureFile]:
        files = listed.pictures.values()
        orphans = [file for file in files if file.sha256 not in named and file.settled]
        self._tell_files(Fault.ORPHAN_PICTURE, orphans)
        return orphans

    def _leftovers(self, listed: Listing) -> list[PictureFile]:
        incoming = [file for file in (*listed.incoming, *listed.left) if file.settled]
        self._tell_files(Fault.STALE_INCOMING, incoming)
        there = listed.pictures.keys()
        thumbnails = [
            file for file in listed.thumbnails if file.sha256 not in there and file.settled
        ]
        self._tell_files(Fault.ORPHAN_THUMBNAIL, thumbnails)
        return [file for file in (*incoming, *thumbnails) if file not in listed.left]

    def _look_into_pictures(self, files: list[PictureFile]) -> None:
        damaged = []
        for done, file in enumerate(files, 1):
            if self._time_left() <= 0:
                self.complete = False
                break
            try:
                if sha256_of(file.path) != file.sha256:
                    damaged.append(file)
            except FileNotFoundError:  # pruned meanwhile
                continue
            self.told(done, len(files))
        self._tell_files(Fault.PICTURE_DAMAGED, damaged)

    def _time_left(self) -> float:
        if self.stopped():
            return 0
        return max(self.began + self.seconds - time.monotonic(), 0)

    def _tell_files(self, fault: Fault, files: list[PictureFile]) -> None:
        size = sum(file.bytes for file in files)
        self._tell(fault, [file.path.name for file in files], size=size)

    def _tell(
        self, fault: Fault, found: Iterable[str], *, count: int | None = None, size: int = 0
    ) -> None:
        samples = list(found)
        if samples:
            problem = Problem(
                fault=fault,
                count=len(samples) if count is None else count,
                bytes=size,
                samples=tuple(samples[:SAMPLES]),
                message=_MESSAGES[fault],
            )
            self.problems.append(problem)
