"""Two app processes on one data folder: neither harms the other's runs, each sees them all."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from filelock import FileLock

from core import elsewhere, orphans
from core.errors import RunUnfinished
from core.feed import EndEvent, TextEvent
from core.media import ImageOptions, ImageRequest
from core.processes import Processes
from core.services import Services
from core.store import Database, RunStore
from core.store.owners import RunOwners
from core.types import Phase, RunStatus, TextRequest
from tests.factories import make_run
from tests.fakes.comfyui import FakeComfyUI, Script
from tests.faults_kit import (
    BRIEF,
    TEXT,
    Reader,
    Watched,
    eventually,
    process,
    run_at,
    services_on,
)

INTERRUPTED = "run_interrupted"
SLOW = {"MOCK_TOKENS_PER_SECOND": "15"}


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Services, Services]]:
    """The first writes slowly; the second is started while it is there."""
    first, second = services_on(tmp_path, **SLOW), services_on(tmp_path)
    yield first, second
    for one in (first, second):
        one.close()


def request(model: str = "mock-perfect") -> TextRequest:
    return TextRequest(
        role="copywriter", task="product_detail", payload=BRIEF, model=model, mode="mock"
    )


def begun(services: Services, run_id: str) -> str:
    return eventually(lambda: services.store.get(run_id).output)


def test_a_second_process_leaves_the_runs_of_the_first_alone(tmp_path: Path) -> None:
    first = services_on(tmp_path, **SLOW)
    run_id = first.gateway.submit(request())
    begun(first, run_id)
    second = services_on(tmp_path)
    assert second.store.get(run_id).status is RunStatus.RUNNING
    second.close()
    assert first.gateway.view(run_id).run.status is RunStatus.RUNNING
    first.close()


def test_a_run_of_the_other_process_is_seen_growing_to_its_end(
    two: tuple[Services, Services],
) -> None:
    first, second = two
    run_id = first.gateway.submit(request())
    begun(first, run_id)
    view = second.gateway.view(run_id)
    assert (view.run.status, view.phase) == (RunStatus.RUNNING, Phase.WRITING)
    assert view.elapsed_ms > 0
    pieces: list[str] = []
    end = None
    for event in second.gateway.follow(run_id):
        if isinstance(event, TextEvent):
            pieces.append(event.text)
        if isinstance(event, EndEvent):
            end = event.run
    assert end is not None
    assert (end.status, "".join(pieces)) == (RunStatus.SUCCEEDED, end.output)
    assert len(pieces) > 2
    assert second.gateway.result(run_id) == first.gateway.result(run_id)


@pytest.mark.anyio
async def test_readers_on_a_loop_see_it_too(two: tuple[Services, Services]) -> None:
    first, second = two
    run_id = await first.gateway.asubmit(request())
    events = [event async for event in second.gateway.afollow(run_id)]
    assert isinstance(events[-1], EndEvent)
    assert (await second.gateway.aresult(run_id)).status is RunStatus.SUCCEEDED


def test_waiting_for_a_run_of_the_other_process_has_a_limit(
    two: tuple[Services, Services],
) -> None:
    first, second = two
    run_id = first.gateway.submit(request())
    with pytest.raises(TimeoutError):
        second.gateway.result(run_id, timeout=0.5)


def test_a_run_is_stopped_from_the_other_process(two: tuple[Services, Services]) -> None:
    first, second = two
    run_id = first.gateway.submit(request())
    shown = begun(first, run_id)
    run = second.gateway.cancel(run_id)
    assert run.status is RunStatus.CANCELLED
    assert run.output.startswith(shown)
    with second._database.read() as connection:
        assert connection.execute("SELECT count(*) FROM stop_requests").fetchone()[0] == 0
    assert second.gateway.cancel(run_id).status is RunStatus.CANCELLED  # nothing left to stop


def test_a_batch_of_the_other_process_is_seen_and_stopped(tmp_path: Path) -> None:
    first = services_on(tmp_path, MOCK_CONCURRENCY="1", **SLOW)
    second = services_on(tmp_path)
    batch = first.gateway.submit_batch([request()] * 3)
    begun(first, batch.run_ids[0])
    assert [view.run.id for view in second.gateway.batch(batch.id)] == list(batch.run_ids)
    runs = second.gateway.cancel_batch(batch.id)
    assert [run.status for run in runs] == [RunStatus.CANCELLED] * 3
    first.close()
    second.close()


def test_a_process_that_does_not_stop_its_run_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "STOP_LIMIT_S", 0.5)
    services = services_on(tmp_path)
    busy = Processes(services.settings.playground_data_dir / "processes")
    run = make_run()
    RunStore(services._database, busy.id).insert([run]).result()
    with pytest.raises(RunUnfinished, match="did not stop it") as caught:
        services.gateway.cancel(run.id)
    assert caught.value.details == {"run_id": run.id}
    busy.close()
    services.close()


def test_who_stops_a_run_of_a_dead_process_gets_it_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "OWNER_EVERY_S", 0.2)
    services = services_on(tmp_path)
    run = make_run(output="반쯤")
    RunStore(services._database, "gone").insert([run]).result()
    stopped = services.gateway.cancel(run.id)
    assert (stopped.status, stopped.error_code) == (RunStatus.INTERRUPTED, "run_interrupted")
    assert stopped.output == "반쯤"
    services.close()


def test_runs_of_a_process_that_dies_are_ended_by_one_that_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "LOOK_EVERY_S", 0.2)
    services = services_on(tmp_path)
    run = make_run()
    RunStore(services._database, "gone").insert([run]).result()
    ended = eventually(lambda: services.store.get(run.id).status.is_final)
    assert ended
    assert services.store.get(run.id).status is RunStatus.INTERRUPTED
    services.close()


def test_runs_of_older_versions_are_ended_at_the_start_alone(tmp_path: Path) -> None:
    services = services_on(tmp_path)
    run = make_run()
    RunStore(services._database).insert([run]).result()
    services._orphans.take()
    assert services.store.get(run.id).status is RunStatus.QUEUED
    services.close()
    services = services_on(tmp_path)
    assert services.store.get(run.id).status is RunStatus.INTERRUPTED
    services.close()


def test_a_picture_that_a_stopped_process_left_is_taken_over_by_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "LOOK_EVERY_S", 0.2)
    with FakeComfyUI() as comfyui:
        comfyui.script = Script(hold="sampling")
        first = services_on(tmp_path, COMFYUI_BASE_URL=comfyui.url)
        second = services_on(tmp_path, COMFYUI_BASE_URL=comfyui.url)
        run_id = first.gateway.submit(picture())
        comfyui.wait_until(lambda: comfyui.running is not None)
        ended: list[RunStatus] = []
        waiter = threading.Thread(
            target=lambda: ended.append(second.gateway.result(run_id, 30).status)
        )
        waiter.start()
        first.close()
        eventually(lambda: second.gateway._runner.find(run_id))
        comfyui.release()
        waiter.join(30)
        assert ended == [RunStatus.SUCCEEDED]
        assert len(comfyui.posted) == 1
        second.close()


def picture() -> ImageRequest:
    options = ImageOptions(width=64, height=48, steps=3, seed=7)
    return ImageRequest(task="free", prompt="창가의 텀블러", mode="live", options=options)


def test_of_many_that_take_over_at_once_one_gets_each_run(tmp_path: Path) -> None:
    path = tmp_path / "playground.db"
    databases = [Database(path) for _ in range(4)]
    runs = [make_run(status=RunStatus.RUNNING) for _ in range(40)]
    RunStore(databases[0], "dead").insert(runs).result()
    owners = [RunOwners(database, str(n)) for n, database in enumerate(databases)]
    futures = [
        owner.take_over({"dead"}, unowned=True, keep=lambda run: True)
        for _ in range(5)
        for owner in owners
    ]
    kept = [run.id for future in futures for run in future.result().kept]
    assert sorted(kept) == sorted(run.id for run in runs)
    for database in databases:
        database.close()


def test_what_was_lost_to_another_process_is_not_written_to(tmp_path: Path) -> None:
    database = Database(tmp_path / "playground.db")
    store, run = RunStore(database, "mine"), make_run()
    store.insert([run]).result()
    owners = RunOwners(database, "other")
    owners.take_over({"mine"}, unowned=False, keep=lambda run: False).result()
    assert not store.finish(run.model_copy(update={"status": RunStatus.SUCCEEDED})).result()
    store.save_text(run.id, output="zu spät", thinking="").result()
    kept = store.get(run.id)
    assert (kept.status, kept.output) == (RunStatus.INTERRUPTED, "")
    database.close()


def test_a_process_is_alive_as_long_as_it_holds_its_lock(tmp_path: Path) -> None:
    first, second = Processes(tmp_path), Processes(tmp_path)
    assert first.works
    assert first.others() == {second.id}
    assert first.dead([first.id, second.id]) == set()
    second.close()
    assert first.dead([second.id, "../../etc/passwd"]) == {second.id, "../../etc/passwd"}
    assert [path.name for path in tmp_path.glob("*-*.lock")] == [f"{first.id}.lock"]
    first.close()


def test_one_that_starts_alone_may_look_who_is_alive(tmp_path: Path) -> None:
    first, second = Processes(tmp_path), Processes(tmp_path)
    began = time.monotonic()
    with second.alone():
        assert second.others() == {first.id}
    assert time.monotonic() - began < 2
    first.close()
    second.close()


def test_locks_of_killed_processes_are_swept(tmp_path: Path) -> None:
    (tmp_path / "01a20f89-866f-7038-a25e-40d1797ce8e8.lock").touch()
    one = Processes(tmp_path)
    assert [path.name for path in tmp_path.glob("*-*.lock")] == [f"{one.id}.lock"]
    one.close()


def test_a_folder_that_cannot_hold_locks_is_told_of_and_worked_on_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(FileLock, "acquire", lock_that_holds_nothing(FileLock.acquire))
    services = services_on(tmp_path)
    assert "cannot hold locks" in caplog.text
    assert "Start only one playground" in caplog.text
    run = services.gateway.result(services.gateway.submit(request("mock-perfect")), 20)
    assert run.status is RunStatus.SUCCEEDED
    left = make_run()
    RunStore(services._database, "gone").insert([left]).result()
    services._orphans.take()
    assert services.store.get(left.id).status is RunStatus.QUEUED  # might be somebody's
    services.close()
    services = services_on(tmp_path)
    assert services.store.get(left.id).status is RunStatus.INTERRUPTED
    services.close()


def lock_that_holds_nothing(acquire):
    def acquired(self, *args, **values):
        if self.lock_file.endswith("registry.lock"):
            return acquire(self, *args, **values)
        return None

    return acquired


def test_two_real_processes_share_the_work(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    body = TEXT | {"model": "mock-perfect", "mode": "mock"}
    with process(tmp_path, **SLOW) as first, process(tmp_path, **SLOW) as second:
        mine = Reader.generate(first.url, body)
        mine.until(lambda: mine.text)
        assert run_at(second.url, mine.run_id)["status"] == "running"
        theirs = Reader.follow(second.url, mine.run_id)
        theirs.until(lambda: len(theirs.text) > 5)
        to_stop = Reader.generate(first.url, body)
        to_stop.until(lambda: to_stop.text)
        address = f"{second.url}/api/v1/runs/{to_stop.run_id}/cancel"
        assert httpx.post(address, timeout=40).json()["status"] == "cancelled"
        for reader in (mine, theirs):
            reader.until(lambda reader=reader: reader.ends)
        assert mine.ends[0][0] == theirs.ends[0][0] == "end"
        assert mine.text == theirs.text
        left = Reader.generate(second.url, body)
        left.until(lambda: left.text)
        follower = Reader.follow(first.url, left.run_id)
        follower.until(lambda: follower.text)
        second.kill()
        follower.until(lambda: follower.ends)
        run = run_at(first.url, left.run_id)
    assert (run["status"], follower.ends[0][1]["error"]["code"]) == ("interrupted", INTERRUPTED)
    watched.assert_kept({reader.run_id: reader.text for reader in (mine, to_stop, left)})


def test_two_that_start_at_the_same_moment_follow_a_picture_once(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    with FakeComfyUI() as comfyui:
        comfyui.script = Script(hold="sampling")
        services = services_on(tmp_path, COMFYUI_BASE_URL=comfyui.url)
        run_id = services.gateway.submit(picture())
        comfyui.wait_until(lambda: comfyui.running is not None)
        services.close()
        began = time.monotonic()
        started: list[Services] = []
        threads = [
            threading.Thread(
                target=lambda: started.append(services_on(tmp_path, COMFYUI_BASE_URL=comfyui.url))
            )
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert time.monotonic() - began < 60
        followers = [one for one in started if one.gateway._runner.find(run_id)]
        assert (len(started), len(followers)) == (3, 1)
        comfyui.release()
        assert followers[0].gateway.result(run_id, 20).status is RunStatus.SUCCEEDED
        for one in started:
            one.close()
    watched.assert_kept({run_id: ""})
