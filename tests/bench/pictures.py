"""Pictures: the way through line, disk and database, against drawing alone; and memory."""

import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import Coroutine
from contextlib import aclosing
from pathlib import Path
from uuid import uuid4

import httpx
from websockets.asyncio.client import connect

from core.gateway import Gateway
from core.media import ImageOptions, ImageRequest, MediaRequest
from core.providers.mock_media import MockMediaProvider
from core.services import build_services
from core.settings import Settings, load_settings
from core.types import Mode, RunStatus
from core.workflows import Workflow
from tests.bench.memory import follow, in_fresh_process
from tests.bench.pairing import Figure, Size, in_turns
from tests.fakes.comfyui import FakeComfyUI

JOBS = {Size.FULL: 50, Size.QUICK: 50, Size.SMOKE: 4}
ROUNDS = {Size.FULL: 5, Size.QUICK: 1, Size.SMOKE: 1}
THROUGHPUT_AIM = 0.5  # the issue names none
# Pictures to warm up, and pictures more, four to a run.
PICTURES = {Size.FULL: (200, 500), Size.QUICK: (64, 160), Size.SMOKE: (32, 32)}
MEMORY_AIM = 1.05
A_RUN = 4
LIVE_RUNS = {Size.FULL: 20, Size.QUICK: 5, Size.SMOKE: 1}
SIDE = 512
WORKFLOW = "no_model"
SCENE = "창가에 놓인 담은 텀블러, 아침 햇살"


async def bench(size: Size) -> list[Figure]:
    """Queued mock jobs a second, a live picture's last stretch, memory over many pictures."""
    return [await _throughput(size), await _last_stretch(size), *await _memory(size)]


async def _throughput(size: Size) -> Figure:
    jobs = JOBS[size]
    with tempfile.TemporaryDirectory() as folder:
        settings = mock_settings(folder)
        provider = MockMediaProvider.from_settings(settings)
        services = build_services(settings)
        try:
            floor, ours = await in_turns(
                lambda: _drawn(provider, jobs, settings.mock_concurrency),
                lambda: _made(services.gateway, jobs),
                ROUNDS[size],
            )
        finally:
            services.close()
    name = f"{jobs} queued mock pictures, {SIDE} x {SIDE}"
    return Figure(name, "/s", floor, ours, THROUGHPUT_AIM, larger_is_better=True)


async def _last_stretch(size: Size) -> Figure:
    """From "done" at ComfyUI to the run's end, when its row and its file are on disk."""
    with tempfile.TemporaryDirectory() as folder, FakeComfyUI() as fake:
        services = build_services(mock_settings(folder, COMFYUI_BASE_URL=fake.url))
        workflow = services.workflows[WORKFLOW]
        try:
            floor, ours = await in_turns(
                lambda: _timed(fake, _fetched(fake.url, workflow, Path(folder))),
                lambda: _timed(fake, _recorded(services.gateway)),
                LIVE_RUNS[size],
            )
        finally:
            services.close()
    return Figure("done at ComfyUI to row and file on disk", "ms", floor, ours)


async def _timed(fake: FakeComfyUI, making: Coroutine[None, None, None]) -> float:
    """Milliseconds from the job's entry in the server's history to the end of `making`."""
    jobs = len(fake.history) + 1

    def done_at() -> float:
        fake.wait_until(lambda: len(fake.history) == jobs)
        return time.perf_counter()

    watching = asyncio.create_task(asyncio.to_thread(done_at))
    await making
    ended = time.perf_counter()
    return (ended - await watching) * 1000


async def _recorded(gateway: Gateway) -> None:
    options = ImageOptions(width=SIDE, height=SIDE)  # the seed is new, or it would be cached
    run = await gateway.arun(
        ImageRequest(task="free", prompt=SCENE, mode=Mode.LIVE, workflow=WORKFLOW, options=options)
    )
    assert run.status is RunStatus.SUCCEEDED, run.error_message


async def _fetched(url: str, workflow: Workflow, folder: Path) -> None:
    """The least a program can do: wait for the message, look it up, fetch the file, write it."""
    job = str(uuid4())
    options = ImageOptions(width=SIDE, height=SIDE, seed=secrets.randbelow(2**40))
    graph = workflow.fill(prompt=SCENE, negative="", options=options, checkpoint=None)
    address = f"{url.replace('http', 'ws', 1)}/ws?clientId={job}"
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client, connect(address) as ws:
        body = {"prompt": graph, "prompt_id": job, "client_id": job}
        (await client.post("/prompt", json=body)).raise_for_status()
        async for message in ws:
            if isinstance(message, str) and '"node": null' in message:
                break
        (outputs,) = (await client.get(f"/history/{job}")).json()[job]["outputs"].values()
        picture = await client.get("/view", params=outputs["images"][0])
        await asyncio.to_thread(_written, folder / f"{job}.png", picture.content)


def _written(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


async def _memory(size: Size) -> list[Figure]:
    warm_up, more = PICTURES[size]
    before, after, feeds = await in_fresh_process(make, warm_up // A_RUN, more // A_RUN)
    return [
        Figure(f"memory after {more:,} more pictures", "MB", before, after, MEMORY_AIM),
        Figure(f"feeds held after {more:,} pictures", "", [1], [feeds], 0, bounds="ours"),
    ]


async def make(gateway: Gateway) -> None:
    """One run of four pictures, followed to its end."""
    await follow(gateway, _request(batch=A_RUN, side=SIDE // 2))


def mock_settings(folder: str, **values: str) -> Settings:
    """A playground in `folder` whose mock draws as fast as it can."""
    known = {"PLAYGROUND_DATA_DIR": folder, "MOCK_TOKENS_PER_SECOND": "0"}
    return load_settings(known | values, env_file=None)


async def _made(gateway: Gateway, jobs: int) -> float:
    """Pictures a second, from submitting them together to the last row and file."""
    began = time.perf_counter()
    batch = await asyncio.to_thread(gateway.submit_batch, [_request() for _ in range(jobs)])
    runs = await asyncio.gather(*(gateway.aresult(run_id) for run_id in batch.run_ids))
    assert all(run.status is RunStatus.SUCCEEDED for run in runs)
    return jobs / (time.perf_counter() - began)


async def _drawn(provider: MockMediaProvider, jobs: int, at_once: int) -> float:
    """Pictures a second when the same drawings go nowhere."""
    room = asyncio.Semaphore(at_once)

    async def draw() -> None:
        async with room, aclosing(provider.stream(_bare_request())) as events:
            async for _ in events:
                pass

    began = time.perf_counter()
    await asyncio.gather(*(draw() for _ in range(jobs)))
    return jobs / (time.perf_counter() - began)


def _options(*, batch: int = 1, side: int = SIDE) -> ImageOptions:
    return ImageOptions(width=side, height=side, steps=4, cfg=7, seed=7, batch=batch)


def _request(*, batch: int = 1, side: int = SIDE) -> ImageRequest:
    options = _options(batch=batch, side=side)
    return ImageRequest(task="free", prompt=SCENE, mode=Mode.MOCK, options=options)


def _bare_request() -> MediaRequest:
    return MediaRequest(
        job_id=str(uuid4()), task="free", model="mock-picture", prompt=SCENE, options=_options()
    )
