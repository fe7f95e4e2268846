"""kill -9, SIGTERM and both processes at once, at every step of a run: one final state each, and
all the text that anybody saw.
"""

import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.comfyui import FakeComfyUI, Script
from tests.fakes.comfyui_routes import Answer
from tests.fakes.ollama import Behaviour, FakeModel, FakeOllama
from tests.faults_kit import PICTURE, TEXT, Reader, Watched, ended_at, eventually, process, run_at
from tests.picture_kit import plain

PIECES = tuple(f"{number}번째 문장입니다. " for number in range(8))
KILLS = 12
LONGEST_S = 90.0  # then it is enough, on a slow machine


@dataclass
class Killed:
    """What was seen of the runs before the process was killed, and their rows afterwards."""

    seen: dict[str, Reader] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    watched: Watched | None = None

    def row(self, step: str) -> dict[str, Any]:
        return self.rows[self.seen[step].run_id]


def text(model: str, **more: Any) -> dict[str, Any]:
    return TEXT | {"model": model, "mode": "live", "format": "text"} | more


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    """Text runs at every step, all in one process that is killed and started again."""
    folder = tmp_path_factory.mktemp("killed")
    watched = Watched(folder)
    result = Killed(watched=watched)
    models = ["connecting", "loading", "thinking", "writing", "ended", "queued"]
    fakes = [FakeModel(name, ("completion", "thinking"), loaded=True) for name in models]
    fakes[1].loaded = False
    with FakeOllama(*fakes) as ollama:
        ollama.behave(Behaviour(hold=True), model="connecting")
        ollama.behave(Behaviour(hold=True), model="loading")
        thinking = Behaviour(thinking=PIECES, pieces=(), delay_s=0.02, end="silence")
        ollama.behave(thinking, model="thinking")
        writing = Behaviour(pieces=PIECES, delay_s=0.05, end="silence")
        ollama.behave(writing, model="writing")
        ollama.behave(Behaviour(pieces=PIECES, delay_s=0.8), model="ended")
        env = {"OLLAMA_BASE_URL": ollama.url, "OLLAMA_CONCURRENCY": "5"}
        with process(folder, **env) as app:
            for model in ("connecting", "loading", "thinking", "writing"):
                result.seen[model] = Reader.generate(app.url, text(model))
            thinks, writes = result.seen["thinking"], result.seen["writing"]
            thinks.until(lambda: thinks.thinking == "".join(PIECES))
            writes.until(lambda: writes.text == "".join(PIECES))
            ends = result.seen["ended"] = Reader.generate(app.url, text("ended"))
            ends.until(lambda: ends.text)
            waits = result.seen["queued"] = Reader.generate(app.url, text("queued"))
            waits.until(lambda: "queued" in waits.phases)
            statuses = {
                name: run_at(app.url, one.run_id)["status"] for name, one in result.seen.items()
            }
            result.before = statuses
            with watched.locked():  # its end cannot be written
                ollama.wait_until(
                    lambda: any(s.body["model"] == "ended" and s.finished for s in ollama.chats)
                )
                app.kill()
        with process(folder, **env):
            result.rows = watched.rows()
        assert len(ollama.chats) == 5  # nothing was sent again
        yield result


@pytest.mark.parametrize("step", ["queued", "connecting", "loading", "thinking", "writing"])
def test_a_text_run_that_is_killed_is_interrupted_once(killed: Killed, step: str) -> None:
    row = killed.row(step)
    assert killed.before[step] == ("queued" if step == "queued" else "running")
    assert (row["status"], row["error_code"]) == ("interrupted", "run_interrupted")
    assert killed.watched.changes(row["id"])[-1] == "interrupted"
    killed.watched.assert_kept({one.run_id: one.text for one in killed.seen.values()})


def test_text_and_thinking_that_were_shown_are_kept(killed: Killed) -> None:
    assert killed.row("writing")["output"] == "".join(PIECES)
    assert killed.row("thinking")["thinking"] == "".join(PIECES)


def test_killed_between_the_last_token_and_the_final_write(killed: Killed) -> None:
    row, seen = killed.row("ended"), killed.seen["ended"]
    assert row["status"] == "interrupted"
    assert seen.text
    assert row["output"].startswith(seen.text)


@pytest.fixture
def comfyui() -> Iterator[FakeComfyUI]:
    with FakeComfyUI() as fake:
        yield fake


def killed_picture(
    folder: Path,
    comfyui: FakeComfyUI,
    *,
    when: Callable[[Watched], object],
    source: bool = False,
    killed: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """A picture run whose process is killed once `when` returns; the run after the next start.

    `killed` is called in between; jobs that are held at the server go on after the start.
    """
    watched = Watched(folder)
    env = {"COMFYUI_BASE_URL": comfyui.url}
    with process(folder, **env) as app:
        body = PICTURE | ({"source_sha256": uploaded(app.url)} if source else {})
        reader = Reader.generate(app.url, body, kind="media")
        when(watched)
        app.kill()
    killed()
    with process(folder, **env) as app:
        comfyui.release()
        run = ended_at(app.url, reader.run_id)
    watched.assert_kept({reader.run_id: ""})
    return run


def uploaded(url: str) -> str:
    headers = {"Content-Type": "image/png"}
    answer = httpx.post(f"{url}/api/v1/images", content=plain(), headers=headers)
    return answer.json()["sha256"]


def test_a_picture_killed_while_its_source_is_uploaded(
    tmp_path: Path, comfyui: FakeComfyUI
) -> None:
    comfyui.answer("/upload/image", Answer(200, stall=True))
    run = killed_picture(
        tmp_path,
        comfyui,
        source=True,
        when=lambda _: comfyui.wait_until(lambda: comfyui.seen("POST", "/upload/image")),
    )
    assert (run["status"], run["error_details"]["lost"]) == ("failed", True)
    assert comfyui.posted == []


def test_a_picture_killed_in_the_servers_queue_is_followed(
    tmp_path: Path, comfyui: FakeComfyUI
) -> None:
    comfyui.queue_for_others(1)
    run = killed_picture(
        tmp_path, comfyui, when=lambda _: comfyui.wait_until(lambda: len(comfyui.pending) == 1)
    )
    assert run["status"] == "succeeded"
    assert len(comfyui.posted) == 1


def test_a_picture_killed_while_it_is_drawn_is_followed(
    tmp_path: Path, comfyui: FakeComfyUI
) -> None:
    comfyui.script = Script(hold="sampling")
    run = killed_picture(
        tmp_path, comfyui, when=lambda _: comfyui.wait_until(lambda: comfyui.running)
    )
    assert run["status"] == "succeeded"
    assert len(comfyui.posted) == 1


def test_a_picture_killed_while_it_is_fetched_is_fetched_again(
    tmp_path: Path, comfyui: FakeComfyUI
) -> None:
    comfyui.answer("/view", Answer(200, stall=True))
    run = killed_picture(
        tmp_path, comfyui, when=lambda _: comfyui.wait_until(lambda: comfyui.seen("GET", "/view"))
    )
    assert (run["status"], len(run["image"]["pictures"])) == ("succeeded", 1)
    assert len(comfyui.posted) == 1


def test_a_picture_killed_between_its_file_and_its_row_is_one_picture(
    tmp_path: Path, comfyui: FakeComfyUI
) -> None:
    comfyui.script = Script(hold="sampling")
    files = tmp_path / "data" / "images"
    lock = ExitStack()

    def when(watched: Watched) -> None:
        comfyui.wait_until(lambda: comfyui.running)
        lock.enter_context(watched.locked())
        comfyui.release()
        eventually(lambda: list(files.glob("??/*.png")))

    run = killed_picture(tmp_path, comfyui, when=when, killed=lock.close)
    assert run["status"] == "succeeded"
    kept = [picture["sha256"] for picture in run["image"]["pictures"]]
    assert kept == [path.stem for path in files.glob("??/*.png")]
    assert len(comfyui.posted) == 1


def test_sigterm_gives_every_run_its_end_and_leaves_pictures_to_the_next_start(
    tmp_path: Path, comfyui: FakeComfyUI
) -> None:
    watched = Watched(tmp_path)
    comfyui.script = Script(hold="sampling")
    env = {
        "COMFYUI_BASE_URL": comfyui.url,
        "MOCK_TOKENS_PER_SECOND": "15",
        "MOCK_CONCURRENCY": "2",
    }
    body = TEXT | {"model": "mock-perfect", "mode": "mock"}
    with process(tmp_path, **env) as app:
        picture = Reader.generate(app.url, PICTURE, kind="media")
        comfyui.wait_until(lambda: comfyui.running)
        texts = [Reader.generate(app.url, body) for _ in range(4)]
        texts[0].until(lambda: texts[0].text)
        assert app.terminate() in (0, -signal.SIGTERM)
        for reader in (picture, *texts):
            reader.until(lambda reader=reader: reader.over.is_set())
    assert [reader.ends[0][1]["error"]["code"] for reader in texts] == ["run_interrupted"] * 4
    assert picture.ends[0][1]["error"]["code"] == "run_unfinished"
    assert watched.rows()[picture.run_id]["status"] == "running"
    with process(tmp_path, **env) as app:
        comfyui.release()
        assert ended_at(app.url, picture.run_id)["status"] == "succeeded"
    watched.assert_kept({reader.run_id: reader.text for reader in (picture, *texts)})


def test_both_processes_killed_at_once(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    env = {"MOCK_TOKENS_PER_SECOND": "15"}
    body = TEXT | {"model": "mock-perfect", "mode": "mock"}
    with process(tmp_path, **env) as first, process(tmp_path, **env) as second:
        readers = [Reader.generate(app.url, body) for app in (first, second) for _ in range(2)]
        for reader in readers:
            reader.until(lambda reader=reader: reader.text)
        first.process.kill()
        second.kill()
        first.process.wait(10)
    with process(tmp_path, **env) as app:
        ends = {run_at(app.url, reader.run_id)["status"] for reader in readers}
    assert ends == {"interrupted"}
    watched.assert_kept({reader.run_id: reader.text for reader in readers})


def test_killed_at_random_moments_no_run_and_no_text_is_lost(tmp_path: Path) -> None:
    """Runs come in while the process is killed again and again, at moments that a seed names."""
    moments = random.Random(20261124)  # noqa: S311 (not for secrets)
    watched = Watched(tmp_path)
    env = {"MOCK_TOKENS_PER_SECOND": "60", "MOCK_CONCURRENCY": "3"}
    body = TEXT | {"model": "mock-perfect", "mode": "mock"}
    readers: list[Reader] = []
    began = time.monotonic()
    for _ in range(KILLS):
        with process(tmp_path, **env) as app:
            clients = [
                threading.Thread(target=submit_and_read, args=[app.url, body, readers])
                for _ in range(moments.randint(1, 6))
            ]
            for client in clients:
                client.start()
            time.sleep(moments.uniform(0.0, 1.5))
            app.kill()
        for client in clients:
            client.join(20)
        if time.monotonic() - began > LONGEST_S:
            break
    with process(tmp_path, **env):
        pass
    seen = {reader.run_id: reader.text for reader in readers if reader.run_id}
    watched.assert_kept(seen)
    assert any(seen.values())
    ends = [row["status"] for row in watched.rows().values()]
    assert {"interrupted"} <= set(ends) <= {"interrupted", "succeeded"}
    for reader in readers:  # what a client was told is what the row says
        for event, _ in reader.ends:
            assert event == "end"
            assert watched.rows()[reader.run_id]["status"] == "succeeded"


def submit_and_read(url: str, body: dict[str, Any], readers: list[Reader]) -> None:
    reader = Reader()
    readers.append(reader)
    reader.start_generating(url, body)
    reader.over.wait(20)
