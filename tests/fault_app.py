"""The app without its pages, for tests that start and kill many processes:
`python -m tests.fault_app`. It serves REST on a free port of loopback and says which.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio.to_thread
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from core import server, services
from core.api import API_ROOT, build_api


@asynccontextmanager
async def _lifespan(_: Starlette) -> AsyncGenerator[None]:
    server.talk_on_the_console()
    services.get_services()
    with server.closing_early(services.close_services):
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(services.close_services)


async def _healthy(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


def main() -> None:
    """Serve until SIGTERM."""
    app = Starlette(
        routes=[Route("/_stcore/health", _healthy), Mount(API_ROOT, build_api())],
        lifespan=_lifespan,
    )
    config = uvicorn.Config(app, port=0, log_level="info", access_log=False)
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
