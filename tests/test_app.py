"""The app as people start it: one process for pages and API, and what it does at both ends."""

import json
import socket
import sqlite3
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.client import PlaygroundClient
from core.server import send_without_delay
from core.store import Database
from tests.app_server import APP, RunningApp, running_app, start_app, streamlit_run

FREE = {"role": "copywriter", "task": "free", "payload": {"prompt": "커피 광고 한 줄"}}
SECRET = "key-that-nobody-may-read"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    env = {"OPENAI_API_KEY": SECRET, "OLLAMA_BASE_URL": "http://127.0.0.1:9"}
    with running_app(tmp_path_factory.mktemp("app"), env) as running:
        yield running


@pytest.fixture
def web(app: RunningApp) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=app.url, trust_env=False) as client:
        yield client


PROBE = f"""
import gc, socket, sys
sys.path.insert(0, {str(APP.parent)!r})
import streamlit as st
from starlette.responses import JSONResponse
from starlette.routing import Route
import app as ours
from core.server import listening_sockets

async def probe(request):
    gc.unfreeze()  # the app has put what it started with out of the collector's sight
    sockets = listening_sockets()
    delays = [item.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0 for item in sockets]
    return JSONResponse({{"listening": delays, "pandas": "pandas" in sys.modules}})

app = st.App(ours.app.script_path, routes=[Route("/probe", probe), *ours.routes],
             lifespan=ours.lifespan)
"""


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What a running app's own process says of itself, after serving the API."""
    folder = tmp_path_factory.mktemp("probe")
    (folder / "probe.py").write_text(PROBE, encoding="utf-8")
    with running_app(folder, command=streamlit_run(folder / "probe.py")) as app:
        httpx.get(f"{app.url}/api/v1/catalog", trust_env=False).raise_for_status()
        return httpx.get(f"{app.url}/probe", trust_env=False).json()


@pytest.fixture
def uvicorn_command() -> tuple[str, ...]:
    return ("uvicorn", "app:app", "--app-dir", str(APP.parent), "--port", "0")


def test_the_page_is_served_at_the_root(web: httpx.Client) -> None:
    response = web.get("/")

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v2/models", "/api/v1/walks", "/api/text"])
def test_an_unknown_path_under_api_is_a_json_404_and_not_the_page(
    web: httpx.Client, path: str
) -> None:
    response = web.get(path)

    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"


def test_the_docs_are_served_at_their_address(web: httpx.Client) -> None:
    page = web.get("/api/v1/docs")

    assert page.status_code == 200
    assert "/api/v1/openapi.json" in page.text
    assert web.get("/api/v1/openapi.json").json()["info"]["title"] in page.text


def test_events_pass_through_the_whole_server_as_they_come(web: httpx.Client) -> None:
    """Compression between would hold them back: the run is stopped by what its stream said."""
    headers = {"accept-encoding": "gzip"}
    path = "/api/v1/llm/generate?stream=true"
    slow = {**FREE, "model": "mock-slow"}
    with web.stream("POST", path, json=slow, headers=headers, timeout=60) as response:
        lines = response.iter_lines()
        run_id = next(json.loads(line[6:])["run_id"] for line in lines if line.startswith("data: "))
        while next(lines) != "event: text":
            pass
        assert web.get(f"/api/v1/runs/{run_id}").json()["status"] == "running"
        assert web.post(f"/api/v1/runs/{run_id}/cancel").json()["status"] == "cancelled"
        assert any("run_cancelled" in line for line in lines)


def test_a_page_of_another_site_is_refused_by_the_whole_app(web: httpx.Client) -> None:
    response = web.post(
        "/api/v1/llm/generate", json=FREE, headers={"origin": "http://evil.example"}
    )

    assert response.status_code == 403


def test_the_python_client_works_with_the_whole_app(app: RunningApp) -> None:
    with PlaygroundClient(app.url) as playground:
        answer = playground.generate("copywriter", "free", {"prompt": "커피"})
        assert playground.run(answer.run_id).output == answer.output


def test_the_console_names_each_run_but_neither_its_words_nor_a_secret(app: RunningApp) -> None:
    with PlaygroundClient(app.url) as playground:
        answer = playground.generate("copywriter", "free", {"prompt": "아무도몰라야할말"})

    assert f'event="run ended" run_id={answer.run_id} ' in app.log
    assert " status=succeeded " in app.log
    assert "아무도몰라야할말" not in app.log
    assert SECRET not in app.log
    assert "Traceback" not in app.log
    assert "Warning" not in app.log


def test_the_running_app_sends_without_delay(probe: dict) -> None:
    assert probe["listening"] == [True]


def test_pandas_is_not_loaded_to_start_and_to_serve_the_api(probe: dict) -> None:
    """It costs most of a second; pages that need it load it when they are opened."""
    assert probe["pandas"] is False


def test_a_listening_socket_gets_its_delay_switched_off() -> None:
    # As `streamlit run` binds it: without a protocol number, so that asyncio leaves it alone.
    with socket.socket(socket.AF_INET) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        before = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

        changed = send_without_delay()

        assert before == 0
        assert changed >= 1
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_accepted_connections_inherit_the_option() -> None:
    with socket.socket(socket.AF_INET) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        send_without_delay()

        with (
            socket.create_connection(listener.getsockname()) as client,
            listener.accept()[0] as ours,
        ):
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
            assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0


def test_no_garbage_collection_holds_up_all_sessions_after_a_rerun() -> None:
    config = tomllib.loads((APP.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))

    assert config["runner"]["postScriptGC"] is False


@pytest.mark.parametrize("server", ["streamlit", "uvicorn"])
def test_wrong_settings_stop_the_start_with_a_sentence_each(
    tmp_path: Path, server: str, uvicorn_command: tuple[str, ...]
) -> None:
    env = {"OLLAMA_TIMEOUT": "soon", "GENERATOR_MODE": "pretend"}
    command = {} if server == "streamlit" else {"command": uvicorn_command}

    refused = start_app(tmp_path, env=env, **command)

    assert refused.process.wait(60) != 0
    assert "OLLAMA_TIMEOUT (now 'soon')" in refused.log
    assert "GENERATOR_MODE (now 'pretend')" in refused.log
    assert "Traceback" not in refused.log


def test_a_newer_database_stops_the_start_and_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "playground.db"
    Database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("update _sqlite_migrations set name = name || '_of_next_year'")
    connection.close()
    before = path.read_bytes()

    refused = start_app(tmp_path)

    assert refused.process.wait(60) != 0
    assert "playground.db" in refused.log
    assert "newer" in refused.log
    assert "Traceback" not in refused.log
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_written_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")

    refused = start_app(tmp_path)

    assert refused.process.wait(60) != 0
    assert "The playground cannot start." in refused.log
    assert "Traceback" not in refused.log


def test_a_deprecated_setting_works_and_says_so_on_the_console(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OLLAMA_ENDPOINT=http://127.0.0.1:9\n")

    with running_app(tmp_path) as app:
        assert "OLLAMA_ENDPOINT is deprecated, use OLLAMA_BASE_URL instead." in app.log


def test_ending_the_app_ends_its_streams_and_keeps_what_was_written(tmp_path: Path) -> None:
    with running_app(tmp_path) as app:
        path = f"{app.url}/api/v1/llm/generate?stream=true"
        slow = {**FREE, "model": "mock-slow"}
        with httpx.stream("POST", path, json=slow, timeout=60, trust_env=False) as response:
            lines = response.iter_lines()
            while next(lines) != "event: text":
                pass
            app.process.terminate()
            rest = list(lines)
        app.process.wait(30)

    assert any("run_interrupted" in line for line in rest)
    with sqlite3.connect(tmp_path / "data" / "playground.db") as connection:
        status, output = connection.execute("select status, output from runs").fetchone()
    connection.close()
    assert status == "interrupted"
    assert output
