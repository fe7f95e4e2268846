"""A server that dies: before the first token, in mid-stream, before its end. What arrived is kept,
the run fails once, and says why.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.media import ImageOptions, ImageRequest
from core.providers.comfyui.pace import Pace
from core.run import Run
from core.services import Services
from core.types import RunStatus, TextRequest
from tests.fakes.comfyui import FakeComfyUI, Script
from tests.fakes.comfyui_routes import Answer
from tests.fakes.ollama import Behaviour, FakeOllama
from tests.fakes.openai import MODEL, Exchange, FakeOpenAI, breaks_off, sends, tells
from tests.faults_kit import BRIEF, Watched, services_on

PIECES = ("한 모금의 ", "온도를 ", "지킵니다.")
FAST = Pace(poll=0.1, settle=0.05, vanished=0.1, unreachable=0.5, look_up=0.1, reconnect=0.1)


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def ended_text(services: Services, provider: str, model: str) -> Run:
    request = TextRequest(
        role="copywriter",
        task="product_detail",
        payload=BRIEF,
        model=model,
        mode="live",
        provider=provider,
        format="text",
    )
    return services.gateway.result(services.gateway.submit(request), 30)


def assert_failed(run: Run, watched: Watched, *, kept: str) -> None:
    assert (run.status, run.output) == (RunStatus.FAILED, kept)
    assert run.error_code in ("broken_answer", "provider_unavailable", "provider_error")
    assert run.error_message
    assert watched.changes(run.id)[-1] == "failed"
    watched.assert_kept({run.id: kept})


OLLAMA = {
    "before the first token": (Behaviour(reset=True), ""),
    "in mid-stream": (Behaviour(pieces=PIECES[:2], end="reset"), "".join(PIECES[:2])),
    "between the last token and the end": (Behaviour(pieces=PIECES, end="eof"), "".join(PIECES)),
    "with words of its own": (Behaviour(pieces=PIECES[:1], end="error"), PIECES[0]),
}


@pytest.mark.parametrize("moment", OLLAMA)
def test_ollama_dies(tmp_path: Path, watched: Watched, moment: str) -> None:
    behaviour, kept = OLLAMA[moment]
    with FakeOllama("writer") as fake:
        fake.behave(behaviour)
        services = services_on(tmp_path, OLLAMA_BASE_URL=fake.url)
        run = ended_text(services, "ollama", "writer")
        fake.behave(Behaviour(pieces=PIECES))
        after = ended_text(services, "ollama", "writer")
        services.close()
    assert_failed(run, watched, kept=kept)
    assert after.status is RunStatus.SUCCEEDED  # it is used again as soon as it is back


async def dies_at_once(exchange: Exchange) -> None:
    exchange.keep_alive = False


OPENAI = {
    "before the first token": (dies_at_once, ""),
    "in mid-stream": (
        sends(tells(*PIECES[:2], finish=None, done=False), then=breaks_off),
        "".join(PIECES[:2]),
    ),
    "between the last token and the end": (
        sends(tells(*PIECES, finish=None, done=False)),
        "".join(PIECES),
    ),
}


@pytest.mark.parametrize("moment", OPENAI)
def test_an_openai_compatible_server_dies(tmp_path: Path, watched: Watched, moment: str) -> None:
    behaviour, kept = OPENAI[moment]
    with FakeOpenAI() as fake:
        fake.behaviour = behaviour
        services = services_on(tmp_path, OPENAI_BASE_URL=fake.base_url)
        run = ended_text(services, "openai", MODEL)
        fake.behaviour = sends(tells(*PIECES))
        after = ended_text(services, "openai", MODEL)
        services.close()
    assert_failed(run, watched, kept=kept)
    assert after.status is RunStatus.SUCCEEDED


@pytest.fixture
def comfyui() -> Iterator[FakeComfyUI]:
    with FakeComfyUI() as fake:
        fake.script = Script(hold="sampling")
        yield fake


def ended_picture(
    folder: Path,
    comfyui: FakeComfyUI,
    monkeypatch: pytest.MonkeyPatch,
    when: Callable[[], object],
) -> Run:
    """The end of a picture run after what `when` does to the server."""
    monkeypatch.setattr("core.providers.comfyui.provider.Pace", lambda: FAST)
    services = services_on(folder, COMFYUI_BASE_URL=comfyui.url)
    options = ImageOptions(width=64, height=48, steps=3, seed=7)
    request = ImageRequest(task="free", prompt="창가의 텀블러", mode="live", options=options)
    run_id = services.gateway.submit(request)
    when()
    run = services.gateway.result(run_id, 30)
    services.close()
    return run


def test_comfyui_dies_in_mid_picture(
    tmp_path: Path, watched: Watched, comfyui: FakeComfyUI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies() -> None:
        comfyui.wait_until(lambda: comfyui.running)
        comfyui.stop()

    run = ended_picture(tmp_path, comfyui, monkeypatch, dies)
    comfyui.start()
    assert_failed(run, watched, kept="")


def test_comfyui_starts_anew_in_mid_picture(
    tmp_path: Path, watched: Watched, comfyui: FakeComfyUI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def starts_anew() -> None:
        comfyui.wait_until(lambda: comfyui.running)
        comfyui.restart()

    run = ended_picture(tmp_path, comfyui, monkeypatch, starts_anew)
    assert_failed(run, watched, kept="")
    assert run.error_details["lost"] is True


def test_comfyui_dies_between_the_picture_and_its_fetching(
    tmp_path: Path, watched: Watched, comfyui: FakeComfyUI, monkeypatch: pytest.MonkeyPatch
) -> None:
    comfyui.script = Script()
    comfyui.answer("/view", Answer(200, stall=True), times=9)

    def dies() -> None:
        comfyui.wait_until(lambda: comfyui.seen("GET", "/view"))
        comfyui.stop()

    run = ended_picture(tmp_path, comfyui, monkeypatch, dies)
    comfyui.start()
    assert_failed(run, watched, kept="")


def test_a_websocket_that_is_cut_harms_no_picture(
    tmp_path: Path, watched: Watched, comfyui: FakeComfyUI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut() -> None:
        comfyui.wait_until(lambda: comfyui.running)
        comfyui.drop_sockets()
        comfyui.wait_until(lambda: len(comfyui.connections) > 1)
        comfyui.release()

    run = ended_picture(tmp_path, comfyui, monkeypatch, cut)
    assert run.status is RunStatus.SUCCEEDED
    watched.assert_kept({run.id: ""})
