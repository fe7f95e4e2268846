"""A backup comes back whole, into its place or another, or what was there stays as it was."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.data_care import Restored, finish_restore
from core.data_care.places import Places
from core.data_care.restore import restore
from core.errors import BackupUnusable, RestoreRefused, StoreFull, StoreTooNew
from core.listing import RunFilter
from core.media import ImageRequest
from core.opinion import Rating
from core.services import Services, build_services
from core.types import RunStatus, TextRequest
from tests.care_killed import kills, restore_latest
from tests.care_kit import colour, kept_in, settings_for, shown

BRIEF = {"product_name": "담은 텀블러", "features": ["12시간 보온"]}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a backup of its two runs, and a third run since; nobody works with it."""
    folder = tmp_path / "data"
    with kept_in(folder) as kept:
        kept.text()
        kept.picture(1)
        kept.places.workflows.mkdir()
        (kept.places.workflows / "mine.json").write_text("{}", encoding="utf-8")
        kept.care.backup()
        kept.picture(2)
    return folder


def put_back(
    folder: Path,
    wanted: str = "latest",
    *,
    replace: bool = True,
    accept_missing: bool = False,
    **environ: str,
) -> Restored:
    return restore(
        places_of(folder, **environ),
        wanted,
        replace=replace,
        accept_missing=accept_missing,
        told=lambda done, total: None,
    )


def places_of(folder: Path, **environ: str) -> Places:
    return Places.of(settings_for(folder, **environ))


def content(folder: Path) -> tuple[int, int, int]:
    """Runs, pictures and workflows of a data folder, which has to be whole."""
    with kept_in(folder) as kept:
        report = kept.care.check(deep=True)
        assert report.ok, report
        workflows = len(list(kept.places.workflows.iterdir()))
        return report.runs, report.pictures, workflows


BEFORE, BACKED_UP = (3, 2, 1), (2, 1, 1)


def test_all_is_as_it_was_when_the_backup_was_made(data: Path) -> None:
    restored = put_back(data)
    assert content(data) == BACKED_UP
    assert restored.moved_to
    assert content(restored.moved_to) == BEFORE


def test_everything_works_on_what_was_restored(tmp_path: Path) -> None:
    """Runs of all kinds, backed up while one streams, restored elsewhere, and opened there."""
    backups = str(tmp_path / "backups")
    environ = {"PLAYGROUND_BACKUP_DIR": backups, "MOCK_TOKENS_PER_SECOND": "100"}
    services = build_services(settings_for(tmp_path / "old", **environ))
    try:
        text, picture = made(services)
        streaming = services.gateway.submit(text_request("mock-slow"))
        wait_for_text(services, streaming)
        services.care.backup()
        services.gateway.cancel(streaming)
    finally:
        services.close()

    put_back(tmp_path / "new", replace=False, **environ)
    services = build_services(settings_for(tmp_path / "new", **environ))
    try:
        again = services.store.get(text)
        assert again.status is RunStatus.SUCCEEDED
        assert again.report
        assert services.opinions.ratings(text)[0].comment == "좋아요"
        shas = [image.sha256 for image in services.images.rows(picture)]
        assert shas
        assert all(services.pictures.open(sha256) for sha256 in shas)
        assert services.pictures.thumbnail(shas[0], 160).is_file()
        found = services.runs.ids(RunFilter(q="텀블러"), limit=10)
        assert text in found
        cut = services.store.get(streaming)
        assert cut.status is RunStatus.INTERRUPTED
        assert cut.output
        new = services.gateway.result(services.gateway.submit(text_request("mock-perfect")), 30)
        assert new.status is RunStatus.SUCCEEDED
        assert services.care.check(deep=True).ok
    finally:
        services.close()


def text_request(model: str) -> TextRequest:
    return TextRequest(
        role="copywriter", task="product_detail", payload=BRIEF, mode="mock", model=model
    )


def made(services: Services) -> tuple[str, str]:
    """A rated text run and a picture run, both over."""
    text = services.gateway.submit(text_request("mock-perfect"))
    picture = services.gateway.submit(
        ImageRequest(task="free", prompt="창가의 텀블러", mode="mock")
    )
    for run_id in (text, picture):
        assert services.gateway.result(run_id, 60).status is RunStatus.SUCCEEDED
    services.opinions.rate(Rating(run_id=text, user="민지", stars=4, comment="좋아요")).result()
    return text, picture


def wait_for_text(services: Services, run_id: str) -> None:
    for _ in range(400):
        if len(services.gateway.view(run_id).run.output) > 10:
            return
        time.sleep(0.02)
    raise AssertionError("no text came")


def test_data_is_not_overwritten_without_being_asked(data: Path) -> None:
    with pytest.raises(RestoreRefused, match="--replace"):
        put_back(data, replace=False)
    assert content(data) == BEFORE


def test_an_empty_folder_is_filled(data: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    restored = put_back(new, replace=False, PLAYGROUND_BACKUP_DIR=str(data / "backups"))
    assert content(new) == BACKED_UP
    assert restored.moved_to is None


def test_backups_in_the_data_folder_stay_where_they_are_looked_for(data: Path) -> None:
    put_back(data)
    with kept_in(data) as kept:
        assert len(kept.care.backups()) == 1


def test_so_do_backups_in_a_folder_of_another_name_in_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    environ = {"PLAYGROUND_BACKUP_DIR": str(data / "safe" / "copies")}
    with kept_in(data, **environ) as kept:
        kept.text()
        kept.care.backup()
    put_back(data, **environ)
    with kept_in(data, **environ) as kept:
        assert len(kept.care.backups()) == 1


def test_nothing_is_restored_under_a_playground_that_runs(data: Path) -> None:
    services = build_services(settings_for(data))
    try:
        with pytest.raises(RestoreRefused, match="Stop it, then restore"):
            put_back(data)
    finally:
        services.close()
    assert content(data) == BEFORE


def test_nothing_is_restored_under_a_program_that_shows_the_database(data: Path) -> None:
    reader = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1])\n"
        "connection.execute('SELECT count(*) FROM runs').fetchone()\n"
        "print('open', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", reader, str(data / "playground.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as program:
        assert program.stdout
        assert program.stdout.readline() == b"open\n"
        with pytest.raises(RestoreRefused, match=r"has .* open"):
            put_back(data)
        program.communicate(b"")
    assert content(data) == BEFORE
    put_back(data)
    assert content(data) == BACKED_UP


def test_a_damaged_database_can_be_replaced(data: Path) -> None:
    (data / "playground.db").write_bytes(b"no database at all" * 1000)
    put_back(data)
    assert content(data) == BACKED_UP


def backup_of(data: Path) -> Path:
    return next((data / "backups").glob("2*"))


@pytest.mark.parametrize("name", ["playground.db", "pictures.txt", "workflows/mine.json"])
@pytest.mark.parametrize("how", ["altered", "gone"])
def test_a_backup_that_is_not_as_it_was_written_is_refused(data: Path, name: str, how: str) -> None:
    path = backup_of(data) / name
    if how == "gone":
        path.unlink()
    else:
        content_before = path.read_bytes()
        path.write_bytes(bytes([content_before[0] ^ 1]) + content_before[1:])
    with pytest.raises(BackupUnusable, match="not as it was backed up"):
        put_back(data)
    assert content(data) == BEFORE


def test_a_backup_without_its_manifest_is_none(data: Path) -> None:
    folder = backup_of(data)
    (folder / "manifest.json").unlink()
    for wanted in ("latest", folder.name):
        with pytest.raises(BackupUnusable, match="There is no backup"):
            put_back(data, wanted)
    with pytest.raises(BackupUnusable, match="no complete backup"):
        put_back(data, str(folder))
    assert content(data) == BEFORE


@pytest.mark.parametrize("how", ["altered", "gone"])
def test_a_backup_with_a_bad_picture_is_refused_unless_that_is_accepted(
    data: Path, how: str
) -> None:
    picture = next((data / "backups" / "pictures").rglob("*.png"))
    if how == "gone":
        picture.unlink()
    else:
        picture.write_bytes(colour(77))
    with pytest.raises(BackupUnusable, match="--accept-missing"):
        put_back(data)
    assert content(data) == BEFORE
    restored = put_back(data, accept_missing=True)
    assert restored.missing_pictures == 1
    with kept_in(data) as kept:
        report = kept.care.check(deep=True)
        assert [problem.fault for problem in report.problems] == ["picture_missing"]
        assert report.runs == 2


def test_a_backup_of_a_newer_playground_is_refused(tmp_path: Path) -> None:
    with kept_in(tmp_path / "data") as kept:
        kept.text()
        kept.change(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('playground', 'm999_future', '2030-01-01')"
        )
        kept.care.backup()
    with pytest.raises(StoreTooNew, match="m999_future"):
        put_back(tmp_path / "data")


def test_no_room_is_said_before_anything_is_written(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(data)._replace(free=100_000)
    monkeypatch.setattr("core.data_care.restore.shutil.disk_usage", lambda path: usage)
    with pytest.raises(StoreFull, match="Nothing was changed"):
        put_back(data)
    assert sorted(path.name for path in data.parent.iterdir()) == ["data", "data.restore.lock"]
    assert content(data) == BEFORE


def test_a_killed_restore_leaves_the_old_data_or_has_the_new(data: Path, tmp_path: Path) -> None:
    number, seen = 0, set()

    def prepare() -> Path:
        nonlocal number
        number += 1
        return shutil.copytree(data, tmp_path / f"try-{number}" / "data")

    for _, folder in kills(restore_latest, prepare):
        finished = finish_restore(places_of(folder))
        found = content(folder)
        seen.add((found, finished))
        assert found in (BEFORE, BACKED_UP)
        put_back(folder)
        assert content(folder) == BACKED_UP
        left = {path.name.partition(".")[2].partition("-")[0] for path in folder.parent.iterdir()}
        assert left <= {"", "before", "restore.lock"}
    # Killed before the exchange, in the middle of it, and behind it.
    assert seen == {(BEFORE, False), (BACKED_UP, True), (BACKED_UP, False)}


def test_the_start_finishes_a_restore_that_was_killed_at_its_very_end(data: Path) -> None:
    restored = put_back(data)
    assert restored.moved_to
    moment = restored.moved_to.name.partition("before-")[2]
    (data / "backups").rename(restored.moved_to / "backups")
    data.rename(data.with_name(f"data.restored-{moment}"))
    services = build_services(settings_for(data))
    try:
        assert len(services.store.recent()) == 2
        assert len(services.care.backups()) == 1
    finally:
        services.close()


def test_a_killed_restore_is_not_finished_where_there_is_data(data: Path) -> None:
    shutil.copytree(data, data.with_name("data.restored-2026-11-24T00-00-00.000Z"))
    assert not finish_restore(places_of(data))
    assert content(data) == BEFORE


def test_the_database_restored_is_the_one_backed_up_byte_for_byte(data: Path) -> None:
    copy = (backup_of(data) / "playground.db").read_bytes()
    put_back(data)
    assert (data / "playground.db").read_bytes() == copy


def test_a_picture_kept_twice_is_restored_once(tmp_path: Path) -> None:
    with kept_in(tmp_path / "data") as kept:
        runs = [kept.picture(1), kept.picture(1)]
        kept.care.backup()
    put_back(tmp_path / "data")
    with kept_in(tmp_path / "data") as kept:
        assert {row[0] for row in kept.select("SELECT sha256 FROM images")} == {shown(runs[0])}
        assert len(kept.store.recent()) == 2
