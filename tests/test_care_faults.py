"""A full disk, a read-only folder, a locked, damaged or newer database: each says what it is and
what to do, and nothing that was there is lost. The conditions are real ones.
"""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from core.errors import (
    CareBusy,
    PlanOutdated,
    RestoreRefused,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
    StoreTooNew,
)
from core.services import build_services
from core.store import Database, RunStore
from core.store.faults import RESTORE
from core.types import RunStatus
from pages._errors import _WORDS
from tests.api_server import asgi_client
from tests.care_kit import Kept, colour, kept_in, settings_for
from tests.factories import make_run

MEBIBYTE = 1024 * 1024
PNG = {"content-type": "image/png"}


def mount(*arguments: str) -> None:
    """Mount something, or skip the test where this user may not."""
    done = subprocess.run(["mount", *arguments], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.decode().strip()}")


@contextmanager
def disk(folder: Path, size: int) -> Iterator[Path]:
    """A disk of `size` bytes at `folder`."""
    folder.mkdir()
    mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill_up(folder: Path) -> Path:
    """A file that takes all the room there is left."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return filler


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nobody can write to `folder`, not even root."""
    mount("--bind", str(folder), str(folder))
    try:
        mount("-o", "remount,bind,ro", str(folder))
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def refusal_to_start(folder: Path) -> StoreError:
    """What the playground says when it cannot start on `folder`."""
    with pytest.raises(StoreError) as caught:
        build_services(settings_for(folder))
    return caught.value


def write_until(kept: Kept, kind: type[StoreError], *, most: int = 500) -> tuple[int, StoreError]:
    """Write runs until one fails; how many there are then, and the error."""
    for done in range(most):
        error = kept.store.insert([make_run(output="한 줄 " * 2_000)]).exception()
        if error is not None:
            assert type(error) is kind, error
            return done, error
    raise AssertionError(f"{most} runs could be written")


def test_on_a_full_disk_what_was_there_is_kept_and_writing_goes_on_with_room(
    tmp_path: Path,
) -> None:
    with disk(tmp_path / "disk", 4 * MEBIBYTE) as full, kept_in(full / "data") as kept:
        first = kept.text()
        filler = fill_up(full)
        written, error = write_until(kept, StoreFull)
        assert "The disk is full" in error.message
        assert "Free some space" in error.message
        assert kept.store.get(first.id) == first
        assert len(kept.ids()) == written + 1
        filler.unlink()
        again = kept.text()
        assert len(kept.ids()) == written + 2
        assert kept.store.get(again.id) == again
        assert kept.care.check().ok


def test_a_picture_that_does_not_fit_leaves_nothing_half(tmp_path: Path) -> None:
    with disk(tmp_path / "disk", 2 * MEBIBYTE) as full, kept_in(full / "data") as kept:
        run = kept.picture(1)
        fill_up(full)
        with pytest.raises(StoreFull, match="disk is full"):
            kept.pictures.keep(colour(2) + b"")
        assert kept.store.get(run.id) == run
        assert not list((kept.places.images / "incoming").iterdir())
        assert [path.suffix for path in kept.places.images.rglob("*.*")] == [".png"]


def test_a_backup_that_runs_out_of_room_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room that was there when it began is gone before it ends."""
    environ = {"PLAYGROUND_BACKUP_DIR": str(tmp_path / "disk" / "backups")}
    with disk(tmp_path / "disk", MEBIBYTE), kept_in(tmp_path / "data", **environ) as kept:
        for _ in range(100):
            kept.text(output="한 줄 " * 2_000)
        with pytest.raises(StoreFull, match="Nothing was written"):
            kept.care.backup()
        monkeypatch.setattr("core.data_care.backup._require_room", lambda *_: 1)
        with pytest.raises(StoreFull, match="disk is full"):
            kept.care.backup()
        assert not list(kept.places.backups.glob("2*"))
        assert kept.care.backups() == []


def test_the_start_says_that_the_disk_is_full(tmp_path: Path) -> None:
    with disk(tmp_path / "disk", MEBIBYTE) as full:
        with kept_in(full / "data") as kept:
            kept.text()
        filler = fill_up(full)
        error = refusal_to_start(full / "data")
        assert type(error) is StoreFull, error
        filler.unlink()
        build_services(settings_for(full / "data")).close()


def test_in_a_read_only_folder_reading_goes_on_and_writing_is_refused(tmp_path: Path) -> None:
    with kept_in(tmp_path / "data") as kept:
        run = kept.picture(1)
    with read_only(tmp_path / "data"):
        error = refusal_to_start(tmp_path / "data")
        assert type(error) is StoreReadOnly, error
        assert "cannot be written" in error.message
        assert "PLAYGROUND_DATA_DIR" in error.message
    with kept_in(tmp_path / "data") as kept:
        assert kept.store.get(run.id) == run


def test_a_folder_that_becomes_read_only_loses_nothing(tmp_path: Path) -> None:
    with disk(tmp_path / "disk", 4 * MEBIBYTE) as folder, kept_in(folder / "data") as kept:
        run = kept.text()
        kept.ids()
        with read_only(folder / "data"), pytest.raises(StoreReadOnly, match="cannot be written"):
            kept.pictures.keep(colour(1))
        assert kept.store.get(run.id) == run
        assert kept.pictures.keep(colour(1))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program writes to the database, and does not come to an end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_locked_database_says_so_and_writing_goes_on_when_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.database.BUSY_TIMEOUT_S", 0.3)
    with kept_in(tmp_path / "data") as kept:
        first = kept.text()
        with locked(kept.places.database):
            error = kept.store.insert([make_run()]).exception()
            assert type(error) is StoreLocked, error
            assert "Close that program" in error.message
            assert kept.store.get(first.id) == first
        kept.text()
        assert len(kept.ids()) == 2


def test_the_start_says_that_the_database_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.database.BUSY_TIMEOUT_S", 0.3)
    with kept_in(tmp_path / "data") as kept:
        run = kept.text()
    with closing(
        sqlite3.connect(tmp_path / "data" / "playground.db", isolation_level=None)
    ) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        error = refusal_to_start(tmp_path / "data")
        assert type(error) is StoreLocked, error
        other.execute("ROLLBACK")
    with kept_in(tmp_path / "data") as kept:
        assert kept.store.get(run.id) == run


@pytest.mark.parametrize("where", ["header", "schema", "all"])
def test_the_start_says_that_the_database_is_damaged_and_how_to_restore(
    tmp_path: Path, where: str
) -> None:
    with kept_in(tmp_path / "data") as kept:
        kept.text()
    path = tmp_path / "data" / "playground.db"
    data = path.read_bytes()
    damaged = {
        "header": b"not a database!!" + data[16:],
        "schema": data[:100] + b"\xa5" * 3996 + data[4096:],
        "all": b"\xa5" * len(data),
    }[where]
    path.write_bytes(damaged)
    error = refusal_to_start(tmp_path / "data")
    assert type(error) is StoreCorrupt, error
    assert RESTORE in error.message
    assert path.read_bytes() == damaged


def test_a_page_damaged_in_the_middle_is_said_where_it_is_met(tmp_path: Path) -> None:
    with kept_in(tmp_path / "data") as kept:
        runs = [kept.text(output="한 줄 " * 2_000) for _ in range(40)]
        page = kept.select("SELECT rootpage FROM sqlite_master WHERE name = 'ratings'")[0][0]
    path = tmp_path / "data" / "playground.db"
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)
    with kept_in(tmp_path / "data") as kept:
        with pytest.raises(StoreCorrupt) as caught:
            kept.opinions.ratings(runs[0].id)
        assert RESTORE in caught.value.message
        assert kept.store.get(runs[-1].id) == runs[-1]  # what is whole can still be read
        assert [problem.fault for problem in kept.care.check().problems] == ["database_damaged"]


def test_a_newer_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    with kept_in(tmp_path / "data") as kept:
        kept.text()
        kept.change(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('playground', 'm999_future', '2030-01-01')"
        )
    before = (tmp_path / "data" / "playground.db").read_bytes()
    error = refusal_to_start(tmp_path / "data")
    assert type(error) is StoreTooNew
    assert "m999_future" in error.message
    assert (tmp_path / "data" / "playground.db").read_bytes() == before


def test_a_run_that_ends_while_the_disk_is_full_is_saved_when_there_is_room(
    tmp_path: Path,
) -> None:
    with disk(tmp_path / "disk", 2 * MEBIBYTE) as full:
        database = Database(full / "playground.db")
        store = RunStore(database)
        run = make_run()
        store.insert([run]).result()
        filler = fill_up(full)
        done = run.model_copy(update={"status": RunStatus.SUCCEEDED, "output": "끝 " * 20_000})
        assert isinstance(store.finish(done).exception(), StoreFull)
        assert store.get(run.id).status is RunStatus.QUEUED
        filler.unlink()
        store.finish(done).result()
        assert store.get(run.id) == done
        database.close()


async def test_rest_answers_with_the_same_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with disk(tmp_path / "disk", 4 * MEBIBYTE) as full:
        services = build_services(settings_for(full / "data"))
        monkeypatch.setattr("core.services.get_services", lambda: services)
        filler = fill_up(full)
        picture = colour(1)
        async with asgi_client() as api:
            answer = await api.post("/api/v1/images", content=picture, headers=PNG)
            assert answer.status_code == 507
            error = answer.json()["error"]
            assert error["code"] == "store_full"
            assert "Free some space" in error["message"]
            filler.unlink()
            assert (await api.post("/api/v1/images", content=picture, headers=PNG)).is_success
        services.close()


def test_each_has_words_for_people() -> None:
    kinds = [StoreError, *StoreError.__subclasses__(), CareBusy, PlanOutdated, RestoreRefused]
    assert {kind.code for kind in kinds} <= _WORDS.keys()
