"""Whether ComfyUI's queue moves, judged over several checks."""

import asyncio

import pytest

from core.health import CODES, HealthState, ProviderHealth
from core.providers.checkup import Findings
from core.providers.comfyui import pulse as module
from core.providers.comfyui.pulse import STUCK_AFTER_S, Look, Pulse
from tests import comfyui_kit
from tests.fakes.comfyui import FakeComfyUI, Script

PATIENCE_S = 300.0
BUSY = Look(running=("a",), waiting=("b", "c"))


class Clock:
    now = 1000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module.time, "monotonic", lambda: clock.now)
    return clock


@pytest.fixture
def pulse() -> Pulse:
    return Pulse(PATIENCE_S)


def judged(pulse: Pulse, look: Look, heard: float | None = None) -> ProviderHealth | None:
    found = Findings(vendor="comfyui", server="ComfyUI at http://x")
    health = pulse.judge(look, found, heard=heard)
    if health is not None:
        assert health.state is HealthState.DEGRADED
        assert set(CODES[health.code]) <= set(health.details)
    return health


def test_the_first_look_at_a_full_queue_says_nothing_against_it(pulse, clock):
    assert judged(pulse, BUSY) is None


def test_the_same_job_for_longer_than_allowed_looks_like_a_dead_worker(pulse, clock):
    judged(pulse, BUSY)
    clock.now += PATIENCE_S - 1
    assert judged(pulse, BUSY) is None
    clock.now += 61
    health = judged(pulse, BUSY)
    assert health.code == "worker_silent"
    assert "looks dead" in health.reason
    assert "6 minutes" in health.reason
    assert "restart ComfyUI" in health.advice
    assert health.details["seconds"] == 360
    assert health.details["waiting"] == 2


def test_another_job_that_runs_now_is_a_sign_of_life(pulse, clock):
    judged(pulse, BUSY)
    clock.now += PATIENCE_S + 1
    assert judged(pulse, Look(running=("b",), waiting=("c",))) is None
    clock.now += PATIENCE_S - 1
    assert judged(pulse, Look(running=("b",), waiting=("c",))) is None


def test_more_jobs_that_come_are_none(pulse, clock):
    judged(pulse, BUSY)
    clock.now += PATIENCE_S + 1
    longer = Look(running=("a",), waiting=("b", "c", "d"))
    assert judged(pulse, longer).code == "worker_silent"


def test_what_we_hear_of_a_job_of_our_own_is_one(pulse, clock):
    judged(pulse, BUSY)
    clock.now += PATIENCE_S + 100
    assert judged(pulse, BUSY, heard=clock.now - 1) is None
    assert judged(pulse, BUSY, heard=clock.now - PATIENCE_S - 1).code == "worker_silent"


def test_jobs_that_wait_while_none_runs_look_stuck(pulse, clock):
    waiting = Look(waiting=("b", "c"))
    assert judged(pulse, waiting) is None
    clock.now += STUCK_AFTER_S - 1
    assert judged(pulse, waiting) is None
    clock.now += 2
    health = judged(pulse, waiting)
    assert health.code == "queue_stuck"
    assert health.details == {"provider": "comfyui", "seconds": 21, "waiting": 2}


def test_an_empty_queue_forgets_what_was(pulse, clock):
    judged(pulse, BUSY)
    judged(pulse, Look())
    clock.now += PATIENCE_S + 1
    assert judged(pulse, BUSY) is None


def test_a_queue_that_could_not_be_seen_is_judged_anew(pulse, clock):
    judged(pulse, BUSY)
    pulse.forget()
    clock.now += PATIENCE_S + 1
    assert judged(pulse, BUSY) is None


async def test_a_worker_that_died_is_told_by_the_check_and_forgotten_after_a_restart():
    with FakeComfyUI() as fake:
        async with comfyui_kit.connecting(fake) as connect:
            provider = connect(comfyui_timeout="0.2")
            fake.script = Script(dies=True)
            fake.put({"prompt_id": "x", "prompt": comfyui_kit.TXT2IMG, "client_id": "somebody"})
            await fake.until(lambda: fake.running)
            assert (await provider.health_check()).state is HealthState.OK
            await asyncio.sleep(0.25)
            health = await provider.health_check()
            assert health.code == "worker_silent"
            assert health.queue.running == 1
            fake.restart()
            assert (await provider.health_check()).state is HealthState.OK


async def test_a_job_of_ours_that_moves_is_no_dead_worker_however_long_it_takes():
    with FakeComfyUI() as fake:
        async with comfyui_kit.connecting(fake) as connect:
            provider = connect(comfyui_timeout="0.5")
            fake.script = Script(steps=5000, step_s=0.01)
            making = asyncio.create_task(comfyui_kit.collect(provider))
            try:
                await fake.until(lambda: fake.running)
                for _ in range(12):
                    health = await provider.health_check()
                    assert (health.state, health.queue.ours) == (HealthState.OK, 1)
                    await asyncio.sleep(0.1)
            finally:
                making.cancel()
                await asyncio.gather(making, return_exceptions=True)
