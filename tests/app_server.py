"""The whole app as people start it: `streamlit run app.py` in a process of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from core.settings import LEGACY_NAMES, Settings

APP = Path(__file__).parent.parent / "app.py"
START_LIMIT_S = 60
STOP_LIMIT_S = 30
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


def streamlit_run(script: Path) -> tuple[str, ...]:
    """The command that serves `script` on a free port of this machine alone."""
    address = ("--server.port=0", "--server.address=127.0.0.1")
    return ("streamlit", "run", str(script), *address, "--browser.gatherUsageStats=false")


COMMAND = streamlit_run(APP)


@dataclass
class RunningApp:
    """A running app: where it answers, its process, and all it said on the console."""

    url: str
    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def terminate(self) -> int:
        """End it as Ctrl+C or a service manager would; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_LIMIT_S)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait(STOP_LIMIT_S)


def start_app(
    folder: Path,
    *,
    env: Mapping[str, str] | None = None,
    command: tuple[str, ...] = COMMAND,
) -> RunningApp:
    """Start the app and return at once. It works in `folder`: data, `.env` and log are there.

    Settings come from `env` alone: those of the developer's shell are taken away.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ours = {*(name.upper() for name in Settings.model_fields), *LEGACY_NAMES}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {"PYTHONUNBUFFERED": "1", "STREAMLIT_SERVER_HEADLESS": "true"}
    environment |= {"PLAYGROUND_DATA_DIR": str(folder / "data"), **(env or {})}
    log_file = folder / "app.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    return RunningApp(url="", process=process, log_file=log_file)


@contextmanager
def running_app(
    data_dir: Path,
    env: Mapping[str, str] | None = None,
    *,
    command: tuple[str, ...] = COMMAND,
) -> Iterator[RunningApp]:
    """The app on a free port, ready to answer; ended afterwards.

    `data_dir` is the folder it works in and keeps its data under; start it again on the same
    folder to find the same runs. `env` holds settings: `{"MOCK_TOKENS_PER_SECOND": "0"}`.
    """
    app = start_app(data_dir, env=env, command=command)
    try:
        app.url = _wait_until_healthy(app)
        yield app
    finally:
        if app.process.poll() is None:
            app.process.terminate()
            try:
                app.process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                app.kill()


def _wait_until_healthy(app: RunningApp) -> str:
    """The app's address once it answers."""
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and app.process.poll() is None:
        found = _ADDRESS.search(app.log)
        if found is not None and _is_healthy(found[0]):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"The app did not start:\n{app.log}")


def _is_healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_stcore/health", timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False
