"""Each request has an id: the caller's or a new one, in the answer, in the log, in its run."""

import logging
import re
import time
from uuid import uuid4

from fastapi.routing import APIRoute
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.logs import about, known

HEADER = "X-Request-ID"
VERSION = "/v1"
# Programs ask for these every few seconds: while all is well that is no news.
PROBES = frozenset(("/health", "/health/live", "/health/ready", "/metrics"))
_ALLOWED = re.compile(r"[A-Za-z0-9._-]{1,64}")
log = logging.getLogger("playground.access")


def current_request_id() -> str | None:
    """The id of the request that this task serves, None outside of one."""
    return known("request_id")


class RequestIds:
    """ASGI middleware: gives each request its id and logs one line for it when it is answered.

    The line has the route's template and no query: addresses hold what people search for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an HTTP request on under its id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _given(scope) or uuid4().hex
        began = time.monotonic()
        status: int | None = None

        async def stamping_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with about(request_id=request_id):
            try:
                await self.app(scope, receive, stamping_send)
            finally:
                _log(scope, status, (time.monotonic() - began) * 1000)


def _given(scope: Scope) -> str | None:
    """The caller's id, where it is one that can stand in a log and a header."""
    given = Headers(scope=scope).get(HEADER, "")
    return given if _ALLOWED.fullmatch(given) else None


def _log(scope: Scope, status: int | None, milliseconds: float) -> None:
    """`status` is None where the caller left before there was an answer."""
    route = scope.get("route")
    path = route.path if isinstance(route, APIRoute) else None
    quiet = path in PROBES and status == 200
    told = {
        "method": scope["method"],
        "route": "unmatched" if path is None else f"{VERSION}{path}",
        "status": status,
        "ms": milliseconds,
    }
    log.log(logging.DEBUG if quiet else logging.INFO, "request", extra=told)
