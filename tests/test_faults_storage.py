"""A full disk and a database in use: what was shown stays, runs wait, and then go on."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from core import saving
from core.errors import PlaygroundError, RunUnfinished, StoreError
from core.feed import EndEvent, TextEvent
from core.services import Services
from core.store import database
from core.types import Phase, RunStatus, TextRequest
from tests.fakes.ollama import Behaviour, FakeOllama
from tests.faults_kit import BRIEF, TEXT, Reader, Watched, ended_at, process, services_on

PAGE = "한 모금의 온도를 오래 지키는 담은 텀블러. " * 200  # more than a page of the database
LONG = Behaviour(pieces=(PAGE,) * 12, delay_s=0.15)
LOCK_S = 10.0
NO_LIMIT = 2**30


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with FakeOllama("writer") as fake:
        fake.behave(LONG)
        yield fake


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


@pytest.fixture
def services(tmp_path: Path, watched: Watched, ollama: FakeOllama) -> Iterator[Services]:
    services = services_on(tmp_path, OLLAMA_BASE_URL=ollama.url)
    yield services
    services.close()


def request() -> TextRequest:
    return TextRequest(
        role="copywriter",
        task="product_detail",
        payload=BRIEF,
        model="writer",
        mode="live",
        provider="ollama",
        format="text",
    )


def fill(services: Services) -> None:
    """The database cannot grow from now on, as on a disk that is full."""
    limit_pages(services, 1)  # never less than there are


def free(services: Services) -> None:
    limit_pages(services, NO_LIMIT)


def limit_pages(services: Services, most: int) -> None:
    sql = f"PRAGMA max_page_count = {most}"
    services._database.write(lambda connection: connection.execute(sql).fetchall()).result()


class Shown:
    """A reader in a thread: what it was shown, and how that ended."""

    def __init__(self, services: Services, run_id: str) -> None:
        self.text = ""
        self.phases: list[Phase] = []
        self.end: EndEvent | PlaygroundError | None = None
        self._events = services.gateway.follow(run_id)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait_for(self, promise) -> None:
        ends = time.monotonic() + 20
        while not promise(self):
            assert time.monotonic() < ends, (len(self.text), self.phases, self.end)
            time.sleep(0.01)

    def _read(self) -> None:
        try:
            for event in self._events:
                if isinstance(event, TextEvent):
                    self.text += event.text
                elif event.kind == "phase":
                    self.phases.append(event.phase)
                elif isinstance(event, EndEvent):
                    self.end = event
        except PlaygroundError as error:
            self.end = error


def test_a_disk_that_fills_in_mid_run_holds_the_run_up_and_loses_nothing(
    services: Services, watched: Watched
) -> None:
    run_id = services.gateway.submit(request())
    shown = Shown(services, run_id)
    shown.wait_for(lambda it: it.text)
    fill(services)
    shown.wait_for(lambda it: Phase.SAVING in it.phases)
    assert services.gateway.view(run_id).phase is Phase.SAVING
    kept = watched.rows()[run_id]["output"]
    assert kept.startswith(shown.text)  # nothing is shown that is not on the disk
    time.sleep(2.5)  # the server has written to its end
    free(services)
    shown.wait_for(lambda it: it.end)
    assert shown.end.run.status is RunStatus.SUCCEEDED
    assert shown.text == PAGE * 12
    watched.assert_kept({run_id: shown.text})


def test_who_only_waits_is_told_that_the_end_cannot_be_saved_yet(
    services: Services, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "PATIENCE_S", 0.3)
    run_id = services.gateway.submit(request())
    Shown(services, run_id).wait_for(lambda it: it.text)
    fill(services)
    with pytest.raises(RunUnfinished, match="saved as soon as that is possible") as caught:
        services.gateway.result(run_id, timeout=20)
    assert caught.value.details == {"run_id": run_id}
    assert "full" in caught.value.message
    assert watched.rows()[run_id]["status"] == "running"
    with pytest.raises(RunUnfinished):  # to stop it changes nothing: it is over
        services.gateway.cancel(run_id)
    free(services)
    Shown(services, run_id).wait_for(lambda it: it.end)
    assert services.gateway.result(run_id).status is RunStatus.SUCCEEDED
    watched.assert_kept({run_id: PAGE * 12})


def test_an_app_that_ends_while_the_disk_is_full_leaves_the_run_to_the_next_start(
    watched: Watched, tmp_path: Path, ollama: FakeOllama
) -> None:
    services = services_on(tmp_path, OLLAMA_BASE_URL=ollama.url)
    run_id = services.gateway.submit(request())
    shown = Shown(services, run_id)
    shown.wait_for(lambda it: it.text)
    fill(services)
    shown.wait_for(lambda it: Phase.SAVING in it.phases)
    began = time.monotonic()
    services.close()
    assert time.monotonic() - began < 10
    shown.wait_for(lambda it: it.end)
    assert isinstance(shown.end, RunUnfinished)
    again = services_on(tmp_path)
    assert again.gateway.view(run_id).run.status is RunStatus.INTERRUPTED
    again.close()
    watched.assert_kept({run_id: shown.text})


def test_what_cannot_be_written_at_all_is_refused_and_is_no_run(
    services: Services, watched: Watched, ollama: FakeOllama
) -> None:
    fill(services)
    with pytest.raises(StoreError, match="full"):
        services.gateway.submit_batch([request()] * 100)
    assert (watched.rows(), ollama.chats) == ({}, [])
    free(services)
    run_id = services.gateway.submit(request())
    assert services.gateway.result(run_id, 20).status is RunStatus.SUCCEEDED


def test_a_database_locked_for_10_s_delays_runs_and_submits_and_fails_none(
    services: Services, watched: Watched
) -> None:
    under_way = services.gateway.submit(request())
    shown = Shown(services, under_way)
    shown.wait_for(lambda it: it.text)
    submitted: list[str] = []
    with watched.locked():
        thread = threading.Thread(
            target=lambda: submitted.append(services.gateway.submit(request()))
        )
        began = time.monotonic()
        thread.start()
        time.sleep(LOCK_S)
        assert submitted == []
        before = shown.text
    thread.join(20)
    assert time.monotonic() - began < LOCK_S + 5
    ends = [services.gateway.result(one, 30).status for one in (under_way, *submitted)]
    assert ends == [RunStatus.SUCCEEDED] * 2
    shown.wait_for(lambda it: it.end)
    assert shown.text.startswith(before)
    watched.assert_kept({under_way: PAGE * 12, submitted[0]: PAGE * 12})


def test_a_database_locked_for_longer_refuses_new_runs_and_holds_up_the_others(
    tmp_path: Path, watched: Watched, ollama: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.2)
    services = services_on(tmp_path, OLLAMA_BASE_URL=ollama.url)
    under_way = services.gateway.submit(request())
    shown = Shown(services, under_way)
    shown.wait_for(lambda it: it.text)
    with watched.locked():
        shown.wait_for(lambda it: Phase.SAVING in it.phases)
        with pytest.raises(StoreError, match=r"holds it|in use|locked"):
            services.gateway.submit(request())
    assert services.gateway.result(under_way, 20).status is RunStatus.SUCCEEDED
    services.close()
    assert list(watched.rows()) == [under_way]
    watched.assert_kept({under_way: PAGE * 12})


@contextmanager
def small_disk(folder: Path, size: str = "6m") -> Iterator[None]:
    """A file system of its own at `folder`; skips where that is not allowed."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def write_without_end(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(b"0" * 4096)


def test_a_real_disk_that_fills_and_is_freed(tmp_path: Path, ollama: FakeOllama) -> None:
    with small_disk(tmp_path / "data"):
        watched = Watched(tmp_path)
        body = TEXT | {"model": "writer", "mode": "live", "format": "text"}
        with process(tmp_path, OLLAMA_BASE_URL=ollama.url) as app:
            reader = Reader.generate(app.url, body)
            reader.until(lambda: reader.text)
            ballast = tmp_path / "data" / "ballast"
            with pytest.raises(OSError, match="space"):
                write_without_end(ballast)
            reader.until(lambda: "saving" in reader.phases)
            refused = httpx.post(f"{app.url}/api/v1/llm/generate", json=body, timeout=30)
            assert refused.status_code in (503, 507), refused.text
            assert "full" in refused.json()["error"]["message"]
            ballast.unlink()
            run = ended_at(app.url, reader.run_id)
            reader.until(lambda: reader.ends)
        assert (run["status"], reader.text) == ("succeeded", PAGE * 12)
        watched.assert_kept({reader.run_id: reader.text})
