"""What a person does in a tab: writes a brief, runs it, reads, looks into History and Health.

They come within twenty seconds, and think between two actions for so long as `THINK` says: a range
in seconds, drawn evenly. A round takes about 45 seconds, 38 of them thinking.
"""

import asyncio
import itertools
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from tests.bench.load.tab import LIMIT_S, Tab, opened_tab
from tests.bench.load.tally import Tally

THINK = {
    "come": (0.0, 20.0),
    "write": (3.0, 8.0),
    "read": (4.0, 10.0),
    "look": (2.0, 5.0),
}
PATIENCE_S = 10.0  # after so long a person clicks again
CLICKS = 3
PRODUCT = "text_field_text_product_name"
WORDS = ("텀블러", "이불", "quilt", "커피", "washable", "없는낱말")


class Person:
    """One person with one tab. `haste` divides their thinking: 1 is a person, 10 a hurried one."""

    def __init__(self, url: str, tally: Tally, *, seed: int, haste: float = 1) -> None:
        self._url, self._tally, self._haste = url, tally, haste
        self._draw = random.Random(seed)  # noqa: S311 - plausible, not secret

    async def live(self, leave: asyncio.Event) -> None:
        """Come at some moment, then do one round after the other until it is time to leave; one
        round whatever the time.
        """
        await self._think("come")
        async with AsyncExitStack() as stack:
            with self._tally.timed("open the app"):
                tab = await stack.enter_async_context(opened_tab(self._url, self._tally))
            parts = (self._write, self._find, self._check)
            for done, part in enumerate(itertools.cycle(parts)):
                if leave.is_set() and done >= len(parts):
                    return
                await part(tab)

    async def _write(self, tab: Tab) -> None:
        if tab.path:
            await self._do("go to Text", tab, tab.go(""))
        await self._think("look")
        if tab.element("text_example") is not None:  # where no answer is open
            example = tab.press("text_example")
            await self._do("fill in an example", tab, example, lambda: bool(tab.value(PRODUCT)))
        await self._think("write")
        await self._do("type into a field", tab, tab.type("text_field_text_tone", self._tone()))
        await self._think("look")
        before = tab.query
        run = tab.press("text_run")
        await self._do("press Run", tab, run, lambda: tab.query not in ("", before))
        self._tally.batches.append(_named(tab.query, "batch"))
        await self._do("answer, from Run to its end", tab, tab.until(lambda: not tab.has("stop_")))
        await self._think("read")

    async def _find(self, tab: Tab) -> None:
        await self._do("go to History", tab, tab.go("history"))
        await self._think("look")
        words = tab.type("history_q", self._draw.choice(WORDS))
        await self._do("search", tab, words, lambda: "q=" in tab.query)
        await self._think("look")
        nothing = tab.type("history_q", "")
        await self._do("search for everything again", tab, nothing, lambda: not tab.query)
        await self._think("look")
        await self._open(tab)
        await self._think("read")

    async def _open(self, tab: Tab) -> None:
        """Click a run of the list; where nothing comes of it, come back to the list and again.

        A list that was drawn anew at that very moment may put the address back as it was.
        """
        for _ in range(CLICKS):
            click = tab.tell("history_table", self._a_line(tab))
            try:
                await self._do("open a run", tab, click, lambda: "run=" in tab.query, PATIENCE_S)
            except TimeoutError:
                self._tally.repeated.append("open a run")
                await tab.go("history")
            else:
                return
        raise TimeoutError(f"{CLICKS} clicks on a run, and none opened it")

    async def _check(self, tab: Tab) -> None:
        await self._do("go to Health", tab, tab.go("health"))
        await self._think("read")

    def _a_line(self, tab: Tab) -> str:
        table = tab.element("history_table")
        assert table is not None, "History has no table although something has run"
        rows = json.loads(table.bidi_component.json)["rows"]
        return json.dumps([{"event": "open", "value": self._draw.choice(rows)["id"]}])

    def _tone(self) -> str:
        return f"Warm and plain {self._draw.randrange(1000)}"

    async def _do(
        self,
        action: str,
        tab: Tab,
        work: Awaitable[None],
        seen: Callable[[], bool] = lambda: True,
        patience: float = LIMIT_S,
    ) -> None:
        """Time `work`, until the page shows what `seen` looks for: the script may have been at a
        run of its own when it was asked.
        """
        with self._tally.timed(action):
            try:
                await work
                await tab.until(seen, patience)
            except TimeoutError:
                raise TimeoutError(f"no answer to: {action}") from None

    async def _think(self, about: str) -> None:
        await asyncio.sleep(self._draw.uniform(*THINK[about]) / self._haste)


def _named(query: str, name: str) -> str:
    found = [part for part in query.split("&") if part.startswith(f"{name}=")]
    assert found, f"the address has no {name}: {query!r}"
    return found[0].partition("=")[2]
