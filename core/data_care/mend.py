"""Putting right what a check found, without losing anything that a person made.

Files that no row names are moved, rows whose run is gone are written to a file before they are
taken out. Only what is made anew by itself is deleted: thumbnails and unfinished files.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.data_care.check import Findings, look
from core.data_care.files import disk_explained, write_whole
from core.data_care.locks import alone_in
from core.data_care.manifest import identifier
from core.data_care.picture_files import (
    PictureFile,
    put_all_back,
    remove_thumbnails,
    take_out,
)
from core.data_care.places import Places
from core.data_care.types import Fault, Mended
from core.store import Database
from core.store.integrity import (
    empty_search_index,
    lost_rows,
    number_runs,
    remove_lost,
)
from core.store.named import named_pictures
from core.types import utc_now


def mend(database: Database, places: Places, told: Callable[[int, int], None]) -> Mended:
    """Check deeply, mend, and look again. Raises CareBusy and StoreError.

    A database that is damaged is left as it is: nothing can be told from it.
    """
    with alone_in(places.data), disk_explained(places.images):
        put_all_back(places)
        found = look(database, places, deep=True, told=told)
        faults = {problem.fault for problem in found.report.problems}
        if Fault.DATABASE_DAMAGED in faults:
            return Mended(left=found.report)
        mender = _Mender(database, places, found)
        damaged = Fault.SEARCH_INDEX_DAMAGED in faults
        if damaged:
            empty_search_index(database)
        rows, kept_in = mender.remove_rows()
        numbered = mender.number_runs() if Fault.RUNS_NOT_FINDABLE in faults else 0
        removed = mender.remove_leftovers()
        moved = mender.move_orphans()
        return Mended(
            orphans_moved=len(moved),
            orphan_bytes=sum(file.bytes for file in moved),
            rows_removed=rows,
            rows_kept_in=kept_in,
            files_removed=removed,
            runs_made_findable=numbered,
            search_index_emptied=damaged,
            left=look(database, places, deep=False, told=told).report,
        )


@dataclass
class _Mender:
    database: Database
    places: Places
    found: Findings

    def remove_rows(self) -> tuple[int, Path | None]:
        """Take rows without a run out, once they are in a file: how many, and which file."""
        if not self.found.lost:
            return 0, None
        with self.database.read() as connection:
            rows = {}
            for one in self.found.lost:
                rows.setdefault(one.table, []).extend(lost_rows(connection, one))
        folder = self.places.data / "mended"
        folder.mkdir(exist_ok=True)
        path = folder / f"rows-{identifier(utc_now())}.json"
        write_whole(path, json.dumps(rows, ensure_ascii=False, indent=1))
        removals = [
            self.database.write(partial(remove_lost, reference=one, run_ids=ids))
            for one, ids in self.found.lost.items()
        ]
        return sum(removal.result() for removal in removals), path

    def number_runs(self) -> int:
        """Number runs that have no number, a few thousand at a time; how many."""
        count = 0
        while done := self.database.write(number_runs).result():
            count += done
        return count

    def remove_leftovers(self) -> int:
        """Remove unfinished files and thumbnails of nothing; how many."""
        for file in self.found.stale:
            file.path.unlink(missing_ok=True)
        return len(self.found.stale)

    def move_orphans(self) -> list[PictureFile]:
        """Move pictures that no row names to a folder of their own; those that went."""
        moved = take_out(self.found.orphans, self.places, self._still_orphans)
        if moved:
            self.places.orphans.mkdir(exist_ok=True)
        for file in moved:
            file.path.rename(self.places.orphans / file.path.name)
            remove_thumbnails(self.places, file.sha256)
        return moved

    def _still_orphans(self, files: list[PictureFile]) -> set[str]:
        with self.database.read() as connection:
            named = named_pictures(connection)
        return {file.sha256 for file in files if file.settled and file.sha256 not in named}
