"""A zoo of servers that answer every request badly, each in a way of its own.

    async with listening(ZOO["drips"].answer) as url:
        …

They run on the loop of the test, over bare sockets: a web framework would refuse most of it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import repeat

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Bad:
    """A bad server, and the code that its health check gives (any of them)."""

    answer: Answer
    codes: tuple[str, ...]


@asynccontextmanager
async def listening(answer: Answer, *, reads: bool = True) -> AsyncIterator[str]:
    """A server on loopback that gives `answer` once it has read a request; its address."""
    open_now: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_now.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                if reads:
                    await reader.readuntil(b"\r\n\r\n")
                await answer(reader, writer)
        finally:
            open_now.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in open_now:
            task.cancel()
        await asyncio.gather(*open_now, return_exceptions=True)


def says(
    status: int, body: bytes = b"", *, kind: str = "application/json", head: str = ""
) -> Answer:
    """A whole answer; the connection is closed behind it."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            f"HTTP/1.1 {status} Some Reason\r\nContent-Type: {kind}\r\n{head}"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    return answer


def sends(pieces: Iterable[bytes], *, pause_s: float = 0.0, then_waits: bool = False) -> Answer:
    """These bytes as they are, one after the other, and then the end, or silence."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)
        if then_waits:
            await reader.read()
        writer.close()
        await writer.wait_closed()

    return answer


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LONG = HEAD + b"Content-Length: 1000\r\n\r\n"
PAGE = b"<!doctype html><html><head><title>Router &amp; more</title></head><body>Hi</body></html>"

TIMEOUT = ("provider_timeout",)
NO_API = ("wrong_api", "broken_answer")
GONE = ("provider_unavailable",)

ZOO: dict[str, Bad] = {
    "is silent": Bad(sends([], then_waits=True), TIMEOUT),
    "is silent after the head": Bad(sends([HEAD], then_waits=True), TIMEOUT),
    "is silent in the body": Bad(sends([LONG, b'{"vers'], then_waits=True), TIMEOUT),
    "drips the head": Bad(sends(repeat(b"X-Y: z\r\n"), pause_s=0.05), TIMEOUT + GONE),
    "drips the body": Bad(sends([CHUNKED, *[b"1\r\n \r\n"] * 1000], pause_s=0.05), TIMEOUT),
    "drips with its first bytes": Bad(
        sends([HEAD[at : at + 1] for at in range(len(HEAD))], pause_s=0.2), TIMEOUT
    ),
    "never ends its body": Bad(
        sends([CHUNKED, *[b"8000\r\n" + b" " * 0x8000 + b"\r\n"] * 100_000]),
        (*NO_API, "provider_rejected", *TIMEOUT),
    ),
    "never ends its head": Bad(sends(repeat(b"X" * 60_000)), TIMEOUT + GONE),
    "says continue for ever": Bad(
        sends(repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), pause_s=0.01), TIMEOUT + GONE
    ),
    "answers with a web page": Bad(says(200, PAGE, kind="text/html"), ("web_page",)),
    "answers with a web page as JSON": Bad(says(200, PAGE), ("web_page",)),
    "answers with nothing": Bad(says(200), NO_API),
    "answers with half of JSON": Bad(says(200, b'{"models": [{"na'), NO_API),
    "answers with text": Bad(says(200, b"Hello", kind="text/plain"), NO_API),
    "answers with a list": Bad(says(200, b"[[1], null]"), (*NO_API, "no_models")),
    "answers with a number": Bad(says(200, b"7"), NO_API),
    "answers with null": Bad(says(200, b"null"), NO_API),
    "answers with other JSON": Bad(
        says(200, b'{"version": 5, "models": 7, "data": 3, "system": [], "exec_info": 1}'), NO_API
    ),
    "answers with JSON that is very deep": Bad(says(200, b'{"a":' * 100_000), NO_API),
    "answers with bytes": Bad(says(200, bytes(range(256))), NO_API),
    "answers with half characters": Bad(
        says(500, rb'{"error": "\ud800 \udfff"}'), ("provider_error",)
    ),
    "says that it is packed and is not": Bad(
        says(200, b"not gzip", head="Content-Encoding: gzip\r\n"),
        GONE + NO_API + ("provider_error",),
    ),
    "redirects": Bad(
        says(302, head="Location: http://mina:geheim@elsewhere.test/?key=1\r\n"), ("redirected",)
    ),
    "redirects nowhere": Bad(says(307), ("redirected",)),
    "wants a key": Bad(says(401, b'{"error": "no key"}'), ("provider_unauthorized",)),
    "wants a key with a page": Bad(says(401, PAGE, kind="text/html"), ("provider_unauthorized",)),
    "forbids": Bad(says(403), ("provider_rejected", "provider_unauthorized")),
    "knows no such path": Bad(says(404, b"404 page not found", kind="text/plain"), NO_API),
    "allows no GET": Bad(says(405), NO_API),
    "refuses": Bad(says(400, b'{"error": "no"}'), ("provider_rejected",)),
    "has had enough": Bad(says(429, b'{"error": "slow down"}'), ("provider_overloaded",)),
    "fails": Bad(says(500, b'{"error": "boom"}'), ("provider_error",)),
    "misses a model where none was named": Bad(
        says(404, b'{"error": "model \'x\' not found"}'), (*NO_API, "provider_error")
    ),
    "fails as for a prompt": Bad(
        says(500, b'{"error": {"message": "it is too long", "type": "exceed_context_size_error"}}'),
        ("provider_error",),
    ),
    "fails without a word": Bad(says(500), ("provider_error",)),
    "is a proxy whose server is away": Bad(says(502, PAGE, kind="text/html"), ("proxy_answer",)),
    "is a proxy that is slow": Bad(says(504), ("proxy_answer",)),
    "is busy": Bad(says(503, b'{"error": "busy"}'), ("provider_overloaded",)),
    "closes at once": Bad(sends([]), GONE),
    "closes in the head": Bad(sends([HEAD]), GONE),
    "closes in the body": Bad(sends([LONG, b'{"version'], pause_s=0.01), (*GONE, "broken_answer")),
    "speaks another protocol": Bad(sends([b"SSH-2.0-OpenSSH_9.2\r\n"]), GONE),
    "speaks TLS": Bad(sends([b"\x15\x03\x03\x00\x02\x02\x46"]), GONE),
    "counts wrongly": Bad(
        sends([HEAD + b"Content-Length: -5\r\n\r\n{}"]), (*GONE, *NO_API, "provider_error")
    ),
}
