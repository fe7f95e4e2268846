"""What every provider's health check shares: its time limit, its words, and that it never raises.

A provider writes `examine(found)`: it asks its server, notes in `found` what it learns on the
way, and returns one of `found`'s verdicts. `check_up` bounds that, whatever happens in it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from core.errors import ProviderError, ProviderOverloaded
from core.health import CODES, HealthState, ProviderHealth
from core.providers.http import CONNECT_TIMEOUT_S

CHECK_TIMEOUT_S = 1.8
LETTING_GO_S = 0.1
MOST_LISTED = 1000
# What an error's details may hold that a reader of a health check needs.
_KEPT = ("location", "title", "server_message", "timeout_s", "setting")

A = TypeVar("A")
B = TypeVar("B")
log = logging.getLogger("playground.health")


@dataclass
class Findings:
    """What a check has learnt so far; it is kept when the rest does not come.

    `server` is the server as a sentence's subject, `facts` are fields of `ProviderHealth`,
    `start_command` is what starts the server where nothing answers. `at_work` says that a job
    of ours moved there a moment ago: a server that then answers late is busy, not down.
    """

    vendor: str
    server: str
    address: str | None = None
    start_command: str | None = None
    started: float = field(default_factory=time.perf_counter)
    facts: dict[str, Any] = field(default_factory=dict)
    at_work: bool = False

    @property
    def is_there(self) -> bool:
        """Whether the server has answered as it should at least once."""
        return "round_trip_ms" in self.facts

    def note(self, **facts: object) -> None:
        """Keep what was learnt, of lists as much as anybody can look at."""
        self.facts |= {
            name: value[:MOST_LISTED] if isinstance(value, tuple) else value
            for name, value in facts.items()
        }

    def answered(self, **facts: object) -> None:
        """The server has answered the first question."""
        self.note(round_trip_ms=(time.perf_counter() - self.started) * 1000, **facts)

    def ok(self, reason: str) -> ProviderHealth:
        """All is well."""
        return self._health(HealthState.OK, reason=reason)

    def degraded(
        self, code: str, reason: str, advice: str, *, command: str | None = None, **details: object
    ) -> ProviderHealth:
        """It answers, but."""
        return self._health(
            HealthState.DEGRADED,
            code=code,
            reason=reason,
            advice=advice,
            command=command,
            details=details,
        )

    def not_configured(self) -> ProviderHealth:
        """It was not asked, because nobody said where it is."""
        setting = f"{self.vendor.upper()}_BASE_URL"
        return self._health(
            HealthState.NOT_CONFIGURED,
            code="provider_not_configured",
            reason=f"{self.server} is not set up: {setting} is empty.",
            advice=f"Set {setting} to its address and restart the playground.",
            details={"setting": setting},
        )

    def failed(self, error: ProviderError) -> ProviderHealth:
        """The check ended with `error`: down, or degraded where the server had answered."""
        code = str(error.details.get("why") or error.code)
        if code not in CODES:
            code = ProviderError.code  # an error about a run, out of place here
        details: dict[str, object] = {
            key: error.details[key] for key in _KEPT if key in error.details
        }
        if error.status is not None:
            details["status"] = error.status
        if code == "provider_timeout":
            details.setdefault("timeout_s", CONNECT_TIMEOUT_S)
        reason, _, advice = error.message.partition(". ")
        is_up = self.is_there or isinstance(error, ProviderOverloaded)
        return self._health(
            HealthState.DEGRADED if is_up else HealthState.DOWN,
            code=code,
            reason=f"{reason.removesuffix('.')}.",
            advice=advice or "Look into the server's log, then check again.",
            command=self.start_command if code == "provider_unavailable" else None,
            details=details,
        )

    def late(self) -> ProviderHealth:
        """The server did not answer in time, or said only that it is there."""
        limit = f"{CHECK_TIMEOUT_S:g} s"
        reason = f"{self.server} did not answer within {limit}."
        if self.is_there:
            reason = f"{self.server} is there, but did not say the rest within {limit}."
        elif self.at_work:
            reason = f"{self.server} works on our jobs, but did not answer within {limit}."
        is_up = self.is_there or self.at_work
        return self._health(
            HealthState.DEGRADED if is_up else HealthState.DOWN,
            code="slow" if is_up else "provider_timeout",
            reason=reason,
            advice="It may be starting or very busy: try again in a moment.",
            details={"timeout_s": CHECK_TIMEOUT_S},
        )

    def broke(self, error: Exception) -> ProviderHealth:
        """The check itself failed, for a reason that nobody foresaw; the facts may be at fault."""
        kind = type(error).__name__
        self.facts.clear()
        return self._health(
            HealthState.DOWN,
            code="check_failed",
            reason=f"The playground could not check {self.server} ({kind}).",
            advice="Check again; if it stays like this, the playground's log has the details.",
            details={"error": kind},
        )

    def _health(
        self, state: HealthState, *, details: dict[str, Any] | None = None, **words: Any
    ) -> ProviderHealth:
        told = {"provider": self.vendor} | ({"address": self.address} if self.address else {})
        return ProviderHealth(
            provider=self.vendor,
            address=self.address,
            state=state,
            details={} if details is None else told | details,
            **words,
            **self.facts,
        )


async def check_up(
    found: Findings, examine: Callable[[Findings], Awaitable[ProviderHealth]]
) -> ProviderHealth:
    """What `examine` says, within 2 s whatever it does; never raises."""
    task = asyncio.ensure_future(examine(found))
    task.add_done_callback(_look_at)
    try:
        await asyncio.wait({task}, timeout=CHECK_TIMEOUT_S)
        return _verdict(found, task)
    except Exception as error:
        log.exception("health check broke", extra={"provider": found.vendor})
        return found.broke(error)
    finally:
        await _let_go(task)


async def together(first: Awaitable[A], second: Awaitable[B]) -> tuple[A, B]:
    """Both answers, asked for at once; where one fails, the other is given up."""
    tasks = asyncio.ensure_future(first), asyncio.ensure_future(second)
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def _verdict(found: Findings, task: "asyncio.Future[ProviderHealth]") -> ProviderHealth:
    if not task.done() or task.cancelled():
        return found.late()
    try:
        return task.result()
    except ProviderError as error:
        return found.failed(error)


async def _let_go(task: "asyncio.Future[ProviderHealth]") -> None:
    """Cancel what still runs; wait only shortly for it to close its connection."""
    if task.done():
        return
    task.cancel()
    await asyncio.wait({task}, timeout=LETTING_GO_S)


def _look_at(task: "asyncio.Future[ProviderHealth]") -> None:
    """Take its error, so that asyncio does not complain where nobody waits for it any more."""
    if not task.cancelled():
        task.exception()
