"""A check finds what is wrong, says so in a sentence, and mending loses nothing."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.data_care import DataCare, Fault, IntegrityReport, left_open
from core.data_care.locks import alone_in
from core.errors import CareBusy
from core.listing import RunFilter
from core.run import Run
from core.services import build_services
from core.store import Database, RunList
from core.types import RunStatus
from tests.care_kit import Kept, age, colour, kept_in, settings_for, shown
from tests.factories import make_run


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with kept_in(tmp_path / "data") as kept:
        yield kept


def faults(report: IntegrityReport) -> dict[Fault, int]:
    return {problem.fault: problem.count for problem in report.problems}


def orphan(kept: Kept, seed: int, *, hours: float = 3) -> str:
    """A picture that no row names; its SHA-256."""
    sha256 = kept.pictures.keep(colour(seed)).sha256
    age(kept.pictures.path(sha256), hours=hours)
    return sha256


def without_run(kept: Kept) -> Run:
    """A run that somebody deleted by hand, with what people had said of it."""
    run = kept.text()
    kept.rate(run)
    kept.note(run)
    kept.change("DELETE FROM runs WHERE id = ?", (run.id,))
    return run


def test_all_is_well_where_nothing_was_done_by_hand(kept: Kept) -> None:
    run = kept.picture(1)
    kept.upload(2)
    kept.rate(kept.text())
    kept.pictures.thumbnail(shown(run), 160)
    report = kept.care.check(deep=True)
    assert report.ok
    assert (report.runs, report.pictures, report.complete) == (2, 2, True)


def test_a_picture_that_is_gone_is_told_with_its_name(kept: Kept) -> None:
    sha256 = shown(kept.picture(1))
    kept.pictures.path(sha256).unlink()
    problem = kept.care.check().problems[0]
    assert (problem.fault, problem.samples) == (Fault.PICTURE_MISSING, (sha256,))
    assert "backup" in problem.message
    assert not problem.fault.mendable


def test_the_run_of_a_picture_that_is_gone_stays(kept: Kept) -> None:
    run = kept.picture(1)
    kept.pictures.path(shown(run)).unlink()
    assert faults(kept.care.mend().left) == {Fault.PICTURE_MISSING: 1}
    assert kept.store.get(run.id) == run


def test_a_source_that_is_gone_is_missed_too(kept: Kept) -> None:
    kept.picture(1, payload={"prompt": "밝게", "source_sha256": "ab" * 32})
    assert faults(kept.care.check()) == {Fault.PICTURE_MISSING: 1}


def test_only_a_deep_check_reads_what_is_in_a_picture(kept: Kept) -> None:
    path = kept.pictures.path(shown(kept.picture(1)))
    path.write_bytes(colour(2))
    assert kept.care.check().ok
    assert faults(kept.care.check(deep=True)) == {Fault.PICTURE_DAMAGED: 1}


def test_pictures_that_no_row_names_are_moved_and_can_come_back(kept: Kept) -> None:
    sha256 = orphan(kept, 1)
    assert faults(kept.care.check()) == {Fault.ORPHAN_PICTURE: 1}
    mended = kept.care.mend()
    assert (mended.orphans_moved, mended.left.ok) == (1, True)
    moved = kept.places.orphans / f"{sha256}.png"
    assert moved.read_bytes() == colour(1)
    assert kept.care.usage().orphan_bytes == mended.orphan_bytes == len(colour(1))


def test_a_picture_that_was_just_written_is_no_orphan(kept: Kept) -> None:
    """Its run is about to write the row that names it."""
    sha256 = orphan(kept, 1, hours=0.5)
    assert kept.care.check().ok
    assert kept.care.mend().orphans_moved == 0
    assert kept.pictures.has(sha256)


def test_an_orphan_that_is_kept_again_is_none_any_more(kept: Kept) -> None:
    sha256 = orphan(kept, 1)
    kept.pictures.keep(colour(1))
    assert kept.care.mend().orphans_moved == 0
    assert kept.pictures.has(sha256)


def test_unfinished_files_and_previews_of_nothing_are_removed(kept: Kept) -> None:
    sha256 = shown(kept.picture(1))
    thumbnail = kept.pictures.thumbnail(sha256, 160)
    age(thumbnail)
    other = thumbnail.with_name(f"{'ab' * 32}-160.webp")
    unfinished, young = (kept.places.images / "incoming" / name for name in ("tmp1", "tmp2"))
    for path in (other, unfinished, young):
        path.write_bytes(b"half")
    for path in (other, unfinished):
        age(path)
    found = faults(kept.care.check())
    assert found == {Fault.ORPHAN_THUMBNAIL: 1, Fault.STALE_INCOMING: 1}
    assert kept.care.mend().files_removed == 2
    assert [path.exists() for path in (thumbnail, other, unfinished, young)] == [
        True,
        False,
        False,
        True,
    ]


def test_a_picture_that_was_leaving_when_a_process_died_gets_its_place_again(kept: Kept) -> None:
    sha256 = shown(kept.picture(1))
    kept.places.leaving.mkdir()
    path = kept.pictures.path(sha256)
    path.rename(kept.places.leaving / path.name)
    assert Fault.PICTURE_MISSING not in faults(kept.care.check())
    assert kept.care.mend().left.ok
    assert kept.pictures.open(sha256)


def test_rows_without_a_run_are_kept_in_a_file_before_they_go(kept: Kept) -> None:
    run, whole = without_run(kept), kept.text()
    kept.rate(whole)
    problem = kept.care.check().problems[0]
    assert problem.fault is Fault.ROWS_WITHOUT_RUN
    assert f"notes: {run.id}" in problem.samples
    mended = kept.care.mend()
    assert mended.left.ok
    assert mended.rows_kept_in
    rows = json.loads(mended.rows_kept_in.read_text(encoding="utf-8"))
    assert rows["ratings"][0]["comment"] == "좋아요"
    assert rows["notes"][0]["text"] == "다시 볼 것"
    assert mended.rows_removed == sum(len(of_table) for of_table in rows.values())
    assert len(kept.opinions.ratings(whole.id)) == 1


def test_every_table_that_names_a_run_is_looked_at(kept: Kept) -> None:
    run, other = kept.text(), kept.text()
    kept.vote(other, run)
    kept.opinions.tag(run.id, "후보").result()
    kept.opinions.delete([run.id]).result()
    kept.change("INSERT INTO stop_requests VALUES (?, '2026')", (run.id,))
    kept.change("DELETE FROM runs WHERE id = ?", (run.id,))
    samples = kept.care.check().problems[0].samples
    tables = {sample.partition(":")[0] for sample in samples}
    assert tables == {"deleted_runs", "run_numbers", "stop_requests", "tags", "votes"}


def test_runs_that_no_list_has_are_put_back_into_the_lists(kept: Kept) -> None:
    run = kept.text()
    kept.change("DELETE FROM run_numbers")
    assert faults(kept.care.check()) == {Fault.RUNS_NOT_FINDABLE: 1}
    assert kept.care.mend().runs_made_findable == 1
    kept.index()
    assert RunList(kept.database).ids(RunFilter(q="텀블러"), limit=5) == [run.id]


def test_a_damaged_search_index_is_filled_anew(kept: Kept) -> None:
    runs = [kept.text(output=f"문장 {number} 텀블러 " * 20) for number in range(40)]
    kept.change("UPDATE run_words_data SET block = zeroblob(40) WHERE id > 10")
    assert Fault.SEARCH_INDEX_DAMAGED in faults(kept.care.check(deep=True))
    mended = kept.care.mend()
    assert mended.search_index_emptied
    kept.index()
    assert kept.care.check(deep=True).ok
    found = RunList(kept.database).ids(RunFilter(q="텀블러"), limit=100)
    assert set(found) == {run.id for run in runs}


def test_damaged_pages_are_told_with_the_way_back(kept: Kept) -> None:
    for _ in range(40):
        kept.text(output="한 줄 " * 2_000)
    damage(kept.places.database, "runs_list")
    problem = kept.care.check().problems[0]
    assert problem.fault is Fault.DATABASE_DAMAGED
    assert "python -m core.care restore" in problem.message
    mended = kept.care.mend()
    assert (mended.orphans_moved, mended.rows_removed, mended.left.ok) == (0, 0, False)


def damage(path: Path, name: str) -> None:
    """Overwrite the root page of a table or an index."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sql = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        page = connection.execute(sql, [name]).fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)


def test_the_last_report_is_known_after_a_start(kept: Kept, tmp_path: Path) -> None:
    assert kept.care.last_check is None
    orphan(kept, 1)
    report = kept.care.check()
    again = DataCare(kept.settings, kept.database)
    assert again.last_check == report
    assert not report.ok


def test_mending_waits_for_nobody(kept: Kept) -> None:
    with alone_in(kept.places.data), pytest.raises(CareBusy):
        kept.care.mend()


def test_a_check_holds_up_nobody(kept: Kept) -> None:
    """Runs are written while the pictures are being read."""
    for seed in range(5):
        kept.picture(seed)
    written = []

    def told(done: int, total: int) -> None:
        written.append(kept.text().id)

    assert kept.care.check(deep=True, told=told).ok
    assert len(written) == 5


@pytest.mark.parametrize("abrupt", [True, False])
def test_the_start_checks_only_after_an_abrupt_stop(tmp_path: Path, abrupt: bool) -> None:
    data = tmp_path / "data"
    with kept_in(data) as kept:
        kept.text()
        orphan(kept, 1)
        if abrupt:  # the log as a killed process leaves it
            log = (data / "playground.db-wal").read_bytes()
            pages = (data / "playground.db").read_bytes()
    if abrupt:
        (data / "playground.db").write_bytes(pages)
        (data / "playground.db-wal").write_bytes(log)
    assert left_open(data / "playground.db") is abrupt
    services = build_services(settings_for(data))
    try:
        if services.care._behind:
            services.care._behind._thread.join(20)
        report = services.care.last_check
        assert len(services.store.recent()) == 1
    finally:
        services.close()
    assert (report is not None) is abrupt
    assert report is None or faults(report) == {Fault.ORPHAN_PICTURE: 1}


def test_closing_ends_a_check_in_the_background(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data")
    database = Database(settings.database_path)
    care = DataCare(settings, database)
    care.check_behind()
    care.close()
    database.close()
    assert not (tmp_path / "data" / "playground.db-wal").exists()


def test_usage_counts_what_is_there(kept: Kept) -> None:
    old, young = kept.picture(1, days_old=100), kept.picture(2)
    kept.picture(1, days_old=200)  # the same picture once more
    kept.upload(3)
    kept.opinions.delete([young.id]).result()
    kept.pictures.thumbnail(shown(old), 160)
    kept.care.backup()
    usage = kept.care.usage()
    assert (usage.runs, usage.runs_put_away, usage.pictures, usage.uploads) == (3, 1, 2, 1)
    sizes = [kept.pictures.path(shown(run)).stat().st_size for run in (old, young)]
    assert usage.picture_bytes == sum(sizes)
    assert usage.upload_bytes == len(colour(3))
    assert usage.thumbnail_bytes > 0
    assert usage.backups == 1
    assert usage.backup_bytes > usage.picture_bytes
    ages = {one.older_than_days: (one.runs, one.pictures) for one in usage.by_age}
    assert ages == {30: (2, 1), 90: (2, 1), 180: (1, 0), 365: (0, 0)}
    assert 0 < usage.disk_free < usage.disk_total


def test_a_run_under_way_is_left_alone_by_mending(kept: Kept) -> None:
    run = make_run(status=RunStatus.RUNNING)
    kept.store.insert([run]).result()
    assert kept.care.mend().left.ok
    assert kept.store.get(run.id).status is RunStatus.RUNNING
