"""The drawing of all pictures of a run, a short slice at a time on another thread."""

import asyncio
import math
from collections.abc import Iterator, Sequence

from core.providers.mock_media.png import ROWS_BYTES
from core.providers.mock_media.poster import Poster


class Work:
    """What is left to draw. Between two slices the event loop is free and a run can be stopped."""

    def __init__(self, posters: Sequence[Poster]) -> None:
        self.pictures: list[bytes] = []
        self._expected = sum(_slices_of(poster) for poster in posters)
        self._slices = _all_slices(posters)
        self._done = 0
        self._left = bool(posters)

    @property
    def share(self) -> float:
        """How much is done, about; 1 is said only when nothing is left."""
        return min(0.99, self._done / self._expected) if self._left else 1.0

    async def advance(self) -> bool:
        """Do one slice. Whether more may be left."""
        if self._left:
            picture = await asyncio.to_thread(next, self._slices, _END)
            self._done += 1
            if picture is _END:
                self._left = False
            elif isinstance(picture, bytes):
                self.pictures.append(picture)
        return self._left


_END = object()


def _all_slices(posters: Sequence[Poster]) -> Iterator[bytes | None]:
    for poster in posters:
        yield from poster.slices()


def _slices_of(poster: Poster) -> int:
    width, height = poster.frame.size
    return 6 + math.ceil(height * width * 3 / ROWS_BYTES)
