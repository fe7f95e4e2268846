"""Whatever a server sends, an answer or a ProviderError comes of it, and a run that can be read."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.api.errors import error_body
from core.catalog import load_catalog
from core.errors import PlaygroundError, ProviderError
from core.export import ExportFormat
from core.media import MediaCompleted, ServedRun
from core.providers.comfyui.errors import failure
from core.providers.comfyui.graph import Titles
from core.providers.comfyui.messages import parse
from core.providers.comfyui.pace import Pace
from core.providers.comfyui.progress import JobWatch
from core.providers.comfyui.rejection import partly_rejected, rejected
from core.providers.comfyui.results import MOST_PICTURES, completed
from core.providers.comfyui.server import ComfyServer
from core.providers.error_body import parse_error_body
from core.providers.http import LoopClients, map_transport_error
from core.providers.ollama.errors import Asked, refusal
from core.providers.ollama.wire import ChatAnswer
from core.providers.openai.errors import refusal as openai_refusal
from core.providers.openai.wire import DONE, AnswerReader
from core.providers.patience import PatientClient
from core.providers.sse import read_events
from core.run import Run
from core.services import Services, build_services
from core.settings import load_settings
from core.text_draft import TextDraft
from core.types import TextDelta, scrub
from tests.api_server import asgi_client
from tests.factories import make_run
from tests.hostile_kit import Connection, RawServer, answer, junk, pieces, words
from tests.picture_kit import plain, png_bomb

CATALOG = load_catalog()
REQUEST = httpx.Request("POST", "http://ollama.test/api/chat")
EXAMPLES = 150
CHOICES = ("ckpt_name", "sampler_name", "scheduler", "lora_name")
hostile = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

delta = st.fixed_dictionaries(
    {}, optional={"role": words, "content": words | junk, "thinking": words | junk}
)
record = st.fixed_dictionaries(
    {"message": delta | junk},
    optional={
        "model": words | junk,
        "done": st.booleans() | junk,
        "done_reason": words | junk,
        "error": words | junk,
        **dict.fromkeys(
            ("eval_count", "prompt_eval_count", "eval_duration", "load_duration", "total_duration"),
            junk,
        ),
    },
)
good = st.builds(
    lambda text: {"message": {"content": text}, "done": False}, st.text(min_size=1, max_size=20)
)
last = st.just({"message": {"content": ""}, "done": True, "done_reason": "stop"})
raw = st.binary(max_size=60) | st.sampled_from(
    [
        b"[" * 3000,
        b'{"a":' * 3000,
        b"\x00" * 40,
        b'{"message":{"content":"\xff\xfe\xed\xa0\x80"}}',
        b'{"message":{"content":"twice"},"message":{"content":"a key"}}',
        b'{"eval_count":' + b"9" * 5000 + b"}",
        b"HTTP/1.1 200 OK",
        b"<html><title>nginx</title></html>",
    ]
)
odd_last = record.map(lambda value: value | {"done": True})
part = (
    st.one_of(good, good, good, record, last, odd_last).map(
        lambda value: json.dumps(value).encode()
    )
    | raw
)


def stream(body: Iterable[bytes]) -> httpx.Response:
    """An answer that comes in these pieces."""

    async def coming() -> AsyncIterator[bytes]:
        for piece in body:
            yield piece

    return httpx.Response(200, content=coming(), request=REQUEST)


async def run_of(services: Services, events: AsyncIterator[Any]) -> Run:
    """The run that `events` become, recorded and read again as every reader would read it.

    Raises everything that is no PlaygroundError: the runner would call that a broken playground.
    """
    run = make_run(format="json")
    draft = TextDraft(run, CATALOG.task(run.task).contract)
    seen = ""
    try:
        async for event in events:
            draft.add(event)
            seen += event.text if isinstance(event, TextDelta) else ""
        final = await draft.succeeded()
    except PlaygroundError as error:
        final = draft.failed(error)
    except httpx.HTTPError as error:
        final = draft.failed(
            map_transport_error(error, provider="ollama", address="x", timeout_s=1, received=True)
        )
    await asyncio.wrap_future(services.store.insert([run]))
    await asyncio.wrap_future(services.store.finish(final))
    kept = services.store.get(run.id)
    assert kept.status.is_final
    assert kept.output == scrub(seen)
    ServedRun.of(kept).model_dump_json()
    services.runs.rows([run.id])
    for kind in ExportFormat:
        b"".join(services.exports.stream(kind, [run.id]))
    return kept


@hostile
@given(
    parts=st.lists(part, max_size=8),
    end=st.sampled_from([b"\n", b"\r\n", b"\n\n"]),
    cuts=st.lists(st.integers(0, 2000), max_size=8),
    keep=st.integers(0, 400) | st.none(),
)
@example(
    parts=[json.dumps({"done": True, "done_reason": "\ud800"}).encode()],
    end=b"\n",
    cuts=[],
    keep=None,
)
@example(
    parts=[json.dumps({"done": True, "eval_count": 10**400}).encode()],
    end=b"\n",
    cuts=[],
    keep=None,
)
@example(
    parts=[json.dumps({"message": {"content": "a"}, "done": True, "model": "\ud800"}).encode()],
    end=b"\n",
    cuts=[],
    keep=None,
)
async def test_whatever_ollama_streams_ends_as_a_run_with_what_came(
    services: Services, parts: list[bytes], end: bytes, cuts: list[int], keep: int | None
) -> None:
    body = b"".join(piece + end for piece in parts)[:keep]
    answer = ChatAnswer(Asked("http://ollama.test", "a-model"))
    await run_of(services, answer.events(stream(pieces(body, cuts))))


chunk = st.fixed_dictionaries(
    {
        "choices": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "delta": delta | junk,
                    "finish_reason": words | junk,
                    "index": junk,
                    "message": junk,
                },
            ),
            max_size=2,
        )
        | junk
    },
    optional={
        "error": words | junk,
        "usage": st.fixed_dictionaries(
            {}, optional={"prompt_tokens": junk, "completion_tokens": junk}
        )
        | junk,
        "model": words | junk,
        "timings": st.dictionaries(
            st.sampled_from(["predicted_n", "predicted_per_second", "prompt_ms"]), junk
        )
        | junk,
    },
)
said = st.builds(
    lambda text: {"choices": [{"delta": {"content": text}}]}, st.text(min_size=1, max_size=20)
)
event = st.one_of(
    st.one_of(said, said, chunk).map(lambda value: b"data: " + json.dumps(value).encode()),
    st.just(b"data: [DONE]"),
    st.just(b": ping"),
    st.just(b'data: {"choices":[{"finish_reason":"stop","delta":{}}]}'),
    raw.map(lambda value: b"data: " + value),
    raw,
)


async def openai_events(response: httpx.Response) -> AsyncIterator[Any]:
    """As the provider reads them."""
    answer = AnswerReader(model="a-model", address="http://x", clean=lambda text: text)
    async for data in read_events(response, provider="openai"):
        if data.strip() == DONE:
            yield answer.completed(done=True)
            return
        for one in answer.take(data):
            yield one
    yield answer.completed(done=False)


@hostile
@given(
    parts=st.lists(event, max_size=8),
    end=st.sampled_from([b"\n\n", b"\r\n\r\n", b"\r\r", b"\n"]),
    cuts=st.lists(st.integers(0, 2000), max_size=8),
    keep=st.integers(0, 400) | st.none(),
)
@example(
    parts=[
        b'data: {"model":"\\ud800","choices":[{"delta":{"content":"a"},"finish_reason":"\\ud800"}]}'
    ],
    end=b"\n\n",
    cuts=[],
    keep=None,
)
@example(parts=[b'data: {"error":{"type":["a"],"code":{"b":1}}}'], end=b"\n\n", cuts=[], keep=None)
async def test_whatever_an_openai_server_streams_ends_as_a_run_with_what_came(
    services: Services, parts: list[bytes], end: bytes, cuts: list[int], keep: int | None
) -> None:
    body = b"".join(piece + end for piece in parts)[:keep]
    await run_of(services, openai_events(stream(pieces(body, cuts))))


@hostile
@given(
    status=st.integers(300, 599) | st.none(),
    body=st.binary(max_size=300)
    | junk.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(
        st.sampled_from(
            ["error", "message", "detail", "type", "code", "n_ctx", "n_prompt_tokens", "signin_url"]
        ),
        junk,
    ).map(lambda value: json.dumps({"error": value}).encode()),
)
async def test_whatever_a_server_refuses_with_is_recorded(
    services: Services, status: int | None, body: bytes
) -> None:
    said = parse_error_body(body.decode("utf-8", "replace"))
    for error in (
        refusal(status or 200, said, Asked("http://x", "a-model")),
        openai_refusal(status, said, model="a-model", address="http://x"),
    ):

        async def failing(error: PlaygroundError = error) -> AsyncIterator[Any]:
            yield TextDelta(text="half")
            raise error

        run = await run_of(services, failing())
        assert (run.output, run.error_code) == ("half", error.code)


@pytest.mark.parametrize(
    "body",
    [
        "<html><title>" + "<" * 65_000 + "</title>",
        "<html>" + "<title>" * 9_000,
        "<html>" + "<title" * 10_000,
        '{"error": "' + "model " * 10_000 + '"}',
        "İ" * 30_000 + "<html><title>x</title>",
    ],
)
def test_a_long_refusal_is_read_at_once(body: str) -> None:
    began = time.process_time()
    refusal(404, parse_error_body(body), Asked("http://x", "a-model"))
    openai_refusal(404, parse_error_body(body), model="a-model", address="http://x")
    assert time.process_time() - began < 0.5


JOB = "0f8fad5b-d9cb-469f-a165-70867728950e"
message = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            [
                "status",
                "progress",
                "progress_state",
                "executing",
                "executed",
                "execution_error",
                "execution_success",
                "execution_cached",
                "execution_interrupted",
            ]
        )
        | words
        | junk,
        "data": st.fixed_dictionaries(
            {"prompt_id": st.just(JOB) | junk},
            optional={
                "node": words | junk,
                "display_node": junk,
                "value": junk,
                "max": junk,
                "nodes": st.dictionaries(
                    words,
                    st.fixed_dictionaries(
                        {},
                        optional={
                            "state": st.just("running"),
                            "value": junk,
                            "max": junk,
                            "display_node_id": junk,
                        },
                    )
                    | junk,
                    max_size=3,
                )
                | junk,
                "exception_type": junk,
                "exception_message": junk,
                "node_id": junk,
                "node_type": junk,
                "traceback": junk,
            },
        )
        | junk,
    }
)
frame = st.one_of(
    message.map(json.dumps),
    st.text(max_size=60),
    st.binary(max_size=60),
    st.builds(
        lambda kind, size, rest: kind.to_bytes(4, "big") + size.to_bytes(4, "big") + rest,
        st.integers(0, 5),
        st.integers(0, 2**32 - 1) | st.integers(0, 40),
        st.binary(max_size=80),
    ),
    st.builds(
        lambda about, rest: (4).to_bytes(4, "big") + len(about).to_bytes(4, "big") + about + rest,
        junk.map(lambda value: json.dumps({"prompt_id": value}).encode()),
        st.just(plain()[:200]) | st.binary(max_size=20),
    ),
)


@hostile
@given(frames=st.lists(frame, max_size=10))
async def test_whatever_a_websocket_says_is_understood_or_ignored(
    frames: list[str | bytes],
) -> None:
    watch = JobWatch(JOB, Titles({"3": {"class_type": "KSampler", "inputs": {}}}))
    for one in frames:
        understood = parse(one)
        if understood is not None:
            watch.hear(understood)
    for event in watch.take():
        event.model_dump_json(exclude={"data"})
    if watch.failure is not None:
        details_are_recorded(failure(watch.failure, watch.titles, "http://x"))


def details_are_recorded(error: PlaygroundError) -> None:
    """What the store and REST do with an error."""
    body = error_body(error)
    assert len(body["error"]["message"]) < 20_000
    json.dumps(body, allow_nan=False, ensure_ascii=False).encode()


@hostile
@given(
    answer=st.fixed_dictionaries(
        {},
        optional={
            "error": st.fixed_dictionaries(
                {},
                optional={
                    "type": words | junk,
                    "message": words | junk,
                    "details": words | junk,
                    "extra_info": junk,
                },
            )
            | junk,
            "node_errors": st.dictionaries(
                words,
                st.fixed_dictionaries(
                    {
                        "errors": st.lists(
                            st.fixed_dictionaries(
                                {},
                                optional={
                                    "type": st.just("value_not_in_list") | junk,
                                    "message": junk,
                                    "details": words | junk,
                                    "extra_info": st.dictionaries(
                                        st.sampled_from(["input_name", "received_value"]), junk
                                    )
                                    | junk,
                                },
                            )
                            | junk,
                            max_size=3,
                        )
                        | junk
                    }
                )
                | junk,
                max_size=3,
            )
            | junk,
        },
    )
)
def test_whatever_a_workflow_is_refused_with_is_recorded(answer: dict[str, Any]) -> None:
    answer = json.loads(json.dumps(answer))
    details_are_recorded(rejected(answer, Titles({}), "http://x", 400))
    details_are_recorded(partly_rejected(answer.get("node_errors"), Titles({}), "http://x"))


def test_a_long_refusal_of_a_workflow_is_read_at_once() -> None:
    long = "node " * 400_000
    answer = {
        "error": {"message": long, "details": "#" * 1_000_000},
        "node_errors": {
            str(n): {"errors": [{"message": long, "details": long}]} for n in range(50)
        },
    }
    began = time.process_time()
    error = rejected(answer, Titles({}), "http://x", 400)
    assert time.process_time() - began < 3
    details_are_recorded(error)
    assert len(str(error.details)) < 500_000


class Views:
    """A ComfyUI that answers every GET /view with `body`, and what it was asked."""

    def __init__(self, body: bytes = b"", status: int = 200) -> None:
        self.asked: list[httpx.URL] = []

        def answer(request: httpx.Request) -> httpx.Response:
            self.asked.append(request.url)
            return httpx.Response(status, content=body)

        client = PatientClient(
            transport=httpx.MockTransport(answer), base_url="http://comfyui.test"
        )
        self.server = ComfyServer(LoopClients(lambda: client), "http://comfyui.test")

    async def completed(self, entry: dict[str, Any]) -> MediaCompleted:
        pace = Pace(look_up=0)
        return await completed(self.server, entry, Titles({}), seed=1, pace=pace)


item = st.fixed_dictionaries(
    {"filename": words | junk},
    optional={"subfolder": words | junk, "type": st.sampled_from(["output", "temp"]) | junk},
)
entry = st.fixed_dictionaries(
    {},
    optional={
        "prompt": st.lists(junk, max_size=4) | junk,
        "outputs": st.dictionaries(
            words,
            st.dictionaries(
                st.sampled_from(["images", "gifs", "text"]),
                st.lists(item | junk, max_size=3) | junk,
                max_size=2,
            )
            | junk,
            max_size=3,
        )
        | junk,
        "status": st.fixed_dictionaries(
            {},
            optional={
                "status_str": st.sampled_from(["success", "error"]) | junk,
                "messages": st.lists(
                    st.tuples(
                        st.sampled_from(["execution_start", "execution_cached", "execution_error"]),
                        st.dictionaries(
                            st.sampled_from(
                                [
                                    "timestamp",
                                    "nodes",
                                    "node_id",
                                    "exception_message",
                                    "exception_type",
                                ]
                            ),
                            junk,
                        ),
                    )
                    | junk,
                    max_size=3,
                )
                | junk,
            },
        )
        | junk,
    },
)


@hostile
@given(
    entry=entry,
    body=st.sampled_from(
        [plain(), plain()[:60], b"GIF89a", b"<html>", b"", png_bomb(60_000, 60_000)]
    ),
    status=st.sampled_from([200, 200, 404, 500]),
)
async def test_whatever_history_says_only_this_server_is_asked_for_pictures(
    entry: dict[str, Any], body: bytes, status: int
) -> None:
    views = Views(body, status)
    try:
        done = await views.completed(json.loads(json.dumps(entry)))
    except ProviderError as error:
        details_are_recorded(error)
    else:
        assert done.outputs
        done.model_dump_json(include={"problems", "meta"})
    assert {(url.host, url.path) for url in views.asked} <= {("comfyui.test", "/view")}


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd",
        "/etc/passwd",
        "a%00b.png",
        "a\x00b.png",
        "http://other.test/x.png",
        "//other.test/x.png",
        "x.png?filename=y#z",
        "C:\\x.png",
        "@other.test",
        "\r\nHost: other.test",
    ],
)
async def test_a_name_of_a_file_never_leads_anywhere_else(name: str) -> None:
    views = Views(plain())
    done = await views.completed(
        {"outputs": {"9": {"images": [{"filename": name, "subfolder": name, "type": name}]}}}
    )
    (asked,) = views.asked
    assert (asked.host, asked.path, asked.params["filename"]) == ("comfyui.test", "/view", name)
    assert done.outputs[0].data == plain()


async def test_of_ten_thousand_pictures_a_bounded_number_is_fetched() -> None:
    views = Views(plain())
    listed = [{"filename": f"{number}.png", "type": "output"} for number in range(10_000)]
    messages = [["execution_cached", {"nodes": [str(n) for n in range(100)]}]] * 100
    done = await views.completed(
        {
            "outputs": {"9": {"images": listed}},
            "status": {"status_str": "success", "messages": messages},
        }
    )
    assert len(views.asked) == len(done.outputs) == MOST_PICTURES
    assert done.problems == (
        f"{10_000 - MOST_PICTURES} more pictures were left on the server: a run keeps at most "
        f"{MOST_PICTURES}, and 256 MiB together.",
    )


async def test_pictures_are_fetched_up_to_a_number_of_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.providers.comfyui.results.MOST_BYTES", 2 * len(plain()))
    views = Views(plain())
    listed = [{"filename": f"{number}.png", "type": "output"} for number in range(5)]
    done = await views.completed({"outputs": {"9": {"images": listed}}})
    assert (len(views.asked), len(done.outputs), len(done.problems)) == (2, 2, 1)


async def test_lists_of_hostile_names_are_told_over_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = "\ud800"
    choices = {"input": {"required": {name: [[half, "a" * 1000, None]] for name in CHOICES}}}
    answers: dict[str, object] = {
        "/api/version": {"version": half},
        "/api/tags": {"models": [{"name": half, "capabilities": [half], "size": 10**400}]},
        "/v1/models": {"data": [{"id": half, "meta": {"n_params": 10**400}}]},
        "/system_stats": {"system": {"comfyui_version": half}, "devices": [{"name": half}]},
    }

    def play(connection: Connection) -> None:
        path = server.requests[-1].split(b" ")[1].decode()
        kind = path.removeprefix("/object_info/")
        connection.send(answer(json.dumps(answers.get(path, {kind: choices})).encode()))

    server = RawServer(play)
    environ = {"OLLAMA_BASE_URL": server.url, "COMFYUI_BASE_URL": server.url}
    environ |= {"OPENAI_BASE_URL": f"{server.url}/v1", "PLAYGROUND_DATA_DIR": str(tmp_path)}
    with server:
        services = build_services(load_settings(environ, env_file=None))
        monkeypatch.setattr("core.services.get_services", lambda: services)
        async with asgi_client() as api:
            for route in ("models", "media", "health"):
                response = await api.get(f"/api/v1/{route}")
                assert response.status_code in (200, 503), response.text
                assert "providers" in response.json() or "components" in response.json()
        services.close()
