"""The mock of pictures as a provider: its events, its scenarios, its manners."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, fields
from typing import Any

import pytest
from PIL import ImageFilter, ImageStat

from core.errors import BrokenAnswer, ModelNotFound, ProviderError, ProviderRejected
from core.media import MediaCompleted, MediaEvent, MediaRequest, Preview, Progress, QueuePlace
from core.providers.mock_media.poster import PREVIEW_SIDE, Poster
from core.providers.mock_media.scenarios import LONGEST_DRAWING_SECONDS, SCENARIOS
from core.providers.mock_media.work import Work
from core.settings import Settings
from core.types import Mode, Phase, PhaseChanged, Tier
from tests.mock_media_kit import (
    TYPEFACE,
    completed,
    drawn,
    events_of,
    latin_mock,
    media_mock,
    opened,
    picture_request,
)


async def told_before_failing(request: MediaRequest) -> tuple[list[MediaEvent], ProviderError]:
    told: list[MediaEvent] = []

    async def listen() -> None:
        async for event in media_mock().stream(request):
            told.append(event)  # noqa: PERF401 - kept when the stream raises

    with pytest.raises(ProviderError) as caught:
        await listen()
    return told, caught.value


async def test_a_run_tells_its_place_its_phase_each_step_and_one_end() -> None:
    events = await events_of(picture_request(steps=12))

    assert events[0] == QueuePlace(ahead=0)
    assert events[1] == PhaseChanged(phase=Phase.DRAWING)
    steps = [event for event in events if isinstance(event, Progress)]
    assert [step.value for step in steps] == list(range(1, 13))
    assert {step.maximum for step in steps} == {12}
    assert [isinstance(event, MediaCompleted) for event in events].count(True) == 1
    assert isinstance(events[-1], MediaCompleted)


async def test_previews_emerge_from_blur() -> None:
    events = await events_of(picture_request(width=1200, height=630))
    previews = [event for event in events if isinstance(event, Preview)]
    pictures = [opened(preview.data) for preview in previews]
    edges = [
        ImageStat.Stat(picture.convert("L").filter(ImageFilter.FIND_EDGES)).mean[0]
        for picture in pictures
    ]

    assert len(previews) >= 3
    assert {preview.mime for preview in previews} == {"image/jpeg"}
    assert all(max(picture.size) == PREVIEW_SIDE for picture in pictures)
    assert edges[0] < edges[-1]


async def test_at_a_human_pace_there_are_a_few_previews_a_second() -> None:
    events = await events_of(picture_request(steps=100), media_mock(1000))

    assert sum(isinstance(event, Preview) for event in events) <= 4


async def test_a_batch_goes_on_from_the_seed() -> None:
    batch = await completed(picture_request(batch=3, seed=40))

    assert [output.seed for output in batch.outputs] == [40, 41, 42]
    assert batch.outputs[2].data == await drawn(picture_request(seed=42))
    assert len({output.data for output in batch.outputs}) == 3
    assert batch.problems == ()


async def test_the_last_seed_is_followed_by_the_first() -> None:
    batch = await completed(picture_request(batch=2, seed=2**53 - 1))

    assert [output.seed for output in batch.outputs] == [2**53 - 1, 0]


async def test_the_end_says_that_it_is_simulated() -> None:
    end = await completed(picture_request())

    assert end.meta["simulated"] is True
    assert end.meta["scenario"] == "mock-picture"
    assert end.meta["font"] == TYPEFACE.name
    assert end.outputs[0].mime == "image/png"


@pytest.mark.parametrize("model", ["mock-picture", "mock-picture-slow"])
async def test_every_scenario_that_succeeds_draws_the_same_picture(model: str) -> None:
    assert await drawn(picture_request(model=model)) == await drawn(picture_request())


async def test_slow_loads_first_and_says_how_long() -> None:
    events = await events_of(picture_request(model="mock-picture-slow"))

    assert events[1] == PhaseChanged(phase=Phase.LOADING)
    assert events[2] == PhaseChanged(phase=Phase.DRAWING)
    assert isinstance(events[-1], MediaCompleted)
    assert events[-1].load_ms == 500


@pytest.mark.parametrize(
    ("model", "words", "kind"),
    [
        ("mock-picture-error", "broke off", BrokenAnswer),
        ("mock-picture-out-of-memory", "out of memory.*smaller size", ProviderError),
        ("mock-picture-lost", "no longer knows this job.*Run it again", BrokenAnswer),
    ],
)
async def test_a_failing_scenario_fails_in_the_middle_with_advice(
    model: str, words: str, kind: type[ProviderError]
) -> None:
    told, error = await told_before_failing(picture_request(model=model))

    assert type(error) is kind
    assert error.provider == "mock"
    assert error.details["simulated"] is True
    assert pytest.raises(kind, match=words).matches(error)
    values = [event.value for event in told if isinstance(event, Progress)]
    assert 0 < values[-1] < 20


async def test_partial_loses_the_last_picture_and_says_so() -> None:
    end = await completed(picture_request(model="mock-picture-partial", batch=3, seed=5))

    assert [output.seed for output in end.outputs] == [5, 6]
    assert len(end.problems) == 1
    assert "Picture 3 of 3" in end.problems[0]
    assert "seed 7" in end.problems[0]


async def test_partial_with_one_picture_fails() -> None:
    with pytest.raises(BrokenAnswer, match="only picture"):
        await events_of(picture_request(model="mock-picture-partial"))


async def test_an_unknown_model_is_not_replaced_by_another() -> None:
    with pytest.raises(ModelNotFound, match="mock-picture-lost") as caught:
        await events_of(picture_request(model="sdxl"))

    assert caught.value.details == {"model": "sdxl", "known": list(SCENARIOS)}


async def test_a_source_that_is_no_picture_is_refused() -> None:
    with pytest.raises(ProviderRejected, match="Upload it again"):
        await events_of(picture_request(source=b"no picture"))


class CountingPool(ThreadPoolExecutor):
    """Threads that count what they are given to do."""

    jobs = 0

    def submit(self, *args: Any, **kwargs: Any) -> Future:
        self.jobs += 1
        return super().submit(*args, **kwargs)


async def test_closing_stops_the_drawing() -> None:
    pool = CountingPool()
    asyncio.get_running_loop().set_default_executor(pool)
    request = picture_request(width=2048, height=2048, batch=8)
    async with aclosing(media_mock(100).stream(request)) as events:
        async for event in events:
            if isinstance(event, Progress):
                break
    done = pool.jobs
    await drawn(picture_request())  # time in which it could go on

    own = CountingPool()
    asyncio.get_running_loop().set_default_executor(own)
    await drawn(picture_request())
    assert done > 0
    assert pool.jobs == done + own.jobs


async def test_cancelling_the_task_ends_it_at_once() -> None:
    drawing = asyncio.Event()
    told: list[MediaEvent] = []

    async def follow() -> None:
        async for event in media_mock(1).stream(picture_request()):
            told.append(event)
            if isinstance(event, Progress):
                drawing.set()

    task = asyncio.create_task(follow())
    await drawing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not any(isinstance(event, MediaCompleted) for event in told)


@dataclass(frozen=True)
class WaitingPoster(Poster):
    """A poster whose drawing waits until the event loop does something else."""

    def slices(self) -> Iterator[bytes | None]:
        assert OTHER_WORK_DONE.wait(timeout=10), "the event loop is blocked while drawing"
        yield b"drawn"


OTHER_WORK_DONE = threading.Event()


async def test_the_event_loop_is_free_while_a_slice_is_drawn() -> None:
    poster = Poster.of(picture_request(), 0, None, TYPEFACE)
    work = Work([WaitingPoster(*(getattr(poster, field.name) for field in fields(poster)))])

    slice_ = asyncio.create_task(work.advance())
    asyncio.get_running_loop().call_later(0.01, OTHER_WORK_DONE.set)
    await slice_

    assert work.pictures == [b"drawn"]


async def test_a_heart_beats_on_while_a_large_picture_is_drawn() -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    heart = asyncio.create_task(beat())
    data = await drawn(picture_request(width=2048, height=2048))
    heart.cancel()

    assert opened(data).size == (2048, 2048)
    assert beats > 100


async def test_many_at_once_draw_what_each_draws_alone() -> None:
    requests = [picture_request(seed=seed, width=300, height=300) for seed in range(6)]

    together = await asyncio.gather(*(drawn(request) for request in requests))

    assert together == [await drawn(request) for request in requests]


async def test_work_is_finished_only_when_every_picture_is_there() -> None:
    posters = [Poster.of(picture_request(), index, None, TYPEFACE) for index in range(2)]
    work = Work(posters)

    shares = [work.share]
    while await work.advance():
        shares.append(work.share)

    assert shares == sorted(shares)
    assert shares[-1] < 1 == work.share
    assert len(work.pictures) == 2


@pytest.mark.parametrize("steps", [1, 20, 200])
def test_drawing_at_the_usual_speed_leaves_time_within_five_seconds(steps: int) -> None:
    usual = Settings().mock_tokens_per_second
    pace = SCENARIOS["mock-picture"].pace(steps=steps, tokens_per_second=usual)

    assert 0 < pace.loading + pace.drawing <= LONGEST_DRAWING_SECONDS < 4


async def test_without_a_korean_font_the_picture_says_how_to_get_one() -> None:
    end = await completed(picture_request(), latin_mock())

    assert any("No Korean font" in str(note) for note in end.meta["notes"])
    assert opened(end.outputs[0].data).size == (192, 160)


async def test_a_picture_too_small_for_words_says_so() -> None:
    end = await completed(picture_request(width=16, height=16))

    assert any("too small" in str(note) for note in end.meta["notes"])


async def test_characters_without_a_picture_are_counted() -> None:
    end = await completed(picture_request("Hello ไทย"), latin_mock())

    assert any("3 characters" in str(note) for note in end.meta["notes"])


async def test_health_and_choices_need_no_network() -> None:
    mock = media_mock()
    choices = await mock.choices()

    assert (await mock.health_check()).state == "ok"
    assert choices.checkpoints == tuple(SCENARIOS)
    assert len(choices.samplers) >= 3
    assert len(choices.schedulers) >= 3


def test_the_profile_is_a_mocks() -> None:
    profile = media_mock().profile

    assert profile.vendor == "mock"
    assert profile.mode is Mode.MOCK
    assert profile.models == dict.fromkeys(Tier, "mock-picture")
    assert profile.concurrency == Settings().mock_concurrency
