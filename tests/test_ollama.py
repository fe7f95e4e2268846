"""Ollama's chat: what goes over the wire, what comes out of it, and how it is stopped."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

import pytest

from core.errors import BrokenAnswer, ProviderError, ProviderTimeout
from core.providers.ollama.provider import OllamaProvider
from core.types import (
    Completed,
    GenerationOptions,
    Mode,
    Phase,
    PhaseChanged,
    ProviderEvent,
    TextDelta,
    ThinkingDelta,
    Tier,
    Usage,
)
from tests.fakes.ollama import OOM, Behaviour, FakeOllama, Reply
from tests.ollama_kit import (
    COLD,
    DONE,
    FROM_COLD,
    MODEL,
    REQUEST,
    SCHEMA,
    THINKER,
    WITH_SCHEMA,
    Connect,
    collect,
    connecting,
    end_of,
    lines,
    make_fake,
    phases_of,
    record,
    text_of,
    until_failure,
)


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with make_fake() as fake:
        yield fake


@pytest.fixture
async def connect(fake: FakeOllama) -> AsyncIterator[Connect]:
    async with connecting(fake) as connect:
        yield connect


@pytest.fixture
async def ollama(connect: Connect) -> OllamaProvider:
    return connect()


class TestRequest:
    async def test_a_plain_request_is_exactly_this_on_the_wire(self, fake, ollama):
        await collect(ollama)
        (chat,) = fake.chats
        assert chat.body == {
            "model": MODEL,
            "messages": [
                {"role": "system", "content": "너는 카피라이터다."},
                {"role": "user", "content": "커피 광고 문구"},
            ],
            "stream": True,
            "truncate": False,
        }
        assert chat.headers["content-type"] == "application/json"
        assert "authorization" not in chat.headers
        assert "origin" not in chat.headers
        assert [request.path for request in fake.requests] == ["/api/chat"]

    async def test_every_option_goes_by_ollamas_name(self, fake, connect):
        options = GenerationOptions(
            temperature=0.0,
            max_tokens=300,
            top_p=0.5,
            top_k=7,
            repeat_penalty=1.1,
            seed=0,
            stop=("끝",),
        )
        ollama = connect(ollama_num_ctx="8192")
        await collect(ollama, REQUEST.model_copy(update={"options": options}))
        assert fake.chats[0].body["options"] == {
            "temperature": 0.0,
            "num_predict": 300,
            "top_p": 0.5,
            "top_k": 7,
            "repeat_penalty": 1.1,
            "seed": 0,
            "stop": ["끝"],
            "num_ctx": 8192,
        }

    async def test_the_context_length_is_the_same_for_every_request(self, fake, connect):
        ollama = connect(ollama_num_ctx="8192")
        await collect(ollama)
        await collect(ollama, WITH_SCHEMA)
        assert [chat.body["options"] for chat in fake.chats] == [{"num_ctx": 8192}] * 2

    @pytest.mark.parametrize(
        ("setting", "sent"), [("300", 300), ("-1", -1), ("0", 0), ("5m", "5m"), ("1h30m", "1h30m")]
    )
    async def test_keep_alive_is_a_number_where_it_has_no_unit(self, fake, connect, setting, sent):
        await collect(connect(ollama_keep_alive=setting))
        assert fake.chats[0].body["keep_alive"] == sent
        assert type(fake.chats[0].body["keep_alive"]) is type(sent)

    async def test_a_schema_goes_as_format_and_a_wish_for_json_as_json(self, fake, ollama):
        await collect(ollama, WITH_SCHEMA)
        await collect(ollama, REQUEST.model_copy(update={"wants_json": True}))
        assert [chat.body["format"] for chat in fake.chats] == [SCHEMA, "json"]

    async def test_a_key_goes_as_bearer_token(self, fake, connect):
        await collect(connect(ollama_api_key="sesame-opens"))
        assert fake.chats[0].headers["authorization"] == "Bearer sesame-opens"

    async def test_credentials_in_the_address_become_basic_authentication(self, fake, connect):
        address = fake.url.replace("http://", "http://mina:p%40ss@")
        await collect(connect(ollama_base_url=address))
        assert fake.chats[0].headers["authorization"] == "Basic bWluYTpwQHNz"

    @pytest.mark.parametrize("path", ["", "/", "/api", "/api/", "/v1", "/api/chat"])
    async def test_the_apis_own_path_in_the_address_does_not_count(self, fake, connect, path):
        assert text_of(await collect(connect(ollama_base_url=fake.url + path)))

    async def test_a_bind_address_is_reached_on_loopback(self, fake, connect):
        address = fake.url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104
        assert text_of(await collect(connect(ollama_base_url=address)))

    async def test_a_proxy_of_the_environment_is_not_used_on_loopback(self, connect, monkeypatch):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert text_of(await collect(connect()))


class TestThinking:
    async def test_a_contract_answer_of_a_thinking_model_is_asked_without_thinking(
        self, fake, ollama
    ):
        await collect(ollama, WITH_SCHEMA.model_copy(update={"model": THINKER}))
        assert fake.chats[0].body["think"] is False

    async def test_a_model_that_cannot_think_gets_no_think_key(self, fake, ollama):
        await collect(ollama, WITH_SCHEMA)
        assert "think" not in fake.chats[0].body

    async def test_a_server_too_old_to_tell_capabilities_gets_no_think_key(self, fake, ollama):
        fake.models[0].capabilities = None
        await collect(ollama, WITH_SCHEMA)
        assert "think" not in fake.chats[0].body

    async def test_what_a_model_can_do_is_asked_once(self, fake, ollama):
        await collect(ollama, WITH_SCHEMA)
        await collect(ollama, WITH_SCHEMA)
        assert [request.body for request in fake.seen("/api/show")] == [{"model": MODEL}]

    async def test_free_text_leaves_thinking_to_the_model_and_shows_it_apart(self, fake, ollama):
        fake.behave(Behaviour(thinking=("음", "…"), pieces=("커피", "!")))
        events = await collect(ollama, REQUEST.model_copy(update={"model": THINKER}))
        assert "think" not in fake.chats[0].body
        assert fake.seen("/api/show") == []
        thoughts = [event.text for event in events if isinstance(event, ThinkingDelta)]
        assert (thoughts, text_of(events)) == (["음", "…"], "커피!")
        assert phases_of(events) == [Phase.CONNECTING, Phase.THINKING, Phase.WRITING]

    async def test_an_unknown_capability_is_noted_and_thinking_is_off_to_be_safe(
        self, fake, ollama
    ):
        fake.answer("/api/show", Reply.error(500, "no idea"))
        end = end_of(await collect(ollama, WITH_SCHEMA))
        assert fake.chats[0].body["think"] is False
        (note,) = end.meta["notes"]
        assert "no idea" in note

    async def test_a_server_that_does_not_tell_capabilities_in_time_is_asked_anyway(
        self, fake, ollama
    ):
        fake.answer("/api/show", Reply(stall=True))
        end = end_of(await collect(ollama, WITH_SCHEMA))
        assert "within 2 s" in end.meta["notes"][0]

    async def test_a_capability_not_learnt_is_asked_again_next_time(self, fake, ollama):
        fake.answer("/api/show", Reply.error(500, "no idea"))
        await collect(ollama, WITH_SCHEMA)
        fake.answer("/api/show", None)
        await collect(ollama, WITH_SCHEMA)
        assert "think" not in fake.chats[1].body

    async def test_all_tokens_spent_on_thinking_is_told(self, fake, ollama):
        fake.behave(Behaviour(thinking=("음",), pieces=(), done_reason="length"))
        end = end_of(await collect(ollama, REQUEST.model_copy(update={"model": THINKER})))
        assert end.finish_reason == "length"
        assert "max_tokens" in end.meta["notes"][0]


class TestAnswer:
    async def test_text_comes_piece_by_piece_and_ends_with_completed(self, fake, ollama):
        events = await collect(ollama)
        assert [event.text for event in events if isinstance(event, TextDelta)] == list(
            Behaviour().pieces
        )
        assert end_of(events).finish_reason == "stop"
        assert phases_of(events) == [Phase.CONNECTING, Phase.WRITING]

    async def test_the_first_piece_is_handed_on_before_the_second_exists(self, fake, ollama):
        fake.behave(Behaviour(pieces=("하나",), end="silence"))
        async with aclosing(ollama.stream(REQUEST)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    break
        assert event == TextDelta(text="하나")

    async def test_usage_and_speed_are_the_servers(self, fake, ollama):
        last = {
            "prompt_eval_count": 11,
            "prompt_eval_duration": 13_000_000,
            "eval_count": 18,
            "eval_duration": 500_000_000,
            "load_duration": 101_000_000,
            "total_duration": 900_000_000,
        }
        fake.behave(Behaviour(last=last))
        end = end_of(await collect(ollama))
        assert end.usage == Usage(prompt_tokens=11, completion_tokens=18, total_tokens=29)
        assert end.tokens_per_second == pytest.approx(36.0)
        assert end.load_ms == pytest.approx(101.0)
        assert end.meta == {
            "served_model": MODEL,
            "done_reason": "stop",
            "prompt_eval_ms": pytest.approx(13.0),
            "total_duration_ms": pytest.approx(900.0),
        }

    async def test_absent_counts_are_unknown(self, fake, ollama):
        fake.behave(Behaviour(raw=(lines(record("네"), record(done=True)),)))
        end = end_of(await collect(ollama))
        assert end == Completed(usage=Usage(), meta={"served_model": MODEL})

    async def test_counts_of_a_wrong_type_are_unknown(self, fake, ollama):
        odd = record(done=True, done_reason=7, eval_count="9", eval_duration=[], load_duration=True)
        fake.behave(Behaviour(raw=(lines(record("네"), odd),)))
        assert end_of(await collect(ollama)) == Completed(meta={"served_model": MODEL})

    async def test_text_in_the_last_record_counts(self, fake, ollama):
        fake.behave(Behaviour(pieces=("커피 한 ",), last_text="잔"))
        assert text_of(await collect(ollama)) == "커피 한 잔"

    async def test_records_may_be_cut_anywhere_even_inside_a_hangul_syllable(self, fake, ollama):
        whole = lines(record("안녕"), record("하세요"), DONE)
        fake.behave(Behaviour(raw=tuple(whole[at : at + 1] for at in range(len(whole)))))
        assert text_of(await collect(ollama)) == "안녕하세요"

    async def test_many_records_may_come_at_once_with_blank_lines_and_carriage_returns(
        self, fake, ollama
    ):
        whole = b"\n" + lines(record("하나")) + b"\r\n  \n" + lines(record(" 둘"), DONE)
        fake.behave(Behaviour(raw=(whole.replace(b"}\n", b"}\r\n"),)))
        assert text_of(await collect(ollama)) == "하나 둘"

    async def test_the_last_record_needs_no_line_end(self, fake, ollama):
        fake.behave(Behaviour(raw=(lines(record("네"), DONE).rstrip(b"\n"),)))
        assert end_of(await collect(ollama)).finish_reason == "stop"

    @pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
    async def test_only_a_line_feed_ends_a_record(self, fake, ollama, odd):
        fake.behave(Behaviour(raw=(lines(record(f"위{odd}아래"), DONE),)))
        assert text_of(await collect(ollama)) == f"위{odd}아래"

    async def test_an_empty_answer_is_whole_and_says_so(self, fake, ollama):
        fake.behave(Behaviour(pieces=()))
        events = await collect(ollama)
        assert text_of(events) == ""
        assert end_of(events).meta["notes"] == ["The answer is empty."]

    async def test_a_request_that_only_loaded_the_model_says_so(self, fake, ollama):
        events = await collect(ollama, REQUEST.model_copy(update={"messages": ()}))
        assert end_of(events).finish_reason == "load"
        assert "no messages" in end_of(events).meta["notes"][0]

    async def test_connections_are_used_again(self, fake, ollama):
        for _ in range(3):
            await collect(ollama)
        assert len({chat.port for chat in fake.chats}) == 1

    async def test_generate_is_the_stream_collected(self, fake, ollama):
        answer = await ollama.generate(REQUEST)
        assert answer.output == "".join(Behaviour().pieces)
        assert (answer.provider, answer.model) == ("ollama", MODEL)


class TestBrokenAnswers:
    async def test_an_error_line_fails_the_answer_and_keeps_what_came(self, fake, ollama):
        fake.behave(Behaviour(pieces=("반쯤 ",), end="error"))
        events, error = await until_failure(ollama)
        assert text_of(events) == "반쯤 "
        assert type(error) is ProviderError
        assert "unexpectedly stopped" in error.message
        assert "log" in error.message
        assert len(fake.chats) == 1

    async def test_running_out_of_memory_in_mid_answer_says_what_to_do(self, fake, ollama):
        fake.behave(Behaviour(end="error", error=OOM))
        _, error = await until_failure(ollama)
        assert "smaller model" in error.message

    async def test_an_error_line_that_is_an_object_is_read_too(self, fake, ollama):
        fake.behave(Behaviour(raw=(lines({"error": {"message": "그만"}}),)))
        _, error = await until_failure(ollama)
        assert "그만" in error.message

    async def test_an_end_without_done_is_broken(self, fake, ollama):
        fake.behave(Behaviour(pieces=("네 ",) * 40, end="eof"))
        events, error = await until_failure(ollama)
        assert text_of(events) == "네 " * 40
        assert isinstance(error, BrokenAnswer)
        assert "without its last record" in error.message

    async def test_a_connection_that_breaks_in_mid_answer_is_broken_and_not_retried(
        self, fake, ollama
    ):
        fake.behave(Behaviour(pieces=("반쯤",), end="reset"))
        events, error = await until_failure(ollama)
        assert text_of(events) == "반쯤"
        assert isinstance(error, BrokenAnswer)
        assert len(fake.chats) == 1

    @pytest.mark.parametrize(
        "junk",
        [
            b"<h1>hello</h1>\n",
            b"[1, 2]\n",
            b"null\n",
            b'{"message": {"content": 7}}\n',
            b'{"message": {"thinking": {"a": 1}}}\n',
            b"\xff\xfe\n",
            b"[" * 100_000 + b"\n",
        ],
    )
    async def test_anything_but_records_is_broken(self, fake, ollama, junk):
        fake.behave(Behaviour(raw=(lines(record("네")), junk)))
        events, error = await until_failure(ollama)
        assert text_of(events) == "네"
        assert isinstance(error, BrokenAnswer)

    async def test_a_message_that_is_no_object_is_passed_over(self, fake, ollama):
        fake.behave(Behaviour(raw=(lines({"message": "?"}, {"message": None}, DONE),)))
        assert end_of(await collect(ollama)).finish_reason == "stop"

    async def test_a_record_without_end_is_broken_before_memory_is_full(self, fake, ollama):
        fake.behave(Behaviour(raw=(b'{"message": "' + b"a" * 1_000_000,) + (b"a" * 1_000_000,) * 9))
        _, error = await until_failure(ollama)
        assert isinstance(error, BrokenAnswer)
        assert "8192 KiB" in error.message


class TestSilence:
    async def test_silence_before_the_first_byte_is_a_timeout_and_not_retried(self, fake, connect):
        fake.behave(Behaviour(reply=Reply(stall=True)))
        events, error = await until_failure(connect(ollama_timeout="0.15"))
        assert isinstance(error, ProviderTimeout)
        assert "OLLAMA_TIMEOUT" in error.message
        assert phases_of(events) == [Phase.CONNECTING]
        assert len(fake.chats) == 1

    async def test_silence_in_mid_answer_is_a_timeout(self, fake, connect):
        fake.behave(Behaviour(pieces=("반쯤",), end="silence"))
        events, error = await until_failure(connect(ollama_timeout="0.3"))
        assert text_of(events) == "반쯤"
        assert isinstance(error, ProviderTimeout)

    async def test_a_long_answer_that_goes_on_is_no_timeout(self, fake, connect):
        fake.behave(Behaviour(pieces=("가",) * 12, delay_s=0.1))
        assert text_of(await collect(connect(ollama_timeout="0.8"))) == "가" * 12

    async def test_a_model_that_is_not_in_memory_is_shown_as_loading(self, fake, ollama):
        fake.behave(Behaviour(hold=True))
        seen: list[ProviderEvent] = []
        async with aclosing(ollama.stream(FROM_COLD)) as events:
            async for event in events:
                seen.append(event)
                if event == PhaseChanged(phase=Phase.LOADING):
                    fake.release()
        assert phases_of(seen) == [Phase.CONNECTING, Phase.LOADING, Phase.WRITING]
        assert text_of(seen) == "".join(Behaviour().pieces)

    async def test_a_model_in_memory_is_not_shown_as_loading(self, fake, ollama):
        fake.behave(Behaviour(hold=True))
        task = asyncio.create_task(collect(ollama))
        await fake.until(lambda: fake.seen("/api/ps") and fake.seen("/api/ps")[0].finished)
        fake.release()
        assert phases_of(await task) == [Phase.CONNECTING, Phase.WRITING]

    async def test_a_timeout_while_loading_says_that_it_was_loading(self, fake, connect):
        fake.behave(Behaviour(hold=True))
        events, error = await until_failure(connect(ollama_timeout="0.8"), FROM_COLD)
        assert phases_of(events) == [Phase.CONNECTING, Phase.LOADING]
        assert isinstance(error, ProviderTimeout)
        assert "still loading 'cold:1b'" in error.message
        assert "OLLAMA_TIMEOUT" in error.message
        assert len(fake.chats) == 1

    @pytest.mark.parametrize(
        "reply", [Reply.error(500, "no"), Reply(body=b"[]"), Reply(body=b'{"models": 3}')]
    )
    async def test_a_broken_question_for_loaded_models_never_breaks_the_chat(
        self, fake, ollama, reply
    ):
        fake.answer("/api/ps", reply)
        fake.behave(Behaviour(hold=True))
        task = asyncio.create_task(collect(ollama, FROM_COLD))
        await fake.until(lambda: fake.seen("/api/ps") and fake.seen("/api/ps")[0].finished)
        fake.release()
        assert text_of(await task) == "".join(Behaviour().pieces)


class TestStopping:
    async def test_closing_in_mid_answer_closes_the_connection(self, fake, ollama):
        fake.behave(Behaviour(pieces=("하나",), end="silence"))
        async with aclosing(ollama.stream(REQUEST)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    break
        await fake.until(lambda: fake.chats[0].left)

    async def test_closing_while_loading_closes_the_connection_and_aborts_the_load(
        self, fake, ollama
    ):
        fake.behave(Behaviour(hold=True))
        async with aclosing(ollama.stream(FROM_COLD)) as events:
            async for event in events:
                if event == PhaseChanged(phase=Phase.LOADING):
                    break
        await fake.until(lambda: fake.chats[0].left)
        assert fake.find(COLD).loaded is False

    @pytest.mark.parametrize(
        "behaviour", [Behaviour(reply=Reply(stall=True)), Behaviour(end="silence")]
    )
    async def test_cancelling_the_task_closes_the_connection(self, fake, ollama, behaviour):
        fake.behave(behaviour)
        task = asyncio.create_task(collect(ollama))
        wanted = len(behaviour.pieces) if behaviour.reply is None else 0
        await fake.until(lambda: fake.chats and fake.chats[0].sent == wanted)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await fake.until(lambda: fake.chats[0].left)

    async def test_stopping_one_answer_leaves_the_others_alone(self, fake, ollama):
        fake.behave(Behaviour(pieces=("하나",), end="silence"), times=1)
        stopped = asyncio.create_task(collect(ollama))
        await fake.until(lambda: fake.chats)
        fake.behave(Behaviour(pieces=("둘",), delay_s=0.05))
        other = asyncio.create_task(collect(ollama))
        stopped.cancel()
        assert text_of(await other) == "둘"
        await fake.until(lambda: fake.chats[0].left)

    async def test_closing_before_the_first_piece_is_read_closes_the_connection_too(
        self, fake, ollama
    ):
        fake.behave(Behaviour(hold=True, pieces=("하나",), end="silence"))
        async with aclosing(ollama.stream(FROM_COLD)) as events:
            async for event in events:
                if event == PhaseChanged(phase=Phase.LOADING):
                    fake.release()
                    await fake.until(lambda: fake.chats[0].sent)
                    await asyncio.sleep(0.05)  # the head arrives, and nobody reads on
                    break
        await fake.until(lambda: fake.chats[0].left)

    async def test_nothing_is_left_running_after_an_answer(self, fake, ollama):
        before = asyncio.all_tasks()
        await collect(ollama)
        fake.behave(Behaviour(end="error"))
        await until_failure(ollama)
        assert asyncio.all_tasks() == before


class TestProfile:
    async def test_it_is_live_and_serves_every_tier(self, connect):
        profile = connect(llm_model_heavy="big:70b", ollama_concurrency="3").profile
        assert profile.mode is Mode.LIVE
        assert profile.concurrency == 3
        assert profile.configured
        assert profile.models == {
            Tier.LIGHT: MODEL,
            Tier.STANDARD: MODEL,
            Tier.HEAVY: "big:70b",
        }

    async def test_the_tiers_are_not_its_own_where_another_provider_is_the_live_one(self, connect):
        profile = connect(llm_model_heavy="big:70b", llm_live_provider="openai").profile
        assert set(profile.models.values()) == {MODEL}
