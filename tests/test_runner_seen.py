"""What the runner lets others see of itself: ends of runs, lines, readers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from core.feed import PhaseEvent
from core.lane import Depth, Job
from core.run import Run
from core.runner import Runner
from core.store import RunStore
from core.text_draft import TextDraft
from core.types import Completed, ProviderRequest, RunStatus, TextDelta
from tests.factories import make_run
from tests.test_runner import Scripted

ANSWER = [TextDelta(text="끝"), Completed(finish_reason="stop")]


def job() -> Job:
    run = make_run()
    request = ProviderRequest(role=run.role, task=run.task, model=run.model, messages=run.prompt)
    return Job(run, request, TextDraft)


@contextmanager
def running(store: RunStore, script: list, on_end: Callable[[Run], None]) -> Iterator[Runner]:
    runner = Runner(store, {("text", "scripted"): Scripted(script)}, on_end=on_end)
    try:
        yield runner
    finally:
        runner.close()


def test_an_observer_is_told_of_each_end_before_the_run_is_called_final(store: RunStore) -> None:
    told: list[Run] = []
    with running(store, ANSWER, told.append) as runner:
        ended = [runner.make(job()).result(5) for _ in range(3)]
        assert told == ended
    assert {run.status for run in told} == {RunStatus.SUCCEEDED}


def test_a_run_stopped_in_line_and_one_interrupted_are_told_too(store: RunStore) -> None:
    told: list[Run] = []
    gate = threading.Event()
    with running(store, [gate, *ANSWER], told.append) as runner:
        jobs = [job(), job()]
        runner.submit(jobs).result(5)
        cancelled = runner.cancel(jobs[1].run.id)
        assert cancelled is not None
        assert cancelled.result(5).status is RunStatus.CANCELLED
    assert [run.status for run in told] == [RunStatus.CANCELLED, RunStatus.INTERRUPTED]


def test_an_observer_that_raises_harms_no_run(
    store: RunStore, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(run: Run) -> None:
        raise RuntimeError("observer")

    with running(store, ANSWER, broken) as runner:
        run = runner.make(job()).result(5)

    assert store.get(run.id).status is RunStatus.SUCCEEDED
    assert "telling of an ended run broke" in caplog.text


def test_lines_and_readers_are_counted(store: RunStore) -> None:
    gate = threading.Event()
    with running(store, [gate, *ANSWER], lambda run: None) as runner:
        jobs = [job() for _ in range(3)]
        runner.submit(jobs).result(5)
        active = runner.find(jobs[2].run.id)
        assert active is not None
        events = active.feed.follow()
        next(event for event in events if isinstance(event, PhaseEvent) and event.ahead == 2)
        assert runner.depths() == {("text", "scripted"): Depth(waiting=2, running=1)}
        assert (runner.active, runner.readers) == (3, 1)
        events.close()
        assert runner.readers == 0
        gate.set()
        active.ended.result(5)
        assert (runner.active, runner.closing) == (0, False)
    assert runner.closing
    assert runner.depths() == {("text", "scripted"): Depth(waiting=0, running=0)}
