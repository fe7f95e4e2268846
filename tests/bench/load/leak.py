"""Whether memory levels off after many short visits: `python -m tests.bench.load.leak`.

A visit opens the app, runs a brief to its end, looks into History and closes the tab. Streamlit
keeps closed sessions for two minutes, 128 at most, in case they come back: until then it grows.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

import httpx

from tests.app_server import RunningApp, running_app
from tests.bench.load.tab import opened_tab
from tests.bench.load.tally import Tally
from tests.bench.load.vitals import look_at
from tests.bench.rest import SETTINGS

AT_ONCE = 5
KEPT_S = 125  # Streamlit forgets a closed session after two minutes
COMMAND = (
    *("streamlit", "run", str(Path(__file__).with_name("leak_app.py"))),
    *("--server.port=0", "--server.address=127.0.0.1", "--server.fileWatcherType=none"),
    *("--runner.postScriptGC=false", "--browser.gatherUsageStats=false"),
)


async def visits(app: RunningApp, tally: Tally, count: int) -> None:
    """So many visits, a few at once."""
    for _ in range(count // AT_ONCE):
        await asyncio.gather(*(_visit(app.url, tally) for _ in range(AT_ONCE)))


async def _visit(url: str, tally: Tally) -> None:
    async with opened_tab(url, tally) as tab:
        await tab.press("text_example")
        await tab.press("text_run")
        await tab.until(lambda: not tab.has("stop_"))
        await tab.go("history")


async def told(app: RunningApp, made: int) -> str:
    """One line of the table: after so many visits, the process and its objects."""
    async with httpx.AsyncClient(trust_env=False) as http:
        alive = (await http.get(f"{app.url}/objects")).raise_for_status().json()
    seen = look_at(app.process.pid)
    kinds = "  ".join(f"{kind} {count:,}" for kind, count in alive.items())
    return f"{made:>6} visits: {seen.rss_mb:6.1f} MB, {seen.files} files, {kinds}"


async def _run(folder: Path, groups: int, size: int) -> list[str]:
    tally = Tally()
    with running_app(folder, SETTINGS, command=COMMAND) as app:
        for group in range(1, groups + 1):
            await visits(app, tally, size)
            print(await told(app, group * size), flush=True)
        await asyncio.sleep(KEPT_S)
        await visits(app, tally, AT_ONCE)  # a new one makes Streamlit look at the old
        print(f"{KEPT_S} s later: {(await told(app, groups * size + AT_ONCE)).strip()}")
    return tally.complaints


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load.leak", description=__doc__)
    parser.add_argument("--groups", type=int, default=8)
    parser.add_argument("--visits", type=int, default=75, help="visits a group")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        complaints = asyncio.run(_run(Path(folder), asked.groups, asked.visits))
    print(f"complaints of pages: {len(complaints)}", *complaints[:5], sep="\n")


if __name__ == "__main__":
    main()
