"""ComfyUI when all goes well: what goes over the wire, what is told, what comes out of it."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator

import pytest
from PIL import Image

from core.errors import BrokenAnswer, ModelNotFound, ProviderRejected
from core.media import MediaCompleted, MediaEvent, Preview, Progress, QueuePlace
from core.providers.comfyui import ComfyUIProvider
from core.types import Mode, Phase, Tier
from tests.comfyui_kit import (
    TXT2IMG,
    Connect,
    collect,
    connecting,
    end_of,
    graph_with,
    of,
    phases_of,
    request_for,
    source_image,
    until,
    until_failure,
)
from tests.fakes.comfyui import Answer, FakeComfyUI, Script


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


async def watched(fake: FakeComfyUI, comfyui: ComfyUIProvider, script: Script) -> list[MediaEvent]:
    """The events of a job that is held where `script` says, and let go once that was told."""
    fake.script = script
    seen: list[MediaEvent] = []
    events = comfyui.stream(request_for())
    async for event in events:
        seen.append(event)
        if isinstance(event, Progress):
            fake.release()
    return seen


class TestWire:
    async def test_the_job_is_exactly_this_on_the_wire(self, fake, comfyui):
        request = request_for(TXT2IMG)
        await collect(comfyui, request)
        assert fake.posted == [
            {
                "prompt": TXT2IMG,
                "client_id": request.job_id.replace("-", ""),
                "prompt_id": request.job_id,
                "extra_data": {"preview_method": "auto"},
            }
        ]

    async def test_the_websocket_is_open_under_the_jobs_client_before_anything_is_sent(
        self, fake, comfyui
    ):
        await collect(comfyui)
        methods = [(seen.method, seen.path) for seen in fake.requests[:2]]
        assert methods == [("WS", "/ws"), ("POST", "/prompt")]
        assert fake.connections == [fake.posted[0]["client_id"]]

    async def test_no_two_jobs_share_a_socket(self, fake, comfyui):
        await asyncio.gather(*(collect(comfyui) for _ in range(4)))
        assert len(set(fake.connections)) == 4 == len(fake.connections)

    async def test_no_origin_is_sent_and_no_number(self, fake, comfyui):
        await collect(comfyui)
        assert all("origin" not in seen.headers for seen in fake.requests)
        assert "number" not in fake.posted[0]

    async def test_the_socket_is_closed_when_the_job_is_over(self, fake, comfyui):
        await collect(comfyui)
        await fake.until(lambda: not fake.worker.sockets)

    async def test_a_source_is_uploaded_first_and_the_name_given_back_is_used(self, fake, comfyui):
        one, other = source_image(1), source_image(2).model_copy(update={"sha256": "0" * 63 + "1"})
        graph = graph_with() | {
            "1": {"class_type": "LoadImage", "inputs": {"image": "{{source}}"}},
        }
        await collect(comfyui, request_for(graph, source=one))
        await collect(comfyui, request_for(graph, source=other))
        names = [post["prompt"]["1"]["inputs"]["image"] for post in fake.posted]
        assert names[1] == names[0].replace(".png", " (1).png")
        assert fake.files.kept["input", "", names[0]] == one.data
        assert fake.files.kept["input", "", names[1]] == other.data
        paths = [seen.path for seen in fake.requests if seen.method == "POST"]
        assert paths == ["/upload/image", "/prompt"] * 2

    async def test_a_source_that_the_workflow_does_not_use_is_not_uploaded(self, fake, comfyui):
        await collect(comfyui, request_for(source=source_image()))
        assert fake.seen("POST", "/upload/image") == []

    @pytest.mark.parametrize("pasted", ["/", "/api", "/api/", "/prompt"])
    async def test_an_address_with_a_path_pasted_along_works(self, fake, connect, pasted):
        assert end_of(await collect(connect(comfyui_base_url=fake.url + pasted)))

    async def test_credentials_in_the_address_go_to_http_and_websocket(self, fake, connect):
        address = fake.url.replace("//", "//me:secret@")
        comfyui = connect(comfyui_base_url=address)
        await collect(comfyui)
        assert {seen.headers.get("authorization") for seen in fake.requests} == {
            "Basic bWU6c2VjcmV0"
        }
        assert "secret" not in (await comfyui.health_check()).reason


class TestPictures:
    async def test_a_picture_comes_with_its_bytes_its_node_and_its_seed(self, fake, comfyui):
        request = request_for()
        (output,) = end_of(await collect(comfyui, request)).outputs
        image = Image.open(io.BytesIO(output.data))
        assert (output.mime, output.node, output.seed) == ("image/png", "Save", 42)
        assert image.size == (64, 48)
        assert json.loads(image.text["prompt"]) == request.graph  # the server's own chunk stays

    async def test_a_batch_comes_whole_and_in_order(self, fake, comfyui):
        done = end_of(
            await collect(comfyui, request_for(graph_with(emptylatentimage__batch_size=3)))
        )
        kept = list(fake.files.kept.values())
        assert [output.data for output in done.outputs] == kept
        assert len(set(kept)) == 3

    async def test_files_are_found_in_every_list_and_what_is_no_picture_is_said(
        self, fake, comfyui
    ):
        fake.files.kept["output", "clips", "a.mp4"] = b"\0\0\0\x18ftypmp42"
        video = {"filename": "a.mp4", "subfolder": "clips", "type": "output"}
        fake.script = Script(
            files={"12": {"gifs": [video], "text": ["64"], "animated": [True], "odd": None}}
        )
        done = end_of(await collect(comfyui))
        assert len(done.outputs) == 1
        assert len(done.problems) == 1
        assert "a.mp4" in done.problems[0]

    async def test_previews_of_the_workflow_count_only_where_nothing_is_saved(self, fake, comfyui):
        graph = graph_with() | {
            "11": {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}}
        }
        both = end_of(await collect(comfyui, request_for(graph)))
        del graph["9"]
        only = end_of(await collect(comfyui, request_for(graph)))
        assert [output.node for output in both.outputs] == ["Save"]
        assert [output.node for output in only.outputs] == ["PreviewImage"]

    async def test_a_job_without_any_picture_is_an_error(self, fake, comfyui):
        fake.script = Script(saves=False)
        error = await until_failure(comfyui)
        assert isinstance(error, BrokenAnswer)
        assert "Save Image" in error.message

    async def test_a_status_that_is_null_is_no_failure(self, fake, comfyui):
        fake.script = Script(status="null")
        assert end_of(await collect(comfyui)).outputs

    async def test_the_same_job_again_says_that_it_was_made_before(self, fake, comfyui):
        first = end_of(await collect(comfyui, request_for(TXT2IMG)))
        again = end_of(await collect(comfyui, request_for(TXT2IMG)))
        assert (first.meta["cached"], again.meta["cached"]) == (False, True)
        assert first.outputs == again.outputs
        assert first.meta["files"] == again.meta["files"]

    async def test_a_file_that_is_gone_since_says_to_take_another_seed(self, fake, comfyui):
        await collect(comfyui, request_for(TXT2IMG))
        fake.files.delete_all()
        error = await until_failure(comfyui, request_for(TXT2IMG))
        assert "another seed" in error.message
        assert error.details["gone"] is True

    async def test_one_file_of_a_batch_that_is_gone_does_not_take_the_others(self, fake, comfyui):
        fake.answer("/view", Answer(404))
        done = end_of(
            await collect(comfyui, request_for(graph_with(emptylatentimage__batch_size=3)))
        )
        assert len(done.outputs) == 2
        assert len(done.problems) == 1
        assert "gone" in done.problems[0]


class TestProgress:
    async def test_loading_and_drawing_are_told_apart(self, fake, comfyui):
        events = await watched(fake, comfyui, Script(hold="loading"))
        assert phases_of(events) == [Phase.CONNECTING, Phase.LOADING, Phase.DRAWING]
        assert end_of(events).load_ms > 0

    async def test_steps_come_with_the_nodes_title_and_never_go_back(self, fake, comfyui):
        events = await watched(fake, comfyui, Script(steps=20, hold="sampling"))
        steps = [one for one in of(Progress, events) if one.maximum]
        assert {step.node for step in steps} == {"Draw it"}
        values = [step.value for step in steps]
        assert values == sorted(set(values))
        assert steps[-1].maximum == 20

    @pytest.mark.parametrize("kind", ["new", "old"])
    async def test_previews_of_both_kinds_arrive(self, fake, comfyui, kind):
        events = await watched(fake, comfyui, Script(previews=kind, hold="sampling"))
        preview = of(Preview, events)[0]
        assert preview.mime == "image/jpeg"
        assert Image.open(io.BytesIO(preview.data)).size == (16, 16)

    async def test_without_previews_the_picture_comes_all_the_same(self, fake, comfyui):
        events = await watched(fake, comfyui, Script(previews="none", hold="sampling"))
        assert of(Preview, events) == []
        assert end_of(events).outputs

    async def test_previews_of_a_job_without_a_client_are_not_taken_for_ours(self, fake, comfyui):
        fake.queue_for_others(-5, client_id=None)
        events = comfyui.stream(request_for())
        assert await until(events, QueuePlace) == QueuePlace(ahead=1)
        fake.broadcast(b"\0\0\0\1\0\0\0\1\xff\xd8\xff\xe0not ours")
        await fake.until(lambda: not fake.worker.unsent)
        fake.release()
        rest = [event async for event in events]
        assert b"not ours" not in b"".join(one.data for one in of(Preview, rest))
        assert end_of(rest)

    async def test_the_place_counts_in_the_order_of_running_not_of_the_list(self, fake, comfyui):
        fake.queue_for_others(-9)
        fake.queue_for_others(90, -3, 80, -7, 70, -1)
        events = comfyui.stream(request_for())
        assert await until(events, QueuePlace) == QueuePlace(ahead=4)
        numbers = [job.number for job in fake.worker.pending]
        assert numbers != sorted(numbers), "the fake's list should be a heap, not in order"
        fake.release()
        places = [one.ahead for one in of(QueuePlace, [event async for event in events])]
        assert places == sorted(places, reverse=True)

    async def test_a_reader_that_is_slow_does_not_hold_up_the_server(self, fake, comfyui):
        fake.script = Script(steps=100, preview_padding=500_000)
        events = comfyui.stream(request_for())
        await anext(events)
        await anext(events)
        await fake.until(lambda: fake.history and not fake.worker.unsent)
        rest = [event async for event in events]
        assert len(of(Preview, rest)) < 50
        assert end_of(rest).outputs


class TestResume:
    async def test_a_job_that_runs_is_followed_without_sending_it_again(self, fake, connect):
        fake.script = Script(hold="sampling", steps=4)
        request = request_for()
        await _send_and_die(fake, request)
        events = connect().stream(request.model_copy(update={"resume": True}))
        await until(events, Preview | Progress)  # by the same client id the rest is heard
        fake.release()
        assert end_of([event async for event in events]).outputs
        assert len(fake.posted) == 0

    async def test_a_job_that_ended_meanwhile_gives_its_pictures(self, fake, comfyui):
        request = request_for()
        first = end_of(await collect(comfyui, request))
        resumed = request.model_copy(update={"resume": True, "graph": None})
        again = end_of(await collect(comfyui, resumed))
        assert again.outputs == first.outputs
        assert len(fake.posted) == 1

    async def test_a_job_that_the_server_does_not_know_is_lost(self, comfyui):
        error = await until_failure(comfyui, request_for(resume=True))
        assert isinstance(error, BrokenAnswer)
        assert error.details["lost"] is True
        assert "restarted" in error.message


async def _send_and_die(fake: FakeComfyUI, request) -> None:
    """What a process that was killed in mid-job leaves behind."""
    from_dead = {
        "prompt": request.graph,
        "client_id": request.job_id.replace("-", ""),
        "prompt_id": request.job_id,
    }
    fake.put(from_dead)
    await fake.until(lambda: fake.running == request.job_id)


class TestQuestions:
    @pytest.mark.parametrize("new", [False, True])
    async def test_choices_are_read_in_both_spellings(self, fake, comfyui, new):
        fake.new_spelling = new
        fake.loras = ["ink.safetensors"]
        choices = await comfyui.choices()
        assert choices.checkpoints == ("tiny.safetensors", "other.safetensors")
        assert choices.samplers == ("euler", "dpmpp_2m")
        assert choices.schedulers == ("normal", "karras")
        assert choices.loras == ("ink.safetensors",)

    async def test_a_node_that_is_not_there_gives_an_empty_list(self, comfyui):
        assert (await comfyui.choices()).loras == ()

    async def test_object_info_is_handed_on(self, comfyui):
        assert (await comfyui.object_info())["SaveImage"]["output_node"] is True

    async def test_health_tells_version_and_queue(self, fake, comfyui):
        fake.queue_for_others(1, 2)
        health = await comfyui.health_check()
        assert (health.state, health.version) == ("ok", "0.3.64")
        assert "2 jobs" in health.reason

    @pytest.mark.parametrize(
        "answer", [Answer(200, "<html>Hi</html>"), Answer(500, "oh"), Answer(404)]
    )
    async def test_health_of_what_is_no_comfyui_is_down_with_advice(self, fake, comfyui, answer):
        fake.answer("/system_stats", answer)
        health = await comfyui.health_check()
        assert health.state == "down"
        assert health.advice

    async def test_the_profile_is_live_without_models(self, connect):
        profile = connect(comfyui_concurrency="7").profile
        assert (profile.vendor, profile.mode, profile.concurrency) == ("comfyui", Mode.LIVE, 7)
        assert set(profile.models.values()) == {""}
        assert set(profile.models) == set(Tier)


class TestRefused:
    async def test_a_checkpoint_that_is_not_there_is_named(self, fake, comfyui):
        graph = graph_with(checkpointloadersimple__ckpt_name="gone.safetensors")
        error = await until_failure(comfyui, request_for(graph))
        assert isinstance(error, ModelNotFound)
        assert error.details["model"] == "gone.safetensors"
        assert "gone.safetensors" in error.message

    async def test_a_node_that_is_not_there_is_named(self, comfyui):
        graph = graph_with() | {"77": {"class_type": "FancyNode", "inputs": {}}}
        error = await until_failure(comfyui, request_for(graph))
        assert isinstance(error, ProviderRejected)
        assert error.details["missing_nodes"] == ["FancyNode"]

    async def test_a_wrong_value_is_told_with_the_nodes_title(self, comfyui):
        error = await until_failure(comfyui, request_for(graph_with(ksampler__steps=0)))
        assert isinstance(error, ProviderRejected)
        assert "Draw it: Value 0 smaller than min of 1: steps" in error.message

    async def test_after_a_refusal_nothing_is_cancelled(self, fake, comfyui):
        await until_failure(comfyui, request_for(graph_with(ksampler__steps=0)))
        posts = [seen.path for seen in fake.requests if seen.method == "POST"]
        assert posts == ["/prompt"]

    async def test_a_workflow_that_would_break_the_server_is_never_sent(self, fake, comfyui):
        graph = graph_with() | {"12": {"class_type": "LoadImage"}}
        error = await until_failure(comfyui, request_for(graph))
        assert isinstance(error, ProviderRejected)
        assert fake.requests == []

    async def test_a_partly_valid_workflow_is_an_error_and_its_job_is_taken_back(
        self, fake, comfyui
    ):
        fake.partly_valid = True
        fake.queue_for_others(-1)
        graph = graph_with() | {"99": {"class_type": "SaveImage", "inputs": {}}}
        error = await until_failure(comfyui, request_for(graph))
        assert isinstance(error, ProviderRejected)
        assert "Required input is missing: images" in error.message
        assert fake.pending == []
        assert fake.running == "other--1"


async def test_events_end_with_one_completed(fake, comfyui):
    events = await collect(comfyui)
    assert [isinstance(one, MediaCompleted) for one in events[-2:]] == [False, True]
