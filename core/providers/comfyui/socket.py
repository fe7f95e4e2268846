"""The websocket of one job: a hint beside the polls, kept open and always drained."""

import asyncio
import base64
import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.protocol import State

from core.providers.comfyui.messages import SUPPORTS, Message, PreviewFrame, parse
from core.providers.http import is_loopback

MAX_FRAME_BYTES = 64 * 1024 * 1024
MAX_GREETING_BYTES = 1024 * 1024
OPEN_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 1.0
PING_EVERY_S = 20.0
PING_TIMEOUT_S = 60.0

log = logging.getLogger("playground.comfyui")


class JobSocket:
    """Connects as `client_id`, hands every frame to `receive`, and connects again when cut off.

    There is one a job and never two at once with the same `client_id`: when the older of two
    closes, the server forgets the newer, which then stays open and silent for ever. `receive`
    must not block. `last_heard` is when the last frame came (time.monotonic).
    """

    def __init__(
        self,
        base_url: httpx.URL,
        client_id: str,
        receive: Callable[[Message | PreviewFrame], None],
        *,
        authorization: str = "",
        retry_s: float,
    ) -> None:
        self.last_heard = time.monotonic()
        self.heard = asyncio.Event()
        self._url = _socket_url(base_url, client_id)
        self._proxy: Literal[True] | None = None if is_loopback(base_url.host) else True
        self._headers = {"Authorization": authorization} if authorization else {}
        self._receive = receive
        self._retry_s = retry_s
        self._connection: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._failed = asyncio.Event()

    async def open(self) -> bool:
        """Start; whether the server has said its first word. If not, it goes on trying."""
        self._task = asyncio.create_task(self._stay_connected())
        waiting = [asyncio.create_task(event.wait()) for event in (self.heard, self._failed)]
        try:
            await asyncio.wait(waiting, timeout=OPEN_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        return self.heard.is_set()

    def reconnect(self) -> None:
        """Close the connection, wholly, and then open another."""
        self.last_heard = time.monotonic()
        if self._connection is not None:
            log.info("websocket connected anew after a silence")
            self._closing = asyncio.create_task(self._connection.close())

    async def aclose(self) -> None:
        """Close for good."""
        tasks = [task for task in (self._task, self._closing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _stay_connected(self) -> None:
        while True:
            try:
                await self._listen()
            except (OSError, WebSocketException, ValueError, ImportError) as error:
                log.info("websocket not connected", extra={"error": type(error).__name__})
            self._failed.set()
            await asyncio.sleep(self._retry_s)

    async def _listen(self) -> None:
        """One connection from its opening to its end; wholly closed afterwards."""
        connection = await _ConnectHere(
            self._url,
            additional_headers=self._headers,
            proxy=self._proxy,
            compression=None,
            max_size=MAX_FRAME_BYTES,
            create_connection=_ShortGreeting,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=PING_EVERY_S,
            ping_timeout=PING_TIMEOUT_S,
        )
        self._connection = connection
        try:
            # Only the very first message of a connection can say this.
            await connection.send(json.dumps(SUPPORTS))
            async for frame in connection:
                self.last_heard = time.monotonic()
                self.heard.set()
                understood = parse(frame)
                if understood is not None:
                    self._receive(understood)
        finally:
            self._connection = None
            with suppress(OSError, WebSocketException):
                await connection.close()


class _ShortGreeting(ClientConnection):
    """A connection whose opening is short: the package itself reads gigabytes of a refusal."""

    _greeting = 0

    def data_received(self, data: bytes) -> None:
        """Take in `data`, cutting the connection off if it will not open."""
        if self.protocol.state is State.CONNECTING:
            self._greeting += len(data)
            if self._greeting > MAX_GREETING_BYTES:
                self.transport.abort()
                return
        super().data_received(data)


class _ConnectHere(connect):
    """Connects to the address that the settings name, wherever the server would send us.

    The websockets package itself follows redirects to any host, credentials and all.
    """

    def process_redirect(self, exc: Exception) -> Exception:
        """The refusal itself instead of another address."""
        return exc


def basic_authorization(url: httpx.URL) -> str:
    """The header value for the credentials in `url`, "" when it has none."""
    if not url.userinfo:
        return ""
    pair = f"{url.username}:{url.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def _socket_url(base_url: httpx.URL, client_id: str) -> str:
    scheme = "wss" if base_url.scheme == "https" else "ws"
    path = f"{base_url.path.rstrip('/')}/ws"
    return str(base_url.copy_with(scheme=scheme, path=path, params={"clientId": client_id}))
