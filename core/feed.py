"""What a run shows while it is under way, for any number of readers from any position.

A feed holds the state of one run, not a list of events: readers say how much they have seen
and get what is new, joined. So a slow reader costs nothing, a reader may come late or come
back, and the same position works on the finished row. Written by the runner, read anywhere.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

from core.draft import Draft
from core.errors import InvalidRequest, PlaygroundError
from core.media import Preview
from core.run import (
    Progress,
    Run,
    RunView,
)
from core.types import (
    Frozen,
    Phase,
)

START = "0.0"


class PhaseEvent(Frozen):
    """The run does something else now; `ahead` runs are served first while it is queued."""

    kind: Literal["phase"] = "phase"
    cursor: str
    phase: Phase
    ahead: int = 0


class ThinkingEvent(Frozen):
    """More of what the model thinks."""

    kind: Literal["thinking"] = "thinking"
    cursor: str
    text: str


class TextEvent(Frozen):
    """More of the answer."""

    kind: Literal["text"] = "text"
    cursor: str
    text: str


class ProgressEvent(Frozen):
    """How far a picture is: step `value` of `maximum` in `node`."""

    kind: Literal["progress"] = "progress"
    cursor: str
    value: float
    maximum: float
    node: str


class PreviewEvent(Frozen):
    """There is a newer preview of the picture; `number` counts them."""

    kind: Literal["preview"] = "preview"
    cursor: str
    number: int


class EndEvent(Frozen):
    """The run is final; nothing follows."""

    kind: Literal["end"] = "end"
    cursor: str
    run: Run


FeedEvent = PhaseEvent | ProgressEvent | PreviewEvent | ThinkingEvent | TextEvent | EndEvent


class Position(NamedTuple):
    """How far a reader has come: characters of thinking and of text seen."""

    thinking: int
    text: int

    @property
    def cursor(self) -> str:
        """The position as text, for an address or an event's id."""
        return f"{self.thinking}.{self.text}"

    @classmethod
    def parse(cls, cursor: str) -> "Position":
        """The position a cursor stands for. Raises InvalidRequest for anything else."""
        thinking, _, text = cursor.partition(".")
        if not (_is_count(thinking) and _is_count(text)):
            raise InvalidRequest(
                f"The cursor {cursor[:40]!r} is not one this playground gave. Start from {START}."
            )
        return cls(int(thinking), int(text))


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12


class Feed:
    """The live state of one run. All methods may be called from any thread."""

    def __init__(self, run: Run, *, live: bool = True) -> None:
        """A feed of `run`; not `live` means that nothing more will be shown here."""
        self._changed = threading.Condition()
        self._watchers: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._readers = 0
        self._version = 0
        self._run = run
        self._phase = Phase.QUEUED
        self._ahead = 0
        self._progress: Progress | None = None
        self._preview: Preview | None = None
        self._previews = 0
        self._final = not live or run.status.is_final
        self._left: PlaygroundError | None = None

    @property
    def view(self) -> RunView:
        """The run with all that may be shown of it, and what it is doing."""
        with self._changed:
            return RunView(
                run=self._run,
                phase=self._phase,
                ahead=self._ahead,
                progress=self._progress,
                previews=self._previews,
            )

    @property
    def preview(self) -> Preview | None:
        """The newest preview of the picture."""
        return self._preview

    @property
    def readers(self) -> int:
        """How many follow it right now."""
        return self._readers

    def show(self, run: Run) -> None:
        """Let readers see `run`, a newer state of the same run."""
        with self._changed:
            self._run = run
            self._final = run.status.is_final
            self._notify()

    def leave(self, error: PlaygroundError) -> None:
        """Nothing more will be shown here although the run is not final; readers get `error`."""
        with self._changed:
            self._left = error
            self._notify()

    def set_phase(self, phase: Phase, ahead: int = 0) -> None:
        """Say what the run is doing now."""
        with self._changed:
            if (phase, ahead) != (self._phase, self._ahead):
                self._phase, self._ahead = phase, ahead
                self._notify()

    def show_state(self, draft: Draft) -> None:
        """Let readers see what `draft` is doing."""
        with self._changed:
            self.set_phase(draft.phase, draft.ahead)
            if draft.progress is not self._progress:
                self._progress = draft.progress
                self._notify()
            if draft.preview is not self._preview:
                self._preview = draft.preview
                self._previews += 1
                self._notify()

    def follow(self, cursor: str = START) -> Iterator[FeedEvent]:
        """Yield what is new after `cursor`, waiting for more, until the run is final.

        Raises RunUnfinished when the run goes on where it cannot be followed from here.
        """
        reader = _Reader(Position.parse(cursor))
        with self._counted():
            while True:
                with self._changed:
                    events, version = reader.news(self), self._version
                    final, left = self._final, self._left
                yield from events
                if final:
                    return
                if left is not None:
                    raise left
                with self._changed:
                    self._changed.wait_for(lambda seen=version: self._version != seen)

    async def afollow(self, cursor: str = START) -> AsyncIterator[FeedEvent]:
        """The same on an event loop, any loop."""
        reader = _Reader(Position.parse(cursor))
        with self._counted(), self._watch() as changed:
            while True:
                changed.clear()
                with self._changed:
                    events, final, left = reader.news(self), self._final, self._left
                for event in events:
                    yield event
                if final:
                    return
                if left is not None:
                    raise left
                await changed.wait()

    @contextmanager
    def _counted(self) -> Generator[None]:
        with self._changed:
            self._readers += 1
        try:
            yield
        finally:
            with self._changed:
                self._readers -= 1

    @contextmanager
    def _watch(self) -> Generator[asyncio.Event]:
        watcher = (asyncio.get_running_loop(), asyncio.Event())
        with self._changed:
            self._watchers.add(watcher)
        try:
            yield watcher[1]
        finally:
            with self._changed:
                self._watchers.discard(watcher)

    def _notify(self) -> None:
        self._version += 1
        self._changed.notify_all()
        for loop, event in tuple(self._watchers):
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:  # that reader's loop has ended
                self._watchers.discard((loop, event))


class _Reader:
    """One reader's position, and what it was last told of the phase."""

    def __init__(self, position: Position) -> None:
        self._position = position
        self._told: tuple[Phase, int] | None = None
        self._progress: Progress | None = None
        self._previews = 0

    def news(self, feed: Feed) -> list[FeedEvent]:
        """What this reader has not seen yet. Called under the feed's lock."""
        run, phase, ahead = feed._run, feed._phase, feed._ahead
        events: list[FeedEvent] = []
        if not feed._final and (phase, ahead) != self._told:
            self._told = (phase, ahead)
            events.append(PhaseEvent(cursor=self._position.cursor, phase=phase, ahead=ahead))
        if not feed._final:
            events += self._picture_news(feed)
        if thinking := run.thinking[self._position.thinking :]:
            self._position = self._position._replace(thinking=len(run.thinking))
            events.append(ThinkingEvent(cursor=self._position.cursor, text=thinking))
        if text := run.output[self._position.text :]:
            self._position = self._position._replace(text=len(run.output))
            events.append(TextEvent(cursor=self._position.cursor, text=text))
        if feed._final:
            events.append(EndEvent(cursor=self._position.cursor, run=run))
        return events

    def _picture_news(self, feed: Feed) -> list[FeedEvent]:
        events: list[FeedEvent] = []
        progress, cursor = feed._progress, self._position.cursor
        if progress is not None and progress is not self._progress:
            self._progress = progress
            told = progress.model_dump(exclude={"kind"})
            events.append(ProgressEvent(cursor=cursor, **told))
        if feed._previews > self._previews:
            self._previews = feed._previews
            events.append(PreviewEvent(cursor=cursor, number=self._previews))
        return events
