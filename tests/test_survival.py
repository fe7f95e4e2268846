"""kill -9 in mid-run: after a restart the row is there, interrupted, with its text."""

import json
import signal
from pathlib import Path

import httpx

from tests.app_server import running_app

BRIEF = {"product_name": "담은 텀블러", "features": ["12시간 보온"]}


def test_a_killed_app_keeps_what_was_seen_and_says_interrupted(tmp_path: Path) -> None:
    body = {"role": "copywriter", "task": "product_detail", "payload": BRIEF, "model": "mock-slow"}
    seen, run_id = "", ""
    with running_app(data_dir=tmp_path, env={"MOCK_TOKENS_PER_SECOND": "10"}) as app:
        url = f"{app.url}/api/v1/llm/generate?stream=true"
        with httpx.stream("POST", url, json={**body, "mode": "mock"}, timeout=30) as answer:
            for event, data in events(answer):
                run_id = data.get("run_id", run_id)
                seen += data["text"] if event == "text" else ""
                if len(seen) >= 20:
                    app.process.send_signal(signal.SIGKILL)
                    break
        app.process.wait(10)

    with running_app(data_dir=tmp_path) as app:
        run = httpx.get(f"{app.url}/api/v1/runs/{run_id}").json()
    assert run["status"] == "interrupted"
    assert run["error_code"] == "run_interrupted"
    assert run["output"].startswith(seen)


def events(answer: httpx.Response):
    """The (event, data) pairs of a Server-Sent Events answer."""
    event = ""
    for line in answer.iter_lines():
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield event, json.loads(line.removeprefix("data: "))
