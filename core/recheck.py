"""Check old runs again: `python -m core.recheck [--all] [--task TASK]`.

Runs keep the report of the checks as they were. After the checks have changed this gives those
that were checked by older ones, or never, a new report; answers are not touched. It may run
while the app runs: each batch is one short transaction, and a stop in the middle loses nothing.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence

from core.catalog import Catalog, Contract, load_catalog
from core.checks.engine import CHECKS_VERSION, check
from core.checks.subject import Subject
from core.errors import PlaygroundError
from core.run import Run
from core.settings import load_settings
from core.store import Database, RunStore
from core.store.reports import save_reports, unchecked_ids

BATCH = 100


def recheck(
    database: Database,
    catalog: Catalog,
    *,
    again: bool = False,
    task: str | None = None,
    told: Callable[[int], None] = lambda done: None,
) -> int:
    """Give a new report to every run whose own is missing or of older checks; how many.

    With `again` also to those that these checks have checked; with `task` only to its runs. A
    report of newer checks stays. `told` hears after each batch how many are done. Raises
    StoreError.
    """
    store = RunStore(database)
    done = 0
    for ids in _batches(database, below=CHECKS_VERSION + again, task=task):
        reports = {
            run.id: check(Subject.of(run, _contract(catalog, run))) for run in store.many(ids)
        }
        save_reports(database, reports).result()
        done += len(reports)
        told(done)
    return done


def _batches(database: Database, *, below: int, task: str | None) -> Iterator[list[str]]:
    after = ""
    while True:
        with database.read() as connection:
            ids = unchecked_ids(connection, below=below, after=after, task=task, limit=BATCH)
        if not ids:
            return
        yield ids
        after = ids[-1]


def _contract(catalog: Catalog, run: Run) -> Contract | None:
    """The contract of the run's task as it is today; None where that task is gone."""
    task = catalog.tasks.get(run.task)
    return task.contract if task else None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns what the shell gets: 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m core.recheck",
        description="Check old runs again with the checks of today. Safe while the app runs.",
    )
    parser.add_argument("--all", action="store_true", help="those already checked by today's too")
    parser.add_argument("--task", help="only runs of this task")
    asked = parser.parse_args(arguments)
    try:
        catalog = load_catalog()
        if asked.task:
            catalog.task(asked.task)
        done = _recheck_all(catalog, again=asked.all, task=asked.task)
    except PlaygroundError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    sys.stdout.write(f"\rRuns checked by version {CHECKS_VERSION} of the checks: {done:,}\n")
    return 0


def _recheck_all(catalog: Catalog, *, again: bool, task: str | None) -> int:
    database = Database(load_settings().database_path)
    try:
        return recheck(database, catalog, again=again, task=task, told=_tell)
    finally:
        database.close()


def _tell(done: int) -> None:
    sys.stdout.write(f"\rRuns checked: {done:,} …")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
