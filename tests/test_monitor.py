"""Health checks in the background: shared by all viewers, gentle, never in each other's way."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from core.errors import NotFound
from core.health import Health, HealthState
from core.loop import LoopThread
from core.monitor import HealthMonitor
from core.monitor import monitor as module
from core.run import Run
from core.types import Mode, RunStatus

OK = Health(state=HealthState.OK)
DOWN = Health(state=HealthState.DOWN, code="provider_unavailable", reason="No.", advice="Start it.")


class Part:
    """A component whose health a test decides. `checks` counts, `gate` holds a check back."""

    def __init__(self) -> None:
        self.health: Health | Exception = OK
        self.checks = 0
        self.under_way = 0
        self.most_at_once = 0
        self.cancelled = 0
        self.gate = threading.Event()
        self.gate.set()

    async def __call__(self) -> Health:
        self.checks += 1
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            while not self.gate.is_set():  # noqa: ASYNC110 (a thread sets it)
                await asyncio.sleep(0.002)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.under_way -= 1
        if isinstance(self.health, Exception):
            raise self.health
        return self.health


Watching = Callable[..., HealthMonitor]


@pytest.fixture
def fast() -> Part:
    return Part()


@pytest.fixture
def slow() -> Part:
    part = Part()
    part.gate.clear()
    return part


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watching]:
    """A maker of monitors over parts, without a pause between two checks unless one is given."""
    monkeypatch.setattr(module, "FIRST_WITHIN_S", 0.0)
    loop = LoopThread("monitor test")
    made: list[HealthMonitor] = []

    def make(*, interval_s: float = 60, pause_s: float = 0.0, **parts: Part) -> HealthMonitor:
        monkeypatch.setattr(module, "PAUSE_S", pause_s)
        checks = {name.replace("_", "/"): part for name, part in parts.items()}
        made.append(HealthMonitor(checks, on_loop=loop.start, interval_s=interval_s))
        return made[-1]

    yield make
    for monitor in made:
        monitor.close()
    loop.close()


def until(promise: Callable[[], object], timeout_s: float = 5) -> None:
    end = time.monotonic() + timeout_s
    while not promise():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.005)


def ended(status: RunStatus, error_code: str | None = None, *, provider: str = "ollama") -> Run:
    return Run.model_construct(
        id="r",
        kind="text",
        provider=provider,
        mode=Mode.LIVE,
        status=status,
        error_code=error_code,
    )


def test_nothing_is_known_and_nothing_is_checked_before_somebody_asks(watching, fast):
    monitor = watching(disk=fast)
    assert monitor.components == ("disk",)
    assert monitor.of("disk").state is None
    assert not monitor.of("disk").checking
    assert fast.checks == 0


def test_a_check_on_demand_tells_what_was_found_and_when(watching, fast):
    before = datetime.now(UTC).replace(microsecond=0)
    monitor = watching(disk=fast)
    seen = monitor.check_and_wait("disk")["disk"]
    assert seen == monitor.of("disk") == monitor.all()["disk"]
    assert (seen.health, seen.checking) == (OK, False)
    assert seen.checked_at >= before
    assert seen.since == seen.checked_at


def test_many_who_ask_at_once_cost_one_check(watching, slow):
    monitor = watching(disk=slow)
    with ThreadPoolExecutor(50) as pool:
        asking = [pool.submit(monitor.check_and_wait, "disk") for _ in range(50)]
        until(lambda: slow.checks and not any(one.done() for one in asking))
        assert monitor.of("disk").checking
        slow.gate.set()
        found = [one.result()["disk"].health for one in asking]
    assert found == [OK] * 50
    assert slow.checks == 1


def test_a_hundred_readers_cost_nothing(watching, fast):
    monitor = watching(text_mock=fast)
    monitor.check_and_wait()
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: monitor.all()["text/mock"].health, range(100)))
    assert found == [OK] * 100
    assert fast.checks == 1


def test_whoever_asks_again_and_again_waits_for_the_pause_between_two_checks(watching, fast):
    monitor = watching(disk=fast, pause_s=0.1)
    start = time.monotonic()
    for _ in range(4):
        monitor.check_and_wait("disk")
    assert fast.checks == 4
    assert time.monotonic() - start >= 0.3


def test_a_slow_component_does_not_hold_up_a_fast_one(watching, fast, slow):
    monitor = watching(text_ollama=slow, disk=fast)
    monitor.check()
    until(lambda: monitor.of("disk").state is HealthState.OK)
    assert monitor.of("text/ollama").checking
    assert monitor.of("text/ollama").state is None
    slow.gate.set()
    until(lambda: monitor.of("text/ollama").state is HealthState.OK)


def test_whoever_waits_for_a_slow_one_waits_only_so_long(watching, fast, slow):
    monitor = watching(text_ollama=slow, disk=fast)
    start = time.monotonic()
    seen = monitor.check_and_wait(timeout=0.1)
    assert time.monotonic() - start < 1
    assert (seen["disk"].state, seen["text/ollama"].state) == (HealthState.OK, None)
    assert slow.cancelled == 0


async def test_giving_up_waiting_on_a_loop_leaves_the_check_to_the_others(watching, slow):
    monitor = watching(disk=slow)
    assert (await monitor.acheck("disk", timeout=0.05))["disk"].state is None
    other = asyncio.create_task(monitor.acheck("disk"))
    await asyncio.sleep(0.02)
    slow.gate.set()
    assert (await other)["disk"].state is HealthState.OK
    assert (slow.checks, slow.cancelled) == (1, 0)


def test_since_is_kept_while_the_state_stays_and_begins_anew_with_another(watching, fast):
    monitor = watching(disk=fast)

    def look() -> tuple[datetime, datetime]:
        time.sleep(0.003)  # moments are kept to the millisecond
        seen = monitor.check_and_wait()["disk"]
        return seen.since, seen.checked_at

    first, _ = look()
    assert look()[0] == first
    fast.health = DOWN
    since, found_at = look()
    assert since == found_at > first
    fast.health = DOWN.model_copy(update={"code": "provider_timeout"})
    assert look()[0] == since
    fast.health = OK
    assert look()[0] > since


def test_what_was_known_stays_while_it_is_checked_again(watching, slow):
    monitor = watching(disk=slow)
    slow.gate.set()
    known = monitor.check_and_wait()["disk"]
    slow.gate.clear()
    monitor.check()
    assert monitor.of("disk") == known.model_copy(update={"checking": True})


def test_in_the_background_each_component_is_checked_again_and_again(watching, fast):
    other = Part()
    monitor = watching(text_mock=fast, disk=other, interval_s=0.05)
    monitor.start()
    monitor.start()  # once is enough
    until(lambda: fast.checks >= 4 and other.checks >= 4)
    assert fast.most_at_once == other.most_at_once == 1


def test_the_pace_in_the_background_is_kept_however_many_look(watching, fast):
    monitor = watching(disk=fast, interval_s=0.2)
    start = time.monotonic()
    monitor.start()
    with ThreadPoolExecutor(10) as pool:
        while time.monotonic() - start < 1:
            list(pool.map(lambda _: monitor.all(), range(100)))
    took = time.monotonic() - start
    assert 3 <= fast.checks <= took / (0.2 * (1 - module.JITTER)) + 1


def test_what_is_read_in_detail_is_checked_when_it_is_old_however_many_read(
    watching, fast, monkeypatch
):
    monitor = watching(disk=fast)
    monitor.keep_fresh("disk")
    until(lambda: fast.checks == 1 and not monitor.of("disk").checking)
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: monitor.keep_fresh("disk"), range(100)))
    monkeypatch.setattr(module, "FRESH_S", 0.05)
    time.sleep(0.1)
    assert fast.checks == 1
    monitor.keep_fresh("disk")
    until(lambda: fast.checks == 2)
    with pytest.raises(NotFound):
        monitor.keep_fresh("kitchen")


def test_one_on_demand_takes_the_place_of_the_next_in_the_background(watching, fast):
    monitor = watching(disk=fast, interval_s=0.4)
    monitor.start()
    until(lambda: fast.checks == 1)
    time.sleep(0.25)
    monitor.check_and_wait()
    time.sleep(0.25)  # the second would have come by itself now
    assert fast.checks == 2


def test_a_component_that_hangs_in_the_background_holds_up_no_other(watching, fast, slow):
    monitor = watching(text_ollama=slow, disk=fast, interval_s=0.02)
    monitor.start()
    until(lambda: fast.checks >= 5)
    assert slow.checks == 1


@pytest.mark.parametrize("error", [RuntimeError("odd"), ValueError("odder")])
def test_a_check_that_breaks_is_a_state_as_well_and_is_tried_again(watching, fast, caplog, error):
    fast.health = error
    monitor = watching(disk=fast)
    health = monitor.check_and_wait()["disk"].health
    assert (health.state, health.code) == (HealthState.DOWN, "check_failed")
    assert health.details == {"error": type(error).__name__}
    assert "odd" in caplog.text
    fast.health = OK
    assert monitor.check_and_wait()["disk"].state is HealthState.OK


def test_a_check_without_end_is_given_up(watching, slow, monkeypatch, caplog):
    monkeypatch.setattr(module, "LONGEST_CHECK_S", 0.05)
    monitor = watching(disk=slow)
    for late in range(1, module.LATE_IN_A_ROW):
        assert monitor.check_and_wait()["disk"].health is None
        assert slow.cancelled == late
    assert monitor.check_and_wait()["disk"].health.code == "check_failed"
    assert caplog.text.count("health check late") == module.LATE_IN_A_ROW - 1
    assert "health check broke" in caplog.text
    assert not monitor.of("disk").checking


def test_a_late_check_leaves_what_was_known_and_one_in_time_begins_the_count_anew(
    watching, slow, monkeypatch
):
    monkeypatch.setattr(module, "LONGEST_CHECK_S", 0.1)
    monitor = watching(disk=slow)
    slow.gate.set()
    known = monitor.check_and_wait()["disk"]
    assert known.state is HealthState.OK
    slow.gate.clear()
    for _ in range(module.LATE_IN_A_ROW - 1):
        assert monitor.check_and_wait()["disk"].checked_at == known.checked_at
    slow.gate.set()
    assert monitor.check_and_wait()["disk"].checked_at > known.checked_at
    slow.gate.clear()
    assert monitor.check_and_wait()["disk"].state is HealthState.OK


def test_an_unknown_component_is_an_error_that_names_the_known_ones(watching, fast):
    monitor = watching(disk=fast)
    for call in (monitor.of, monitor.check, monitor.check_and_wait):
        with pytest.raises(NotFound, match="Known: disk"):
            call("text/nobody")


def test_a_run_that_failed_has_its_provider_checked_at_once(watching, fast):
    monitor = watching(text_ollama=fast)
    monitor.start()
    until(lambda: fast.checks == 1)
    fast.health = DOWN
    monitor.observe(ended(RunStatus.FAILED, "provider_unavailable"))
    assert fast.checks == 1  # it was looked at a moment ago
    monitor._watches["text/ollama"].ended -= module.FAILURE_PAUSE_S
    monitor.observe(ended(RunStatus.FAILED, "provider_unavailable"))
    until(lambda: monitor.of("text/ollama").state is HealthState.DOWN)


def test_a_run_that_succeeds_on_what_is_thought_to_be_down_has_it_checked(watching, fast):
    fast.health = DOWN
    monitor = watching(text_ollama=fast)
    monitor.start()
    until(lambda: monitor.of("text/ollama").state is HealthState.DOWN)
    fast.health = OK
    monitor.observe(ended(RunStatus.SUCCEEDED))
    until(lambda: monitor.of("text/ollama").state is HealthState.OK)


@pytest.mark.parametrize(
    "run",
    [
        ended(RunStatus.SUCCEEDED),
        ended(RunStatus.CANCELLED, "run_cancelled"),
        ended(RunStatus.FAILED, "context_overflow"),
        ended(RunStatus.FAILED, "provider_unavailable", provider="nobody"),
    ],
)
def test_other_ends_of_runs_tell_nothing_of_the_provider(watching, fast, run):
    monitor = watching(text_ollama=fast)
    monitor.start()
    until(lambda: monitor.of("text/ollama").state is HealthState.OK)
    monitor._watches["text/ollama"].ended -= module.FAILURE_PAUSE_S
    monitor.observe(run)
    time.sleep(0.05)
    assert fast.checks == 1


def test_before_its_start_no_run_makes_it_ask(watching, fast):
    monitor = watching(text_ollama=fast)
    monitor.observe(ended(RunStatus.FAILED, "provider_unavailable"))
    time.sleep(0.02)
    assert fast.checks == 0


def test_closing_ends_what_is_under_way_at_once_and_lets_nobody_wait(watching, fast, slow):
    monitor = watching(text_ollama=slow, disk=fast, interval_s=0.02)
    monitor.start()
    until(lambda: slow.under_way and fast.checks)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(monitor.check_and_wait, "text/ollama", 30)
        time.sleep(0.02)
        start = time.monotonic()
        monitor.close()
        assert waiting.result()["text/ollama"].state is None
    assert time.monotonic() - start < 1
    assert slow.cancelled == 1
    checks = fast.checks
    monitor.check()
    assert monitor.check_and_wait("disk")["disk"].state is HealthState.OK  # what was known
    time.sleep(0.05)
    assert fast.checks == checks


def test_a_change_is_logged_once_and_the_same_state_is_not(watching, fast, caplog):
    caplog.set_level("INFO", logger="playground.health")
    monitor = watching(disk=fast)
    for health in (OK, OK, DOWN, DOWN, OK):
        fast.health = health
        monitor.check_and_wait()
    changes = [one for one in caplog.records if one.message == "health changed"]
    assert [one.state for one in changes] == ["ok", "down", "ok"]
    assert [one.levelname for one in changes] == ["INFO", "WARNING", "INFO"]
