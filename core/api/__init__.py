"""The REST face of the gateway: a FastAPI app to mount at `/api`, its routes under `/v1` (R12)."""

from fastapi import FastAPI

from core.api import (
    catalog,
    check,
    compare,
    docs,
    export,
    health,
    history,
    images,
    media,
    metrics,
    runs,
    text,
)
from core.api.door import Door
from core.api.errors import add_error_handlers, documented_errors
from core.api.request_id import HEADER, RequestIds

API_ROOT = "/api"
DESCRIPTION = (
    "Marketing copy and pictures from mock and live models; every run is recorded. Every answer "
    f"has the header {HEADER}, the caller's own where it sent one of at most 64 letters, digits, "
    "dots, dashes or underscores: the run and the log's lines have it too."
)


def build_api() -> FastAPI:
    """The app with every route; it asks `core.services.get_services()` at each request.

    Whatever goes wrong, the answer is `{"error": {"code", "message", "details"}}`.
    """
    api = FastAPI(
        title="Sparklio playground",
        version="1",
        description=DESCRIPTION,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": API_ROOT}],
        root_path_in_servers=False,
        responses=documented_errors(422, 500),
    )
    api.add_middleware(Door)
    api.add_middleware(RequestIds)  # the last added is the first to be passed
    add_error_handlers(api)
    # `/runs/export` comes before `/runs/{run_id}`, which would take it for a run.
    for part in (
        text,
        media,
        images,
        export,
        history,
        runs,
        compare,
        check,
        catalog,
        health,
        metrics,
    ):
        api.include_router(part.router, prefix="/v1")
    api.include_router(docs.router, prefix="/v1", include_in_schema=False)
    return api
