"""What a REST client does: writes copy, whole or streamed, lists, searches, and draws now and then.

It waits 1 to 3 seconds between two requests.
"""

import asyncio
import random

import httpx

from tests.bench.load.tally import Tally

LIMIT_S = 60
THINK_S = (1.0, 3.0)
BRIEFS = (
    ("free", {"prompt": "담은 텀블러의 소개글을 써 주세요."}),
    (
        "product_detail",
        {
            "product_name": "담은 텀블러",
            "features": ["12시간 보온", "한 손으로 여는 뚜껑"],
            "target_audience": "출근길 직장인",
        },
    ),
)
# What is done, and how often of a hundred times.
ACTIONS = {"generate": 30, "stream": 27, "list": 20, "search": 20, "picture": 3}


class Client:
    """One program that uses the API on a connection kept open."""

    def __init__(self, url: str, tally: Tally, *, seed: int, haste: float = 1) -> None:
        self._url, self._tally, self._haste = f"{url}/api/v1", tally, haste
        self._draw = random.Random(seed)  # noqa: S311 - plausible, not secret

    async def live(self, leave: asyncio.Event) -> None:
        """Do one thing after the other until it is time to leave."""
        async with httpx.AsyncClient(base_url=self._url, timeout=LIMIT_S, trust_env=False) as http:
            while not leave.is_set():
                await asyncio.sleep(self._draw.uniform(*THINK_S) / self._haste)
                action = self._draw.choices(list(ACTIONS), list(ACTIONS.values()))[0]
                with self._tally.timed(f"REST: {action}"):
                    await getattr(self, f"_{action}")(http)

    async def _generate(self, http: httpx.AsyncClient) -> None:
        answer = await self._ask(http, "POST", "/llm/generate", json=self._brief())
        self._tally.runs.append(answer["run_id"])

    async def _stream(self, http: httpx.AsyncClient) -> None:
        kinds: list[str] = []
        run_id = ""
        asked = http.stream("POST", "/llm/generate", params={"stream": "true"}, json=self._brief())
        async with asked as response:
            self._check(response)
            async for line in response.aiter_lines():
                if line.startswith("event: "):
                    kinds.append(line.removeprefix("event: "))
                elif not run_id and line.startswith('data: {"run_id":"'):
                    run_id = line.split('"')[3]
        self._tally.runs.append(run_id)
        if kinds.count("end") != 1 or kinds[-1] != "end":
            self._tally.complain(f"the stream of {run_id} ended with {kinds[-3:]}")

    async def _list(self, http: httpx.AsyncClient) -> None:
        await self._ask(http, "GET", "/runs", params={"limit": 50})

    async def _search(self, http: httpx.AsyncClient) -> None:
        await self._ask(http, "GET", "/runs", params={"q": self._draw.choice(("텀블러", "보온"))})

    async def _picture(self, http: httpx.AsyncClient) -> None:
        body = {"task": "product_image", "prompt": "담은 텀블러", "mode": "mock"}
        answer = await self._ask(http, "POST", "/media/generate", json=body)
        self._tally.runs.append(answer["run_id"])

    def _brief(self) -> dict[str, object]:
        task, payload = self._draw.choice(BRIEFS)
        return {"role": "copywriter", "task": task, "payload": payload, "mode": "mock"}

    async def _ask(self, http: httpx.AsyncClient, method: str, path: str, **how: object) -> dict:
        response = await http.request(method, path, **how)  # ty: ignore[invalid-argument-type]
        self._check(response)
        return response.json()

    def _check(self, response: httpx.Response) -> None:
        if response.status_code != 200:
            raise RuntimeError(f"HTTP {response.status_code} from {response.request.url}")
