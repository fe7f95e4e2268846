"""An OpenAI-compatible server on loopback that misbehaves on command.

It speaks HTTP over bare sockets, because half of what it must do a web framework rightly
refuses to do. A behaviour is a function that plays one answer; `fake.behaviour` is the one for
every chat request, `fake.next` holds those for the next requests. Not told otherwise the fake
echoes the last message, so that answers can be told apart.
"""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

MODEL = "fake-model"
TIMINGS = {"predicted_n": 4, "predicted_per_second": 84.5, "prompt_ms": 83.9, "prompt_n": 9}


@dataclass
class Seen:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def prompt(self) -> str:
        return self.json["messages"][-1]["content"]


@dataclass
class Exchange:
    """One request and the means to answer it, well or badly."""

    request: Seen
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    left: threading.Event
    keep_alive: bool = True

    async def respond(self, status: int, body: bytes, *, content_type: str, **headers: str) -> None:
        """A whole answer with its length; a header `Retry-After` is given as `Retry_After`."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        self._head(status, {"Content-Type": content_type, "Content-Length": len(body)} | more)
        await self.raw(body)

    async def open_stream(self) -> None:
        """Head of a chunked event stream; it promises keep-alive, as llama.cpp does."""
        kept = {"Transfer-Encoding": "chunked", "Keep-Alive": "timeout=5, max=100"}
        self._head(200, {"Content-Type": "text/event-stream", **kept})
        await self.writer.drain()

    async def piece(self, data: bytes) -> None:
        """`data` as one chunk of the stream."""
        try:
            await self.raw(b"%x\r\n%b\r\n" % (len(data), data))
        except ConnectionError:
            self.left.set()
            raise

    async def close_stream(self) -> None:
        """The proper end of a chunked body."""
        await self.raw(b"0\r\n\r\n")

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def until_left(self) -> None:
        """Wait, silent, until the client closes the connection."""
        with suppress(ConnectionError):
            await self.reader.read()
        self.left.set()
        self.keep_alive = False

    def _head(self, status: int, headers: dict[str, Any]) -> None:
        lines = [f"HTTP/1.1 {status} Some Reason", *(f"{k}: {v}" for k, v in headers.items())]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())


Behaviour = Callable[[Exchange], Awaitable[None]]


@dataclass
class FakeOpenAI:
    """The server; use it as a context manager.

    `disconnected` is set when a client leaves in the middle of an answer.
    """

    models: Any = field(default_factory=lambda: {"object": "list", "data": [{"id": MODEL}]})
    key: str = ""
    requests: list[Seen] = field(default_factory=list)
    next: deque[Behaviour] = field(default_factory=deque)
    disconnected: threading.Event = field(default_factory=threading.Event)
    connections: int = 0

    def __post_init__(self) -> None:
        self.behaviour: Behaviour = echoes()
        self.listing: Behaviour | None = None
        self.base_url = ""

    @property
    def chats(self) -> list[Seen]:
        """The chat requests seen so far."""
        return [seen for seen in self.requests if seen.path.endswith("/chat/completions")]

    def __enter__(self) -> Self:
        started = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run(started)), name="fake openai", daemon=True
        )
        self._thread.start()
        started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _run(self, started: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        started.set()
        await self._stop.wait()
        server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        try:
            while (request := await _read_request(reader)) is not None:
                self.requests.append(request)
                exchange = Exchange(request, reader, writer, self.disconnected)
                await self._behaviour(request)(exchange)
                if not exchange.keep_alive:
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            writer.close()

    def _behaviour(self, request: Seen) -> Behaviour:
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return refuses(401, openai_error("Invalid API Key", type="authentication_error"))
        if request.path == "/v1/models":
            return self.listing or refuses(200, self.models)
        if request.path == "/v1/chat/completions" and request.method == "POST":
            return self.next.popleft() if self.next else self.behaviour
        return refuses(404, openai_error("File Not Found", type="not_found_error", code=404))


def openai_error(message: str, **fields: Any) -> dict[str, Any]:
    """An error body in OpenAI's shape."""
    return {"error": {"message": message, **fields}}


def chunk(delta: dict[str, Any] | None = None, *, finish: str | None = None, **more: Any) -> dict:
    """One chunk of an answer; without a delta one that has no choices."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"object": "chat.completion.chunk", "model": MODEL, "choices": choices} | more


def event(data: Any) -> bytes:
    """`data` as one server-sent event."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return f"data: {text}\n\n".encode()


def tells(
    *pieces: str,
    thinking: Iterable[str] = (),
    finish: str | None = "stop",
    done: bool = True,
    usage: dict[str, int] | None = None,
    timings: dict[str, Any] | None = None,
    model: str = MODEL,
) -> list[bytes]:
    """The events of one answer, as llama.cpp and vLLM send them."""
    chunks = [chunk({"role": "assistant", "content": None})]
    chunks += [chunk({"reasoning_content": piece, "content": None}) for piece in thinking]
    chunks += [chunk({"content": piece}) for piece in pieces]
    if finish is not None:
        chunks.append(chunk({}, finish=finish))
        usage = usage or {"prompt_tokens": 33, "completion_tokens": len(pieces), "total_tokens": 0}
        chunks.append(chunk(usage=usage) | ({"timings": timings} if timings else {}))
    events = [event(item | {"model": model}) for item in chunks]
    return [*events, event("[DONE]")] if done else events


def sends(events: Iterable[bytes], *, then: Behaviour | None = None) -> Behaviour:
    """Sends `events`, then does `then` (default: ends the stream properly)."""

    async def behave(exchange: Exchange) -> None:
        await exchange.open_stream()
        for data in events:
            await exchange.piece(data)
        await (then or Exchange.close_stream)(exchange)

    return behave


def splits(events: Iterable[bytes], size: int) -> Behaviour:
    """Sends `events` in portions of `size` bytes that care for no border of any kind."""
    whole = b"".join(events)
    return sends(whole[start : start + size] for start in range(0, len(whole), size))


def echoes() -> Behaviour:
    """Sends the last message back, a word at a time, giving way to others in between."""

    async def behave(exchange: Exchange) -> None:
        words = [f"{word} " for word in exchange.request.prompt.split()]
        await exchange.open_stream()
        for data in tells(*words, model=exchange.request.json["model"]):
            await exchange.piece(data)
            await asyncio.sleep(0)
        await exchange.close_stream()

    return behave


def refuses(
    status: int, body: Any = b"", *, content_type: str = "application/json", **headers: str
) -> Behaviour:
    """A whole answer: `body` as JSON, or the bytes given."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def behave(exchange: Exchange) -> None:
        await exchange.respond(status, data, content_type=content_type, **headers)

    return behave


async def breaks_off(exchange: Exchange) -> None:
    """Closes the connection in the middle of the body."""
    exchange.keep_alive = False


async def stalls(exchange: Exchange) -> None:
    """Says nothing more until the client leaves."""
    await exchange.until_left()


def forgets_keep_alive(behaviour: Behaviour) -> Behaviour:
    """Answers, promises to keep the connection, and drops the next request on it: llama.cpp."""

    async def behave(exchange: Exchange) -> None:
        await behaviour(exchange)
        await _read_request(exchange.reader)
        exchange.keep_alive = False

    return behave


async def _read_request(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except asyncio.IncompleteReadError as end:
        if not end.partial:
            return None
        raise
    method, path, _ = head[0].split(" ")
    headers = {
        name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Seen(method, path, headers, body)
