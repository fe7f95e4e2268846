"""What the tests of promises under fault share: real processes on one data folder, and what is
true of its database afterwards.
"""

import json
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from core.services import Services, build_services
from core.settings import load_settings
from core.store import Database
from tests.app_server import RunningApp, running_app
from tests.test_survival import events

ROOT = Path(__file__).parent.parent
COMMAND = ("tests.fault_app",)
BRIEF = {"product_name": "담은 텀블러", "features": ["12시간 보온"]}
TEXT = {"role": "copywriter", "task": "product_detail", "payload": BRIEF}
PICTURE = {"task": "free", "prompt": "창가의 텀블러", "mode": "live"}
FINAL = {"succeeded", "failed", "cancelled", "interrupted"}
WAIT_S = 30.0

_WATCH = """
    CREATE TABLE status_changes (
        number INTEGER PRIMARY KEY, run_id TEXT NOT NULL, old TEXT, new TEXT NOT NULL
    );
    CREATE TRIGGER watch_insert AFTER INSERT ON runs BEGIN
        INSERT INTO status_changes (run_id, new) VALUES (new.id, new.status);
    END;
    CREATE TRIGGER watch_update AFTER UPDATE OF status ON runs BEGIN
        INSERT INTO status_changes (run_id, old, new) VALUES (new.id, old.status, new.status);
    END;
"""


@contextmanager
def process(folder: Path, **env: str) -> Iterator[RunningApp]:
    """An app without pages, in a process of its own, on the data in `folder`."""
    own = Path(tempfile.mkdtemp(prefix="process-", dir=folder))
    settings = {"PYTHONPATH": str(ROOT), "PLAYGROUND_DATA_DIR": str(folder / "data"), **env}
    with running_app(own, settings, command=COMMAND) as app:
        yield app


def services_on(folder: Path, **env: str) -> Services:
    """Services in this process on the same data as `process(folder)`."""
    names = {
        "PLAYGROUND_DATA_DIR": str(folder / "data"),
        "MOCK_TOKENS_PER_SECOND": "0",
        "OLLAMA_BASE_URL": "http://127.0.0.1:9",
        "COMFYUI_BASE_URL": "http://127.0.0.1:9",
    }
    return build_services(load_settings(names | env, env_file=None))


class Watched:
    """The database of `folder`, made here with a record of every change of a run's status."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "data" / "playground.db"
        if not self.path.exists():
            Database(self.path).close()
        with closing(self._connect()) as connection:
            connection.executescript(_WATCH)

    def rows(self) -> dict[str, dict[str, Any]]:
        """Every run by its id."""
        with closing(self._connect()) as connection:
            rows = connection.execute("SELECT * FROM runs").fetchall()
        return {row["id"]: dict(row) for row in rows}

    def changes(self, run_id: str) -> list[str]:
        """The states that the run has had, each time one was written."""
        sql = "SELECT new FROM status_changes WHERE run_id = ? ORDER BY number"
        with closing(self._connect()) as connection:
            return [row["new"] for row in connection.execute(sql, [run_id])]

    def set(self, run_id: str, *, started_at: str) -> None:
        """Have the run begin at another moment."""
        with closing(self._connect()) as connection:
            connection.execute("UPDATE runs SET started_at = ? WHERE id = ?", [started_at, run_id])

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the database as another program would that writes to it."""
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

    def assert_kept(self, seen: dict[str, str]) -> None:
        """Every run has ended, each in one final state, and has all the text that was `seen`."""
        rows = self.rows()
        assert seen.keys() <= rows.keys(), "a run that was submitted is gone"
        for run_id, row in rows.items():
            states = self.changes(run_id)
            assert row["status"] in FINAL, (run_id, states)
            assert [state for state in states if state in FINAL] == [row["status"]], states
            assert states[-1] == row["status"]
            assert row["output"].startswith(seen.get(run_id, "")), run_id

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=20, isolation_level=None)
        connection.row_factory = sqlite3.Row
        return connection


@dataclass
class Reader:
    """A client that follows one run in a thread, and what it was shown of it."""

    run_id: str = ""
    text: str = ""
    thinking: str = ""
    phases: list[str] = field(default_factory=list)
    ends: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    _told: threading.Condition = field(default_factory=threading.Condition)

    @classmethod
    def generate(cls, url: str, body: dict[str, Any], *, kind: str = "llm") -> Self:
        """Submit `body` and follow what comes of it, once the run has its id."""
        reader = cls()
        reader.start_generating(url, body, kind=kind)
        reader.until(lambda: reader.run_id)
        return reader

    @classmethod
    def follow(cls, url: str, run_id: str) -> Self:
        """Follow a run that is there."""
        reader = cls(run_id=run_id)
        address = f"{url}/api/v1/runs/{run_id}/events"
        reader._start(lambda: httpx.stream("GET", address, timeout=60))
        return reader

    def start_generating(self, url: str, body: dict[str, Any], *, kind: str = "llm") -> None:
        """`generate` without waiting for the id."""
        address = f"{url}/api/v1/{kind}/generate?stream=true"
        self._start(lambda: httpx.stream("POST", address, json=body, timeout=60))

    def until(self, promise: Callable[[], object], timeout_s: float = WAIT_S) -> None:
        """Wait until `promise()` is true."""
        ends = time.monotonic() + timeout_s
        with self._told:
            while not promise():
                assert time.monotonic() < ends, f"did not happen: {self}"
                self._told.wait(0.05)

    def _start(self, ask: Callable[[], Any]) -> None:
        threading.Thread(target=self._read, args=[ask], daemon=True).start()

    def _read(self, ask: Callable[[], Any]) -> None:
        try:
            with ask() as answer:
                for event, data in events(answer):
                    self._take(event, data)
        except httpx.HTTPError:  # the process was killed
            pass
        self.over.set()

    def _take(self, event: str, data: dict[str, Any]) -> None:
        with self._told:
            if event == "run":
                self.run_id = data["run_id"]
            elif event == "text":
                self.text += data["text"]
            elif event == "thinking":
                self.thinking += data["text"]
            elif event == "phase":
                self.phases.append(data["phase"])
            elif event in ("end", "error"):
                self.ends.append((event, data))
            self._told.notify_all()


def eventually(promise: Callable[[], Any], timeout_s: float = WAIT_S) -> Any:
    """What `promise()` gives once that is true."""
    ends = time.monotonic() + timeout_s
    while not (found := promise()):
        assert time.monotonic() < ends, "did not happen in time"
        time.sleep(0.05)
    return found


def run_at(url: str, run_id: str) -> dict[str, Any]:
    """The run as REST tells it."""
    answer = httpx.get(f"{url}/api/v1/runs/{run_id}", timeout=20)
    assert answer.is_success, json.dumps(answer.json())
    return answer.json()


def ended_at(url: str, run_id: str, timeout_s: float = WAIT_S) -> dict[str, Any]:
    """The run as REST tells it once it is final."""
    return eventually(
        lambda: run if (run := run_at(url, run_id))["status"] in FINAL else None, timeout_s
    )
