"""What every API request passes first: who sends it, how large it is, and a net below it all."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.api.errors import error_response, refusal
from core.errors import RequestTooLarge
from core.pictures import MAX_UPLOAD_BYTES

MAX_BODY_BYTES = 1024 * 1024
TOO_LARGE = f"The request is larger than {MAX_BODY_BYTES // 1024} KiB. Send less text."
PICTURE_TOO_LARGE = (
    f"The picture is larger than {MAX_UPLOAD_BYTES // 1024**2} MiB. Send a smaller one."
)
PICTURES_PATH = "/v1/images"


class Door:
    """ASGI middleware: refuses other sites' pages and huge bodies, catches what nobody caught.

    The API has no log-in, so a web page elsewhere must not be able to start or stop runs in
    the browser of someone who can reach it: requests that change something are refused when
    the browser says that they come from another origin. Programs send no such header.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an HTTP request on, or answer it here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refused = _refused(scope)
        if refused is not None:
            await refused(scope, receive, send)
            return
        started = False

        async def noting_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, _limited(receive, *_limit(scope)), noting_send)
        except Exception as error:
            if started:
                raise
            await error_response(error)(scope, receive, send)


def _refused(scope: Scope) -> Response | None:
    headers = Headers(scope=scope)
    if scope["method"] not in ("GET", "HEAD") and _from_another_site(headers):
        message = "Pages of another site may not use the playground's API."
        return refusal(403, "cross_site_request", message)
    length = headers.get("content-length", "")
    most, too_large = _limit(scope)
    if length.isdecimal() and int(length[:20]) > most:
        return error_response(RequestTooLarge(too_large))
    return None


def _limit(scope: Scope) -> tuple[int, str]:
    """How many bytes a body may have, and what to say of one that has more."""
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    if scope["method"] == "POST" and path == PICTURES_PATH:
        return MAX_UPLOAD_BYTES, PICTURE_TOO_LARGE
    return MAX_BODY_BYTES, TOO_LARGE


def _from_another_site(headers: Headers) -> bool:
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host", "")


def _limited(receive: Receive, most: int, too_large: str) -> Receive:
    """`receive` that counts: a body may come without saying how long it is."""
    received = 0

    async def counting_receive() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most:
            raise HTTPException(413, too_large)
        return message

    return counting_receive
