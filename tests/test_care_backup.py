"""A backup is one moment of everything, made while people work, and whole or not there."""

import hashlib
import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.data_care.locks import alone_in
from core.data_care.old_backups import forget_old
from core.errors import BackupUnusable, CareBusy, StoreCorrupt, StoreFull
from tests.care_killed import kills, make_backup
from tests.care_kit import Kept, colour, kept_in, shown
from tests.factories import make_run


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with kept_in(tmp_path / "data") as kept:
        yield kept


def rows(path: Path, sql: str) -> list[tuple]:
    """What a SQLite file answers that nobody has open, read as from a disk that is read-only."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def test_a_backup_has_runs_pictures_uploads_and_workflows(kept: Kept) -> None:
    text, picture, upload = kept.text(), kept.picture(1), kept.upload(2)
    kept.rate(text)
    kept.places.workflows.mkdir()
    (kept.places.workflows / "mine.json").write_text("{}", encoding="utf-8")
    backup = kept.care.backup()
    assert (backup.runs, backup.pictures, backup.uploads, backup.workflows) == (2, 2, 1, 1)
    found = rows(backup.path / "playground.db", "SELECT id FROM runs")
    assert {row[0] for row in found} == {text.id, picture.id}
    assert rows(backup.path / "playground.db", "SELECT count(*) FROM ratings") == [(1,)]
    for sha256 in (shown(picture), upload):
        data = (kept.places.pool / sha256[:2] / f"{sha256}.png").read_bytes()
        assert hashlib.sha256(data).hexdigest() == sha256
    assert (backup.path / "workflows" / "mine.json").read_text(encoding="utf-8") == "{}"
    assert kept.care.backups() == [backup]


def test_a_backup_shares_no_file_with_the_data(kept: Kept) -> None:
    sha256 = shown(kept.picture(1))
    kept.care.backup()
    original, copy = kept.pictures.path(sha256), kept.places.pool / sha256[:2] / f"{sha256}.png"
    assert original.stat().st_ino != copy.stat().st_ino
    assert original.stat().st_nlink == copy.stat().st_nlink == 1


def test_the_copy_stands_alone_without_a_log_beside_it(kept: Kept) -> None:
    kept.text()
    backup = kept.care.backup()
    assert {path.name for path in backup.path.iterdir()} == {
        "playground.db",
        "pictures.txt",
        "manifest.json",
    }
    assert rows(backup.path / "playground.db", "PRAGMA journal_mode") == [("delete",)]


def test_the_manifest_says_what_each_file_was(kept: Kept) -> None:
    kept.picture(1)
    backup = kept.care.backup()
    manifest = json.loads((backup.path / "manifest.json").read_bytes())
    assert manifest["schema_step"] == "m006_processes"
    for name, file in manifest["files"].items():
        data = (backup.path / name).read_bytes()
        assert file == {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def test_a_second_backup_costs_only_the_new_pictures(kept: Kept) -> None:
    kept.picture(1)
    first = kept.care.backup()
    new = kept.picture(2)
    second = kept.care.backup()
    assert second.new_picture_bytes == kept.pictures.path(shown(new)).stat().st_size
    assert second.picture_bytes == first.picture_bytes + second.new_picture_bytes
    assert [backup.id for backup in kept.care.backups()] == [second.id, first.id]
    assert len(list(kept.places.pool.rglob("*.png"))) == 2


def test_it_is_one_moment_and_ends_however_much_is_written(kept: Kept) -> None:
    """Every run gets a tag right behind it: a copy of two moments would have many without."""
    for _ in range(40):
        kept.text(output="한 줄 " * 20_000)
    stop, count = threading.Event(), 0

    def write() -> None:
        nonlocal count
        insert = (
            "INSERT INTO tags SELECT id, 'x' FROM runs WHERE id NOT IN (SELECT run_id FROM tags)"
        )
        while not stop.is_set():
            written = kept.store.insert([make_run()])
            kept.change(insert)
            written.result()
            count += 1

    kept.change("INSERT INTO tags SELECT id, 'x' FROM runs")
    writer = threading.Thread(target=write)
    writer.start()
    try:
        while count < 5:
            time.sleep(0.01)
        before, pages = count, []
        backup = kept.care.backup(lambda done, total: pages.append(done))
        during = count - before
    finally:
        stop.set()
        writer.join()
    assert during > 5
    assert pages == sorted(pages)
    assert len(pages) > 5
    path = backup.path / "playground.db"
    assert backup.runs == rows(path, "SELECT count(*) FROM runs")[0][0] >= 45
    # The moment may lie between a run and its tag.
    assert rows(path, "SELECT count(*) FROM tags")[0][0] >= backup.runs - 1
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


def _tag_all(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO tags SELECT id, 'x' FROM runs WHERE id NOT IN (SELECT run_id FROM tags)"
    )


def test_pictures_gone_or_damaged_before_are_told_and_not_taken_for_good(kept: Kept) -> None:
    gone, damaged, whole = (shown(kept.picture(seed)) for seed in (1, 2, 3))
    kept.pictures.path(gone).unlink()
    kept.pictures.path(damaged).write_bytes(colour(9))
    backup = kept.care.backup()
    assert (backup.pictures, backup.missing_pictures) == (1, 2)
    assert [path.stem for path in kept.places.pool.rglob("*.png")] == [whole]


def test_a_backup_that_fails_leaves_nothing_behind(kept: Kept) -> None:
    kept.picture(1)

    def told(done: int, total: int) -> None:
        raise RuntimeError("the caller has had enough")

    with pytest.raises(RuntimeError):
        kept.care.backup(told)
    assert kept.care.backups() == []
    assert not list(kept.places.backups.glob("2*"))
    assert kept.care.backup().pictures == 1


def test_a_killed_backup_is_none_and_goes_at_the_next(tmp_path: Path) -> None:
    with kept_in(tmp_path / "data") as kept:
        kept.text()
        kept.picture(1)
        kept.picture(2)
        kept.care.backup()
        kept.picture(3)

    def prepare() -> Path:
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        return shutil.copytree(tmp_path / "data", copy)

    steps = 0
    for step, folder in kills(make_backup, prepare):
        steps = step
        with kept_in(folder) as kept:
            for backup in kept.care.backups():
                assert (backup.pictures, backup.missing_pictures) in ((2, 0), (3, 0))
                assert rows(backup.path / "playground.db", "PRAGMA quick_check") == [("ok",)]
            assert kept.care.backup().pictures == 3
            folders = {path.name for path in kept.places.backups.glob("2*")}
            assert folders == {backup.id for backup in kept.care.backups()}
            assert not list(kept.places.backups.rglob("*.part"))
            assert kept.care.check(deep=True).ok
    assert steps >= 8


def test_a_second_backup_at_once_is_refused_politely(kept: Kept) -> None:
    kept.text()
    with alone_in(kept.places.data), pytest.raises(CareBusy, match="under way already"):
        kept.care.backup()
    with alone_in(kept.places.backups), pytest.raises(CareBusy, match="under way already"):
        kept.care.backup()
    assert kept.care.backup().runs == 1


def test_no_room_is_said_before_anything_is_written(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.picture(1)
    usage = shutil.disk_usage(kept.places.data)._replace(free=1_000_000)
    monkeypatch.setattr("core.data_care.backup.shutil.disk_usage", lambda path: usage)
    with pytest.raises(StoreFull, match=r"needs .* MB, and the disk .* 1\.0 MB free"):
        kept.care.backup()
    assert not list(kept.places.backups.glob("2*"))
    assert not kept.places.pool.exists()


def test_no_backup_is_made_of_a_damaged_database(kept: Kept) -> None:
    for _ in range(40):
        kept.text(output="한 줄 " * 2_000)
    kept.database.write(
        lambda connection: connection.execute("SELECT count(*) FROM runs").fetchone()
    ).result()
    damage_middle(kept)
    with pytest.raises(StoreCorrupt, match=r"core\.care restore"):
        kept.care.backup()
    assert kept.care.backups() == []
    assert not list(kept.places.backups.glob("2*"))


def damage_middle(kept: Kept) -> None:
    """Overwrite pages in the middle of the database file, its log emptied into it before."""
    with closing(sqlite3.connect(kept.places.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'runs_list'")
        page = root.fetchone()[0]
    with kept.places.database.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)


def test_old_backups_go_with_the_pictures_that_only_they_had(kept: Kept) -> None:
    old = kept.picture(1)
    kept.care.backup()
    kept.change("DELETE FROM images WHERE run_id = ?", (old.id,))
    new = kept.picture(2)
    newest = kept.care.backup()
    assert forget_old(kept.places, keep=1) == 1
    assert kept.care.backups() == [newest]
    assert [path.stem for path in kept.places.pool.rglob("*.png")] == [shown(new)]


def test_no_picture_goes_while_a_backup_does_not_say_what_it_has(kept: Kept) -> None:
    kept.picture(1)
    first = kept.care.backup()
    kept.care.backup()
    third = kept.care.backup()
    (third.path / "pictures.txt").write_text("half a li", encoding="utf-8")
    with pytest.raises(BackupUnusable):
        forget_old(kept.places, keep=1)
    assert not first.path.exists()
    assert len(list(kept.places.pool.rglob("*.png"))) == 1


def test_an_unreadable_manifest_is_left_out_and_said_in_the_log(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    kept.text()
    backup = kept.care.backup()
    (backup.path / "manifest.json").write_text('{"layout": 99}', encoding="utf-8")
    assert kept.care.backups() == []
    assert "cannot be read" in caplog.records[0].__dict__["error"]


def test_settings_and_secrets_are_not_in_it(kept: Kept) -> None:
    (kept.places.data / ".env").write_text("OLLAMA_API_KEY=very-secret", encoding="utf-8")
    kept.text()
    kept.care.backup()
    for path in kept.places.backups.rglob("*"):
        assert not path.is_file() or b"very-secret" not in path.read_bytes()


def test_backups_may_lie_on_another_disk(tmp_path: Path) -> None:
    elsewhere = tmp_path / "other disk" / "백업"
    with kept_in(tmp_path / "data", PLAYGROUND_BACKUP_DIR=str(elsewhere)) as kept:
        kept.picture(1)
        backup = kept.care.backup()
    assert backup.path.parent == elsewhere
    assert not (tmp_path / "data" / "backups").exists()
