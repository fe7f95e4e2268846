"""Whether there is room on the disk of the data folder, and whether it can be written."""

import errno
import shutil
import tempfile
from pathlib import Path

from pydantic import JsonValue

from core.aside import Aside
from core.health import DiskHealth, HealthState

CHECK_TIMEOUT_S = 1.8
LOW_BYTES = 2 * 10**9
LOW_SHARE = 0.05
FULL_BYTES = 200 * 10**6


class DiskCheck:
    """The disk that holds `folder`. Called, it is checked, within 2 s; never raises."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._aside = Aside(self._look, name="disk check")

    async def __call__(self) -> DiskHealth:
        """How the disk is now."""
        try:
            return await self._aside.result(CHECK_TIMEOUT_S)
        except TimeoutError:
            return self._down(
                "disk_silent",
                f"The disk of {self._folder} did not answer within {CHECK_TIMEOUT_S:g} s.",
                "Where it is a network drive, check that its server is there.",
                seconds=CHECK_TIMEOUT_S,
            )

    def _look(self) -> DiskHealth:
        try:
            usage = shutil.disk_usage(self._folder)
        except FileNotFoundError:
            return self._down(
                "folder_missing",
                f"The data folder {self._folder} is gone.",
                "Stop the playground, put the folder back or restore a backup, and start it again.",
            )
        except OSError as error:
            return self._not_written(error)
        free = usage.free
        try:
            # A file without a name: nothing is left of it whatever happens.
            with tempfile.TemporaryFile(dir=self._folder) as file:
                file.write(b"\0")
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                return self._not_written(error)
            free = 0
        return self._measured(free, usage.total)

    def _measured(self, free: int, total: int) -> DiskHealth:
        room = f"{free / 1e9:.1f} GB of {total / 1e9:.1f} GB"
        if free < FULL_BYTES:
            state, code, reason = HealthState.DOWN, "disk_full", f"The disk is full: {room} free."
        elif free < LOW_BYTES or free < total * LOW_SHARE:
            state, code = HealthState.DEGRADED, "disk_low"
            reason = f"The disk is nearly full: {room} free."
        else:
            return DiskHealth(
                state=HealthState.OK,
                reason=f"{room} free.",
                path=str(self._folder),
                free=free,
                total=total,
            )
        return DiskHealth(
            state=state,
            code=code,
            reason=reason,
            advice="Free some space: delete files that are not needed, or prune old runs.",
            details={"path": str(self._folder), "free": free, "total": total},
            path=str(self._folder),
            free=free,
            total=total,
        )

    def _not_written(self, error: OSError) -> DiskHealth:
        words = error.strerror or type(error).__name__
        return self._down(
            "folder_read_only",
            f"No file can be written in the data folder {self._folder}: {words}.",
            "Change its permissions, or PLAYGROUND_DATA_DIR.",
            error=words,
        )

    def _down(self, code: str, reason: str, advice: str, **details: JsonValue) -> DiskHealth:
        return DiskHealth(
            state=HealthState.DOWN,
            code=code,
            reason=reason,
            advice=advice,
            details={"path": str(self._folder)} | details,
            path=str(self._folder),
        )
