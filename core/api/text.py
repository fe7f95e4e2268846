"""`POST /v1/llm/generate`: a brief in, copy out, whole or streamed (R12)."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from core import services
from core.api.errors import documented_errors
from core.api.schemas import GenerateRequest, GenerateResponse
from core.api.sse import event_stream
from core.feed import START

router = APIRouter(prefix="/llm", tags=["text"])

Streamed = Annotated[
    bool, Query(description="Answer with Server-Sent Events while the copy is written.")
]


@router.post(
    "/generate",
    response_model=GenerateResponse,
    responses={200: {"content": {"text/event-stream": {}}}}
    | documented_errors(409, 413, 502, 503, 504),
)
async def generate(body: GenerateRequest, stream: Streamed = False) -> Response:
    """Write copy for a task. The run is recorded and goes on even if the caller goes away.

    An answer that breaks its task's contract is still 200: `meta.contract.valid` is false.
    """
    gateway = services.get_services().gateway
    request = body.to_text_request()
    if stream:
        return event_stream(gateway, await gateway.asubmit(request), START)
    run = await gateway.arun(request)
    answer = GenerateResponse.of(gateway.response(run), run.id)
    return Response(answer.model_dump_json(), media_type="application/json")
