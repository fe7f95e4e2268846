"""The first page of History in a real browser, against the same page with no runs."""

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

from core.store import Database
from core.store.search_index import index_some
from tests.app_server import running_app
from tests.bench import many_runs
from tests.bench.gallery import ARGUMENTS, CHROMIUM, visit
from tests.bench.pairing import Figure, Size, in_turns

RUNS = {Size.FULL: 10_000, Size.QUICK: 2_000, Size.SMOKE: 100}
ROUNDS = {Size.FULL: 7, Size.QUICK: 3, Size.SMOKE: 1}
A_ROW = "table tbody tr"
NO_RUNS = "text=Nothing has run yet."


async def bench(size: Size) -> list[Figure]:
    """How much longer History takes with many runs, until the first row is there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await asyncio.to_thread(_make, folder / "full" / "data", RUNS[size])
        return await compare(folder / "full", folder / "empty", RUNS[size], ROUNDS[size])


async def compare(full: Path, empty: Path, runs: int, rounds: int) -> list[Figure]:
    """The figures of the data folders below `full` (which has `runs` runs) and `empty`."""
    with running_app(full) as app, running_app(empty) as floor_app:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            floor, ours = await in_turns(
                lambda: visit(browser, f"{floor_app.url}/history", NO_RUNS),
                lambda: visit(browser, f"{app.url}/history", A_ROW),
                rounds,
            )
            await browser.close()
    name = f"History with {runs:,} runs"
    return [
        Figure(f"{name}: first row", "ms", [one[0] for one in floor], [one[0] for one in ours]),
        Figure(f"{name}: bytes", "kB", [one[1] for one in floor], [one[1] for one in ours]),
    ]


def _make(data: Path, runs: int) -> None:
    data.mkdir(parents=True)
    database = Database(data / "playground.db")
    try:
        many_runs.fill(database, runs)
        while database.write(index_some).result():
            pass
    finally:
        database.close()
