"""How long a server is waited for that says a little now and then, and how much it may say."""

import asyncio
import time
from typing import Any

import httpx

LEAST_PER_SECOND = 64 * 1024
IDLE_TIMEOUT = "idle_timeout"


class PatientClient(httpx.AsyncClient):
    """A client that waits for the head of an answer as long as for each piece of its body.

    httpx counts silence byte by byte, so a head that trickles in would be waited for for ever.
    Nothing is decompressed: whoever reads an answer counts its bytes.
    """

    async def send(
        self, request: httpx.Request, *, stream: bool = False, **options: Any
    ) -> httpx.Response:
        """Send `request`. Raises what httpx raises."""
        idle_timeout = request.extensions.get("timeout", {}).get("read") or float("inf")
        try:
            async with asyncio.timeout(None) as limit:

                async def note(event: str, _: object) -> None:
                    if event.endswith("receive_response_headers.started"):
                        limit.reschedule(asyncio.get_running_loop().time() + idle_timeout)

                request.extensions = {**request.extensions, "trace": note}
                response = await super().send(request, stream=stream, **options)
        except TimeoutError as error:
            raise httpx.ReadTimeout("the head came too slowly", request=request) from error
        if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            await response.aclose()
            raise CompressedAnswer("the answer is compressed", request=request)
        response.extensions[IDLE_TIMEOUT] = idle_timeout
        return response


class CompressedAnswer(httpx.DecodingError):
    """The server compresses although it was asked not to: a few bytes could become gigabytes."""


def _patience(response: httpx.Response) -> float:
    """The longest silence allowed to the server that `response` is from, in seconds."""
    return response.extensions.get(IDLE_TIMEOUT, float("inf"))


class Trickle:
    """Tells a record that comes byte by byte, for ever, from one that is merely large.

    Bytes alone are no sign of life: each whole record has to come within the longest silence
    that is allowed.
    """

    def __init__(self, response: httpx.Response) -> None:
        self._patience = _patience(response)
        self._began = time.monotonic()

    def note(self, *, whole: bool) -> None:
        """Bytes came, a record's end (`whole`) among them. Raises httpx.ReadTimeout."""
        now = time.monotonic()
        if whole:
            self._began = now
        elif now - self._began > self._patience:
            raise httpx.ReadTimeout("a record came too slowly")


class Slowness:
    """Tells a body that comes at less than `LEAST_PER_SECOND` bytes from one that is large."""

    def __init__(self, response: httpx.Response) -> None:
        self._patience = _patience(response)
        self._began = time.monotonic()

    def note(self, received: int) -> None:
        """So many bytes have come in all. Raises httpx.ReadTimeout."""
        if time.monotonic() - self._began > self._patience + received / LEAST_PER_SECOND:
            raise httpx.ReadTimeout("the answer came too slowly")
