"""The fake Ollama keeps to what Ollama does, as its sources have it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.fakes.ollama import Behaviour, FakeModel, FakeOllama, Reply
from tests.fakes.openai import (
    FakeOpenAI,
    chunk,
    event,
    openai_error,
    refuses,
    sends,
    stalls,
    tells,
)

ASK = {"model": "m", "messages": [{"role": "user", "content": "안녕"}]}


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(FakeModel("m")) as fake:
        yield fake


@pytest.fixture
async def client(fake: FakeOllama) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=fake.url, trust_env=False, timeout=10) as client:
        yield client


async def test_a_stream_is_ndjson_whose_last_record_alone_has_the_metrics(client):
    answer = await client.post("/api/chat", json=ASK)
    records = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert {record["model"] for record in records} == {"m"}
    assert [record["done"] for record in records] == [False] * 6 + [True]
    assert [name for record in records[:-1] for name in record if "count" in name] == []
    assert records[-1]["done_reason"] == "stop"
    assert records[-1]["eval_count"] == 6
    assert records[-1]["load_duration"] > 0


async def test_without_stream_the_answer_is_one_object(client):
    answer = (await client.post("/api/chat", json=ASK | {"stream": False})).json()
    assert answer["message"]["content"] == "".join(Behaviour().pieces)
    assert answer["done"] is True


async def test_a_model_is_listed_as_running_only_once_it_is_loaded(fake, client):
    assert (await client.get("/api/ps")).json() == {"models": []}
    await client.post("/api/chat", json=ASK)
    (running,) = (await client.get("/api/ps")).json()["models"]
    assert running["name"] == "m"


async def test_no_header_comes_before_the_first_piece(fake, client):
    fake.behave(Behaviour(hold=True))
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/api/chat", json=ASK, timeout=httpx.Timeout(5, read=0.2))
    await fake.until(lambda: fake.chats[0].left)
    assert fake.models[0].loaded is False


async def test_refusals_have_ollamas_words(client):
    wrong = {
        404: ASK | {"model": "x"},
        400: ASK | {"think": True},
        500: ASK | {"options": {"stop": "x"}},
    }
    texts = {}
    for status, body in wrong.items():
        answer = await client.post("/api/chat", json=body)
        assert answer.status_code == status
        texts[status] = answer.json()["error"]
    assert texts == {
        404: "model 'x' not found",
        400: '"m" does not support thinking',
        500: 'option "stop" must be of type array',
    }


async def test_an_unknown_route_is_plain_text(client):
    answer = await client.get("/api/nothing")
    assert (answer.status_code, answer.text) == (404, "404 page not found")
    assert answer.headers["content-type"].startswith("text/plain")


async def test_an_order_counts_as_often_as_it_says(fake, client):
    fake.behave(Behaviour(reply=Reply.error(503, "busy")), times=1)
    statuses = [(await client.post("/api/chat", json=ASK)).status_code for _ in range(2)]
    assert statuses == [503, 200]


async def test_an_order_for_one_model_leaves_the_others_alone(fake, client):
    fake.models.append(FakeModel("n"))
    fake.behave(Behaviour(reply=Reply.error(503, "busy")), model="n")
    assert (await client.post("/api/chat", json=ASK)).status_code == 200
    assert (await client.post("/api/chat", json=ASK | {"model": "n"})).status_code == 503


class TestUpstream:
    """Chats passed on to a server that speaks OpenAI's dialect, as llama.cpp's does."""

    @pytest.fixture
    def llama(self) -> Iterator[FakeOpenAI]:
        with FakeOpenAI() as llama:
            yield llama

    @pytest.fixture
    def fake(self, llama: FakeOpenAI) -> Iterator[FakeOllama]:
        with FakeOllama("m", upstream=llama.base_url) as fake:
            yield fake

    async def test_the_request_is_translated(self, llama, client):
        options = {"num_predict": 9, "temperature": 0.5, "seed": 1, "stop": ["."], "num_ctx": 99}
        schema = {"type": "object"}
        await client.post("/api/chat", json=ASK | {"options": options, "format": schema})
        assert llama.chats[0].json == {
            "model": "m",
            "messages": ASK["messages"],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": 9,
            "temperature": 0.5,
            "seed": 1,
            "stop": ["."],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": schema},
            },
        }

    async def test_the_answer_is_translated_with_its_metrics(self, llama, client):
        timings = {"prompt_ms": 83.5, "predicted_ms": 35.0}
        answer = tells("위\u2028", "아래", thinking=["음"], finish="length", timings=timings)
        llama.behaviour = sends(answer)
        lines = (await client.post("/api/chat", json=ASK)).content.splitlines()
        records = [json.loads(line) for line in lines]
        messages = [record["message"] for record in records]
        assert [message.get("thinking", "") for message in messages] == ["음", "", "", ""]
        assert "".join(message["content"] for message in messages) == "위\u2028아래"
        last = records[-1]
        assert (last["done"], last["done_reason"]) == (True, "length")
        assert (last["prompt_eval_count"], last["eval_count"]) == (33, 2)
        assert (last["prompt_eval_duration"], last["eval_duration"]) == (83_500_000, 35_000_000)

    async def test_an_overflow_is_passed_on_as_a_string(self, llama, client):
        refusal = openai_error("too long", type="exceed_context_size_error", n_ctx=2048)
        llama.behaviour = refuses(400, refusal)
        answer = await client.post("/api/chat", json=ASK)
        assert answer.status_code == 400
        assert json.loads(answer.json()["error"]) == refusal

    async def test_a_client_that_goes_takes_the_upstream_request_with_it(self, llama, client):
        llama.behaviour = sends([event(chunk({"content": "하나"}))], then=stalls)
        async with client.stream("POST", "/api/chat", json=ASK) as response:
            await anext(response.aiter_bytes())
        assert await asyncio.to_thread(llama.disconnected.wait, 10)
