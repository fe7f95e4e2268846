"""What the tests of hostile input share: raw sockets that say anything, a canary, hostile texts."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Self

from hypothesis import strategies as st

LISTEN_S = 0.1

# Markup, links, control characters: what a hostile model or server would love to see drawn.
ESC, NUL = "\x1b", "\x00"
RIGHT_TO_LEFT = "\u202e"
ZALGO = "커" + "\u0301\u0302\u0308\u0323" * 40 + "피"


def hostile_text(canary: str) -> str:
    """Everything at once; `canary` is the address of a server that nobody may ask."""
    return "\n".join(
        (
            f"<script>fetch('{canary}/script')</script>",
            f"<img src='{canary}/img' onerror=\"fetch('{canary}/onerror')\">",
            f"<iframe src='{canary}/iframe'></iframe><svg onload=\"fetch('{canary}/svg')\">",
            f"<link rel=stylesheet href='{canary}/css'><style>@import '{canary}/import'</style>",
            f"![picture]({canary}/markdown-picture)",
            f"[link]({canary}/markdown-link) <{canary}/auto-link> {canary}/bare",
            "[press](javascript:document.title='owned')",
            f"| a | b |\n|---|---|\n| ![x]({canary}/table) | $\\href{{{canary}/latex}}{{x}}$ |",
            "# HEADING :red[coloured] :material/delete: :small[tiny] $$\\frac{1}{0}$$",
            f"{ESC}[31mred{ESC}[0m{ESC}]0;title\x07 \x08\x0b\x0c",
            f"{RIGHT_TO_LEFT}turned round\u2066\u2067 never ended",
            f"zero\u200bwidth\u200djoined\ufeff {ZALGO}",
            "---\n```\n<b>fence</b>",
        )
    )


class RawServer:
    """A server on loopback over bare sockets: `play(connection)` answers each request.

    `requests` holds the heads that came, `sent` counts bytes that went out. `play` runs in a
    thread of its own and ends when the client has gone.
    """

    def __init__(self, play: "Callable[[Connection], None]") -> None:
        self._play = play
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._socket.settimeout(LISTEN_S)
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.requests: list[bytes] = []
        self.connections = 0
        self.sent = 0

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(5)
        self._socket.close()

    @property
    def paths(self) -> list[str]:
        """The paths asked for so far."""
        return [head.split(b" ")[1].decode() for head in self.requests if b" " in head]

    def _start(self, work: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._socket.accept()
                self.connections += 1
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(65536)
                if not piece:
                    return
                head += piece
            self.requests.append(head)
            self._play(Connection(self, connection, self._over))


class Connection:
    """One client of a RawServer."""

    def __init__(self, server: RawServer, raw: socket.socket, over: threading.Event) -> None:
        self._server, self._raw, self._over = server, raw, over

    def send(self, data: bytes) -> None:
        """Send `data`. Raises OSError once the client has gone."""
        self._raw.sendall(data)
        self._server.sent += len(data)

    def flood(self, piece: bytes) -> None:
        """Send `piece` for ever."""
        while not self._over.is_set():
            self.send(piece)

    def drip(self, data: bytes, *, every: float = 0.05) -> None:
        """Send `data` byte by byte."""
        for number in data:
            if self._over.is_set():
                return
            self.send(bytes([number]))
            time.sleep(every)


def canary() -> RawServer:
    """A server that must never be asked anything; `connections` tells whether it was."""
    return RawServer(lambda connection: connection.send(b"HTTP/1.1 204 No Content\r\n\r\n"))


def answer(body: bytes, *headers: str, status: str = "200 OK", mime: str = "application/json"):
    """A whole HTTP answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Type: {mime}", f"Content-Length: {len(body)}"]
    return "\r\n".join((*head, *headers, "", "")).encode() + body


numbers = st.one_of(
    st.integers(-(2**70), 2**70),
    st.sampled_from([10**400, -(10**400), 2**63, 2**53, True, 0]),
    st.floats(),
)
words = st.one_of(
    st.text(st.characters(codec=None), max_size=30),  # half characters too
    st.sampled_from(["", "\x00", "\ud800", "가" * 200, "<b>", "\u202e", "../../etc/passwd"]),
)
junk = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(words | st.just("x"), inner, max_size=4)
    ),
    max_leaves=8,
)


def pieces(body: bytes, cuts: list[int]) -> list[bytes]:
    """`body` cut at odd places."""
    places = sorted({cut % (len(body) + 1) for cut in cuts})
    edges = [0, *places, len(body)]
    return [body[start:end] for start, end in pairwise(edges)]
