"""`/v1/runs/{id}`: read a run, follow it, stop it."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from core import services
from core.api.errors import documented_errors
from core.api.sse import EventStream, event_stream
from core.feed import START
from core.types import Run

router = APIRouter(prefix="/runs/{run_id}", tags=["runs"], responses=documented_errors(404))

CURSOR = r"^[0-9]{1,9}\.[0-9]{1,9}$"


@router.get("", response_model=Run)
async def read_run(run_id: str) -> Response:
    """A run as it is now: everything recorded, and while it runs what has arrived so far."""
    view = await services.get_services().gateway.aview(run_id)
    return _as_json(view.run)


@router.get("/events", response_class=EventStream)
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


@router.post("/cancel", response_model=Run)
async def cancel_run(run_id: str) -> Response:
    """Stop the run; the server stops working for it. What had arrived is kept.

    Answers with the run in its final state; a run that was final already is unchanged.
    """
    return _as_json(await services.get_services().gateway.acancel(run_id))


def _as_json(run: Run) -> Response:
    return Response(run.model_dump_json(), media_type="application/json")
