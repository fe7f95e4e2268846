"""`/v1/runs/{id}`: read a run, follow it, see its picture emerge, stop it."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import Response, StreamingResponse

from core import services
from core.api.errors import documented_errors
from core.api.images import HEADERS, PICTURES
from core.api.sse import EventStream, event_stream
from core.errors import InvalidRequest, NotFound
from core.feed import START
from core.media import ServedRun
from core.pictures.kind import MIME, format_of
from core.run import (
    Run,
)

router = APIRouter(prefix="/runs/{run_id}", tags=["runs"], responses=documented_errors(404))

CURSOR = r"^[0-9]{1,9}\.[0-9]{1,9}$"
PREVIEW_HEADERS = HEADERS | {"Cache-Control": "no-store"}


@router.get("", response_model=ServedRun)
async def read_run(run_id: str) -> Response:
    """A run as it is now: everything recorded, and while it runs what has arrived so far."""
    view = await services.get_services().gateway.aview(run_id)
    return _as_json(view.run)


@router.get(
    "/events",
    # Not EventStream: FastAPI would describe the errors, which are JSON, as events, too.
    response_class=StreamingResponse,
    responses={200: {"content": {EventStream.media_type: {}}}},
)
async def follow_run(
    run_id: str,
    cursor: Annotated[str | None, Query(pattern=CURSOR, description="An event's id.")] = None,
    last_event_id: Annotated[str | None, Header(pattern=CURSOR)] = None,
) -> EventStream:
    """The run's events from the start, or from behind the event with this id, to its end.

    `Last-Event-ID`, which browsers send when they reconnect, wins over `cursor`.
    """
    gateway = services.get_services().gateway
    await gateway.aview(run_id)  # an unknown run is a 404, not a stream
    return event_stream(gateway, run_id, last_event_id or cursor or START)


@router.get("/preview", response_class=Response, responses={200: PICTURES})
async def read_preview(
    run_id: str,
    n: Annotated[int, Query(ge=0, description="Makes the address new; not looked at.")] = 0,
) -> Response:
    """The picture as far as it has emerged: always the newest preview of a run under way."""
    gateway = services.get_services().gateway
    await gateway.aview(run_id)
    preview = gateway.picture_preview(run_id)
    if preview is None:
        raise NotFound("There is no preview: the run shows none, or none yet, or it has ended.")
    try:
        # The bytes come from another server: only what really is a picture is passed on.
        kind = format_of(preview.data)
    except InvalidRequest as error:
        raise NotFound("The preview that the server sent is no picture.") from error
    return Response(preview.data, media_type=MIME[kind], headers=PREVIEW_HEADERS)


@router.post("/cancel", response_model=ServedRun)
async def cancel_run(run_id: str) -> Response:
    """Stop the run; the server stops working for it. What had arrived is kept.

    Answers with the run in its final state; a run that was final already is unchanged.
    """
    return _as_json(await services.get_services().gateway.acancel(run_id))


def _as_json(run: Run) -> Response:
    return Response(ServedRun.of(run).model_dump_json(), media_type="application/json")
