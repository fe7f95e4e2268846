"""kill -9 in mid-run: after a restart the row is there, interrupted, with its text."""

import json
import signal
import time
from pathlib import Path

import httpx

from tests.app_server import running_app
from tests.fakes.comfyui import FakeComfyUI, Script

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


def wait_for_status(url: str, status: str) -> dict:
    """The run at `url` once it has this status; it is read again until then."""
    for _ in range(400):
        run = httpx.get(url).json()
        if run["status"] == status:
            return run
        time.sleep(0.05)
    raise AssertionError(f"still {run['status']}: {run.get('error_message')}")


def test_a_picture_under_way_is_picked_up_again_after_a_kill(tmp_path: Path) -> None:
    with FakeComfyUI() as comfyui:
        comfyui.script = Script(hold="sampling")
        env = {"COMFYUI_BASE_URL": comfyui.url}
        body = {"task": "free", "prompt": "창가의 텀블러", "mode": "live"}
        with running_app(tmp_path, env=env) as app:
            url = f"{app.url}/api/v1/media/generate?stream=true"
            with httpx.stream("POST", url, json=body, timeout=30) as answer:
                run_id = next(data["run_id"] for event, data in events(answer) if event == "run")
                wait_for_status(f"{app.url}/api/v1/runs/{run_id}", "running")
                comfyui.wait_until(lambda: comfyui.running is not None)
                time.sleep(0.1)  # the note that it runs is written a moment after it does
                app.kill()
        assert len(comfyui.posted) == 1

        with running_app(tmp_path, env=env) as app:
            comfyui.release()
            run = wait_for_status(f"{app.url}/api/v1/runs/{run_id}", "succeeded")
        assert len(comfyui.posted) == 1  # followed, not sent again
    assert len(run["image"]["pictures"]) == 1
