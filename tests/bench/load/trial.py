"""One user alone, then the whole crowd, on one app; what they met and how the app fared."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.app_server import running_app
from tests.bench.load.clients import Client
from tests.bench.load.outcome import lost_runs
from tests.bench.load.people import Person
from tests.bench.load.tally import Tally
from tests.bench.load.vitals import Vitals, look_at

LOOK_EVERY_S = 30
# Who is alone has their rounds at this haste, so that there are enough of them to compare with.
HASTE_ALONE = 5
LEAVE_LIMIT_S = 90


@dataclass(frozen=True)
class Crowd:
    """How many there are, for how long, how long one is alone before, and the quiet after."""

    people: int = 30
    clients: int = 20
    seconds: float = 180
    alone: float = 60
    quiet: float = 60
    haste: float = 1


@dataclass
class Trial:
    """What came of it. `vitals` are of the app, by the moment; `own` of this process."""

    crowd: Crowd
    alone: Tally = field(default_factory=Tally)
    together: Tally = field(default_factory=Tally)
    vitals: dict[str, Vitals] = field(default_factory=dict)
    own: list[Vitals] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def errors(self) -> list[str]:
        """Everything that must not be."""
        return [*self.alone.complaints, *self.together.complaints, *self.lost]


async def trial(folder: Path, crowd: Crowd) -> Trial:
    """Start an app in `folder`, which is empty, and let them use it. Ends by itself."""
    made = Trial(crowd)
    with running_app(folder) as app:
        pid = app.process.pid

        def look(moment: str) -> None:
            made.vitals[moment] = look_at(pid)

        await _use(app.url, made.alone, people=1, clients=1, seconds=crowd.alone, haste=HASTE_ALONE)
        look("before")
        made.own.append(look_at(os.getpid()))
        made.together = Tally()
        watching = asyncio.create_task(_watch(look))
        await _use(
            app.url,
            made.together,
            people=crowd.people,
            clients=crowd.clients,
            seconds=crowd.seconds,
            haste=crowd.haste,
        )
        watching.cancel()
        made.own.append(look_at(os.getpid()))
        look("at the end")
        await asyncio.sleep(crowd.quiet)
        look("after the quiet")
        app.terminate()
    database = folder / "data" / "playground.db"
    made.lost = lost_runs(database, app.log, [made.alone, made.together])
    return made


async def _use(
    url: str, tally: Tally, *, people: int, clients: int, seconds: float, haste: float
) -> None:
    leave = asyncio.Event()
    users: list[Person | Client] = []
    users += [Person(url, tally, seed=seed, haste=haste) for seed in range(people)]
    users += [Client(url, tally, seed=seed, haste=haste) for seed in range(clients)]
    living = [asyncio.create_task(_live(user, tally, leave)) for user in users]
    await asyncio.sleep(seconds)
    leave.set()
    async with asyncio.timeout(LEAVE_LIMIT_S):
        await asyncio.gather(*living)
    tally.finish()


async def _live(user: Person | Client, tally: Tally, leave: asyncio.Event) -> None:
    """One user's life; what breaks it is told, and the others go on."""
    try:
        await user.live(leave)
    except Exception as error:
        tally.complain(f"{type(user).__name__}: {type(error).__name__}: {error}")


async def _watch(look: Callable[[str], None]) -> None:
    for moment in range(LOOK_EVERY_S, 86_400, LOOK_EVERY_S):
        await asyncio.sleep(LOOK_EVERY_S)
        look(f"at {moment} s")
