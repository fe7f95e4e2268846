"""A run goes its way whoever looks: states, lines, cancelling, and what is kept."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from core.catalog import load_catalog
from core.errors import ModelNotFound, StoreError
from core.health import ProviderHealth
from core.lane import Job
from core.providers.base import LLMProvider, ProviderProfile
from core.providers.checkup import Findings
from core.run import (
    Run,
)
from core.runner import Runner
from core.store import Database, RunStore
from core.text_draft import TextDraft
from core.types import (
    Completed,
    Mode,
    ModelInfo,
    Phase,
    PhaseChanged,
    ProviderEvent,
    ProviderRequest,
    RunStatus,
    TextDelta,
    ThinkingDelta,
    Usage,
)
from tests.factories import make_run

CATALOG = load_catalog()


class Scripted(LLMProvider):
    """Plays a script: events, errors to raise, and gates (threading events) to wait for."""

    vendor = "scripted"

    def __init__(self, script: list[Any], concurrency: int = 1) -> None:
        profile = ProviderProfile("scripted", Mode.MOCK, {}, concurrency)
        super().__init__(profile=profile, catalog=CATALOG)
        self.script = script
        self.closed = threading.Event()
        self.asked: list[str] = []

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent]:
        self.asked.append(request.model)
        try:
            for step in self.script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, threading.Event):
                    while not step.is_set():  # noqa: ASYNC110 (a thread sets it)
                        await asyncio.sleep(0.002)
                else:
                    yield step
        finally:
            self.closed.set()

    async def examine(self, found: Findings) -> ProviderHealth:
        return found.ok("All is well.")

    async def list_models(self) -> list[ModelInfo]:
        return []


@contextmanager
def running(store: RunStore, provider: LLMProvider) -> Iterator[Runner]:
    runner = Runner(store, {("text", "scripted"): provider})
    try:
        yield runner
    finally:
        runner.close()


def job(**values: Any) -> Job:
    run = make_run(**values)
    request = ProviderRequest(role=run.role, task=run.task, model=run.model, messages=())
    return Job(run, request, TextDraft)


def ended(runner: Runner, *jobs: Job) -> list[Run]:
    actives = start(runner, *jobs)
    return [active.ended.result(10) for active in actives]


def start(runner: Runner, *jobs: Job) -> list[Any]:
    written = runner.submit(jobs)
    actives = [runner.find(item.run.id) for item in jobs]
    written.result(10)
    return actives


def wait_for_text(runner: Runner, run_id: str, text: str) -> None:
    for event in runner.find(run_id).feed.follow():
        if event.kind == "text" and text in event.text:
            return


WHOLE = [
    PhaseChanged(phase=Phase.LOADING),
    ThinkingDelta(text="음…"),
    TextDelta(text="한 모금의 "),
    TextDelta(text="온도"),
    Completed(finish_reason="stop", usage=Usage.of(10, 4), load_ms=50.0, meta={"served": "x"}),
]


def test_a_run_that_succeeds_is_recorded_whole(store: RunStore) -> None:
    with running(store, Scripted(WHOLE)) as runner:
        (run,) = ended(runner, job())
    kept = store.get(run.id)
    assert kept.status is RunStatus.SUCCEEDED
    assert (kept.output, kept.thinking) == ("한 모금의 온도", "음…")
    assert (kept.total_tokens, kept.load_ms, kept.meta) == (14, 50.0, {"served": "x"})
    assert kept.queued_ms is not None
    assert 0 <= kept.first_token_ms <= kept.total_ms
    assert kept.created_at <= kept.started_at <= kept.finished_at


def test_the_row_is_on_disk_before_the_provider_is_asked(store: RunStore) -> None:
    gate = threading.Event()
    provider = Scripted([gate, *WHOLE])
    with running(store, provider) as runner:
        (active,) = start(runner, job())
        assert store.get(active.job.run.id).status in (RunStatus.QUEUED, RunStatus.RUNNING)
        gate.set()
        active.ended.result(10)


def test_a_row_that_cannot_be_written_sends_nothing(database: Database, store: RunStore) -> None:
    provider = Scripted(WHOLE)
    run = make_run()
    store.insert([run]).result()
    with running(store, provider) as runner:
        request = ProviderRequest(role="r", task="t", model="m", messages=())
        twice = Job(run, request, TextDraft)
        with pytest.raises(sqlite3.IntegrityError):
            runner.submit([twice]).result(10)
        assert runner.find(run.id) is None
    assert provider.asked == []


def test_a_failed_run_keeps_what_had_arrived_and_says_why(store: RunStore) -> None:
    error = ModelNotFound("No such model.", provider="scripted", status=404, details={"model": "m"})
    with running(store, Scripted([TextDelta(text="반쯤"), error])) as runner:
        (run,) = ended(runner, job())
    kept = store.get(run.id)
    assert (kept.status, kept.output) == (RunStatus.FAILED, "반쯤")
    assert (kept.error_code, kept.error_message) == ("model_not_found", "No such model.")
    assert kept.error_details == {"model": "m", "provider_status": 404}


def test_an_answer_without_its_end_is_a_failure(store: RunStore) -> None:
    with running(store, Scripted([TextDelta(text="반쯤")])) as runner:
        (run,) = ended(runner, job())
    assert (run.status, run.error_code, run.output) == (RunStatus.FAILED, "broken_answer", "반쯤")


def test_an_empty_answer_is_a_failure(store: RunStore) -> None:
    with running(store, Scripted([TextDelta(text=" \n"), Completed()])) as runner:
        (run,) = ended(runner, job())
    assert run.error_code == "broken_answer"


def test_a_fault_of_our_own_fails_the_run_and_not_the_runner(
    store: RunStore, caplog: pytest.LogCaptureFixture
) -> None:
    provider = Scripted([ZeroDivisionError("secret words")])
    with running(store, provider) as runner:
        (run,) = ended(runner, job())
        provider.script = WHOLE
        (after,) = ended(runner, job())
    assert (run.status, run.error_code) == (RunStatus.FAILED, "internal_error")
    assert "secret words" not in run.error_message
    assert "run broke" in caplog.text
    assert after.status is RunStatus.SUCCEEDED


def test_what_a_reader_sees_is_on_disk_already(store: RunStore) -> None:
    gate = threading.Event()
    with running(store, Scripted([TextDelta(text="보인 글"), gate, Completed()])) as runner:
        (active,) = start(runner, job())
        wait_for_text(runner, active.job.run.id, "보인 글")
        assert store.get(active.job.run.id).output == "보인 글"
        gate.set()


def test_cancel_ends_the_providers_work_and_keeps_the_text(store: RunStore) -> None:
    provider = Scripted([TextDelta(text="반쯤"), threading.Event()])
    with running(store, provider) as runner:
        (active,) = start(runner, job())
        wait_for_text(runner, active.job.run.id, "반쯤")
        run = runner.cancel(active.job.run.id).result(10)
        assert provider.closed.is_set()
    assert (run.status, run.output) == (RunStatus.CANCELLED, "반쯤")
    assert store.get(run.id).status is RunStatus.CANCELLED


def test_a_run_cancelled_in_line_never_reaches_the_provider(store: RunStore) -> None:
    gate = threading.Event()
    provider = Scripted([gate, *WHOLE])
    with running(store, provider) as runner:
        first, second = start(runner, job(model="first"), job(model="second"))
        run = runner.cancel(second.job.run.id).result(10)
        gate.set()
        first.ended.result(10)
    assert run.status is RunStatus.CANCELLED
    assert provider.asked == ["first"]


def test_cancelling_twice_or_too_late_changes_nothing(store: RunStore) -> None:
    with running(store, Scripted([threading.Event()])) as runner:
        (active,) = start(runner, job())
        both = [runner.cancel(active.job.run.id) for _ in range(2)]
        ends = {future.result(10).status for future in both if future is not None}
        assert ends == {RunStatus.CANCELLED}
        assert runner.cancel(active.job.run.id) is None
    assert store.get(active.job.run.id).status is RunStatus.CANCELLED


@pytest.mark.parametrize("attempt", range(20))
def test_cancel_at_any_moment_gives_one_final_state(store: RunStore, attempt: int) -> None:
    with running(store, Scripted(WHOLE)) as runner:
        written = runner.submit([job()])
        written.result(10)
        run_id = store.recent()[0].id
        threading.Event().wait(attempt / 10_000)
        future = runner.cancel(run_id)
        run = future.result(10) if future else store.get(run_id)
    assert run.status in (RunStatus.CANCELLED, RunStatus.SUCCEEDED)
    assert store.get(run_id).status is run.status


def test_each_provider_is_handed_so_many_at_once_and_the_others_see_their_place(
    store: RunStore,
) -> None:
    gate = threading.Event()
    provider = Scripted([TextDelta(text="쓴다"), gate, Completed()], concurrency=2)
    with running(store, provider) as runner:
        actives = start(runner, *(job(model=str(number)) for number in range(5)))
        for active in actives[:2]:
            wait_for_text(runner, active.job.run.id, "쓴다")
        assert provider.asked == ["0", "1"]
        assert [active.feed.view.ahead for active in actives[2:]] == [2, 3, 4]
        gate.set()
        assert {active.ended.result(10).status for active in actives} == {RunStatus.SUCCEEDED}
    assert provider.asked == ["0", "1", "2", "3", "4"]


def test_a_clean_end_interrupts_what_is_under_way_and_in_line(store: RunStore) -> None:
    provider = Scripted([TextDelta(text="반쯤"), threading.Event()])
    with running(store, provider) as runner:
        first, second = start(runner, job(), job())
        wait_for_text(runner, first.job.run.id, "반쯤")
    runs = [store.get(active.job.run.id) for active in (first, second)]
    assert [run.status for run in runs] == [RunStatus.INTERRUPTED] * 2
    assert runs[0].output == "반쯤"
    with pytest.raises(StoreError, match="shutting down"):
        runner.submit([job()])


def test_finished_runs_are_let_go(store: RunStore) -> None:
    with running(store, Scripted(WHOLE, concurrency=8)) as runner:
        runs = ended(runner, *(job() for _ in range(50)))
        assert [runner.find(run.id) for run in runs] == [None] * 50


@pytest.mark.parametrize("piece", [TextDelta(text="가" * 300), ThinkingDelta(text="가" * 300)])
def test_an_answer_without_end_is_stopped_and_kept_up_to_the_bound(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, piece: ProviderEvent
) -> None:
    monkeypatch.setattr("core.text_draft.MAX_ANSWER_CHARS", 1000)
    with running(store, Scripted([piece] * 100)) as runner:
        (run,) = ended(runner, job())
    assert (run.status, run.error_code) == (RunStatus.FAILED, "answer_too_long")
    assert run.error_details == {"limit": 1000}
    assert store.get(run.id).output + store.get(run.id).thinking == "가" * 1000
