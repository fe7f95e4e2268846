"""A request's id: in its answer, in its run, in the log, in the client's errors."""

import asyncio
import io
import json
import re
import traceback
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from core.api.request_id import HEADER
from core.client import PlaygroundApiError, PlaygroundClient
from core.logs import set_up
from core.services import Services
from core.settings import load_settings
from core.types import TextRequest
from tests.api_server import asgi_client, mounted_api, serving

GENERATE = "/api/v1/llm/generate"
CANARY = "비밀카나리아"
FREE = {"role": "copywriter", "task": "free", "payload": {"prompt": f"{CANARY} 광고 한 줄"}}
SCENE = {"task": "free", "prompt": CANARY}
MADE = re.compile(r"[0-9a-f]{32}")


@pytest.fixture(autouse=True)
def provided(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.services.get_services", lambda: services)


@pytest.fixture
async def api() -> AsyncIterator[httpx.AsyncClient]:
    async with asgi_client() as client:
        yield client


class Log:
    """The events of a test."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def events(self, name: str) -> list[dict[str, Any]]:
        events = [json.loads(line) for line in self.stream.getvalue().splitlines()]
        return [event for event in events if event["event"] == name]


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    settings = load_settings({"PLAYGROUND_LOG_FORMAT": "json"}, env_file=None)
    undo = set_up(settings, log.stream)
    yield log
    undo()


async def test_the_callers_id_goes_with_the_answer_the_run_and_the_log(
    api: httpx.AsyncClient, log: Log
) -> None:
    response = await api.post(GENERATE, json=FREE, headers={HEADER: "job-7.a_B"})

    assert response.headers.get_list(HEADER) == ["job-7.a_B"]
    run_id = response.json()["run_id"]
    run = (await api.get(f"/api/v1/runs/{run_id}")).json()
    assert run["request_id"] == "job-7.a_B"
    (started,), (ended,) = log.events("run started"), log.events("run ended")
    for event in (started, ended):
        assert (event["run_id"], event["request_id"]) == (run_id, "job-7.a_B")
    assert started["provider"] == "mock"
    assert ended["status"] == "succeeded"
    assert log.events("request")[0]["request_id"] == "job-7.a_B"


async def test_pictures_carry_it_too(api: httpx.AsyncClient) -> None:
    response = await api.post("/api/v1/media/generate", json=SCENE, headers={HEADER: "pic-1"})
    run = (await api.get(f"/api/v1/runs/{response.json()['run_id']}")).json()
    assert run["request_id"] == "pic-1"


@pytest.mark.parametrize(
    "given",
    ["", "a b", "a\tb", "x" * 65, "é", "a;b", "<script>", "a/b", "a=b", '"', "${jndi:ldap://x}"],
)
async def test_an_id_that_could_forge_something_is_replaced(
    api: httpx.AsyncClient, given: str
) -> None:
    response = await api.get("/api/v1/catalog", headers={HEADER: given.encode("latin-1")})
    assert MADE.fullmatch(response.headers[HEADER])


async def test_every_request_without_one_gets_its_own(api: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(api.post(GENERATE, json=FREE) for _ in range(8)))

    ids = {answer.headers[HEADER] for answer in answers}
    runs = [(await api.get(f"/api/v1/runs/{one.json()['run_id']}")).json() for one in answers]
    assert len(ids) == 8
    assert [run["request_id"] for run in runs] == [one.headers[HEADER] for one in answers]


async def test_a_body_cannot_set_it(api: httpx.AsyncClient) -> None:
    refused = (await api.post(GENERATE, json={**FREE, "request_id": "mine"})).json()
    assert "request_id" in refused["error"]["details"]["fields"]


async def test_a_run_of_a_page_has_none(api: httpx.AsyncClient, services: Services) -> None:
    await api.get("/api/v1/catalog", headers={HEADER: "before"})
    run = await services.gateway.arun(TextRequest(source="page", **FREE))
    assert run.request_id is None


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/runs/nothing", 404),
        ("GET", "/api/nowhere", 404),
        ("GET", "/api", 404),
        ("DELETE", "/api/v1/catalog", 405),
        ("POST", GENERATE, 422),
    ],
)
async def test_refusals_have_it(
    api: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    response = await api.request(method, path, headers={HEADER: "r-1"})
    assert response.status_code == status
    assert response.headers[HEADER] == "r-1"


async def test_what_is_refused_at_the_door_has_it(api: httpx.AsyncClient, log: Log) -> None:
    headers = {HEADER: "r-1", "sec-fetch-site": "cross-site"}
    response = await api.post(GENERATE, json=FREE, headers=headers)
    assert response.status_code == 403
    assert response.headers[HEADER] == "r-1"
    assert log.events("request")[0]["status"] == 403


async def test_a_stream_has_it(api: httpx.AsyncClient) -> None:
    response = await api.post(f"{GENERATE}?stream=true", json=FREE, headers={HEADER: "s-1"})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers[HEADER] == "s-1"


async def test_an_unexpected_fault_tells_it_where_people_look(
    api: httpx.AsyncClient, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Services:
        raise RuntimeError(CANARY)

    monkeypatch.setattr("core.services.get_services", broken)
    response = await api.get("/api/v1/catalog", headers={HEADER: "f-1"})

    assert response.status_code == 500
    assert response.json()["error"]["details"] == {"request_id": "f-1"}
    (fault,) = log.events("request failed unexpectedly")
    assert fault["request_id"] == "f-1"
    assert "in broken" in fault["exception"]
    assert CANARY not in log.stream.getvalue()


async def test_one_line_tells_of_each_request_without_what_was_searched_for(
    api: httpx.AsyncClient, log: Log
) -> None:
    await api.get("/api/v1/runs", params={"q": CANARY, "user": CANARY})
    await api.get(f"/api/v1/runs/{CANARY}")
    await api.get(f"/api/{CANARY}")

    listed, missing, nowhere = log.events("request")
    assert (listed["method"], listed["route"], listed["status"]) == ("GET", "/v1/runs", 200)
    assert listed["ms"] > 0
    assert listed["level"] == "info"
    assert MADE.fullmatch(listed["request_id"])
    assert (missing["route"], missing["status"]) == ("/v1/runs/{run_id}", 404)
    assert (nowhere["route"], nowhere["status"]) == ("unmatched", 404)
    assert CANARY not in log.stream.getvalue()


@pytest.mark.parametrize("stream", ["", "?stream=true"])
async def test_no_prompt_and_no_answer_is_in_the_log_of_a_request(
    api: httpx.AsyncClient, services: Services, log: Log, stream: str
) -> None:
    for model in ("mock-perfect", "mock-error"):
        await api.post(f"{GENERATE}{stream}", json={**FREE, "model": model})
    await api.post(f"/api/v1/media/generate{stream}", json=SCENE)

    runs = services.store.recent()
    assert len(runs) == len(log.events("run ended")) == 3
    told = log.stream.getvalue()
    assert CANARY not in told
    for run in runs:
        assert run.id in told
        assert not run.output or run.output[:12] not in told


async def test_a_probe_that_is_well_is_no_news(api: httpx.AsyncClient, log: Log) -> None:
    assert (await api.get("/api/v1/metrics")).status_code == 200
    assert log.events("request") == []


# The client


@pytest.fixture
def address() -> Iterator[str]:
    with serving(mounted_api()) as address:
        yield address


def test_the_client_sends_one_and_shows_it_in_its_errors(address: str, services: Services) -> None:
    with PlaygroundClient(address) as client:
        answer = client.generate("copywriter", "free", {"prompt": "하나"})
        recorded = client.run(answer.run_id).request_id
        with pytest.raises(PlaygroundApiError) as refused:
            client.generate("poet", "free")
        with pytest.raises(PlaygroundApiError) as failed:
            list(client.stream("copywriter", "free", {"prompt": "하나"}, model="mock-error"))

    assert recorded is not None
    assert MADE.fullmatch(recorded)
    assert refused.value.request_id is not None
    shown = "".join(traceback.format_exception_only(refused.value))
    assert f"The playground's log calls this request {refused.value.request_id}." in shown
    assert failed.value.request_id == services.store.recent(limit=1)[0].request_id


def test_the_client_shows_it_where_nobody_answered() -> None:
    with (
        PlaygroundClient("http://127.0.0.1:9") as client,
        pytest.raises(PlaygroundApiError) as gone,
    ):
        client.models()
    assert gone.value.code == "unreachable"
    assert MADE.fullmatch(gone.value.request_id or "")
