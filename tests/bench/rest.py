"""REST generate in mock against a bare JSON route of the same app, on kept-alive connections."""

import json
import tempfile
from functools import partial
from pathlib import Path

from tests.app_server import running_app
from tests.bench.http_load import get, post, requests_per_second
from tests.bench.pairing import Figure, Size, in_turns
from tests.bench.stream_server import ROOT

AIM = 0.45
# Rounds, and seconds a leg.
LEGS = {Size.FULL: (6, 1.5), Size.QUICK: (1, 0.7), Size.SMOKE: (1, 0.05)}
CLIENTS = 16
COMMAND = (
    *("streamlit", "run", str(Path(__file__).with_name("bare_route_app.py"))),
    *("--server.port=0", "--server.address=127.0.0.1"),
    # As in .streamlit/config.toml, which is not read from another folder.
    *("--runner.postScriptGC=false", "--server.fileWatcherType=none"),
)
SETTINGS = {"PYTHONPATH": str(ROOT), "MOCK_TOKENS_PER_SECOND": "0"}
BARE = get("/bare")
BRIEFS = {
    "free": {"prompt": "담은 텀블러의 소개글을 써 주세요."},
    "product_detail": {
        "product_name": "담은 텀블러",
        "features": ["12시간 보온", "한 손으로 여는 뚜껑"],
        "target_audience": "출근길 직장인",
    },
}


async def bench(size: Size) -> list[Figure]:
    """Answers a second with 16 clients, for a free prompt and for a task with a contract."""
    rounds, seconds = LEGS[size]
    figures: list[Figure] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        running_app(Path(folder), SETTINGS, command=COMMAND) as app,
    ):

        async def rate(message: bytes) -> float:
            return await requests_per_second(app.url, message, clients=CLIENTS, seconds=seconds)

        for task in BRIEFS:
            bare, ours = await in_turns(partial(rate, BARE), partial(rate, generate(task)), rounds)
            name = f"POST generate, mock, {task}: answers"
            figures.append(Figure(name, "/s", bare, ours, AIM, larger_is_better=True))
    return figures


def generate(task: str) -> bytes:
    """A request for `task`, as it goes over the wire."""
    body = {"role": "copywriter", "task": task, "payload": BRIEFS[task]}
    return post("/api/v1/llm/generate", json.dumps(body).encode())
