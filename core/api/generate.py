"""What every generate route does with its request: run it, and answer whole or streamed."""

from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from core import services
from core.api.errors import documented_errors
from core.api.request_id import current_request_id
from core.api.schemas import answer_of
from core.api.sse import event_stream
from core.feed import START
from core.media import ImageRequest
from core.types import TextRequest

Streamed = Annotated[bool, Query(description="Answer with Server-Sent Events while it is made.")]

GENERATE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}}
} | documented_errors(409, 413, 502, 503, 504)


async def generate(request: TextRequest | ImageRequest, *, stream: bool) -> Response:
    """Submit `request`; its events, or its answer once it is there.

    Raises what `Gateway.submit` raises, and the error of a run that fails.
    """
    gateway = services.get_services().gateway
    request = request.model_copy(update={"request_id": current_request_id()})
    if stream:
        return event_stream(gateway, await gateway.asubmit(request), START)
    answer = answer_of(gateway, await gateway.arun(request))
    return Response(answer.model_dump_json(), media_type="application/json")
