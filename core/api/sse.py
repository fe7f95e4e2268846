"""A run's feed as Server-Sent Events."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import StreamingResponse

from core.api.errors import error_body
from core.api.schemas import answer_of
from core.errors import PlaygroundError
from core.feed import EndEvent, FeedEvent, PreviewEvent
from core.gateway import Gateway

PING_AFTER_S = 10.0
PING = b": still here\n\n"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
# JSON escapes the others itself. Many readers split lines at these too (Python's do).
UNICODE_LINE_BREAKS = [(mark.encode(), b"\\u%04x" % ord(mark)) for mark in "\x85\u2028\u2029"]

T = TypeVar("T")


class EventStream(StreamingResponse):
    """A response of Server-Sent Events."""

    media_type = "text/event-stream"


def event_stream(gateway: Gateway, run_id: str, cursor: str) -> EventStream:
    """The run's events from `cursor` on: `run`, then `phase`, `thinking` and `text` (of a
    picture `phase`, `progress` and `preview`), and last `end` with the answer, or `error`.

    A reader that goes away ends the stream, never the run. Each event's id is the cursor to
    go on from. Silence is broken by comments, so that proxies keep the connection.
    """
    return EventStream(_stream(gateway, run_id, cursor), headers=HEADERS)


async def _stream(gateway: Gateway, run_id: str, cursor: str) -> AsyncIterator[bytes]:
    yield encode("run", {"run_id": run_id})
    try:
        async with aclosing(with_pauses(gateway.afollow(run_id, cursor), PING_AFTER_S)) as events:
            async for event in events:
                yield PING if event is None else _encode_event(gateway, run_id, event)
    except Exception as error:  # the status line is long gone: say it in the stream
        yield encode("error", error_body(error))


def _encode_event(gateway: Gateway, run_id: str, event: FeedEvent) -> bytes:
    if isinstance(event, EndEvent):
        return _encode_end(gateway, event)
    data = event.model_dump(exclude={"kind", "cursor"})
    if isinstance(event, PreviewEvent):
        # Numbered, so that a page that shows the address shows each picture anew.
        data["url"] = f"/api/v1/runs/{run_id}/preview?n={event.number}"
    return encode(event.kind, data, event.cursor)


def _encode_end(gateway: Gateway, event: EndEvent) -> bytes:
    try:
        answer = answer_of(gateway, event.run)
    except PlaygroundError as error:
        return encode("error", error_body(error), event.cursor)
    return encode("end", answer, event.cursor)


def encode(event: str, data: BaseModel | dict[str, Any], cursor: str | None = None) -> bytes:
    """One event on the wire, its data one line for whatever a reader takes for a line break."""
    identity = b"" if cursor is None else b"id: " + cursor.encode() + b"\n"
    line = to_json(data, inf_nan_mode="null", serialize_unknown=True)
    for raw, escaped in UNICODE_LINE_BREAKS:
        line = line.replace(raw, escaped)
    return identity + b"event: " + event.encode() + b"\ndata: " + line + b"\n\n"


async def with_pauses(
    events: AsyncGenerator[T, None], seconds: float
) -> AsyncGenerator[T | None, None]:
    """`events` (a generator) with a None for each `seconds` of silence; closes it in the end."""
    coming: asyncio.Task[T | None] | None = None
    async with aclosing(events):
        try:
            while True:
                coming = coming or asyncio.create_task(_next(events))
                arrived, _ = await asyncio.wait({coming}, timeout=seconds)
                if not arrived:
                    yield None
                    continue
                event = coming.result()
                coming = None
                if event is None:
                    return
                yield event
        finally:
            if coming is not None:
                coming.cancel()
                await asyncio.wait({coming})


async def _next(events: AsyncIterator[T]) -> T | None:
    return await anext(events, None)
