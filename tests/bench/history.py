"""The list of very many runs: search, pages, facets, figures, what indexes cost.

`python -m tests.bench.history 1000000` measures at any size; `--keep FILE` makes the database
there, or uses the one that is there.
"""

import argparse
import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from core.figures import Span
from core.listing import RunFilter, RunPage, Sort
from core.store import Database, RecentRuns, RunList, RunStats
from core.store.cursors import Cursor
from core.store.runs import COLUMNS
from core.store.search_index import index_some
from tests.bench import many_runs
from tests.bench.pairing import Figure, Size, in_turns

RUNS = {Size.FULL: 20_000, Size.QUICK: 5_000, Size.SMOKE: 300}
ROUNDS = {Size.FULL: 7, Size.QUICK: 3, Size.SMOKE: 1}
INSERTS = {Size.FULL: 1_000, Size.QUICK: 200, Size.SMOKE: 20}
# Two syllables, inside words, particles, several words, phrases, Latin, mid-word, numbers, single
# characters, what few or no runs have, and pieces that are all frequent but never together.
QUERIES = (
    *(
        "커피",
        "냉장고",
        "커피를",
        "보조배터리",
        "분석",
        "텀블러 할인",
        "tumbler",
        "umble",
        "20000mAh",
    ),
    *(
        "1.8kg",
        "담",
        "a",
        "q",
        "온고",
        "담나",
        "나토 홍삼",
        '"오늘 완성해요"',
        "없는말",
        "뷁",
        "비누콘",
    ),
    *("한결 천천히 모자", "skin care", "wireless 텀블러", "%", "후보"),
)
PAGES: dict[str, tuple[Sort, dict[str, Any]]] = {
    "first page": (Sort.NEWEST, {}),
    "page of the slowest": (Sort.SLOWEST, {}),
    "page of live, one model": (Sort.NEWEST, {"modes": ("live",), "models": ("model-b:8b",)}),
    "page of one person's failures": (
        Sort.NEWEST,
        {"statuses": ("failed",), "users": ("담당자3",)},
    ),
    "page of a rare finding": (Sort.NEWEST, {"findings": ("repeat.field",)}),
    "page that no run is on": (Sort.NEWEST, {"models": ("none",)}),
}
_BARE = (
    "SELECT id, created_at, kind, status, mode, provider, model, role, task, user, total_ms, "
    "payload, substr(output, 1, 300) FROM runs WHERE id = ?"
)
_BEFORE = (
    *("runs", "sqlite_autoindex_runs_1", "runs_batch", "runs_open"),
    *("check_reports", "findings", "findings_code"),
)
_WEEK = (
    "SELECT created_at, status, first_token_ms, total_ms FROM runs INDEXED BY runs_list "
    "WHERE id >= ? AND kind = 'text' AND provider = 'ollama'"
)
_COUNT_BY_HAND = (
    "SELECT mode, model, count(*), avg(total_ms) FROM (SELECT mode, model, total_ms FROM runs "
    "WHERE status = 'succeeded' ORDER BY id DESC LIMIT 100000) GROUP BY mode, model"
)


async def bench(size: Size) -> list[Figure]:
    """Figures at the size of the everyday bench."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "many.db"
        await asyncio.to_thread(make, path, RUNS[size])
        return await measure(path, rounds=ROUNDS[size], inserts=INSERTS[size])


def make(path: Path, runs: int) -> None:
    """A database of so many runs, all in the search index. Also for other benches."""
    with closing(Database(path)) as database:
        many_runs.fill(database, runs)
        while database.write(lambda connection: index_some(connection, most=2_000)).result():
            pass


async def measure(path: Path, *, rounds: int, inserts: int) -> list[Figure]:
    """All figures of the database at `path`."""
    with closing(Database(path)) as database:
        listed, stats = RunList(database), RunStats(database)
        count = _numbers(database)
        figures = await _searches(database, listed, rounds, count)
        for name, (sort, values) in PAGES.items():
            wanted = RunFilter(**values)
            figures.append(await _page(database, listed, name, wanted, sort, rounds))
        figures.append(await _deep(database, listed, rounds))
        figures.append(
            await _against(database, "facets", _nothing, lambda _: listed.facets(), rounds)
        )
        figures.append(
            await _against(
                database,
                "times by model, newest 100,000 runs",
                lambda connection: connection.execute(_COUNT_BY_HAND).fetchall(),
                lambda _: stats.timings(RunFilter()),
                rounds,
            )
        )
        figures.append(await _recently(database, rounds))
        figures.append(_bytes(database, count))
        figures.extend(_inserts(database, path.parent, inserts))
    return figures


async def _recently(database: Database, rounds: int) -> Figure:
    """A week's figures of one provider, against reading their rows alone."""
    recent, component = RecentRuns(database, kept_s=0), "text/ollama"
    with database.read() as connection:
        (newest,) = connection.execute("SELECT max(created_at) FROM runs").fetchone()
    until = datetime.fromisoformat(newest)
    week_ago = f"{int((until - timedelta(days=7)).timestamp() * 1000):012x}"
    since = f"{week_ago[:8]}-{week_ago[8:]}"
    return await _against(
        database,
        "a provider's figures of a week",
        lambda connection: connection.execute(_WEEK, [since]).fetchall(),
        lambda _: recent.figures_until(until, component, Span.WEEK),
        rounds,
    )


async def _searches(database: Database, listed: RunList, rounds: int, count: int) -> list[Figure]:
    pages = {query: listed.page(RunFilter(q=query)) for query in QUERIES}

    async def floor() -> list[float]:
        with database.read() as connection:
            return [_timed(lambda page=page: _by_id(connection, page)) for page in pages.values()]

    async def ours() -> list[float]:
        return [_timed(lambda q=query: listed.page(RunFilter(q=q))) for query in QUERIES]

    floors, owns = await in_turns(floor, ours, rounds)
    return [
        Figure(
            f"search of {count:,} runs, {name} of {len(QUERIES)} queries",
            "ms",
            [pick(one) for one in floors],
            [pick(one) for one in owns],
        )
        for name, pick in (("p50", median), ("p95", _p95))
    ]


async def _page(
    database: Database, listed: RunList, name: str, wanted: RunFilter, sort: Sort, rounds: int
) -> Figure:
    page = listed.page(wanted, sort=sort)
    return await _against(
        database,
        name,
        lambda connection: _by_id(connection, page),
        lambda _: listed.page(wanted, sort=sort),
        rounds,
    )


async def _deep(database: Database, listed: RunList, rounds: int) -> Figure:
    """The page that begins in the middle of all runs."""
    with database.read() as connection:
        half = "(SELECT max(number) / 2 FROM run_numbers)"
        sql = f"SELECT run_id FROM run_numbers WHERE number > {half} LIMIT 1"  # noqa: S608
        middle = connection.execute(sql).fetchone()[0]
    cursor = str(Cursor(Sort.NEWEST, None, middle))
    page = listed.page(RunFilter(), cursor=cursor)
    return await _against(
        database,
        "page in the middle",
        lambda connection: _by_id(connection, page),
        lambda _: listed.page(RunFilter(), cursor=cursor),
        rounds,
    )


async def _against(
    database: Database,
    name: str,
    bare: Callable[[sqlite3.Connection], object],
    ours: Callable[[None], object],
    rounds: int,
) -> Figure:
    async def floor_ms() -> float:
        with database.read() as connection:
            return _timed(lambda: bare(connection))

    async def ours_ms() -> float:
        return _timed(lambda: ours(None))

    return Figure(name, "ms", *await in_turns(floor_ms, ours_ms, rounds))


def _bytes(database: Database, count: int) -> Figure:
    """Kilobytes a run: the rows with what they had before search, and everything."""
    with database.read() as connection:
        rows = connection.execute("SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name")
        sizes = {row["name"]: row["bytes"] for row in rows}
    before = sum(sizes[name] for name in _BEFORE)
    return Figure(
        "size on disk a run: without and with list and search indexes",
        "kB",
        [before / count / 1000],
        [sum(sizes.values()) / count / 1000],
    )


def _inserts(database: Database, folder: Path, count: int) -> list[Figure]:
    """Single inserts of runs, each committed: into a table with nothing but its key, into ours,
    and ours with the search index filled behind it.
    """
    bare = folder / "bare.db"
    with closing(sqlite3.connect(bare, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        with database.read() as reading:
            shape = reading.execute("SELECT sql FROM sqlite_master WHERE name = 'runs'").fetchone()
        connection.execute(shape[0])
        rows = [made["runs"] for made in many_runs.rows(count, seed=int(time.time()))]
        floors, owns, both = [], [], []
        for values in rows:
            floors.append(_timed(lambda values=values: _insert(connection, values)))
            owns.append(
                _timed(lambda values=values: database.write(lambda c: _insert(c, values)).result())
            )
            filled = _timed(lambda: database.write(lambda c: index_some(c, most=1)).result())
            both.append(owns[-1] + filled)
    ids = [(values[0][0],) for values in rows]
    bare.unlink()
    database.write(lambda c: _forget(c, ids)).result()
    return [
        Figure("insert of a run: bare, with all indexes", "ms", floors, owns),
        Figure("insert of a run: bare, with search index filled", "ms", floors, both),
    ]


def _insert(connection: sqlite3.Connection, values: Sequence[tuple[object, ...]]) -> None:
    marks = ", ".join("?" * len(values[0]))
    names = ", ".join(COLUMNS)
    connection.executemany(f"INSERT INTO runs ({names}) VALUES ({marks})", values)  # noqa: S608


def _forget(connection: sqlite3.Connection, ids: Sequence[tuple[str]]) -> None:
    connection.executemany("DELETE FROM run_numbers WHERE run_id = ?", ids)
    connection.executemany("DELETE FROM runs WHERE id = ?", ids)


def _by_id(connection: sqlite3.Connection, page: RunPage) -> list[sqlite3.Row]:
    return [connection.execute(_BARE, [row.id]).fetchone() for row in page.items]


def _nothing(connection: sqlite3.Connection) -> object:
    return connection.execute("SELECT name, value FROM run_labels").fetchall()


def _numbers(database: Database) -> int:
    with database.read() as connection:
        return connection.execute("SELECT count(*) FROM run_numbers").fetchone()[0]


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.history", description=__doc__)
    parser.add_argument("runs", type=int)
    parser.add_argument("--keep", type=Path, metavar="FILE")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = asked.keep or Path(name) / "many.db"
        if not path.exists():
            make(path, asked.runs)
        for figure in asyncio.run(measure(path, rounds=7, inserts=1_000)):
            floor, ours = median(figure.floor), median(figure.ours)
            low, high = figure.spread
            print(
                f"{figure.name:60} {floor:10.4g} {ours:10.4g} {figure.unit} "
                f"{figure.ratio:8.2f} ({low:.2f}-{high:.2f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
