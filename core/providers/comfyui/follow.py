"""Following a job by asking: queue and history are the truth, the websocket is a hint."""

import asyncio
import time
from contextlib import suppress
from typing import Any

from core.errors import ProviderError
from core.providers.comfyui.errors import failure, lost
from core.providers.comfyui.pace import Pace
from core.providers.comfyui.progress import JobWatch
from core.providers.comfyui.server import ComfyServer, Ended, Running, Sighting, Waiting
from core.providers.comfyui.socket import JobSocket


async def until_ended(
    server: ComfyServer, watch: JobWatch, socket: JobSocket, pace: Pace
) -> dict[str, Any]:
    """What history has of the job, once it has it. Tells `watch` what is seen meanwhile.

    Raises BrokenAnswer for a job that is nowhere twice, and ProviderError when the server
    cannot be asked for `pace.unreachable` seconds.
    """
    missed = False
    reached = time.monotonic()
    deaf = _Deafness(socket, pace)
    while True:
        try:
            sighting = await server.sight(watch.job_id)
        except ProviderError:
            if time.monotonic() - reached >= pace.unreachable:
                raise
            await _rest(watch, pace, pace.poll)
            continue
        reached = time.monotonic()
        if isinstance(sighting, Ended):
            return sighting.entry
        if sighting is None and missed:
            raise _gone(watch, server.address)
        missed = sighting is None
        _note(watch, sighting)
        deaf.check(isinstance(sighting, Running))
        await _rest(watch, pace, pace.vanished if missed else pace.poll)


class _Deafness:
    """Connects the websocket anew when a job runs and nothing is heard: it may be a ghost."""

    def __init__(self, socket: JobSocket, pace: Pace) -> None:
        self._socket = socket
        self._patience = pace.deaf
        self._running_since: float | None = None

    def check(self, running: bool) -> None:
        now = time.monotonic()
        if not running:
            self._running_since = None
            return
        self._running_since = self._running_since or now
        if now - max(self._running_since, self._socket.last_heard) > self._patience:
            self._patience *= 2  # a slow node is silent, too
            self._socket.reconnect()


def _note(watch: JobWatch, sighting: Sighting) -> None:
    match sighting:
        case Waiting(ahead):
            watch.waits(ahead)
        case Running():
            watch.runs()


def _gone(watch: JobWatch, address: str) -> ProviderError:
    """The websocket may have told why the job ended before history was cleared."""
    if watch.failure is not None:
        return failure(watch.failure, watch.titles, address)
    return lost(address)


async def _rest(watch: JobWatch, pace: Pace, seconds: float) -> None:
    """Wait, but not long once the end was announced."""
    watch.look.clear()
    if watch.ended:
        seconds = min(seconds, pace.settle)
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await watch.look.wait()
