"""What the process needs once, whichever server runs it: a readable refusal to start, words on
the console, a fast socket, and an end that keeps what runs.
"""

import gc
import logging
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import __version__
from core.errors import PlaygroundError, SettingsError
from core.logs import set_up as set_up_logs
from core.settings import LegacySettingWarning, Settings, load_settings

log = logging.getLogger("playground.server")
YOUNG_OBJECTS = 10_000
TURN_S = 0.001


class ReadableRefusal:
    """ASGI middleware: when the start is refused, the log shows its reason, not a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; put the reason into the message of a start that failed."""
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return

        async def explaining_send(message: Message) -> None:
            # Starlette sends from within its `except`, with the traceback as the message.
            error = sys.exception()
            if message["type"] == "lifespan.startup.failed" and isinstance(error, PlaygroundError):
                message = {**message, "message": f"The playground cannot start.\n{error.message}"}
            await send(message)

        await self.app(scope, receive, explaining_send)


def talk_on_the_console() -> None:
    """Everything that is logged in this process goes to stderr, one event a line."""
    set_up_logs(_settings_of_logs())
    log.info("playground starting", extra={"version": __version__, "pid": os.getpid()})


def _settings_of_logs() -> Settings:
    """The settings in force; the defaults where they are wrong, for which the start is refused in
    a moment.
    """
    with warnings.catch_warnings():  # of old names is warned when services are built
        warnings.simplefilter("ignore", LegacySettingWarning)
        try:
            return load_settings()
        except SettingsError:
            return Settings()


def settle_memory() -> None:
    """Keep what the start has loaded out of later garbage collections: it stays anyway.

    And collect young objects less often: a request makes thousands that die by themselves.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)


def take_short_turns() -> None:
    """Have a thread that computes let others have the interpreter after a millisecond, not five.

    The event loop waits for its turn after each message it sends, behind the thread of every
    session that draws its page: with thirty people the slowest answers come twice as soon.
    """
    sys.setswitchinterval(TURN_S)


def send_without_delay() -> int:
    """Switch Nagle's algorithm off on the sockets this process listens on; how many those are.

    `streamlit run` binds its socket itself, in a way that keeps asyncio from doing this: each
    answer on a connection that is kept open then waits 40 ms for the client's delayed ACK.
    Accepted connections inherit the option.
    """
    listening = listening_sockets()
    for listener in listening:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return len(listening)


def listening_sockets() -> list[socket.socket]:
    """The TCP sockets that this process listens on, or has bound to."""
    # The server keeps its socket in a local variable: only the collector knows of it.
    sockets = [item for item in gc.get_objects() if issubclass(type(item), socket.socket)]
    return [item for item in sockets if _listens(item)]


def _listens(candidate: socket.socket) -> bool:
    """Whether it is a TCP socket that is bound and not connected (not every system knows
    SO_ACCEPTCONN)."""
    if candidate.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    if candidate.type != socket.SOCK_STREAM:
        return False
    try:
        if candidate.getsockname()[1] == 0:
            return False
    except OSError:  # closed
        return False
    try:
        candidate.getpeername()
    except OSError:
        return True
    return False


@contextmanager
def closing_early(close: Callable[[], None]) -> Generator[None, None, None]:
    """Call `close` when the process is told to end, before the server waits for its clients.

    A server waits for open responses before it ends the lifespan, and a stream stays open
    as long as its run: so the runs must be ended first. `close` runs in a thread of its own.
    Without effect outside the main thread, which alone gets signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    closer = threading.Thread(target=close, name="close-early")
    present = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    before = {number: handler for number, handler in present.items() if callable(handler)}

    def on_signal(number: int, frame: FrameType | None) -> None:
        if closer.ident is None:
            closer.start()
        before[signal.Signals(number)](number, frame)

    for number in before:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if closer.ident is not None:
            closer.join()
