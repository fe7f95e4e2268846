"""A server that streams 200 tokens, in a process of its own so that it shares no lock with us.

It speaks both protocols, `POST /v1/chat/completions` (SSE) and `POST /api/chat` (NDJSON), one
write a token, over bare sockets: what is measured should be the reader. The model's name says
how long it pauses between tokens.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TOKENS = 200
TOKEN = "담백한 "
ROOT = Path(__file__).parents[2]
STOP_LIMIT_S = 10


def model(pause_ms: float) -> str:
    """The model that pauses so long before each token."""
    return f"pause-{pause_ms:g}"


@contextmanager
def stream_server() -> Iterator[str]:
    """The server's address, without a path."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait(STOP_LIMIT_S)
        process.stdout.close()


def _sse() -> list[bytes]:
    choices = [{"delta": {"content": TOKEN}}] * TOKENS + [{"delta": {}, "finish_reason": "stop"}]
    chunks = [{"model": "m", "choices": [{"index": 0, **choice}]} for choice in choices]
    usage = {"prompt_tokens": 30, "completion_tokens": TOKENS, "total_tokens": 30 + TOKENS}
    chunks.append({"model": "m", "choices": [], "usage": usage})
    lines = [json.dumps(chunk, ensure_ascii=False) for chunk in chunks]
    return [f"data: {line}\n\n".encode() for line in (*lines, "[DONE]")]


def _ndjson() -> list[bytes]:
    stamp = {"model": "m", "created_at": "2026-11-23T02:17:20.123456Z"}
    records = [stamp | {"message": {"role": "assistant", "content": TOKEN}, "done": False}] * TOKENS
    last = {"done": True, "done_reason": "stop", "prompt_eval_count": 30, "eval_count": TOKENS}
    records.append(stamp | {"message": {"role": "assistant", "content": ""}} | last)
    return [f"{json.dumps(record, ensure_ascii=False)}\n".encode() for record in records]


_ANSWERS = {
    "/v1/chat/completions": ("text/event-stream", _sse()),
    "/api/chat": ("application/x-ndjson", _ndjson()),
}


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            path, asked = await _request(reader)
            await _answer(writer, path, pause_s=float(asked["model"].split("-")[1]) / 1000)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = head.partition("content-length: ")[2].partition("\r\n")[0]
    return head.split(" ")[1], json.loads(await reader.readexactly(int(length)))


async def _answer(writer: asyncio.StreamWriter, path: str, *, pause_s: float) -> None:
    content_type, pieces = _ANSWERS[path]
    writer.write(
        f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n".encode()
    )
    loop = asyncio.get_running_loop()
    began = loop.time()
    for index, piece in enumerate(pieces, 1):
        if pause_s and index <= TOKENS:
            await asyncio.sleep(began + index * pause_s - loop.time())
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        await writer.drain()
    writer.write(b"0\r\n\r\n")


async def _main() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
