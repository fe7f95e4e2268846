"""Hostile answers, names and servers on every page of a real browser: all of it stays letters.

A canary on loopback is named in pictures, links, scripts and styles of everything that is shown.
Nobody may ever connect to it.
"""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core.opinion import Rating
from core.run import Run
from core.services import build_services
from core.settings import load_settings
from core.text_draft import MAX_ANSWER_CHARS
from tests.app_server import RunningApp, running_app
from tests.browser_kit import WAIT_MS, visitor
from tests.browser_kit import browser as browser
from tests.compare_kit import ANSWER, PAYLOAD, answered, failed, live
from tests.hostile_kit import Connection, RawServer, answer, canary, hostile_text

pytestmark = pytest.mark.browser

STUMBLED = "This page stumbled|페이지에 문제가"


def name_of(text: str) -> str:
    """A name of a model, a person or a file, as hostile."""
    return " ".join(text.replace("\x00", "").split())[:290]


def hostile_servers(text: str) -> RawServer:
    """Ollama, an OpenAI-compatible server and ComfyUI in one, all of whose words are hostile."""
    name = name_of(text)
    model = {"name": name, "model": name, "size": 10**30, "capabilities": [name, "completion"]}
    model |= {"details": {"parameter_size": name, "family": name}, "size_vram": "no number"}
    device = {"name": name, "type": name, "vram_total": 10**12, "vram_free": 10**15}
    line = json.dumps({"message": {"content": text}, "model": name, "done": False}).encode()
    last = json.dumps({"done": True, "done_reason": name, "model": "\ud800" + name}).encode()
    answers: dict[str, object] = {
        "/api/version": {"version": name},
        "/api/tags": {"models": [model, {"name": 7}, "odd"]},
        "/api/ps": {"models": [model | {"expires_at": name, "context_length": 10**30}]},
        "/api/show": {"capabilities": [name]},
        "/v1/models": {"data": [{"id": name}, {"id": ["odd"]}]},
        "/system_stats": {"system": {"comfyui_version": name, "os": name}, "devices": [device]},
        "/prompt": {"exec_info": {"queue_remaining": name}},
        "/queue": {"queue_running": [[name, name]], "queue_pending": name},
        "/object_info": {"KSampler": {"input": {"required": {"sampler_name": [[name]]}}}},
    }

    def play(connection: Connection) -> None:
        path = server.requests[-1].split(b" ")[1].decode().split("?")[0]
        if path == "/api/chat":
            body = b"".join(
                (line, b"\n", b'{"message":{"content":"\xff\xfe\xed\xa0\x80"}}\n', last, b"\n")
            )
        elif path == "/v1/chat/completions":
            chunk = {"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]}
            body = b"data: " + json.dumps(chunk).encode() + b"\n\ndata: [DONE]\n\n"
            connection.send(answer(body, "Connection: close", mime="text/event-stream"))
            return
        else:
            kind = path.removeprefix("/object_info/")
            choices = {"input": {"required": {"ckpt_name": [[name, "../../x"]]}}}
            body = json.dumps(answers.get(path, {kind: choices})).encode()
        connection.send(answer(body, "Connection: close"))

    server = RawServer(play)
    return server


def hostile_runs(text: str) -> dict[str, Run]:
    name = name_of(text)
    payload = {"prompt": text}
    free = {"task": "free", "format": "text", "payload": payload, "user": name[:200]}
    fields = {key: text if isinstance(value, str) else [text] * 3 for key, value in ANSWER.items()}
    who = {"model": name, "meta": {"served_model": name, "notes": [text]}, "finish_reason": name}
    return {
        "mock": answered(text, **free),
        "live": live(text + " 이불", thinking=text, **free | who),
        "fields mock": answered(fields | {name: text}, payload=PAYLOAD | {"category": text}),
        "fields live": live(fields, **who),
        "failed": failed(
            "model_not_found",
            model=name,
            output=text,
            error_message=text,
            error_details={"model": name, "pull": f"ollama pull {name}", "server_message": text},
        ),
        "ended": live("한 줄", **free | {"finish_reason": "length"}),
    }


def long_runs() -> dict[str, Run]:
    free = {"task": "free", "format": "text"}
    size = MAX_ANSWER_CHARS
    return {
        "short": answered("짧은 한 줄이에요.", **free),
        "one word": answered("x" * size, **free),
        "one line": answered(("길다 " * size)[:size], **free),
    }


@pytest.fixture(scope="module")
def trap() -> Iterator[RawServer]:
    with canary() as server:
        yield server


@pytest.fixture(scope="module")
def runs(trap: RawServer) -> dict[str, Run]:
    return hostile_runs(hostile_text(trap.url)) | long_runs()


@pytest.fixture(scope="module")
def app(
    tmp_path_factory: pytest.TempPathFactory, runs: dict[str, Run], trap: RawServer
) -> Iterator[RunningApp]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    settings = load_settings({"PLAYGROUND_DATA_DIR": str(folder / "data")}, env_file=None)
    services = build_services(settings)
    name = name_of(hostile_text(trap.url))
    for run in runs.values():
        services.store.insert([run]).result()
        services.store.finish(run).result()
    services.opinions.rate(
        Rating(run_id=runs["live"].id, user=name[:60], stars=1, comment=hostile_text(trap.url))
    ).result()
    services.close()
    with hostile_servers(hostile_text(trap.url)) as server:
        env = {
            "OLLAMA_BASE_URL": server.url,
            "OPENAI_BASE_URL": f"{server.url}/v1",
            "COMFYUI_BASE_URL": server.url,
            "GENERATOR_MODE": "live",
            "MOCK_TOKENS_PER_SECOND": "0",
        }
        with running_app(folder, env=env) as app:
            yield app
            broken = [event for event in app.log.split("\ntimestamp=") if "Traceback" in event]
            # A check that took too long on a busy machine is no fault of what was shown.
            assert [event for event in broken if "TimeoutError" not in event] == []


@pytest.fixture
def page(browser: Browser, app: RunningApp, trap: RawServer) -> Iterator[Page]:
    with visitor(browser) as page:
        yield page
        is_harmless(page)
    assert trap.paths == []
    assert trap.connections == 0


def settle(page: Page) -> None:
    """Wait until the page is drawn and nothing runs any more."""
    expect(page.get_by_test_id("stHeading").first).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=WAIT_MS)
    page.wait_for_timeout(500)


def is_harmless(page: Page) -> None:
    """Nothing of the hostile text has become a part of the page, and the page is whole."""
    assert page.title() != "owned"
    for made in (
        "img[src*='/markdown-picture'], img[src*='/img'], img[src*='/table'], iframe[src*='/ifr']",
        "a[href^='javascript:'], a[href*='/markdown-link'], a[href*='/latex'], a[href*='/bare']",
        "[onerror], [onload], .stMarkdown svg[onload], .katex a",
    ):
        expect(page.locator(made)).to_have_count(0)
    expect(page.get_by_text(re.compile(STUMBLED))).to_have_count(0)
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 1, f"the page is {wide} pixels wider than the window"


PLACES = (
    "/history",
    "/history?show=gallery",
    "/history?view=charts",
    "/history?view=parity",
    "/history?view=vote",
    "/image",
    "/health",
)


@pytest.mark.parametrize("place", PLACES)
def test_hostile_names_and_answers_stay_letters(page: Page, app: RunningApp, place: str) -> None:
    page.goto(app.url + place)
    settle(page)


@pytest.mark.parametrize("name", ["mock", "live", "fields mock", "fields live", "failed"])
def test_a_hostile_run_is_shown_as_letters(
    page: Page, app: RunningApp, runs: dict[str, Run], name: str
) -> None:
    page.goto(f"{app.url}/history?run={runs[name].id}")
    settle(page)
    expect(page.get_by_text("onerror=").first).to_be_attached()


def test_hostile_runs_stand_side_by_side(page: Page, app: RunningApp, runs: dict[str, Run]) -> None:
    for pair in (("mock", "live", "failed"), ("fields mock", "fields live")):
        page.goto(f"{app.url}/history?compare={','.join(runs[name].id for name in pair)}")
        settle(page)
        is_harmless(page)


def test_a_hostile_server_is_asked_from_the_text_page(page: Page, app: RunningApp) -> None:
    page.goto(app.url)
    page.get_by_role("button", name="예시로 채우기").click()
    settle(page)
    page.get_by_role("button", name=re.compile("건 실행")).click()
    expect(page.locator("[class*='st-key-run_']").first).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text("onerror=").first).to_be_attached(timeout=WAIT_MS)
    settle(page)


def usable_after(page: Page, app: RunningApp, run: Run) -> float:
    """Seconds until a run's page is drawn and answers a click."""
    began = time.perf_counter()
    page.goto(f"{app.url}/history?run={run.id}")
    sent = page.locator(".st-key-history_sent")
    expect(sent).to_be_visible(timeout=60_000)
    sent.locator("summary").click()
    expect(sent.get_by_test_id("stExpanderDetails")).to_be_visible(timeout=30_000)
    return time.perf_counter() - began


@pytest.mark.parametrize("name", ["one word", "one line"])
def test_the_longest_answer_there_can_be_on_one_line_leaves_the_page_usable(
    page: Page, app: RunningApp, runs: dict[str, Run], name: str
) -> None:
    usable_after(page, app, runs["short"])  # the first page of a visitor loads the scripts, too
    short = usable_after(page, app, runs["short"])
    long = usable_after(page, app, runs[name])
    print(f"{name}: usable after {long / short:.1f} times as long as a short answer")
    assert long < 15 * short
