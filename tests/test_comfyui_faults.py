"""ComfyUI when things go wrong: lost replies, silent sockets, restarts, other people."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from core.errors import (
    BrokenAnswer,
    ProviderError,
    ProviderOverloaded,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from core.media import Preview, Progress, QueuePlace
from core.providers.comfyui import ComfyUIProvider
from tests.comfyui_kit import (
    QUICK,
    Connect,
    collect,
    connecting,
    end_of,
    of,
    phases_of,
    request_for,
    source_image,
    until,
    until_failure,
)
from tests.fakes.comfyui import OUT_OF_MEMORY, Answer, FakeComfyUI, Script

SERVER_ERROR = Answer(500, "500 Internal Server Error\n\nServer got itself in trouble")
TOO_LARGE = Answer(413, "Maximum request body size 104857600 exceeded.")


@pytest.fixture
def fake() -> Iterator[FakeComfyUI]:
    with FakeComfyUI() as fake:
        yield fake


@pytest.fixture
async def connect(fake: FakeComfyUI) -> AsyncIterator[Connect]:
    async with connecting(fake) as connect:
        yield connect


@pytest.fixture
async def comfyui(connect: Connect) -> ComfyUIProvider:
    return connect()


class TestReplies:
    async def test_a_job_whose_reply_was_lost_is_found_and_not_sent_again(self, fake, comfyui):
        fake.lose_reply(queued=True)
        assert end_of(await collect(comfyui)).outputs
        assert len(fake.posted) == 1

    async def test_a_job_that_never_arrived_is_sent_again_once(self, fake, comfyui):
        fake.lose_reply(queued=False)
        request = request_for()
        assert end_of(await collect(comfyui, request)).outputs
        assert [post["prompt_id"] for post in fake.posted] == [request.job_id] * 2
        assert list(fake.history) == [request.job_id]

    async def test_it_is_looked_for_in_the_queue_and_in_history_before_it_is_sent_again(
        self, fake, comfyui
    ):
        fake.lose_reply(queued=False)
        await collect(comfyui)
        paths = [seen.path.partition("/history/")[1] or seen.path for seen in fake.requests]
        between = paths[paths.index("/prompt") + 1 : paths.index("/prompt", 2)]
        assert between == ["/queue", "/history/"] * 3

    async def test_a_job_that_never_arrives_is_an_error_after_the_second_time(self, fake, comfyui):
        for _ in range(2):
            fake.lose_reply(queued=False)
        error = await until_failure(comfyui)
        assert isinstance(error, ProviderUnavailable)
        assert len(fake.posted) == 2

    async def test_a_500_in_plain_text_is_told_and_not_sent_again(self, fake, comfyui):
        fake.answer("/prompt", SERVER_ERROR, times=2)
        error = await until_failure(comfyui)
        assert error.status == 500
        assert "Server got itself in trouble" in error.message
        assert len(fake.posted) == 1

    @pytest.mark.parametrize(
        ("answer", "kind", "word"),
        [
            (TOO_LARGE, ProviderRejected, "max-upload-size"),
            (Answer(403), ProviderRejected, "Origin"),
            (Answer(401), ProviderUnauthorized, "COMFYUI_BASE_URL"),
            (Answer(405, "405: Method Not Allowed"), ProviderRejected, "COMFYUI_BASE_URL"),
            (Answer(200, "<html><title>Router</title></html>"), ProviderRejected, "Router"),
            (Answer(429, "slow down"), ProviderOverloaded, "slow down"),
            (Answer(307), ProviderRejected, "redirects"),
            (Answer(400, "not json"), ProviderRejected, "not json"),
            (Answer(400, '{"error": "odd", "node_errors": null}'), ProviderRejected, "odd"),
        ],
    )
    async def test_other_refusals_say_what_to_do(self, fake, comfyui, answer, kind, word):
        fake.answer("/prompt", answer)
        error = await until_failure(comfyui)
        assert type(error) is kind
        assert word in error.message
        assert error.status == answer.status

    async def test_a_proxy_without_a_server_behind_it_is_asked_twice(self, fake, comfyui):
        fake.answer("/prompt", Answer(502, "<html>Bad gateway</html>"))
        assert end_of(await collect(comfyui)).outputs
        fake.answer("/prompt", Answer(502, "<html>Bad gateway</html>"), times=2)
        assert isinstance(await until_failure(comfyui), ProviderUnavailable)

    async def test_an_upload_that_is_too_large_ends_the_run_before_the_job(self, fake, comfyui):
        fake.answer("/upload/image", TOO_LARGE)
        graph = {
            "1": {"class_type": "LoadImage", "inputs": {"image": "{{source}}"}},
            "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
        }
        error = await until_failure(comfyui, request_for(graph, source=source_image()))
        assert "max-upload-size" in error.message
        assert fake.posted == []

    async def test_polls_that_fail_for_a_while_do_not_end_the_job(self, fake, comfyui):
        fake.answer("/queue", SERVER_ERROR, times=3)
        assert end_of(await collect(comfyui)).outputs


class TestAway:
    async def test_nothing_at_the_address_is_said_and_no_job_is_looked_for(self, connect):
        error = await until_failure(connect(comfyui_base_url="http://127.0.0.1:9"))
        assert isinstance(error, ProviderUnavailable)
        assert "COMFYUI_BASE_URL" in error.message

    async def test_a_restart_in_mid_job_is_a_lost_job_not_an_endless_wait(self, fake, comfyui):
        fake.script = Script(hold="sampling")
        events = comfyui.stream(request_for())
        await until(events, Progress)
        await asyncio.to_thread(fake.restart)
        with pytest.raises(BrokenAnswer, match="restarted") as caught:
            [event async for event in events]
        assert caught.value.details["lost"] is True

    async def test_a_server_that_comes_back_with_the_job_done_is_waited_for(self, fake, comfyui):
        # What a network that was away for a moment looks like.
        fake.script = Script(hold="sampling")
        events = comfyui.stream(request_for())
        await until(events, Progress)
        fake.answer("/queue", Answer(502), times=5)
        fake.drop_sockets()
        fake.release()
        assert end_of([event async for event in events]).outputs

    async def test_a_server_that_stays_away_is_an_error_after_a_while(self, fake, connect):
        fake.script = Script(hold="sampling")
        events = connect(pace=replace(QUICK, unreachable=0.1)).stream(request_for())
        await until(events, Progress)
        await asyncio.to_thread(fake.stop)
        try:
            with pytest.raises(ProviderUnavailable):
                [event async for event in events]
        finally:
            fake.start()

    async def test_a_job_that_somebody_deletes_is_said_to_be_lost(self, fake, comfyui):
        fake.queue_for_others(-1)
        request = request_for()
        events = comfyui.stream(request)
        await until(events, QueuePlace)
        fake.delete_as_somebody_else(request.job_id)
        with pytest.raises(BrokenAnswer, match="deleted"):
            [event async for event in events]


class TestSocket:
    async def test_a_dropped_socket_is_opened_again_under_the_same_name(self, fake, comfyui):
        fake.script = Script(hold="sampling", steps=10)
        events = comfyui.stream(request_for())
        await until(events, Progress)
        fake.drop_sockets()
        await fake.until(lambda: len(fake.connections) == 2 and fake.worker.sockets)
        fake.release()
        rest = [event async for event in events]
        assert end_of(rest).outputs
        assert of(Progress, rest), "what came after the drop should be told"
        assert len(set(fake.connections)) == 1

    async def test_features_are_asked_for_again_on_every_connection(self, fake, comfyui):
        fake.script = Script(hold="sampling", steps=10)
        events = comfyui.stream(request_for())
        await until(events, Progress)
        fake.worker.negotiated.clear()
        fake.drop_sockets()
        await fake.until(lambda: fake.worker.negotiated)
        fake.release()
        assert of(Preview, [event async for event in events])

    async def test_a_ghost_is_noticed_and_replaced(self, fake, connect):
        fake.script = Script(hold="sampling", steps=10)
        events = connect(pace=replace(QUICK, deaf=0.2)).stream(request_for())
        await until(events, Progress)
        fake.make_ghosts()
        reading = asyncio.create_task(anext(events, None))
        await fake.until(lambda: len(fake.connections) >= 2 and fake.worker.sockets)
        fake.release()
        rest = [await reading, *[event async for event in events]]
        assert of(Progress, rest), "the new socket should hear what the ghost did not"
        assert end_of(rest).outputs

    async def test_a_ghost_that_is_never_noticed_loses_only_the_steps(self, fake, comfyui):
        fake.script = Script(hold="sampling")
        events = comfyui.stream(request_for())
        await until(events, Progress)
        fake.make_ghosts()
        fake.release()
        assert end_of([event async for event in events]).outputs

    async def test_never_two_sockets_at_once(self, fake, connect):
        most = 0
        fake.script = Script(hold="sampling")
        events = connect(pace=replace(QUICK, deaf=0.05)).stream(request_for())
        await until(events, Progress)
        reading = asyncio.create_task(anext(events, None))

        def several() -> bool:
            nonlocal most
            most = max(most, fake.open_sockets)
            return len(fake.connections) >= 3

        await fake.until(several)
        fake.release()
        await reading
        assert end_of([event async for event in events]).outputs
        assert most == 1

    async def test_without_a_websocket_the_polls_tell_all_that_matters(self, fake, comfyui):
        fake.refuse_sockets()
        fake.script = Script(hold="sampling")
        fake.queue_for_others(-1)
        events = comfyui.stream(request_for())
        assert await until(events, QueuePlace) == QueuePlace(ahead=1)
        fake.release_running()
        await fake.until(lambda: len(fake.history) == 1)
        reading = asyncio.create_task(_rest(events))
        await fake.until(lambda: fake.running and not fake.pending)
        seen = len(fake.seen("GET", "/queue"))
        await fake.until(lambda: len(fake.seen("GET", "/queue")) > seen + 3)
        fake.release()
        rest = await reading
        assert phases_of(rest) == ["drawing"]
        assert end_of(rest).outputs

    async def test_a_stuck_client_that_blocks_all_messages_does_not_block_the_result(
        self, fake, comfyui
    ):
        fake.script = Script(hold="start")
        events = comfyui.stream(request_for())
        await anext(events)
        reading = asyncio.create_task(_rest(events))
        await fake.until(lambda: fake.running)
        fake.block_sockets()
        fake.release()
        assert end_of(await reading).outputs

    @pytest.mark.parametrize(
        "frame",
        [
            b"",
            b"\0\0\0\1",
            b"\0\0\0\4\0\0\xff\xff{}",
            b"\0\0\0\3\0\0\0\1" + b"7width",
            b"\0\0\0\x63" * 4,
        ],
    )
    async def test_frames_that_make_no_sense_are_passed_over(self, fake, comfyui, frame):
        fake.script = Script(hold="sampling")
        events = comfyui.stream(request_for())
        await until(events, Progress)
        fake.broadcast(frame)
        fake.release()
        assert end_of([event async for event in events]).outputs


class TestFailures:
    async def test_an_error_names_node_and_reason(self, fake, comfyui):
        fake.script = Script(
            error={"exception_type": "ValueError", "exception_message": "bad latent\n"}
        )
        error = await until_failure(comfyui)
        assert "“Draw it” (ValueError): bad latent." in error.message
        assert error.details["node_type"] == "KSampler"
        assert "traceback" not in json.dumps(error.details)

    async def test_out_of_memory_says_what_to_make_smaller(self, fake, comfyui):
        fake.script = Script(error=OUT_OF_MEMORY)
        error = await until_failure(comfyui)
        assert error.details["out_of_memory"] is True
        assert "smaller size" in error.message

    async def test_a_damaged_checkpoint_says_to_get_the_file_again(self, fake, comfyui):
        fake.script = Script(
            error={
                "exception_type": "safetensors._safetensors_rust.SafetensorError",
                "exception_message": "Error while deserializing header: invalid header length\n",
            }
        )
        assert "get it again" in (await until_failure(comfyui)).message

    async def test_an_interrupt_by_somebody_else_is_said_to_be_that(self, fake, comfyui):
        fake.script = Script(hold="sampling")
        events = comfyui.stream(request_for())
        await until(events, Progress)
        fake.interrupt_as_somebody_else()
        with pytest.raises(ProviderError, match="Somebody else") as caught:
            [event async for event in events]
        assert caught.value.details["interrupted"] is True

    async def test_a_failure_told_by_the_socket_counts_when_history_was_cleared(
        self, fake, comfyui
    ):
        fake.script = Script(hold="sampling", error=OUT_OF_MEMORY)
        events = comfyui.stream(request_for())
        await until(events, Progress)
        fake.answer("/queue", SERVER_ERROR, times=1)
        fake.forget_next()
        fake.release()
        with pytest.raises(ProviderError) as caught:
            [event async for event in events]
        assert caught.value.details["out_of_memory"] is True

    async def test_after_a_failure_nothing_is_cancelled(self, fake, comfyui):
        fake.script = Script(error=OUT_OF_MEMORY)
        await until_failure(comfyui)
        assert [s.path for s in fake.requests if s.method == "POST"] == ["/prompt"]


class TestSilence:
    async def test_a_worker_that_died_is_a_timeout(self, fake, connect):
        fake.script = Script(dies=True)
        comfyui = connect(pace=replace(QUICK, withdraw=0.2), comfyui_timeout="0.3")
        error = await until_failure(comfyui)
        assert isinstance(error, ProviderTimeout)
        assert "COMFYUI_TIMEOUT" in error.message
        assert "restart ComfyUI" in error.message

    async def test_a_worker_that_died_is_no_longer_silent_because_of_new_sockets(
        self, fake, connect
    ):
        fake.script = Script(dies=True)
        pace = replace(QUICK, withdraw=0.2, deaf=0.05)
        error = await until_failure(connect(pace=pace, comfyui_timeout="0.5"))
        assert isinstance(error, ProviderTimeout)
        assert len(fake.connections) > 1

    async def test_a_job_that_timed_out_in_the_queue_is_taken_out_of_it(self, fake, connect):
        fake.queue_for_others(-1)
        error = await until_failure(connect(comfyui_timeout="0.3"))
        assert isinstance(error, ProviderTimeout)
        assert "1 ahead" in error.message
        assert fake.pending == []
        assert fake.running == "other--1"

    async def test_steps_keep_a_long_job_alive(self, fake, connect):
        comfyui = connect(comfyui_timeout="0.5")
        fake.script = Script(steps=12, step_s=0.1)
        assert end_of(await collect(comfyui)).outputs

    async def test_another_place_in_the_queue_is_a_sign_of_life(self, fake, connect):
        ids = fake.queue_for_others(-9, -8, -7, -6, -5)
        events = connect(comfyui_timeout="1").stream(request_for())
        await until(events, QueuePlace)
        reading = asyncio.create_task(_rest(events))
        for gone, _ in enumerate(ids, start=1):
            await asyncio.sleep(0.4)  # shorter than the timeout; all together longer
            fake.release_running()
            await fake.until(lambda gone=gone: len(fake.history) >= gone)
        assert end_of(await reading).outputs


async def _rest(events) -> list:
    return [event async for event in events]
