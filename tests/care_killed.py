"""Data care in a process of its own that is killed at a certain step: kill -9, no tidying up.

A step is whatever leaves a mark on the disk: a file brought to it, renamed or removed; and each
piece of progress told. Processes come from a fork server that has everything imported.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

from core.data_care import PruneRule
from core.data_care.places import Places
from core.data_care.restore import restore
from tests.care_kit import kept_in, settings_for

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.care_killed"])

Work = Callable[[Path, Callable[[int, int], None]], Any]


def kills(work: Work, prepare: Callable[[], Path], *, every: int = 1) -> Iterator[tuple[int, Path]]:
    """Have `work` killed at its first step, then at its second … until it ends by itself.

    `prepare` makes a fresh folder for each try. Gives the step and the folder after each kill.
    """
    step = 1
    while True:
        folder = prepare()
        process = _context.Process(target=_die_at, args=(step, work, folder))
        # A new process runs the main file first, and the tests of pages leave theirs there.
        with patch.dict(sys.modules, {"__main__": ModuleType("__main__")}):
            process.start()
        process.join(60)
        assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
        if process.exitcode == 0:
            return
        yield step, folder
        step += every


def _die_at(step: int, work: Work, folder: Path) -> None:
    left = step

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("fsync", "rename", "replace", "unlink", "rmdir"):
        setattr(os, name, _counted(getattr(os, name), count))
    work(folder, lambda done, total: count())


def _counted(function: Callable[..., Any], count: Callable[[], None]) -> Callable[..., Any]:
    def counted(*args: Any, **options: Any) -> Any:
        count()
        return function(*args, **options)

    return counted


def make_backup(folder: Path, told: Callable[[int, int], None]) -> None:
    with kept_in(folder) as kept:
        kept.care.backup(told)


def restore_latest(folder: Path, told: Callable[[int, int], None]) -> None:
    places = Places.of(settings_for(folder))
    restore(places, "latest", replace=True, accept_missing=False, told=told)


def prune_old(folder: Path, told: Callable[[int, int], None]) -> None:
    with kept_in(folder) as kept:
        kept.care.prune(kept.care.plan_prune(PruneRule(older_than_days=30)), told)
