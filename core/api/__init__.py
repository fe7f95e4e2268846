"""The REST face of the gateway: a FastAPI app to mount at `/api`, its routes under `/v1` (R12)."""

from fastapi import FastAPI

from core.api import (
    catalog,
    check,
    compare,
    docs,
    export,
    history,
    images,
    media,
    metrics,
    runs,
    text,
)
from core.api.door import Door
from core.api.errors import add_error_handlers, documented_errors

API_ROOT = "/api"


def build_api() -> FastAPI:
    """The app with every route; it asks `core.services.get_services()` at each request.

    Whatever goes wrong, the answer is `{"error": {"code", "message", "details"}}`.
    """
    api = FastAPI(
        title="Sparklio playground",
        version="1",
        description="Marketing copy and pictures from mock and live models; every run is recorded.",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": API_ROOT}],
        root_path_in_servers=False,
        responses=documented_errors(422, 500),
    )
    api.add_middleware(Door)
    add_error_handlers(api)
    # `/runs/export` comes before `/runs/{run_id}`, which would take it for a run.
    for part in (text, media, images, export, history, runs, compare, check, catalog, metrics):
        api.include_router(part.router, prefix="/v1")
    api.include_router(docs.router, prefix="/v1", include_in_schema=False)
    return api
