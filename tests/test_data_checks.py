"""The checks of the database and of the disk below it."""

import asyncio
import errno
import shutil
import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.data_care import Fault, IntegrityReport, Problem
from core.errors import StoreFull, StoreReadOnly
from core.health import CODES, DatabaseHealth, DiskHealth, Health, HealthState
from core.monitor import DatabaseCheck, DiskCheck
from core.monitor import database as database_module
from core.monitor import disk as disk_module
from core.store import Database

PROMISED_S = 2.0


async def checked(check: DatabaseCheck | DiskCheck) -> Health:
    """What the check says; that it says it in time, and what each such answer has to have."""
    start = time.monotonic()
    health = await check()
    assert time.monotonic() - start < PROMISED_S
    if health.state is HealthState.OK:
        assert (health.code, health.advice, health.details) == ("", "", {})
    else:
        assert set(CODES[health.code]) <= set(health.details), health
        assert health.reason.endswith(".")
        assert health.advice
    health.model_dump_json().encode()
    return health


@pytest.fixture
def check(database: Database) -> DatabaseCheck:
    return DatabaseCheck(database, last_check=lambda: None)


def damage(path: Path) -> None:
    path.write_bytes(b"no database at all" * 1000)
    for name in ("-wal", "-shm"):
        Path(f"{path}{name}").unlink(missing_ok=True)


class TestDatabase:
    async def test_one_that_reads_and_writes_is_ok_and_tells_its_size(self, database, check):
        health = await checked(check)
        assert isinstance(health, DatabaseHealth)
        assert health.state is HealthState.OK
        assert health.path == str(database.path)
        with_log = [database.path, Path(f"{database.path}-wal")]
        assert health.bytes == sum(path.stat().st_size for path in with_log)
        assert health.checked_at is None

    async def test_the_check_changes_nothing(self, database, check):
        with closing(sqlite3.connect(database.path)) as other:

            def version() -> int:
                """Another number after every change that others have made."""
                return other.execute("PRAGMA data_version").fetchone()[0]

            before = version()
            await checked(check)
            assert version() == before
            database.write(lambda it: it.execute("PRAGMA user_version = 7")).result()
            assert version() != before

    async def test_a_lock_that_somebody_holds_is_told_while_reading_goes_on(self, database, check):
        with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            health = await checked(check)
            assert (health.state, health.code) == (HealthState.DEGRADED, "database_locked")
            assert health.bytes > 0
            assert (await checked(check)).code == "database_locked"
            assert database._waiting.qsize() == 0  # the second did not put one more in line
            other.execute("ROLLBACK")
        for _ in range(50):
            if (await checked(check)).state is HealthState.OK:
                return
            await asyncio.sleep(0.05)
        pytest.fail("it did not come back by itself")

    async def test_a_writer_that_has_ended_is_told(self, check, database, monkeypatch):
        monkeypatch.setattr(Database, "is_writing", False)
        health = await checked(check)
        assert (health.state, health.code) == (HealthState.DOWN, "writer_stopped")

    async def test_a_file_that_is_gone_is_told_although_it_still_could_be_read(
        self, database, check
    ):
        await checked(check)
        database.path.unlink()
        health = await checked(check)
        assert (health.state, health.code) == (HealthState.DOWN, "database_missing")

    async def test_a_damaged_file_is_told(self, database, check):
        damage(database.path)
        health = await checked(check)
        assert health.state is HealthState.DOWN
        assert health.code == "store_corrupt"

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (StoreFull("The database x could not be used: full. Free some."), "store_full"),
            (StoreReadOnly("The database x could not be used: ro. Mend it."), "database_read_only"),
        ],
    )
    async def test_a_write_that_is_refused_is_down(self, database, check, monkeypatch, error, code):
        real = database.write

        def refuse(_: object) -> object:
            raise error

        monkeypatch.setattr(database, "write", lambda _: real(refuse))
        health = await checked(check)
        assert (health.state, health.code) == (HealthState.DOWN, code)
        assert health.bytes > 0

    async def test_a_read_that_hangs_is_told_in_time_and_holds_one_thread(
        self, database, check, monkeypatch
    ):
        held = threading.Event()
        monkeypatch.setattr(check, "_last_check", lambda: held.wait(20))
        monkeypatch.setattr(database_module, "READ_TIMEOUT_S", 0.1)
        before = threading.active_count()
        for _ in range(3):
            assert (await checked(check)).code == "store_unavailable"
        assert threading.active_count() == before + 1
        held.set()

    async def test_what_the_last_check_of_the_file_found_is_told(self, database):
        damage = Problem(fault=Fault.DATABASE_DAMAGED, count=3, message="Three pages.")
        other = Problem(fault=Fault.PICTURE_MISSING, count=5, message="Five pictures.")
        report = IntegrityReport(took_s=1, deep=False, runs=1, pictures=1, problems=(damage, other))
        health = await checked(DatabaseCheck(database, last_check=lambda: report))
        assert (health.state, health.code) == (HealthState.DEGRADED, "database_damaged")
        assert health.details["problems"] == 3
        assert health.checked_at == report.checked_at
        whole = report.model_copy(update={"problems": (other,)})
        health = await checked(DatabaseCheck(database, last_check=lambda: whole))
        assert (health.state, health.checked_at) == (HealthState.OK, report.checked_at)


GB = 10**9


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A disk whose `free` and `total` bytes a test sets."""
    room = SimpleNamespace(free=500 * GB, total=1000 * GB)
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: SimpleNamespace(free=room.free, total=room.total, used=0)
    )
    return room


class TestDisk:
    async def test_the_disk_of_the_folder_is_measured(self, tmp_path):
        health = await checked(DiskCheck(tmp_path))
        assert isinstance(health, DiskHealth)
        usage = shutil.disk_usage(tmp_path)
        assert (health.path, health.total) == (str(tmp_path), usage.total)
        assert abs(health.free - usage.free) < GB
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("free", "total", "state", "code"),
        [
            (500 * GB, 1000 * GB, HealthState.OK, ""),
            (50 * GB, 1000 * GB, HealthState.OK, ""),
            (50 * GB - 1, 1000 * GB, HealthState.DEGRADED, "disk_low"),
            (2 * GB, 20 * GB, HealthState.OK, ""),
            (2 * GB - 1, 20 * GB, HealthState.DEGRADED, "disk_low"),
            (GB // 5, 20 * GB, HealthState.DEGRADED, "disk_low"),
            (GB // 5 - 1, 20 * GB, HealthState.DOWN, "disk_full"),
            (0, 20 * GB, HealthState.DOWN, "disk_full"),
        ],
    )
    async def test_little_room_is_told_before_there_is_none(
        self, tmp_path, room, free, total, state, code
    ):
        room.free, room.total = free, total
        health = await checked(DiskCheck(tmp_path))
        assert (health.state, health.code) == (state, code)
        assert (health.free, health.total) == (free, total)

    @pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.EIO])
    async def test_a_folder_that_cannot_be_written_is_told(self, tmp_path, monkeypatch, code):
        def refuse(**_: object) -> None:
            raise OSError(code, "no")

        monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
        health = await checked(DiskCheck(tmp_path))
        assert (health.state, health.code) == (HealthState.DOWN, "folder_read_only")
        assert health.details["error"] == "no"

    async def test_a_disk_that_takes_no_file_for_want_of_room_is_full(self, tmp_path, monkeypatch):
        def full(**_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(tempfile, "TemporaryFile", full)
        health = await checked(DiskCheck(tmp_path))
        assert (health.state, health.code, health.free) == (HealthState.DOWN, "disk_full", 0)

    async def test_a_folder_that_is_gone_is_told(self, tmp_path):
        health = await checked(DiskCheck(tmp_path / "gone"))
        assert (health.state, health.code) == (HealthState.DOWN, "folder_missing")

    async def test_a_disk_that_does_not_answer_is_told_in_time_and_holds_one_thread(
        self, tmp_path, monkeypatch
    ):
        held = threading.Event()
        monkeypatch.setattr(shutil, "disk_usage", lambda _: held.wait(20))
        monkeypatch.setattr(disk_module, "CHECK_TIMEOUT_S", 0.1)
        check = DiskCheck(tmp_path)
        before = threading.active_count()
        for _ in range(3):
            assert (await checked(check)).code == "disk_silent"
        assert threading.active_count() == before + 1
        held.set()
