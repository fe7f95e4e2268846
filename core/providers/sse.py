"""Server-Sent Events as the WHATWG standard has them, from bytes in any portions."""

from collections.abc import AsyncGenerator, Iterator

import httpx

from core.errors import BrokenAnswer
from core.providers.http import MAX_LINE_BYTES
from core.providers.patience import Trickle

_BOM = b"\xef\xbb\xbf"


class EventParser:
    r"""Bytes in, the data of each whole event out.

    Lines end with \n, \r\n or \r and with nothing else; comments and fields other than `data`
    are skipped; an event that the end of the stream cuts off is never handed out.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._first = True
        self._after_cr = False

    @property
    def held(self) -> int:
        """Bytes kept of an event that is not yet whole."""
        return len(self._line) + self._data_bytes

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The data of each event that `chunk` makes whole, decoded as UTF-8."""
        if not chunk:  # an empty portion ends no line: what follows a CR is still to come
            return
        if self._after_cr:
            chunk = chunk.removeprefix(b"\n")
        self._after_cr = chunk.endswith(b"\r")
        for line in chunk.splitlines(keepends=True):
            self._line += line
            if line.endswith((b"\n", b"\r")):
                whole = bytes(self._line).rstrip(b"\r\n")
                self._line.clear()
                yield from self._take(whole)

    def _take(self, line: bytes) -> Iterator[str]:
        if self._first:
            line, self._first = line.removeprefix(_BOM), False
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
            self._data_bytes += len(value) + 1
        elif not line and self._data:
            data = b"\n".join(self._data).decode("utf-8", "replace")
            self._data, self._data_bytes = [], 0
            yield data


async def read_events(
    response: httpx.Response, *, provider: str, max_bytes: int = MAX_LINE_BYTES
) -> AsyncGenerator[str, None]:
    """The data of each event of the body.

    Raises BrokenAnswer for an event of more than `max_bytes`, httpx.ReadTimeout for a line that
    trickles in for longer than the server may be silent, and whatever else httpx raises.
    """
    parser = EventParser()
    pace = Trickle(response)
    async for chunk in response.aiter_bytes():
        for data in parser.feed(chunk):
            yield data
        pace.note(whole=b"\n" in chunk or b"\r" in chunk)
        if parser.held > max_bytes:
            raise BrokenAnswer(
                f"{provider} sent one event of more than {max_bytes // 1024} KiB. "
                "Check that the address is the right server's.",
                provider=provider,
                status=response.status_code,
            )
