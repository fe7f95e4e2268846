"""Checks in the background, at once on demand, and never two of one component at a time."""

import asyncio
import logging
import random
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from core.errors import NotFound
from core.health import Health, HealthState, Seen
from core.run import Run
from core.types import RunStatus, utc_now

FIRST_WITHIN_S = 0.5  # of the start: not all at the very moment in which the app comes up
JITTER = 0.1
PAUSE_S = 0.5  # between two checks of a component, however many ask
FAILURE_PAUSE_S = 5.0
FRESH_S = 5.0  # how old a finding may be that somebody has open in detail
LONGEST_CHECK_S = 2.5
LATE_IN_A_ROW = 3
# What a run that failed so tells of its provider; the other errors are about the request.
_TELLING = frozenset(
    {
        "provider_unavailable",
        "provider_timeout",
        "provider_overloaded",
        "provider_unauthorized",
        "provider_rejected",
        "provider_error",
        "broken_answer",
        "model_not_found",
    }
)

Check = Callable[[], Awaitable[Health]]
OnLoop = Callable[[Coroutine[Any, Any, None]], "Future[None]"]

log = logging.getLogger("playground.health")


@dataclass(eq=False)
class _Watch:
    """A component, what was last seen of it, and the check under way."""

    check: Check
    seen: Seen
    under_way: "Future[None] | None" = None
    ended: float = field(default=float("-inf"))
    late_in_a_row: int = 0


class HealthMonitor:
    """What is known of each component, kept fresh for everybody at once.

    Reading costs nothing: a hundred pages that look cost the servers no more than one. A check
    that is asked for while one is under way is that one. Results are in memory only. Safe from
    any thread; the checks run on the loop of `on_loop`, where providers have their connections.

    Nothing is checked before `start()`, except on demand.
    """

    def __init__(self, checks: Mapping[str, Check], *, on_loop: OnLoop, interval_s: float) -> None:
        """`checks` by component, in the order in which they are shown."""
        self._watches = {
            name: _Watch(check, Seen(component=name)) for name, check in checks.items()
        }
        self._on_loop = on_loop
        self._interval_s = interval_s
        self._lock = threading.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_started = False
        self._is_closed = False

    @property
    def components(self) -> tuple[str, ...]:
        """Every component, in the order in which they are shown."""
        return tuple(self._watches)

    def all(self) -> dict[str, Seen]:
        """What is known of every component now; never waits."""
        return {name: watch.seen for name, watch in self._watches.items()}

    def of(self, component: str) -> Seen:
        """What is known of one component now. Raises NotFound."""
        return self._named(component)[component].seen

    def check(self, component: str | None = None) -> None:
        """Have a component (None: all of them) checked at once, in the background."""
        self._begin(self._named(component).values())

    def keep_fresh(self, component: str) -> None:
        """Somebody reads its details now, its queue or what is loaded: have it checked, unless it
        was a moment ago, however many read. Raises NotFound.
        """
        watches = self._named(component)
        if time.monotonic() - watches[component].ended >= FRESH_S:
            self._begin(watches.values())

    def check_and_wait(self, component: str | None = None, timeout: float = 3.0) -> dict[str, Seen]:
        """`check`, and what was found; after `timeout` seconds whatever is known by then."""
        watches = self._named(component)
        wait(self._begin(watches.values()), timeout)
        return {name: watch.seen for name, watch in watches.items()}

    async def acheck(
        self,
        component: str | None = None,
        timeout: float = 3.0,  # noqa: ASYNC109 (whatever is known by then is given)
    ) -> dict[str, Seen]:
        """`check_and_wait` on an event loop."""
        watches = self._named(component)
        waiting = [asyncio.wrap_future(one) for one in self._begin(watches.values())]
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=timeout)
            for one in late:
                one.cancel()  # only this waiting: the check goes on for the others
        return {name: watch.seen for name, watch in watches.items()}

    def observe(self, run: Run) -> None:
        """A run has ended. What it tells against the last check has its provider checked anew."""
        watch = self._watches.get(f"{run.kind}/{run.provider}")
        if watch is None or not self._is_started:
            return
        failed = run.status is RunStatus.FAILED and run.error_code in _TELLING
        is_back = run.status is RunStatus.SUCCEEDED and watch.seen.state is HealthState.DOWN
        if is_back or (failed and time.monotonic() - watch.ended > FAILURE_PAUSE_S):
            self._begin([watch])

    def start(self) -> None:
        """Check every component soon, and then again and again until `close()`."""
        with self._lock:
            if self._is_started or self._is_closed:
                return
            self._is_started = True
            for watch in self._watches.values():
                self._on_loop(self._kept(partial(self._repeat, watch)))

    def close(self) -> None:
        """End all checks; what is under way is given up."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        self._on_loop(self._cancel()).result()

    def _named(self, component: str | None) -> dict[str, _Watch]:
        if component is None:
            return self._watches
        if component not in self._watches:
            raise NotFound(
                f"There is no component {component!r}. Known: {', '.join(self._watches)}.",
                details={"known": list(self._watches)},
            )
        return {component: self._watches[component]}

    def _begin(self, watches: Iterable[_Watch]) -> "list[Future[None]]":
        """The checks of `watches`, begun or joined; each future is done when its check is."""
        with self._lock:
            return [] if self._is_closed else [self._begun(watch) for watch in watches]

    def _begun(self, watch: _Watch) -> "Future[None]":
        if watch.under_way is None or watch.under_way.done():
            watch.under_way = Future()
            # Whoever stops waiting must not cancel it for the others.
            watch.under_way.set_running_or_notify_cancel()
            watch.seen = watch.seen.model_copy(update={"checking": True})
            self._on_loop(self._kept(partial(self._once, watch, watch.under_way)))
        return watch.under_way

    async def _kept(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do `work` as a task that `close()` ends."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (a coroutine that runs has one)
        self._tasks.add(task)
        try:
            await work()
        finally:
            self._tasks.discard(task)

    async def _repeat(self, watch: _Watch) -> None:
        await asyncio.sleep(random.uniform(0, FIRST_WITHIN_S))  # noqa: S311 (no secret)
        while True:
            for under_way in self._begin([watch]):
                await asyncio.wrap_future(under_way)
            pause = self._interval_s * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
            # One that was asked for meanwhile counts as well.
            while (left := watch.ended + pause - time.monotonic()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(left)

    async def _once(self, watch: _Watch, ended: "Future[None]") -> None:
        try:
            await asyncio.sleep(max(0.0, watch.ended + PAUSE_S - time.monotonic()))
            if (health := await _bounded(watch)) is not None:
                self._keep(watch, health)
        finally:
            watch.ended = time.monotonic()
            watch.seen = watch.seen.model_copy(update={"checking": False})
            ended.set_result(None)

    def _keep(self, watch: _Watch, health: Health) -> None:
        before, now = watch.seen, utc_now()
        is_same = before.since is not None and before.state is health.state
        watch.seen = Seen(
            component=before.component,
            health=health,
            checked_at=now,
            since=before.since if is_same else now,
            checking=True,
        )
        if not is_same:
            is_well = health.state in (HealthState.OK, HealthState.NOT_CONFIGURED)
            log.log(
                logging.INFO if is_well else logging.WARNING,
                "health changed",
                extra={
                    "component": before.component,
                    "state": str(health.state),
                    "code": health.code,
                    "reason": health.reason,
                },
            )

    async def _cancel(self) -> None:
        tasks = self._tasks - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _bounded(watch: _Watch) -> Health | None:
    """What the check finds; None where it is late, and what was known stands.

    Checks end within 2 s and do not raise. One that raises is at fault. One that is late mostly
    tells that this process did not get to it: only several in a row say that the check hangs.
    """
    component = watch.seen.component
    try:
        async with asyncio.timeout(LONGEST_CHECK_S) as limit:
            health = await watch.check()
    except Exception as error:
        watch.late_in_a_row = watch.late_in_a_row + 1 if limit.expired() else 0
        if 0 < watch.late_in_a_row < LATE_IN_A_ROW:
            log.warning("health check late", extra={"component": component})
            return None
        log.exception("health check broke", extra={"component": component})
        kind = type(error).__name__
        return Health(
            state=HealthState.DOWN,
            code="check_failed",
            reason=f"The playground could not check {component} ({kind}).",
            advice="Check again; if it stays like this, the playground's log has the details.",
            details={"error": kind},
        )
    watch.late_in_a_row = 0
    return health
