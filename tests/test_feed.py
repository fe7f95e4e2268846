"""A feed: any reader, any position, late or back again."""

import asyncio
import threading

import pytest

from core.errors import InvalidRequest
from core.feed import EndEvent, Feed, FeedEvent, PhaseEvent, TextEvent
from core.types import Phase, RunStatus
from tests.factories import make_run


def text_of(events: list[FeedEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextEvent))


def test_a_late_reader_gets_everything_from_the_start() -> None:
    run = make_run(status=RunStatus.RUNNING)
    feed = Feed(run)
    feed.show(run.model_copy(update={"output": "한 모금"}))
    feed.show(run.model_copy(update={"output": "한 모금의 온도", "status": RunStatus.SUCCEEDED}))
    events = list(feed.follow())
    assert text_of(events) == "한 모금의 온도"
    assert isinstance(events[-1], EndEvent)


def test_a_reader_that_comes_back_gets_only_what_is_new() -> None:
    run = make_run(status=RunStatus.RUNNING, output="한 모금", thinking="음")
    feed = Feed(run)
    seen = next(event for event in feed.follow() if isinstance(event, TextEvent))
    feed.show(run.model_copy(update={"output": "한 모금의 온도", "status": RunStatus.SUCCEEDED}))
    assert text_of(list(feed.follow(seen.cursor))) == "의 온도"


def test_a_cursor_of_the_live_run_fits_the_finished_row() -> None:
    run = make_run(status=RunStatus.SUCCEEDED, output="한 모금의 온도")
    assert text_of(list(Feed(run, live=False).follow("0.4"))) == "의 온도"


@pytest.mark.parametrize("cursor", ["", "x", "1", "1.x", "-1.0", "1.²", "9" * 40 + ".0"])
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidRequest):
        list(Feed(make_run()).follow(cursor))


def test_a_waiting_thread_sees_what_comes() -> None:
    run = make_run(status=RunStatus.RUNNING)
    feed = Feed(run)
    seen: list[FeedEvent] = []
    reader = threading.Thread(target=lambda: seen.extend(feed.follow()))
    reader.start()
    feed.set_phase(Phase.WRITING)
    feed.show(run.model_copy(update={"output": "끝", "status": RunStatus.SUCCEEDED}))
    reader.join(5)
    assert not reader.is_alive()
    assert text_of(seen) == "끝"


async def test_readers_on_a_loop_see_what_other_threads_write() -> None:
    run = make_run(status=RunStatus.RUNNING)
    feed = Feed(run)

    async def read() -> list[FeedEvent]:
        return [event async for event in feed.afollow()]

    readers = [asyncio.create_task(read()) for _ in range(3)]
    await asyncio.sleep(0)
    final = run.model_copy(update={"output": "끝", "status": RunStatus.SUCCEEDED})
    await asyncio.to_thread(feed.show, final)
    for events in await asyncio.wait_for(asyncio.gather(*readers), 5):
        assert text_of(events) == "끝"


async def test_a_reader_that_leaves_is_forgotten() -> None:
    feed = Feed(make_run(status=RunStatus.RUNNING))
    events = feed.afollow()
    assert isinstance(await anext(events), PhaseEvent)
    await events.aclose()
    assert feed._watchers == set()


def test_the_place_in_line_is_told_when_it_changes_only() -> None:
    run = make_run()
    feed = Feed(run)
    feed.set_phase(Phase.QUEUED, ahead=2)
    events = feed.follow()
    assert next(events).ahead == 2
    feed.set_phase(Phase.QUEUED, ahead=1)
    assert next(events).ahead == 1
    events.close()
