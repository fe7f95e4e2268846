"""Servers that do not even speak HTTP properly: every run ends soon, and nobody else is asked."""

import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.api.errors import error_body
from core.media import ImageRequest
from core.run import Run
from core.services import build_services
from core.settings import load_settings
from core.text_draft import MAX_ANSWER_CHARS
from core.types import ImageOptions, RunStatus, TextRequest
from tests.hostile_kit import Connection, RawServer, answer, canary

IDLE_S = 0.5
LIMIT_S = 25  # of all three runs together on a slow machine; alone it takes 5 s
TEXT = TextRequest(
    role="copywriter", task="free", payload={"prompt": "컵"}, mode="live", model="a-model"
)
PICTURE = ImageRequest(
    task="free", prompt="컵", mode="live", options=ImageOptions(width=64, height=64)
)
OK = b"HTTP/1.1 200 OK\r\n"
OURS = {
    *("provider_error", "provider_unavailable", "provider_timeout", "provider_rejected"),
    *("provider_overloaded", "broken_answer", "model_not_found", "answer_too_long"),
}


def head(*lines: str) -> bytes:
    return OK + "\r\n".join((*lines, "", "")).encode()


def bomb(connection: Connection) -> None:
    """20 MB that came as 20 KB."""
    packed = gzip.compress(b'{"message":{"content":"' + b"a" * 20_000_000 + b'"}}\n')
    connection.send(head("Content-Encoding: gzip", f"Content-Length: {len(packed)}") + packed)


PLAYS: dict[str, Callable[[Connection], None]] = {
    "nothing": lambda connection: None,
    "garbage": lambda connection: connection.send(b"\x00\xff\x16\x03\x01garbage\r\n\r\n" * 10),
    "endless garbage": lambda connection: connection.flood(b"\x00\xff" * 4096),
    "another protocol": lambda connection: connection.send(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "an odd status": lambda connection: connection.send(b"HTTP/1.1 999 What\r\n\r\n"),
    "a status that is none": lambda connection: connection.send(b"HTTP/1.1 -1\r\n\r\n"),
    "endless headers": lambda connection: (
        connection.send(OK),
        connection.flood(b"X-A: " + b"a" * 4096 + b"\r\n"),
    )[0],
    "endless continue": lambda connection: connection.flood(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a head that drips": lambda connection: connection.drip(head("X-A: " + "a" * 4000)),
    "a line that drips": lambda connection: (
        connection.send(head("Connection: close")),
        connection.drip(b'{"message":{"content":"' + b"a" * 4000),
    )[0],
    "more promised than sent": lambda connection: connection.send(
        head("Content-Length: 1000") + b'{"models": '
    ),
    "less promised than sent": lambda connection: connection.send(
        head("Content-Length: 5") + b'{"message":{"content":"abc"}}\n' * 3
    ),
    "two lengths": lambda connection: connection.send(
        head("Content-Length: 5", "Content-Length: 7") + b"1234567"
    ),
    "broken chunks": lambda connection: connection.send(
        head("Transfer-Encoding: chunked") + b"zz\r\nabc\r\n-1\r\n"
    ),
    "a chunk of no end": lambda connection: (
        connection.send(head("Transfer-Encoding: chunked") + b"ffffffffffffffff\r\n"),
        connection.flood(b"a" * 65536),
    )[0],
    "a line without end": lambda connection: (
        connection.send(head("Content-Type: text/event-stream")),
        connection.flood(b"data: a" * 9000),
    )[0],
    "a gzip bomb": bomb,
    "nested JSON": lambda connection: connection.send(answer(b"[" * 100_000 + b"\n")),
    "null bytes": lambda connection: connection.send(answer(b"\x00" * 1000 + b"\n")),
    "a page": lambda connection: connection.send(
        answer(b"<html><title>" + b"<" * 60_000 + b"</title>", mime="text/html")
    ),
}


def all_runs(folder: Path, url: str) -> list[Run]:
    """What comes of a run of each provider that has a server, at the same time."""
    settings = load_settings(
        {
            "PLAYGROUND_DATA_DIR": str(folder),
            "OLLAMA_BASE_URL": url,
            "OPENAI_BASE_URL": f"{url}/v1",
            "COMFYUI_BASE_URL": url,
            **{f"{name}_TIMEOUT": str(IDLE_S) for name in ("OLLAMA", "OPENAI", "COMFYUI")},
        },
        env_file=None,
    )
    services = build_services(settings)
    try:
        asked = [
            TEXT.model_copy(update={"provider": "ollama"}),
            TEXT.model_copy(update={"provider": "openai"}),
            PICTURE.model_copy(update={"provider": "comfyui"}),
        ]
        batch = services.gateway.submit_batch(asked)
        ended = [services.gateway.result(run_id, timeout=LIMIT_S) for run_id in batch.run_ids]
        lists = [*services.gateway.models().values(), *services.gateway.media().values()]
        for offer in lists:
            assert offer.mode == "mock" or offer.error is not None
            if offer.error is not None:
                json.dumps(error_body(offer.error))
        return ended
    finally:
        services.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """ComfyUI's own limit is not a setting."""
    monkeypatch.setattr("core.providers.comfyui.provider.READ_TIMEOUT_S", IDLE_S)


@pytest.mark.parametrize("play", PLAYS.values(), ids=PLAYS)
def test_a_run_ends_whatever_its_server_does(
    tmp_path: Path, play: Callable[[Connection], None]
) -> None:
    with RawServer(play) as server:
        began = time.monotonic()
        runs = all_runs(tmp_path, server.url)
        assert time.monotonic() - began < LIMIT_S
    for run in runs:
        assert run.status is RunStatus.FAILED
        assert run.error_code in OURS, run.error_message
        assert len(run.error_message or "") < 5000


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_told_and_never_followed(tmp_path: Path, status: str) -> None:
    with canary() as other:

        def play(connection: Connection) -> None:
            connection.send(answer(b"", f"Location: {other.url}/stolen?key=1", status=status))

        with RawServer(play) as server:
            runs = all_runs(tmp_path, server.url)
        assert other.connections == 0
    assert [run.error_code for run in runs] == ["provider_rejected"] * 3


def record(text: str) -> bytes:
    return json.dumps({"message": {"content": text}, "done": False}).encode() + b"\n"


def event(text: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n"


@pytest.mark.parametrize("piece", ["가" * 100, "<b>" * 200_000], ids=["in pieces", "in one line"])
def test_a_runaway_answer_is_stopped_at_the_server_and_kept(tmp_path: Path, piece: str) -> None:
    gone: list[str] = []

    def play(connection: Connection) -> None:
        line = event(piece) if b"/v1/" in server.requests[-1][:40] else record(piece)
        connection.send(head("Content-Type: text/event-stream", "Connection: close"))
        try:
            connection.flood(line)
        except OSError:
            gone.append("hung up")
            raise

    with RawServer(play) as server:
        text = all_runs(tmp_path, server.url)[:2]
        # 4 MiB an answer; the rest are ComfyUI's lists of at most 32 MiB, in vain, too.
        assert server.sent < 250 * 1024 * 1024
    for run in text:
        assert (run.status, run.error_code) == (RunStatus.FAILED, "answer_too_long")
        assert run.output == (piece * (1 + MAX_ANSWER_CHARS // len(piece)))[:MAX_ANSWER_CHARS]
        assert run.error_details["limit"] == MAX_ANSWER_CHARS
    assert len(gone) >= 2
