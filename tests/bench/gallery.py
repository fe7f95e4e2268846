"""A page of 200 pictures in a real browser, against the empty page: time and bytes."""

import asyncio
import tempfile
import time
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from core.media import ImageOptions, ImageRequest
from core.services import build_services
from core.settings import load_settings
from core.types import Mode
from tests.app_server import running_app
from tests.bench.pairing import Figure, Size, in_turns

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PICTURES = {Size.FULL: 200, Size.QUICK: 200, Size.SMOKE: 8}
ROUNDS = {Size.FULL: 7, Size.QUICK: 2, Size.SMOKE: 1}
A_RUN = 8
SIDE = 512


async def bench(size: Size) -> list[Figure]:
    """How much longer a page of pictures takes until it can be used, and what it transfers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        batch = await asyncio.to_thread(_make, folder / "full", PICTURES[size])
        with running_app(folder / "full") as app, running_app(folder / "empty") as empty:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
                floor, ours = await in_turns(
                    lambda: visit(browser, f"{empty.url}/image"),
                    lambda: visit(browser, f"{app.url}/image?batch={batch}"),
                    ROUNDS[size],
                )
                await browser.close()
    count = PICTURES[size]
    return [
        Figure(
            f"page of {count} pictures: until it can be used",
            "ms",
            [visit[0] for visit in floor],
            [visit[0] for visit in ours],
        ),
        Figure(
            f"page of {count} pictures: bytes over the wire",
            "kB",
            [visit[1] for visit in floor],
            [visit[1] for visit in ours],
        ),
    ]


def _make(folder: Path, pictures: int) -> str:
    """Make the pictures before the app starts; the id of their batch."""
    names = {"PLAYGROUND_DATA_DIR": str(folder / "data"), "MOCK_TOKENS_PER_SECOND": "0"}
    services = build_services(load_settings(names, env_file=None))
    options = ImageOptions(width=SIDE, height=SIDE, steps=4, batch=A_RUN)
    request = ImageRequest(task="free", prompt="창가의 텀블러", mode=Mode.MOCK, options=options)
    try:
        batch = services.gateway.submit_batch([request] * (pictures // A_RUN))
        for run_id in batch.run_ids:
            services.gateway.result(run_id, timeout=60)
    finally:
        services.close()
    return batch.id


async def visit(
    browser: Browser, address: str, until: str = ".st-key-image_run button"
) -> tuple[float, float]:
    """Milliseconds until the element `until` is there, and kilobytes until nothing more comes."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    wire = await context.new_cdp_session(page)
    received: list[float] = []
    wire.on("Network.dataReceived", lambda event: received.append(event["encodedDataLength"]))
    await wire.send("Network.enable")
    began = time.perf_counter()
    await page.goto(address)
    await page.locator(until).first.wait_for()
    elapsed = (time.perf_counter() - began) * 1000
    await page.wait_for_load_state("networkidle")
    await context.close()
    return elapsed, sum(received) / 1000
