"""The API on a real socket in this process: what streams and disconnects needs one."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from core.api import API_ROOT, build_api
from core.api.mounted import mounted


def mounted_api() -> Starlette:
    """The API where app.py puts it."""
    return Starlette(routes=mounted(API_ROOT, build_api()))


def asgi_client() -> httpx.AsyncClient:
    """A client of the API without a socket; answers come whole."""
    transport = httpx.ASGITransport(mounted_api())
    return httpx.AsyncClient(transport=transport, base_url="http://playground")


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """`app` on a free port; its address."""
    config = uvicorn.Config(app, log_level="error", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
