"""Cancelling at ComfyUI: this job, only this job, and until it is true."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from core.media import MediaRequest, Progress, QueuePlace
from core.providers.comfyui import ComfyUIProvider
from tests.comfyui_kit import QUICK, Connect, collect, connecting, request_for, until
from tests.fakes.comfyui import FakeComfyUI, Script


@pytest.fixture
def fake() -> Iterator[FakeComfyUI]:
    with FakeComfyUI() as fake:
        yield fake


@pytest.fixture
async def connect(fake: FakeComfyUI) -> AsyncIterator[Connect]:
    async with connecting(fake) as connect:
        yield connect


@pytest.fixture(params=["the old way", "by the jobs API"])
async def comfyui(fake: FakeComfyUI, connect: Connect, request) -> ComfyUIProvider:
    fake.jobs_api = request.param == "by the jobs API"
    return connect()


async def begun(comfyui: ComfyUIProvider, request: MediaRequest, kind: type) -> asyncio.Task[None]:
    """A task that reads the stream, once an event of `kind` has come."""
    there = asyncio.Event()

    async def read() -> None:
        events = comfyui.stream(request)
        try:
            async for event in events:
                if isinstance(event, kind):
                    there.set()
        finally:
            await events.aclose()

    task = asyncio.create_task(read())
    await there.wait()
    return task


async def test_closing_a_running_job_returns_when_it_has_ended(fake, comfyui):
    fake.script = Script(hold="sampling")
    request = request_for()
    events = comfyui.stream(request)
    await until(events, Progress)
    await events.aclose()
    assert fake.running is None
    messages = fake.history[request.job_id]["status"]["messages"]
    assert messages[-1][0] == "execution_interrupted"


async def test_closing_a_waiting_job_takes_it_out_and_nobody_elses(fake, comfyui):
    others = fake.queue_for_others(-3, -2, 50)
    events = comfyui.stream(request_for())
    await until(events, QueuePlace)
    await events.aclose()
    assert fake.running == others[0]
    assert fake.pending == others[1:]
    assert fake.history == {}


async def test_cancelling_the_task_ends_the_job(fake, comfyui):
    fake.script = Script(hold="sampling")
    task = await begun(comfyui, request_for(), Progress)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert fake.running is None


async def test_cancelling_twice_does_not_leave_the_job_behind(fake, comfyui):
    fake.script = Script(hold="sampling")
    task = await begun(comfyui, request_for(), Progress)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await fake.until(lambda: fake.running is None and fake.history)


async def test_an_interrupt_always_carries_the_jobs_id_and_nothing_is_cleared(fake, comfyui):
    fake.script = Script(hold="sampling")
    request = request_for()
    task = await begun(comfyui, request, Progress)
    task.cancel()
    await asyncio.wait({task})
    bodies = [seen.body for seen in fake.seen("POST", "/interrupt")]
    assert all(body == {"prompt_id": request.job_id} for body in bodies)
    assert len(bodies) == (0 if fake.jobs_api else 1)
    deletes = [seen.body for seen in fake.seen("POST", "/queue")]
    assert all(body == {"delete": [request.job_id]} for body in deletes)


async def test_a_waiting_job_is_never_interrupted(fake, comfyui):
    # Servers of old would stop whatever runs.
    fake.queue_for_others(-3)
    task = await begun(comfyui, request_for(), QueuePlace)
    task.cancel()
    await asyncio.wait({task})
    assert fake.seen("POST", "/interrupt") == []


async def test_a_wish_that_the_server_forgot_is_repeated(fake, connect):
    fake.script = Script(hold="sampling")
    fake.ignore_interrupts(1)
    task = await begun(connect(), request_for(), Progress)
    task.cancel()
    await asyncio.wait({task})
    assert fake.running is None
    assert len(fake.seen("POST", "/interrupt")) == 2


async def test_closing_is_over_in_bounded_time_whatever_the_server_does(fake, connect):
    fake.script = Script(dies=True)
    comfyui = connect(pace=replace(QUICK, withdraw=0.3))
    events = comfyui.stream(request_for())
    await anext(events)
    reading = asyncio.create_task(anext(events))
    await fake.until(lambda: fake.running)
    reading.cancel()
    await asyncio.wait({reading}, timeout=5)
    assert reading.done()


async def test_closing_when_the_server_is_gone_does_not_wait(fake, connect):
    fake.script = Script(hold="sampling")
    events = connect(pace=replace(QUICK, withdraw=60)).stream(request_for())
    await until(events, Progress)
    await asyncio.to_thread(fake.stop)
    await asyncio.wait_for(events.aclose(), 20)
    fake.start()


async def test_a_job_that_is_cancelled_while_it_is_being_sent_does_not_run_later(fake, connect):
    comfyui = connect()
    request = request_for()
    fake.script = Script(hold="start")
    fake.slow_prompt()
    events = comfyui.stream(request)
    await anext(events)
    reading = asyncio.create_task(anext(events))
    await fake.until(lambda: fake.posted)
    reading.cancel()
    await asyncio.sleep(0)
    fake.release_prompt()
    await asyncio.wait({reading})
    assert fake.running is None
    assert fake.pending == []


async def test_closing_a_finished_stream_asks_for_nothing(fake, comfyui):
    await collect(comfyui)
    posts = [seen.path for seen in fake.requests if seen.method == "POST"]
    assert posts == ["/prompt"]


async def test_closing_a_resumed_job_ends_it_too(fake, connect):
    fake.script = Script(hold="sampling")
    request = request_for()
    body = {"prompt": request.graph, "client_id": "gone", "prompt_id": request.job_id}
    fake.put(body)
    await fake.until(lambda: fake.running)
    task = await begun(connect(), request.model_copy(update={"resume": True}), object)
    task.cancel()
    await asyncio.wait({task})
    assert fake.running is None
