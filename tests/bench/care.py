"""Backup, check and pruning of a large data folder, and what runs feel of them meanwhile.

    python -m tests.bench.care FOLDER [--runs 100000] [--pictures 2000] [--picture-kb 250]

FOLDER is made and filled where it is not there. A thread saves text as a run does, every 20 ms,
first alone and then beside each piece of work: the ratio of those two is what is told.
"""

import argparse
import hashlib
import random
import shutil
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from core.data_care import DataCare, PruneRule
from core.settings import Settings, load_settings
from core.store import Database, RunStore
from core.store.search_index import index_some
from tests.bench.many_runs import fill
from tests.factories import make_run

EVERY_S = 0.02
QUIET_S = 10.0
SHORTEST_S = 3.0  # quicker work is repeated so long


class Saving:
    """Saves the text of a run, again and again; `waits` are the milliseconds each save took."""

    def __init__(self, store: RunStore) -> None:
        self.waits: list[float] = []
        self._store = store
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._save)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()

    def _save(self) -> None:
        run = make_run()
        self._store.insert([run]).result()
        while not self._stop.wait(EVERY_S):
            began = time.perf_counter()
            self._store.save_text(run.id, output="담은 텀블러 " * 100, thinking="").result()
            self.waits.append((time.perf_counter() - began) * 1000)

    @property
    def median(self) -> float:
        return statistics.median(self.waits)

    def figures(self) -> str:
        waits = sorted(self.waits)
        tail = waits[int(len(waits) * 0.95)]
        return f"p50 {self.median:.1f} ms, p95 {tail:.1f} ms, longest {waits[-1]:.0f} ms"


def prepare(settings: Settings, *, runs: int, pictures: int, picture_bytes: int) -> None:
    """A folder with so many runs, all in the search index, and pictures of random bytes."""
    with closing(Database(settings.database_path)) as database:
        with database.read() as connection:
            there = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
        if there < runs:
            fill(database, runs)
        while database.write(lambda connection: index_some(connection, most=1000)).result():
            pass
        with database.read() as connection:
            drawn = connection.execute("SELECT count(*) FROM images").fetchone()[0]
            rows = connection.execute("SELECT id FROM runs ORDER BY id").fetchall()
        if drawn < pictures:
            draw = random.Random(5)  # noqa: S311 - plausible, not secret
            named = [row[0] for row in rows][:: max(len(rows) // pictures, 1)][:pictures]
            _add_pictures(settings, database, named, draw, picture_bytes)


def _add_pictures(
    settings: Settings, database: Database, runs: list[str], draw: random.Random, size: int
) -> None:
    values = []
    for run in runs:
        data = draw.randbytes(size)
        sha256 = hashlib.sha256(data).hexdigest()
        path = settings.images_path / sha256[:2] / f"{sha256}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        values.append((run, sha256, size))

    def work(connection: Any) -> None:
        connection.executemany(
            "INSERT INTO images VALUES (?, 0, ?, 1024, 1024, 'png', ?, '', NULL)", values
        )

    database.write(work).result()


def measure(settings: Settings) -> None:
    with closing(Database(settings.database_path)) as database:
        store, care = RunStore(database), DataCare(settings, database)
        quiet = Saving(store)
        with quiet.going_on():
            time.sleep(QUIET_S)
        print(f"saving alone: {quiet.figures()}")

        def beside(name: str, work: Callable[[], Any], *, again: bool = False) -> Any:
            saving = Saving(store)
            with saving.going_on():
                began = time.perf_counter()
                found = work()
                took = time.perf_counter() - began
                while again and time.perf_counter() - began < SHORTEST_S:
                    work()
            ratio = saving.median / quiet.median
            print(f"{name}: {took:.1f} s; saving meanwhile {saving.figures()}, {ratio:.1f} × alone")
            return found

        first = beside("first backup", care.backup)
        print(f"  {first.runs:,} runs {first.database_bytes / 1e6:.0f} MB")
        print(f"  {first.pictures:,} pictures {first.picture_bytes / 1e6:.0f} MB")
        second = beside("second backup", care.backup)
        print(f"  new pictures: {second.new_picture_bytes} bytes")
        beside("check", care.check, again=True)
        beside("deep check", lambda: care.check(deep=True))
        beside("usage", care.usage, again=True)
        rule = _oldest_tenth(database)
        plan = beside("plan", lambda: care.plan_prune(rule), again=True)
        pruned = beside(f"pruning {plan.runs:,} runs", lambda: care.prune(plan))
        print(f"  {pruned.pictures:,} pictures {pruned.picture_bytes / 1e6:.0f} MB freed")
        print(f"  {pruned.database_free_bytes / 1e6:.0f} MB free in the database")


def _oldest_tenth(database: Database) -> PruneRule:
    with database.read() as connection:
        count = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
        age = "julianday('now') - julianday(created_at)"
        sql = f"SELECT {age} FROM runs ORDER BY id LIMIT 1 OFFSET ?"  # noqa: S608 - our own words
        row = connection.execute(sql, [count // 10]).fetchone()
    return PruneRule(older_than_days=int(row[0]))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.care")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--pictures", type=int, default=2_000)
    parser.add_argument("--picture-kb", type=int, default=250)
    asked = parser.parse_args()
    settings = load_settings({"PLAYGROUND_DATA_DIR": str(asked.folder)}, env_file=None)
    size = asked.picture_kb * 1000
    prepare(settings, runs=asked.runs, pictures=asked.pictures, picture_bytes=size)
    shutil.rmtree(settings.backups_path, ignore_errors=True)
    measure(settings)


if __name__ == "__main__":
    main()
