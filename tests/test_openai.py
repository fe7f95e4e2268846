import asyncio
from contextlib import aclosing

import pytest

from core.catalog import Catalog
from core.errors import (
    BrokenAnswer,
    ContextOverflow,
    ModelNotFound,
    ProviderError,
    ProviderNotConfigured,
    ProviderOverloaded,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from core.providers.openai.provider import OpenAIProvider
from core.settings import Settings
from core.types import (
    Completed,
    GenerationOptions,
    Message,
    Phase,
    PhaseChanged,
    ProviderEvent,
    ProviderRequest,
    TextDelta,
    ThinkingDelta,
    Tier,
    Usage,
)
from tests.fakes.openai import (
    MODEL,
    TIMINGS,
    FakeOpenAI,
    breaks_off,
    chunk,
    event,
    forgets_keep_alive,
    openai_error,
    refuses,
    sends,
    splits,
    stalls,
    tells,
)

REQUEST = ProviderRequest(
    role="copywriter",
    task="sns",
    model=MODEL,
    messages=(
        Message(role="system", content="너는 카피라이터다."),
        Message(role="user", content="안녕"),
    ),
)
EMPTY_CATALOG = Catalog(roles={}, tasks={})
OVERFLOW = openai_error(
    "request (5031 tokens) exceeds the available context size (2048 tokens), try increasing it",
    code=400,
    type="exceed_context_size_error",
    n_prompt_tokens=5031,
    n_ctx=2048,
)


@pytest.fixture
def fake():
    with FakeOpenAI() as server:
        yield server


def provider_at(base_url: str, **settings) -> OpenAIProvider:
    values = {"openai_timeout": 20, "openai_default_model": MODEL} | settings
    return OpenAIProvider.from_settings(Settings(openai_base_url=base_url, **values), EMPTY_CATALOG)


@pytest.fixture
async def provider(fake: FakeOpenAI):
    provider = provider_at(fake.base_url)
    yield provider
    await provider.aclose()


async def collect(
    provider: OpenAIProvider,
    request: ProviderRequest = REQUEST,
    *,
    into: list[ProviderEvent] | None = None,
) -> list[ProviderEvent]:
    seen = [] if into is None else into
    async with aclosing(provider.stream(request)) as events:
        async for item in events:
            seen.append(item)
    return seen


def text_of(events: list[ProviderEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def left(fake: FakeOpenAI) -> bool:
    return await asyncio.to_thread(fake.disconnected.wait, 10)


class TestRequest:
    async def test_what_is_sent_is_the_chat_format_and_nothing_that_is_not_set(
        self, fake, provider
    ):
        await collect(provider)
        assert fake.chats[0].json == {
            "model": MODEL,
            "messages": [
                {"role": "system", "content": "너는 카피라이터다."},
                {"role": "user", "content": "안녕"},
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        assert "authorization" not in fake.chats[0].headers

    async def test_options_that_are_set_are_sent(self, fake, provider):
        options = GenerationOptions(
            temperature=0,
            max_tokens=9,
            top_p=0.9,
            top_k=5,
            repeat_penalty=1.1,
            seed=0,
            stop=("끝",),
        )
        await collect(provider, REQUEST.model_copy(update={"options": options}))
        sent = fake.chats[0].json
        assert {name: sent[name] for name in sent if name not in ("model", "messages")} == {
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": 0,
            "max_tokens": 9,
            "top_p": 0.9,
            "top_k": 5,
            "repeat_penalty": 1.1,
            "repetition_penalty": 1.1,
            "seed": 0,
            "stop": ["끝"],
        }

    async def test_a_schema_is_sent_under_the_tasks_name(self, fake, provider):
        schema = {"type": "object", "properties": {"cta": {"type": "string"}}}
        asked = {"output_schema": schema, "wants_json": True}
        await collect(provider, REQUEST.model_copy(update=asked))
        assert fake.chats[0].json["response_format"] == {
            "type": "json_schema",
            "json_schema": {"name": "sns", "schema": schema, "strict": True},
        }

    async def test_json_without_a_schema_is_asked_for_as_such(self, fake, provider):
        await collect(provider, REQUEST.model_copy(update={"wants_json": True}))
        assert fake.chats[0].json["response_format"] == {"type": "json_object"}

    async def test_the_key_goes_along(self, fake):
        fake.key = "sk-right"
        provider = provider_at(fake.base_url, openai_api_key="sk-right")
        assert text_of(await collect(provider)) == "안녕 "

    @pytest.mark.parametrize("ending", ["", "/v1", "/v1/chat/completions"])
    async def test_the_address_may_be_given_in_the_ways_people_give_it(self, fake, ending):
        provider = provider_at(fake.base_url.removesuffix("/v1") + ending)
        assert text_of(await collect(provider)) == "안녕 "

    async def test_an_address_with_another_path_is_used_as_it_is(self, fake):
        with pytest.raises(ProviderRejected, match="/v1"):
            await collect(provider_at(fake.base_url.replace("/v1", "/proxy")))
        assert fake.requests[0].path == "/proxy/chat/completions"


class TestAnswer:
    async def test_an_answer_arrives_piece_by_piece_and_ends_with_what_the_server_told(
        self, fake, provider
    ):
        fake.behaviour = sends(tells("안녕", "하세요", timings=TIMINGS, model="served"))
        assert await collect(provider) == [
            PhaseChanged(phase=Phase.CONNECTING),
            PhaseChanged(phase=Phase.WRITING),
            TextDelta(text="안녕"),
            TextDelta(text="하세요"),
            Completed(
                finish_reason="stop",
                usage=Usage(prompt_tokens=33, completion_tokens=2, total_tokens=35),
                tokens_per_second=84.5,
                meta={"served_model": "served", "prompt_ms": 83.9},
            ),
        ]

    @pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
    async def test_thinking_is_told_apart(self, fake, provider, field):
        answer = tells("답", thinking=["음", "…"])
        fake.behaviour = sends(
            data.replace(b"reasoning_content", field.encode()) for data in answer
        )
        events = await collect(provider)
        assert events[1:6] == [
            PhaseChanged(phase=Phase.THINKING),
            ThinkingDelta(text="음"),
            ThinkingDelta(text="…"),
            PhaseChanged(phase=Phase.WRITING),
            TextDelta(text="답"),
        ]

    @pytest.mark.parametrize("size", [1, 2, 3, 7, 61])
    async def test_bytes_split_anywhere_give_the_same_text(self, fake, provider, size):
        fake.behaviour = splits(tells("한글", " \u2028", "🦊", "\r\n"), size)
        assert text_of(await collect(provider)) == "한글 \u2028🦊\r\n"

    async def test_pings_are_passed_over(self, fake, provider):
        fake.behaviour = sends(data for part in tells("a", "b") for data in (b": ping\n\n", part))
        assert text_of(await collect(provider)) == "ab"

    async def test_fields_of_other_types_than_promised_do_no_harm(self, fake, provider):
        odd = [
            chunk() | {"choices": None, "model": 7, "usage": "many"},
            chunk() | {"choices": [None, {"index": 0, "delta": None}]},
            chunk({"content": 3, "reasoning": None}),
            chunk({"content": "another"}) | {"choices": [{"index": 1, "delta": {"content": "x"}}]},
            chunk() | {"timings": {"predicted_per_second": "fast", "prompt_ms": -1}},
            chunk() | {"usage": {"prompt_tokens": True, "completion_tokens": -4}},
        ]
        fake.behaviour = sends([event(item) for item in odd] + tells("ok"))
        events = await collect(provider)
        assert text_of(events) == "ok"
        assert events[-1].tokens_per_second is None

    async def test_the_speed_of_a_single_token_is_not_believed(self, fake, provider):
        timings = {"predicted_n": 1, "predicted_per_second": 1_000_000.0}
        fake.behaviour = sends(tells("a", timings=timings))
        assert (await collect(provider))[-1].tokens_per_second is None

    async def test_a_server_that_does_not_stream_is_understood(self, fake, provider):
        whole = {
            "model": MODEL,
            "choices": [{"index": 0, "message": {"content": "전부"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 2},
        }
        fake.behaviour = refuses(200, whole)
        response = await provider.generate(REQUEST)
        assert (response.output, response.usage.total_tokens) == ("전부", 7)


class TestEnd:
    async def test_an_end_without_done_is_an_end_and_noted(self, fake, provider):
        fake.behaviour = sends(tells("a", done=False))
        assert (await collect(provider))[-1].meta["done_marker"] is False

    @pytest.mark.parametrize(
        "behaviour",
        [
            pytest.param(sends(tells("a", finish=None)), id="done without a finish reason"),
            pytest.param(sends(tells("a", finish=None, done=False)), id="nothing more"),
            pytest.param(sends(tells("a")[:2], then=breaks_off), id="connection lost"),
            pytest.param(sends([*tells("a")[:2], event("{nonsense")]), id="no JSON"),
            pytest.param(sends([*tells("a")[:2], event("[1]")]), id="no object"),
        ],
    )
    async def test_an_answer_without_its_end_is_broken_and_keeps_what_came(
        self, fake, provider, behaviour
    ):
        fake.behaviour = behaviour
        events: list[ProviderEvent] = []
        with pytest.raises(BrokenAnswer) as caught:
            await collect(provider, into=events)
        assert text_of(events) == "a"
        assert caught.value.provider == "openai"
        assert len(fake.chats) == 1

    async def test_an_error_in_the_stream_is_raised_in_the_servers_words(self, fake, provider):
        error = event(openai_error("CUDA out of memory", code=500))
        fake.behaviour = sends([*tells("a")[:2], error, event("[DONE]")])
        with pytest.raises(ProviderError, match="CUDA out of memory") as caught:
            await collect(provider)
        assert caught.value.status == 500
        assert len(fake.chats) == 1

    async def test_an_overflow_told_in_the_stream_is_an_overflow(self, fake, provider):
        fake.behaviour = sends([event(OVERFLOW)])
        with pytest.raises(ContextOverflow):
            await collect(provider)

    async def test_a_web_page_in_place_of_an_answer_is_called_one(self, fake, provider):
        fake.behaviour = refuses(200, b"<html>hello</html>", content_type="text/html")
        with pytest.raises(ProviderRejected, match="web page"):
            await collect(provider)


class TestRefusal:
    @pytest.mark.parametrize(
        ("status", "body", "expected", "words"),
        [
            (401, openai_error("Invalid API Key"), ProviderUnauthorized, "OPENAI_API_KEY"),
            (403, b"", ProviderUnauthorized, "OPENAI_API_KEY"),
            (404, openai_error("x", code="model_not_found"), ModelNotFound, MODEL),
            (404, openai_error("The model `x` does not exist."), ModelNotFound, MODEL),
            (404, openai_error("model 'x' not found"), ModelNotFound, MODEL),
            (400, openai_error("Invalid model name passed in model=x"), ModelNotFound, MODEL),
            (404, openai_error("File Not Found"), ProviderRejected, "/v1"),
            (404, {"detail": "Not Found"}, ProviderRejected, "/v1"),
            (405, b"Method Not Allowed", ProviderRejected, "/v1"),
            (307, b"", ProviderRejected, "OPENAI_BASE_URL"),
            (400, openai_error("'temperature' must be a number"), ProviderRejected, "temperature"),
            (422, {"detail": [{"msg": "extra"}]}, ProviderRejected, "extra"),
            (429, openai_error("Rate limit reached"), ProviderOverloaded, "Rate limit reached"),
            (503, openai_error("Loading model"), ProviderOverloaded, "still loading"),
            (503, b"no capacity", ProviderOverloaded, "no capacity"),
            (502, b"<html><title>502 Bad Gateway</title>", ProviderUnavailable, "502 Bad Gateway"),
            (504, b"<html></html>", ProviderTimeout, "web page"),
            (500, openai_error("it broke"), ProviderError, "it broke"),
        ],
    )
    async def test_a_refusal_says_what_it_means(
        self, fake, provider, status, body, expected, words
    ):
        fake.behaviour = refuses(status, body)
        with pytest.raises(ProviderError) as caught:
            await collect(provider)
        assert type(caught.value) is expected
        assert words in caught.value.message
        assert (caught.value.provider, caught.value.status) == ("openai", status)

    @pytest.mark.parametrize(
        ("body", "numbers"),
        [
            (OVERFLOW, (5031, 2048)),
            (
                openai_error(
                    "This model's maximum context length is 2048 tokens. However, you requested "
                    "6031 tokens (5031 in the messages, 1000 in the completion).",
                    code="context_length_exceeded",
                ),
                (5031, 2048),
            ),
            (
                openai_error(
                    "This model's maximum context length is 2048 tokens. However, your request "
                    "has 5031 input tokens."
                ),
                (5031, 2048),
            ),
        ],
    )
    async def test_an_overflow_says_how_many_tokens_too_many(self, fake, provider, body, numbers):
        fake.behaviour = refuses(400, body)
        with pytest.raises(ContextOverflow, match="2983 more") as caught:
            await collect(provider)
        told = caught.value.details
        assert (told["prompt_tokens"], told["context_tokens"]) == numbers

    async def test_an_overflow_by_the_answers_length_says_so(self, fake, provider):
        words = (
            "'max_tokens' is too large: 3000. This model's maximum context length is 2048 tokens "
            "and your request has 1500 input tokens"
        )
        fake.behaviour = refuses(400, openai_error(words))
        with pytest.raises(ContextOverflow, match="Allow fewer tokens"):
            await collect(provider)

    async def test_an_overflow_without_numbers_is_still_one(self, fake, provider):
        fake.behaviour = refuses(400, openai_error("too long", code="context_length_exceeded"))
        with pytest.raises(ContextOverflow, match="too long"):
            await collect(provider)

    async def test_the_key_is_in_no_error_even_if_the_server_repeats_it(self, fake):
        fake.behaviour = refuses(401, openai_error("Incorrect API key: sk-secret-1234"))
        provider = provider_at(fake.base_url, openai_api_key="sk-secret-1234")
        with pytest.raises(ProviderUnauthorized) as caught:
            await collect(provider)
        assert "sk-secret" not in f"{caught.value.message} {caught.value.details}"

    @pytest.mark.parametrize(
        "said",
        [
            pytest.param(event(openai_error("no quota for sk-secret-1234")), id="error"),
            pytest.param(event("garbage with sk-secret-1234"), id="garbage"),
        ],
    )
    async def test_nor_is_it_if_the_server_repeats_it_in_mid_stream(self, fake, said):
        fake.behaviour = sends([said])
        provider = provider_at(fake.base_url, openai_api_key="sk-secret-1234")
        with pytest.raises(ProviderError) as caught:
            await collect(provider)
        told = f"{caught.value.message} {caught.value.details}"
        assert "***" in told
        assert "sk-secret" not in told

    async def test_how_long_to_wait_is_kept(self, fake, provider):
        fake.behaviour = refuses(429, b"slow down", Retry_After="7")
        with pytest.raises(ProviderOverloaded) as caught:
            await collect(provider)
        assert caught.value.details["retry_after"] == "7"


class TestRetry:
    @pytest.mark.parametrize(
        "first",
        [
            pytest.param(breaks_off, id="connection dropped"),
            pytest.param(refuses(503, openai_error("Loading model")), id="503"),
            pytest.param(refuses(502, b"<html></html>"), id="502"),
        ],
    )
    async def test_what_reached_no_model_is_tried_once_more(self, fake, provider, first):
        fake.next.append(first)
        assert text_of(await collect(provider)) == "안녕 "
        assert len(fake.chats) == 2

    async def test_it_is_tried_no_third_time(self, fake, provider):
        fake.behaviour = refuses(503, b"busy")
        with pytest.raises(ProviderOverloaded):
            await collect(provider)
        assert len(fake.chats) == 2

    @pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
    async def test_a_refusal_that_a_second_try_cannot_mend_is_final(self, fake, provider, status):
        fake.behaviour = refuses(status, b"no")
        with pytest.raises(ProviderError):
            await collect(provider)
        assert len(fake.chats) == 1

    async def test_a_server_that_forgets_its_keep_alive_is_asked_on_a_new_connection(
        self, fake, provider
    ):
        fake.behaviour = forgets_keep_alive(sends(tells("a")))
        assert [text_of(await collect(provider)) for _ in range(3)] == ["a", "a", "a"]
        assert (len(fake.chats), fake.connections) == (3, 3)


class TestCancel:
    async def test_closing_the_iterator_closes_the_connection(self, fake, provider):
        fake.behaviour = sends(tells("a", "b")[:2], then=stalls)
        events = provider.stream(REQUEST)
        async for item in events:
            if isinstance(item, TextDelta):
                break
        await events.aclose()
        assert await left(fake)

    @pytest.mark.parametrize("behaviour", [stalls, sends([], then=stalls)])
    async def test_cancelling_the_task_closes_the_connection(self, fake, provider, behaviour):
        arrived = asyncio.Event()
        loop = asyncio.get_running_loop()

        async def silent(exchange):
            loop.call_soon_threadsafe(arrived.set)
            await behaviour(exchange)

        fake.behaviour = silent
        task = asyncio.create_task(collect(provider))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await left(fake)

    @pytest.mark.parametrize("behaviour", [stalls, sends(tells("a")[:2], then=stalls)])
    async def test_a_silence_longer_than_allowed_is_a_timeout(self, fake, behaviour):
        fake.behaviour = behaviour
        with pytest.raises(ProviderTimeout, match="OPENAI_TIMEOUT"):
            await collect(provider_at(fake.base_url, openai_timeout=0.3))
        assert await left(fake)
        assert len(fake.chats) == 1


class TestModels:
    @pytest.mark.parametrize(
        ("listing", "names"),
        [
            ({"object": "list", "data": [{"id": "a"}, {"id": "b"}, {"id": "a"}]}, ["a", "b"]),
            ({"models": [{"name": "a"}, {"model": "b"}]}, ["a", "b"]),
            ([{"id": "a"}, "b", 3, {"no": "name"}], ["a", "b"]),
            ({"object": "list", "data": None}, []),
        ],
    )
    async def test_lists_of_many_shapes_are_understood(self, fake, provider, listing, names):
        fake.models = listing
        assert [model.name for model in await provider.list_models()] == names

    async def test_what_llama_cpp_tells_of_a_model_is_kept(self, fake, provider):
        fake.models = {"data": [{"id": "a", "meta": {"n_params": 134515008, "size": 97_000_000}}]}
        (model,) = await provider.list_models()
        assert (model.parameters, model.size) == ("135M", 97_000_000)

    @pytest.mark.parametrize("body", [b"<html></html>", b"{}", b'"a"', b"{broken"])
    async def test_what_is_no_list_is_an_error(self, fake, provider, body):
        fake.listing = refuses(200, body)
        with pytest.raises(BrokenAnswer):
            await provider.list_models()


class TestHealth:
    async def test_a_server_with_the_model_is_ok(self, provider):
        health = await provider.health_check()
        assert (health.state, health.provider) == ("ok", "openai")
        assert health.round_trip_ms > 0

    async def test_a_model_that_is_not_listed_is_named(self, fake):
        health = await provider_at(fake.base_url, openai_default_model="gone").health_check()
        assert health.state == "degraded"
        assert "gone" in health.reason

    @pytest.mark.parametrize(
        ("listing", "state", "advice"),
        [
            (refuses(503, openai_error("Loading model")), "degraded", "in a moment"),
            (refuses(401, b""), "down", "OPENAI_API_KEY"),
            (refuses(404, b""), "down", "/v1"),
            (refuses(502, b"<html></html>"), "down", "OPENAI_BASE_URL"),
            (breaks_off, "down", "OPENAI_BASE_URL"),
        ],
    )
    async def test_trouble_is_told_with_what_to_do(self, fake, provider, listing, state, advice):
        fake.listing = listing
        health = await provider.health_check()
        assert health.state == state
        assert health.reason
        assert advice in health.advice

    async def test_a_silent_server_is_not_waited_for(self, fake, provider):
        fake.listing = stalls
        health = await provider.health_check()
        assert health.state == "down"
        assert "within 1.8 s" in health.reason
        assert await left(fake)


class TestSettings:
    async def test_without_an_address_every_call_says_which_setting_is_missing(self):
        provider = provider_at("")
        assert not provider.profile.configured
        with pytest.raises(ProviderNotConfigured, match="OPENAI_BASE_URL"):
            await collect(provider)
        with pytest.raises(ProviderNotConfigured, match="OPENAI_BASE_URL"):
            await provider.list_models()
        health = await provider.health_check()
        assert (health.state, "OPENAI_BASE_URL" in health.advice) == ("not_configured", True)

    def test_the_tiers_models_are_this_providers_only_if_it_is_the_live_one(self):
        tiers = {"llm_model_light": "small", "openai_default_model": "normal"}
        elsewhere = provider_at("http://h", **tiers).profile
        assert set(elsewhere.models.values()) == {"normal"}
        here = provider_at("http://h", llm_live_provider="openai", **tiers).profile
        assert (here.models[Tier.LIGHT], here.models[Tier.HEAVY]) == ("small", "normal")

    def test_no_model_is_invented(self):
        assert set(provider_at("http://h", openai_default_model="").profile.models.values()) == {""}
