"""Runs an ASGI app on a free port of loopback, in a thread of its own."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Self

import uvicorn
from starlette.types import ASGIApp, Receive
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

WAIT_S = 10.0


class LoopbackServer:
    """`with LoopbackServer(app) as server: server.url`; leaving it ends every connection."""

    def __init__(self, app: ASGIApp, *, port: int = 0, websockets: bool = False) -> None:
        self._socket = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = _Server(
            uvicorn.Config(
                app,
                http="h11",
                ws="websockets-sansio" if websockets else "none",
                ws_ping_interval=None,
                lifespan="off",
                log_config=None,
                log_level=logging.CRITICAL + 1,
                access_log=False,
                timeout_keep_alive=60,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="fake server", daemon=True
        )

    def __enter__(self) -> Self:
        # The socket listens already: whoever connects now is served when the loop runs.
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.leave()
        self._thread.join(WAIT_S)
        self._socket.close()

    def drop_websockets(self) -> None:
        """Cut every websocket without a word; HTTP connections stay."""

        def drop() -> None:
            for connection in list(self._server.server_state.connections):
                if isinstance(connection, WebSocketsSansIOProtocol):
                    connection.transport.abort()

        self.call(drop)

    def call(self, function: Callable[[], object]) -> None:
        """Have the server's loop call `function`, soon; from any thread."""
        assert self._server.up.wait(WAIT_S), "the server did not come up"
        assert self._server.loop is not None
        self._server.loop.call_soon_threadsafe(function)


class _Server(uvicorn.Server):
    """uvicorn without its tenths of a second: tests start and end hundreds of these."""

    loop: asyncio.AbstractEventLoop | None = None

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    def leave(self) -> None:
        """End the server, from any thread."""
        self.should_exit = True
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self._leaving.set)

    async def main_loop(self) -> None:
        self._leaving = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.up.set()
        if not self.should_exit:
            await self._leaving.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Python 3.11 leaks a connection whose server is closed while it is being accepted: take
        # no more of them, let those go through, and only then close.
        for server in self.servers:
            for listening in server.sockets:
                asyncio.get_running_loop().remove_reader(listening)
        for _ in range(5):
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


class Watched:
    """Something a test waits on while a server's thread changes it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()

    def changed(self) -> None:
        """Tell those who wait to look again."""
        with self._changed:
            self._changed.notify_all()

    def wait_until(self, promise: Callable[[], object], timeout_s: float = WAIT_S) -> None:
        """Block until `promise()` is true. Raises AssertionError when that does not happen."""
        end = time.monotonic() + timeout_s
        with self._changed:
            while not promise():
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"did not happen within {timeout_s:g} s")
                self._changed.wait(min(left, 0.05))

    async def until(self, promise: Callable[[], object], timeout_s: float = WAIT_S) -> None:
        """`wait_until` for a test that runs on a loop."""
        await asyncio.to_thread(self.wait_until, promise, timeout_s)


def break_connection(receive: Receive) -> None:
    """End the TCP connection of the request that `receive` belongs to, after what was sent."""
    receive.__self__.transport.close()  # type: ignore[attr-defined]  (uvicorn's own cycle)
