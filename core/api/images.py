"""`/v1/images`: look at a picture or its thumbnail, send one to start from.

Disk and decoding stay off the event loop, in threads of their own number: a page of two hundred
thumbnails neither waits for uploads nor keeps other routes waiting.
"""

from dataclasses import asdict
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from core import services
from core.api.errors import documented_errors, refusal
from core.pictures import WIDTHS, PictureFolder
from core.pictures.kind import MIME
from core.types import Frozen, Text

router = APIRouter(prefix="/images", tags=["images"])

HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",  # the address names the content
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'",
}
PICTURES = {"content": {mime: {} for mime in MIME.values()}}
NO_PICTURE_TYPE = (
    "Send the picture's bytes as the body, with the content type image/png, image/jpeg or "
    "image/webp."
)
_reading = anyio.CapacityLimiter(8)
_making = anyio.CapacityLimiter(2)  # each may hold a decoded picture of MAX_PIXELS
_checking = anyio.CapacityLimiter(2)

Name = Annotated[Text, Query(max_length=300, description="The file's name, shown to people.")]
User = Annotated[Text | None, Query(max_length=200, description="Who sends it.")]


class KeptPicture(Frozen):
    """A picture that was sent, as it is kept: a PNG, upright, without metadata."""

    sha256: str
    width: int
    height: int
    format: str = Field(examples=["png"])
    bytes: int


@router.get(
    "/{sha256}",
    response_class=Response,
    responses={200: PICTURES, 304: {"description": "Not modified"}} | documented_errors(404, 503),
)
async def read_image(
    request: Request,
    sha256: str,
    w: Annotated[
        int | None,
        Query(ge=1, le=WIDTHS[-1], description=f"As WebP of the next of {WIDTHS} pixels width."),
    ] = None,
    download: Annotated[bool, Query(description="Save it instead of showing it.")] = False,
) -> Response:
    """A picture by the SHA-256 of its bytes, or its thumbnail; either may be cached for ever."""
    pictures = services.get_services().pictures
    path = await anyio.to_thread.run_sync(pictures.path, sha256, limiter=_reading)
    width = None if w is None else next(wide for wide in WIDTHS if wide >= w)
    headers = HEADERS | {"ETag": f'"{sha256}"' if width is None else f'"{sha256}-{width}"'}
    if _has_it(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    ending = path.suffix if width is None else f"-{width}.webp"
    way = "attachment" if download else "inline"
    headers["Content-Disposition"] = f'{way}; filename="sparklio-{sha256[:12]}{ending}"'
    if width is None:
        kind = next(mime for name, mime in MIME.items() if path.suffix == f".{name}")
        return FileResponse(path, headers=headers, media_type=kind)
    content = await _thumbnail(pictures, sha256, width)
    return Response(content, headers=headers, media_type=MIME["webp"])


@router.post(
    "",
    status_code=201,
    response_model=KeptPicture,
    responses=documented_errors(413, 415, 503),
    openapi_extra={"requestBody": {"required": True} | PICTURES},
)
async def send_image(request: Request, name: Name = "picture", user: User = None) -> Response:
    """Check a picture (PNG, JPEG, WebP, at most 20 MiB) and keep it to start from.

    What it is counts, not what it is called: the answer's `sha256` names the checked PNG.
    """
    if not request.headers.get("content-type", "").lower().startswith("image/"):
        return refusal(415, "unsupported_media_type", NO_PICTURE_TYPE)
    data = await request.body()
    kept = await anyio.to_thread.run_sync(_keep, data, name, user, limiter=_checking)
    return Response(kept.model_dump_json(), 201, media_type="application/json")


def _keep(data: bytes, name: str, user: str | None) -> KeptPicture:
    return KeptPicture(**asdict(services.get_services().keep_upload(data, name=name, user=user)))


async def _thumbnail(pictures: PictureFolder, sha256: str, width: int) -> bytes:
    """The bytes of a thumbnail; those that are made already do not wait for others' making."""
    made = await anyio.to_thread.run_sync(_read_made, pictures, sha256, width, limiter=_reading)
    if made is not None:
        return made
    return await anyio.to_thread.run_sync(
        lambda: pictures.thumbnail(sha256, width).read_bytes(), limiter=_making
    )


def _read_made(pictures: PictureFolder, sha256: str, width: int) -> bytes | None:
    path = pictures.made_thumbnail(sha256, width)
    return None if path is None else path.read_bytes()


def _has_it(request: Request, etag: str) -> bool:
    """Whether the browser's If-None-Match names what it would get (RFC 9110, 13.1.2)."""
    known = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    return known.strip() == "*" or etag in tags
