"""Whether the database can be read and written."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any

from core.aside import Aside
from core.data_care import Fault, IntegrityReport
from core.errors import StoreCorrupt, StoreError, StoreFull, StoreLocked, StoreReadOnly
from core.health import DatabaseHealth, HealthState
from core.store import Database

READ_TIMEOUT_S = 0.8
WRITE_TIMEOUT_S = 1.0
_CODES: dict[type[StoreError], str] = {
    StoreLocked: "database_locked",
    StoreReadOnly: "database_read_only",
    StoreFull: "store_full",
    StoreCorrupt: "store_corrupt",
}


class DatabaseCheck:
    """The database: a read, a write that changes nothing, its size. Called, within 2 s.

    `last_check` tells what the last look at the whole file found; it may block.
    """

    def __init__(
        self, database: Database, *, last_check: Callable[[], IntegrityReport | None]
    ) -> None:
        self._database = database
        self._last_check = last_check
        self._path = database.path.absolute()
        self._aside = Aside(self._read, name="database check")
        self._writing: Future[None] | None = None

    async def __call__(self) -> DatabaseHealth:
        """How the database is now."""
        try:
            size, report = await self._aside.result(READ_TIMEOUT_S)
        except TimeoutError:
            return self._unreadable(f"No answer within {READ_TIMEOUT_S:g} s.")
        except FileNotFoundError:
            return self._health(
                HealthState.DOWN,
                "database_missing",
                f"The file {self._path} is gone.",
                "Stop the playground, put the file back or restore a backup, and start it again.",
            )
        except StoreError as error:
            return self._refused(error, HealthState.DOWN)
        return await self._written(size, report)

    async def _written(self, size: int, report: IntegrityReport | None) -> DatabaseHealth:
        facts: dict[str, Any] = {"bytes": size, "checked_at": _moment(report)}
        if not self._database.is_writing:
            return self._health(
                HealthState.DOWN,
                "writer_stopped",
                "The playground's writer has stopped: nothing is recorded any more.",
                "Restart the playground. What was recorded is kept.",
                **facts,
            )
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                await asyncio.wrap_future(self._write())
        except TimeoutError:
            return self._locked(**facts)
        except StoreLocked:
            return self._locked(**facts)
        except StoreError as error:
            return self._refused(error, HealthState.DOWN, **facts)
        damage = _damage(report)
        if damage:
            return self._health(
                HealthState.DEGRADED,
                "database_damaged",
                f"The last check of {self._path} found {damage} faults in it.",
                "Make a backup, then restore one from before the damage.",
                details={"problems": damage},
                **facts,
            )
        return self._health(HealthState.OK, "", f"{size / 1e6:.1f} MB.", "", **facts)

    def _write(self) -> "Future[None]":
        """A write that changes nothing; one that still waits is not followed by a second."""
        if self._writing is None or self._writing.done():
            self._writing = self._database.write(lambda _: None)
        return self._writing

    def _read(self) -> tuple[int, IntegrityReport | None]:
        """Bytes of the file and its log, and the last check. Raises StoreError, OSError."""
        size = self._path.stat().st_size + _size(Path(f"{self._path}-wal"))
        with self._database.read() as connection:
            connection.execute("SELECT id FROM runs LIMIT 1").fetchone()
        return size, self._last_check()

    def _locked(self, **facts: object) -> DatabaseHealth:
        return self._health(
            HealthState.DEGRADED,
            "database_locked",
            f"A write has waited for longer than {WRITE_TIMEOUT_S:g} s: another program holds "
            "the database, or the disk is very slow.",
            "Close the other program. What is written meanwhile waits and is not lost.",
            details={"seconds": WRITE_TIMEOUT_S},
            **facts,
        )

    def _unreadable(self, words: str) -> DatabaseHealth:
        return self._health(
            HealthState.DOWN,
            "store_unavailable",
            f"The database {self._path} cannot be read. {words}",
            "Check the folder that PLAYGROUND_DATA_DIR names, and its disk.",
            details={"error": words},
        )

    def _refused(self, error: StoreError, state: HealthState, **facts: object) -> DatabaseHealth:
        reason, _, advice = error.message.partition(". ")
        return self._health(
            state,
            _CODES.get(type(error), error.code),
            f"{reason.removesuffix('.')}.",
            advice or "Check the folder that PLAYGROUND_DATA_DIR names.",
            details={"error": error.message} | _waited(error),
            **facts,
        )

    def _health(
        self,
        state: HealthState,
        code: str,
        reason: str,
        advice: str,
        *,
        details: dict[str, Any] | None = None,
        **facts: Any,
    ) -> DatabaseHealth:
        return DatabaseHealth(
            state=state,
            code=code,
            reason=reason,
            advice=advice,
            details=details or {},
            path=str(self._path),
            **facts,
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _moment(report: IntegrityReport | None) -> datetime | None:
    return report.checked_at if report else None


def _damage(report: IntegrityReport | None) -> int:
    problems = report.problems if report else ()
    return sum(one.count for one in problems if one.fault is Fault.DATABASE_DAMAGED)


def _waited(error: StoreError) -> dict[str, float]:
    return {"seconds": READ_TIMEOUT_S} if isinstance(error, StoreLocked) else {}
