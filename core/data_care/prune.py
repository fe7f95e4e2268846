"""Old runs taken away for good: a plan to look at first, then exactly that, beside the runs."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from core.data_care.files import disk_explained, picture_in
from core.data_care.locks import alone_in
from core.data_care.picture_files import (
    PictureFile,
    as_file,
    put_all_back,
    remove_thumbnails,
    take_out,
)
from core.data_care.places import Places
from core.data_care.prune_types import Pruned, PrunePlan, PruneRule, PruneSample
from core.errors import PlanOutdated
from core.store import Database
from core.store.pruning import Going, going
from core.store.pruning_choice import Choice
from core.types import utc_now

SAMPLES = 5  # at each end
PAUSE_SHARE = 2.0  # of the time that a step took: runs get the rest of the machine
JUST_KEPT_S = 60.0

_COUNTS = (
    "SELECT count(*) AS runs, total(r.kind = 'text') AS text_runs, "
    "total(r.kind = 'image') AS image_runs, total(g.why = 'put_away') AS put_away, "
    "min(r.created_at) AS oldest, max(r.created_at) AS newest "
    "FROM temp.going g JOIN runs r ON r.id = g.id"
)
_PICTURES = (
    "SELECT count(*) AS pictures, total(bytes) AS picture_bytes FROM ("
    "SELECT sha256, max(bytes) AS bytes FROM ("
    "SELECT sha256, bytes FROM images WHERE run_id IN (SELECT id FROM temp.going) UNION ALL "
    "SELECT sha256, bytes FROM uploads WHERE sha256 IN (SELECT id FROM temp.going_uploads)) "
    "GROUP BY sha256) AS made "
    "WHERE sha256 NOT IN (SELECT id FROM temp.staying_sources) "
    "AND NOT EXISTS (SELECT 1 FROM images i WHERE i.sha256 = made.sha256 "
    "AND i.run_id NOT IN (SELECT id FROM temp.going)) "
    "AND NOT EXISTS (SELECT 1 FROM uploads u WHERE u.sha256 = made.sha256 "
    "AND u.sha256 NOT IN (SELECT id FROM temp.going_uploads))"
)
_SAMPLES = (
    "SELECT r.id, r.created_at, r.kind, r.task, r.model FROM temp.going g "
    "JOIN runs r ON r.id = g.id ORDER BY g.id"
)


def plan_prune(database: Database, rule: PruneRule) -> PrunePlan:
    """What `rule` would take now. Raises StoreError."""
    moment = utc_now()
    with going(database, _choice(rule, moment)) as chosen:
        counts = chosen.rows(_COUNTS)[0]
        pictures = chosen.rows(_PICTURES)[0]
        return PrunePlan(
            rule=rule,
            made_at=moment,
            fingerprint=chosen.fingerprint,
            runs=counts["runs"],
            text_runs=int(counts["text_runs"]),
            image_runs=int(counts["image_runs"]),
            put_away=int(counts["put_away"]),
            uploads=chosen.count("SELECT count(*) FROM temp.going_uploads"),
            pictures=pictures["pictures"],
            picture_bytes=int(pictures["picture_bytes"]),
            database_bytes=_share_of_database(chosen, counts["runs"]),
            spared_judged=chosen.spared_judged,
            spared_parents=chosen.spared_parents,
            oldest=counts["oldest"],
            newest=counts["newest"],
            samples=_samples(chosen),
        )


def prune(
    database: Database, places: Places, plan: PrunePlan, told: Callable[[int, int], None]
) -> Pruned:
    """Take away what `plan` shows; `told` hears runs done and in all.

    A kill in the middle leaves runs whole or gone, and at most pictures without a run, which a
    check finds. Raises CareBusy, PlanOutdated and StoreError.
    """
    with (
        alone_in(places.data),
        going(database, _choice(plan.rule, plan.made_at)) as chosen,
    ):
        if chosen.fingerprint != plan.fingerprint:
            raise PlanOutdated(
                "The runs that this rule takes have changed since the preview: some were rated, "
                "noted, repeated or removed meanwhile. Nothing was removed. Make a new preview."
            )
        with disk_explained(places.images):
            put_all_back(places)
        return _Pruner(places, chosen, plan, told).run()


@dataclass
class _Pruner:
    places: Places
    chosen: Going
    plan: PrunePlan
    told: Callable[[int, int], None]
    began: float = field(default_factory=time.monotonic)
    runs: int = 0
    spared: int = 0
    pictures: int = 0
    picture_bytes: int = 0
    left: int = 0

    def run(self) -> Pruned:
        step = time.monotonic()
        for taken in self.chosen.take_runs():
            self.runs += len(taken.runs)
            self.spared += len(taken.spared)
            self._remove_pictures(taken.pictures)
            self.told(self.runs + self.spared, self.plan.runs)
            time.sleep((time.monotonic() - step) * PAUSE_SHARE)
            step = time.monotonic()
        uploads = self.chosen.take_uploads()
        self._remove_pictures(uploads)
        self.chosen.take_labels()
        return Pruned(
            runs=self.runs,
            uploads=len(uploads),
            pictures=self.pictures,
            picture_bytes=self.picture_bytes,
            spared=self.spared,
            pictures_left=self.left,
            database_free_bytes=_free_bytes(self.chosen),
            took_s=round(time.monotonic() - self.began, 3),
        )

    def _remove_pictures(self, pictures: Iterable[str]) -> None:
        with disk_explained(self.places.images):
            self._remove(pictures)

    def _remove(self, pictures: Iterable[str]) -> None:
        """Delete those of these pictures that no row names now, and their thumbnails."""
        unnamed = self.chosen.unnamed(list(pictures))
        paths = [path for one in sorted(unnamed) if (path := picture_in(self.places.images, one))]
        files = [file for path in paths if (file := as_file(path, path.stem)) is not None]
        for file in take_out(files, self.places, self._may_go):
            file.path.unlink()
            remove_thumbnails(self.places, file.sha256)
            self.pictures += 1
            self.picture_bytes += file.bytes

    def _may_go(self, files: list[PictureFile]) -> set[str]:
        """Those that nothing names, and that no run can be about to name."""
        drawing = self.chosen.drawing()  # first: what a run names is in the rows once it is over
        unnamed = self.chosen.unnamed([file.sha256 for file in files])
        kept = [
            file for file in files if file.age_s < JUST_KEPT_S or (drawing and not file.settled)
        ]
        self.left += sum(file.sha256 in unnamed for file in kept)
        return unnamed - {file.sha256 for file in kept}


def _choice(rule: PruneRule, moment: datetime) -> Choice:
    return Choice.at(
        moment,
        kinds=rule.kinds,
        spare_judged=rule.spare_judged,
        run_days=rule.older_than_days,
        put_away_days=rule.put_away_after_days,
        upload_days=rule.uploads_after_days,
        picture_bytes=rule.keep_picture_bytes,
    )


def _samples(chosen: Going) -> tuple[PruneSample, ...]:
    oldest = chosen.rows(f"{_SAMPLES} LIMIT {SAMPLES}")
    newest = chosen.rows(f"{_SAMPLES} DESC LIMIT {SAMPLES}")
    by_id = {row["id"]: row for row in (*oldest, *newest)}
    return tuple(PruneSample(**by_id[name]) for name in sorted(by_id))


def _share_of_database(chosen: Going, runs: int) -> int:
    """About what so many runs take in the database: all are taken to be of one size."""
    total = chosen.count("SELECT count(*) FROM runs")
    size = chosen.count("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    return (size - _free_bytes(chosen)) * runs // total if total else 0


def _free_bytes(chosen: Going) -> int:
    return chosen.count(
        "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size"
    )
