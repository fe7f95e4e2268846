"""The contract of `MediaProvider`, over every provider in the table.

A provider joins with one stage: where it plays and how its server is made to misbehave. One
without a stage fails.
"""

import asyncio
import io
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from typing import Any

import pytest
from PIL import Image

from core.errors import ModelNotFound, ProviderError
from core.media import (
    MediaCompleted,
    MediaEvent,
    MediaRequest,
    Preview,
    Progress,
    QueuePlace,
)
from core.providers import MEDIA_PROVIDERS, build_media_providers
from core.providers.base import MediaProvider
from core.providers.comfyui import ComfyUIProvider
from core.settings import Settings
from core.types import PhaseChanged, Tier
from tests.comfyui_kit import OPTIONS, QUICK, graph_with, source_image
from tests.fakes.comfyui import OUT_OF_MEMORY, FakeComfyUI, Script

NOWHERE = "http://127.0.0.1:9"
FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


class Stage:
    """A provider and its server. `server_can_fail` is false where there is no server."""

    server_can_fail = True

    def __init__(self, provider: MediaProvider) -> None:
        self.provider = provider

    def request(self, *, model: str | None = None, seed: int = 7, **options: Any) -> MediaRequest:
        """A request whose picture depends on `seed`."""
        raise NotImplementedError

    def unreachable(self) -> MediaProvider:
        """The provider with nothing at its address."""
        return self.provider

    def go_on_for_ever(self) -> MediaRequest:
        """A request whose picture is begun and not finished unless it is let."""
        raise NotImplementedError

    async def work_has_ended(self) -> bool:
        """Whether the server has stopped working for the last request."""
        raise NotImplementedError

    def fail_midway(self) -> MediaRequest:
        """A request that breaks after some progress."""
        raise NotImplementedError


class MockStage(Stage):
    server_can_fail = False

    def __init__(self) -> None:
        super().__init__(MEDIA_PROVIDERS["mock"](Settings(mock_tokens_per_second=0)))
        self._usual = self.provider.profile.models[Tier.STANDARD]

    def request(self, *, model: str | None = None, seed: int = 7, **options: Any) -> MediaRequest:
        return MediaRequest(
            job_id=str(uuid.uuid4()),
            task="free",
            model=model or self._usual,
            prompt="바다 위의 담은 텀블러",
            options=OPTIONS.model_copy(update={"width": 128, "height": 96, "seed": seed} | options),
        )

    def go_on_for_ever(self) -> MediaRequest:
        self.provider = MEDIA_PROVIDERS["mock"](Settings(mock_tokens_per_second=1))
        self._before = asyncio.all_tasks()
        return self.request(steps=200)

    async def work_has_ended(self) -> bool:
        return asyncio.all_tasks() <= self._before

    def fail_midway(self) -> MediaRequest:
        return self.request(model=f"{self._usual}-error")


class ComfyStage(Stage):
    def __init__(self, fake: FakeComfyUI) -> None:
        self._fake = fake
        super().__init__(self._connect(fake.url))

    def _connect(self, url: str) -> ComfyUIProvider:
        return ComfyUIProvider.from_settings(Settings(comfyui_base_url=url), pace=QUICK)

    def request(self, *, model: str | None = None, seed: int = 7, **options: Any) -> MediaRequest:
        checkpoint = model or "tiny.safetensors"
        return MediaRequest(
            job_id=str(uuid.uuid4()),
            task="free",
            model=checkpoint,
            prompt="바다 위의 담은 텀블러",
            options=OPTIONS.model_copy(update={"seed": seed} | options),
            graph=graph_with(
                ksampler__seed=seed,
                checkpointloadersimple__ckpt_name=checkpoint,
                emptylatentimage__batch_size=options.get("batch", 1),
            ),
        )

    def unreachable(self) -> MediaProvider:
        return self._connect(NOWHERE)

    def go_on_for_ever(self) -> MediaRequest:
        self._fake.script = Script(hold="sampling")
        return self.request(seed=99)

    async def work_has_ended(self) -> bool:
        return self._fake.running is None and not self._fake.pending

    def fail_midway(self) -> MediaRequest:
        self._fake.script = Script(error=OUT_OF_MEMORY)
        return self.request(seed=98)


@contextmanager
def mock_stage() -> Iterator[Stage]:
    yield MockStage()


@contextmanager
def comfy_stage() -> Iterator[Stage]:
    with FakeComfyUI() as fake:
        yield ComfyStage(fake)


STAGES = {"mock": mock_stage, "comfyui": comfy_stage}


@pytest.fixture(params=list(MEDIA_PROVIDERS))
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    if request.param not in STAGES:
        pytest.fail(
            f"The provider {request.param!r} has no stage in tests/test_media_contract.py: "
            "every picture provider must keep the contract.",
            pytrace=False,
        )
    with STAGES[request.param]() as stage:
        yield stage
        await stage.provider.aclose()


async def events_of(stage: Stage, request: MediaRequest) -> list[MediaEvent]:
    async with aclosing(stage.provider.stream(request)) as events:
        return [event async for event in events]


async def end_of(stage: Stage, request: MediaRequest) -> MediaCompleted:
    last = (await events_of(stage, request))[-1]
    assert isinstance(last, MediaCompleted)
    return last


async def until_progress(events: AsyncIterator[MediaEvent]) -> Progress:
    async for event in events:
        if isinstance(event, Progress):
            return event
    raise AssertionError("no progress came")


def test_the_table_holds_nothing_that_this_suite_does_not_try():
    assert set(STAGES) == set(MEDIA_PROVIDERS)


def test_every_provider_is_built_from_settings_under_its_own_name():
    built = build_media_providers(Settings())
    assert {name: provider.vendor for name, provider in built.items()} == {
        name: name for name in MEDIA_PROVIDERS
    }
    assert all(provider.profile.vendor == name for name, provider in built.items())


async def test_a_stream_ends_with_its_one_completed(stage):
    events = await events_of(stage, stage.request())
    assert [isinstance(event, MediaCompleted) for event in events[-2:]] == [False, True]
    assert sum(isinstance(event, MediaCompleted) for event in events) == 1


async def test_nothing_but_media_events_is_yielded(stage):
    kinds = PhaseChanged | QueuePlace | Progress | Preview | MediaCompleted
    assert all(isinstance(event, kinds) for event in await events_of(stage, stage.request()))


async def test_a_picture_is_what_its_mime_says(stage):
    (output,) = (await end_of(stage, stage.request())).outputs
    with Image.open(io.BytesIO(output.data)) as image:
        image.load()
        assert FORMATS[image.format] == output.mime


async def test_the_picture_has_the_size_that_was_asked_for(stage):
    request = stage.request()
    (output,) = (await end_of(stage, request)).outputs
    with Image.open(io.BytesIO(output.data)) as image:
        assert image.size == (request.options.width, request.options.height)


async def test_previews_are_pictures_too(stage):
    events = await events_of(stage, stage.request(steps=20))
    previews = [event for event in events if isinstance(event, Preview)]
    for preview in previews:
        with Image.open(io.BytesIO(preview.data)) as image:
            assert FORMATS[image.format] == preview.mime
    assert previews


async def test_progress_never_goes_back_within_a_node(stage):
    reached: dict[str, float] = {}
    for event in await events_of(stage, stage.request(steps=20)):
        if isinstance(event, Progress) and event.maximum:
            assert reached.get(event.node, 0) < event.value <= event.maximum
            reached[event.node] = event.value


async def test_as_many_pictures_come_as_were_asked_for(stage):
    if not stage.provider.supports_batch:
        pytest.skip("it makes one at a time")
    outputs = (await end_of(stage, stage.request(batch=3))).outputs
    assert len({output.data for output in outputs}) == 3


async def test_another_seed_is_another_picture(stage):
    one = (await end_of(stage, stage.request(seed=1))).outputs
    other = (await end_of(stage, stage.request(seed=2))).outputs
    assert one[0].data != other[0].data


async def test_requests_at_the_same_time_do_not_mix(stage):
    seeds = (1, 2, 3)
    alone = [(await end_of(stage, stage.request(seed=seed))).outputs[0] for seed in seeds]
    many = [stage.request(seed=seed) for seed in seeds] * 2
    together = await asyncio.gather(*(end_of(stage, request) for request in many))
    assert [done.outputs[0].data for done in together] == [one.data for one in alone] * 2


async def test_closing_the_stream_ends_the_servers_work(stage):
    events = stage.provider.stream(stage.go_on_for_ever())
    await until_progress(events)
    await events.aclose()
    assert await stage.work_has_ended()


async def test_closing_before_the_first_event_is_harmless(stage):
    events = stage.provider.stream(stage.go_on_for_ever())
    await events.aclose()
    assert await stage.work_has_ended()


async def test_cancelling_the_task_ends_the_servers_work(stage):
    request = stage.go_on_for_ever()
    begun = asyncio.Event()

    async def read() -> None:
        async with aclosing(stage.provider.stream(request)) as events:
            async for event in events:
                if isinstance(event, Progress):
                    begun.set()

    task = asyncio.create_task(read())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await stage.work_has_ended()


async def test_a_job_that_breaks_is_a_provider_error_of_its_provider(stage):
    with pytest.raises(ProviderError) as caught:
        await events_of(stage, stage.fail_midway())
    assert caught.value.provider == stage.provider.vendor
    assert caught.value.message


async def test_a_model_that_is_not_there_is_named(stage):
    with pytest.raises(ModelNotFound, match="no-such-model") as caught:
        await events_of(stage, stage.request(model="no-such-model"))
    assert caught.value.provider == stage.provider.vendor
    assert caught.value.details["model"] == "no-such-model"


async def test_a_server_that_is_down_is_a_provider_error_and_no_other_answers(stage):
    if not stage.server_can_fail:
        pytest.skip("it has no server")
    provider = stage.unreachable()
    with pytest.raises(ProviderError) as caught:
        await provider.choices()
    assert caught.value.provider == provider.vendor
    with pytest.raises(ProviderError) as caught:
        async with aclosing(provider.stream(stage.request())) as events:
            [event async for event in events]
    assert caught.value.provider == provider.vendor
    await provider.aclose()


async def test_health_is_ok_with_a_good_server_and_never_raises(stage):
    assert (await stage.provider.health_check()).state == "ok"
    provider = stage.unreachable()
    health = await provider.health_check()
    assert health.provider == provider.vendor
    if stage.server_can_fail:
        assert health.state == "down"
        assert health.reason
        assert health.advice
    await provider.aclose()


async def test_the_choices_it_offers_are_listed_once_each(stage):
    choices = await stage.provider.choices()
    for names in (choices.checkpoints, choices.samplers, choices.schedulers):
        assert names
        assert len(set(names)) == len(names)


async def test_a_resumed_job_that_is_nowhere_is_an_error(stage):
    if not stage.provider.can_resume:
        pytest.skip("its jobs end with the process")
    with pytest.raises(ProviderError) as caught:
        await events_of(stage, stage.request().model_copy(update={"resume": True}))
    assert caught.value.provider == stage.provider.vendor


async def test_a_picture_to_start_from_is_accepted_where_it_is_said_to_be(stage):
    if not stage.provider.supports_source:
        pytest.skip("it starts from nothing only")
    request = stage.request(denoise=0.5).model_copy(update={"source": source_image()})
    assert (await end_of(stage, request)).outputs
