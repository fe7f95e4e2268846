"""A small HTTP load: clients on connections kept open, each asking again once it is answered.

Bare protocols instead of a client library, so that the load costs less than what it measures.
"""

import asyncio
import time
from urllib.parse import urlsplit


async def requests_per_second(url: str, message: bytes, *, clients: int, seconds: float) -> float:
    """Answers a second to `message`, which `clients` send to the host of `url` over and over."""
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    until = began + seconds
    opened = [
        await loop.create_connection(lambda: _Client(message, until), parts.hostname, parts.port)
        for _ in range(clients)
    ]
    async with asyncio.timeout(seconds + 30):
        answers = await asyncio.gather(*(client.finished for _, client in opened))
    return sum(answers) / (time.perf_counter() - began)


def get(path: str) -> bytes:
    """A GET request as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def post(path: str, body: bytes) -> bytes:
    """A POST of JSON as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Client(asyncio.Protocol):
    """One connection; `finished` is how many answers came, an error for one that is not 200."""

    def __init__(self, message: bytes, until: float) -> None:
        self._message = message
        self._until = until
        self._answers = 0
        self._received = b""
        self.finished: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.write(self._message)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._finish(RuntimeError(self._received.decode("utf-8", "replace")[:500]))
            return
        self._answers += 1
        self._received = b""
        if time.perf_counter() < self._until:
            self._transport.write(self._message)
        else:
            self._finish(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(exc or ConnectionError("the server closed the connection"))

    def _finish(self, error: Exception | None) -> None:
        if self.finished.done():
            return
        if error is None:
            self.finished.set_result(self._answers)
        else:
            self.finished.set_exception(error)
        self._transport.close()


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
