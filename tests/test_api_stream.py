"""Runs over the wire as Server-Sent Events: written, left, found again, stopped."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import httpx
import pytest

from core.api.sse import encode, with_pauses
from core.services import Services, build_services
from core.settings import load_settings
from core.types import RunStatus
from tests.api_server import asgi_client, mounted_api, serving

GENERATE = "/api/v1/llm/generate"
FREE = {"role": "copywriter", "task": "free", "payload": {"prompt": "커피 광고 한 줄"}}


@pytest.fixture
async def api(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """The API with a mock that writes at once."""
    monkeypatch.setattr("core.services.get_services", lambda: services)
    async with asgi_client() as client:
        yield client


@pytest.fixture
def unhurried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Services with a mock that takes its time, so that a run can be met while it runs."""
    values = {"PLAYGROUND_DATA_DIR": str(tmp_path), "MOCK_TOKENS_PER_SECOND": "60"}
    built = build_services(load_settings(values, env_file=None))
    monkeypatch.setattr("core.services.get_services", lambda: built)
    yield built
    built.close()


@pytest.fixture
async def live(unhurried: Services) -> AsyncIterator[httpx.AsyncClient]:
    """The API on a real socket with the unhurried mock."""
    with serving(mounted_api()) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            yield client


Event = tuple[str, dict, str | None]


def parse(block: str) -> Event:
    fields = dict(line.split(": ", 1) for line in block.splitlines())
    return fields["event"], json.loads(fields["data"]), fields.get("id")


def events_in(response: httpx.Response) -> list[Event]:
    return [
        parse(block) for block in response.text.split("\n\n") if block.startswith(("event", "id"))
    ]


def text_of(events: list[Event]) -> str:
    return "".join(data["text"] for name, data, _ in events if name == "text")


async def first_text(lines: AsyncIterator[str]) -> str:
    """The run's id, once a piece of its text has come."""
    run_id = ""
    async for line in lines:
        if line.startswith('data: {"run_id"'):
            run_id = json.loads(line.removeprefix("data: "))["run_id"]
        if line == "event: text":
            return run_id
    raise AssertionError("no text came")


async def test_a_stream_begins_with_the_run_and_ends_with_the_whole_answer(
    api: httpx.AsyncClient, services: Services
) -> None:
    response = await api.post(GENERATE, params={"stream": "true"}, json=FREE)

    events = events_in(response)
    run = services.store.recent()[0]
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-accel-buffering"] == "no"
    assert events[0] == ("run", {"run_id": run.id}, None)
    assert [name for name, _, _ in events].count("end") == 1
    name, answer, cursor = events[-1]
    assert (name, answer["run_id"], answer["output"]) == ("end", run.id, run.output)
    assert cursor == f"{len(run.thinking)}.{len(run.output)}"
    assert text_of(events) == run.output


async def test_the_end_of_a_stream_is_what_the_whole_answer_would_be(
    api: httpx.AsyncClient,
) -> None:
    request = {**FREE, "options": {"seed": 3}}

    whole = (await api.post(GENERATE, json=request)).json()
    streamed = events_in(await api.post(GENERATE, params={"stream": "true"}, json=request))[-1][1]

    assert set(streamed) == set(whole)
    assert set(streamed["meta"]) == set(whole["meta"])
    assert streamed["output"] == whole["output"]


async def test_a_run_that_fails_ends_its_stream_with_the_error(
    api: httpx.AsyncClient, services: Services
) -> None:
    response = await api.post(
        GENERATE, params={"stream": "true"}, json={**FREE, "model": "mock-error"}
    )

    name, body, _ = events_in(response)[-1]
    run = services.store.recent()[0]
    assert (response.status_code, name) == (200, "error")
    assert body["error"]["code"] == run.error_code
    assert body["error"]["details"]["run_id"] == run.id
    assert body["error"]["details"]["partial"] == run.output


async def test_a_request_that_is_refused_does_not_begin_a_stream(api: httpx.AsyncClient) -> None:
    response = await api.post(GENERATE, params={"stream": "true"}, json={**FREE, "role": "poet"})

    assert response.status_code == 422
    assert response.json()["error"]["code"] == "unknown_role"


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_finished_run_can_be_followed_from_any_position(
    api: httpx.AsyncClient, services: Services, by_header: bool
) -> None:
    await api.post(GENERATE, json=FREE)
    run = services.store.recent()[0]
    cursor = f"{len(run.thinking)}.4"

    response = await api.get(
        f"/api/v1/runs/{run.id}/events",
        headers={"last-event-id": cursor} if by_header else {},
        params={"cursor": "0.0" if by_header else cursor},
    )

    events = events_in(response)
    assert text_of(events) == run.output[4:]
    assert events[-1][0] == "end"


@pytest.mark.parametrize("cursor", ["", "1", "x.y", "1.2.3", "-1.0", "١.٢", "9" * 40 + ".0"])
async def test_a_cursor_that_was_never_given_is_refused(
    api: httpx.AsyncClient, services: Services, cursor: str
) -> None:
    await api.post(GENERATE, json=FREE)
    run = services.store.recent()[0]

    response = await api.get(f"/api/v1/runs/{run.id}/events", params={"cursor": cursor})

    assert response.status_code == 422
    assert response.json()["error"]["code"] == "invalid_request"


async def test_text_arrives_while_the_run_is_still_writing(
    live: httpx.AsyncClient, unhurried: Services
) -> None:
    async with live.stream("POST", GENERATE, params={"stream": "true"}, json=FREE) as response:
        run_id = await first_text(response.aiter_lines())

        assert unhurried.gateway.view(run_id).run.status is RunStatus.RUNNING


async def test_a_reader_of_a_stream_who_leaves_does_not_end_the_run(
    live: httpx.AsyncClient, unhurried: Services
) -> None:
    async with live.stream("POST", GENERATE, params={"stream": "true"}, json=FREE) as response:
        run_id = await first_text(response.aiter_lines())

    run = await unhurried.gateway.aresult(run_id)
    assert run.status is RunStatus.SUCCEEDED
    assert (await live.get(f"/api/v1/runs/{run_id}")).json()["output"] == run.output


async def test_a_client_that_gives_up_waiting_does_not_lose_the_run(
    live: httpx.AsyncClient, unhurried: Services
) -> None:
    with pytest.raises(httpx.ReadTimeout):
        await live.post(GENERATE, json=FREE, timeout=0.3)

    left = unhurried.store.recent()[0]
    run = await unhurried.gateway.aresult(left.id)
    assert not left.status.is_final
    assert run.status is RunStatus.SUCCEEDED
    assert unhurried.store.get(run.id).output == run.output != ""


async def test_a_reader_can_come_back_where_it_left_while_the_run_goes_on(
    live: httpx.AsyncClient, unhurried: Services
) -> None:
    async with live.stream("POST", GENERATE, params={"stream": "true"}, json=FREE) as response:
        run_id = await first_text(response.aiter_lines())

    again = await live.get(f"/api/v1/runs/{run_id}/events", headers={"last-event-id": "0.2"})

    run = unhurried.store.get(run_id)
    assert text_of(events_in(again)) == run.output[2:]


async def test_cancelling_ends_the_run_and_tells_its_readers(
    live: httpx.AsyncClient, unhurried: Services
) -> None:
    async with live.stream("POST", GENERATE, params={"stream": "true"}, json=FREE) as response:
        lines = response.aiter_lines()
        run_id = await first_text(lines)
        cancelled = (await live.post(f"/api/v1/runs/{run_id}/cancel")).json()
        rest = [line async for line in lines]

    assert cancelled["status"] == "cancelled"
    assert unhurried.store.get(run_id).output == cancelled["output"] != ""
    assert "event: error" in rest
    assert '"code":"run_cancelled"' in rest[-2]


async def test_silence_is_broken_by_pings_and_nothing_is_lost() -> None:
    spoken = anyio.Event()

    async def shy() -> AsyncIterator[str]:
        yield "first"
        await spoken.wait()
        yield "second"

    heard = []
    async for item in with_pauses(shy(), 0.01):
        heard.append(item)
        if heard.count(None) == 3:
            spoken.set()

    assert heard[0] == "first"
    assert heard[-1] == "second"
    assert heard.count(None) >= 3


async def test_leaving_in_silence_closes_what_was_listened_to() -> None:
    closed = anyio.Event()

    async def silent() -> AsyncIterator[str]:
        try:
            await anyio.sleep_forever()
            yield "never"
        finally:
            closed.set()

    listening = with_pauses(silent(), 0.01)
    assert await anext(listening) is None
    await listening.aclose()

    assert closed.is_set()


def test_an_event_is_one_line_of_data_whatever_the_text() -> None:
    text = "a\nb\r\n\u2028event: end\n\n\x85\x0b\u2029한"

    wire = encode("text", {"text": text}, "0.1").decode()

    assert len(wire.splitlines()) == 4
    assert parse(wire.strip("\n")) == ("text", {"text": text}, "0.1")
