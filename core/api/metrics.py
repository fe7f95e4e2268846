"""`GET /v1/metrics`: figures for Prometheus."""

import anyio
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from core import services
from core.api.threads import in_thread

router = APIRouter(tags=["operations"])

TEXT = {"text/plain": {"schema": {"type": "string"}}}
OPEN_METRICS = {"application/openmetrics-text": {"schema": {"type": "string"}}}
HEADERS = {"Cache-Control": "no-store"}
_writing = anyio.CapacityLimiter(1)  # it is all computing: more threads would not be faster


@router.get("/metrics", response_class=Response, responses={200: {"content": TEXT | OPEN_METRICS}})
async def read_metrics(request: Request) -> Response:
    """Runs, times, tokens, lines and health as Prometheus reads them, counted since the start.

    Written as OpenMetrics where the header `Accept` names it.
    """
    metrics, accept = services.get_services().metrics, request.headers.get("accept", "")
    content, content_type = await in_thread(_writing, metrics.write, accept)
    return Response(content, headers=HEADERS | {"Content-Type": content_type})
