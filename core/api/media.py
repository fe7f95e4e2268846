"""`/v1/media`: a prompt in, pictures out, whole or streamed (R11); many of them as a ZIP."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from core import services
from core.api.errors import documented_errors
from core.api.generate import GENERATE_RESPONSES, Streamed, generate
from core.api.schemas import (
    MediaGenerateRequest,
    MediaGenerateResponse,
    MediaOffer,
    MediaResponse,
    ModelListError,
)
from core.errors import InvalidRequest
from core.export.bundle import picture_items
from core.offers import MediaList
from core.pictures import ZipItem, zip_of
from core.services import Services

router = APIRouter(tags=["images"])

MOST_RUNS = 100
LONGEST_ID = 64
ARCHIVE = "application/zip"
ARCHIVE_HEADERS = {
    "Content-Disposition": 'attachment; filename="sparklio-pictures.zip"',
    "Cache-Control": "no-store",
}

RunIds = Annotated[
    str,
    Query(
        min_length=1,
        max_length=MOST_RUNS * (LONGEST_ID + 1),
        description=f"Ids of at most {MOST_RUNS} runs, with commas between them.",
    ),
]


@router.post(
    "/media/generate",
    response_model=MediaGenerateResponse,
    responses=GENERATE_RESPONSES | documented_errors(404),
)
async def generate_media(body: MediaGenerateRequest, stream: Streamed = False) -> Response:
    """Make pictures. The run is recorded and goes on even if the caller goes away.

    Fewer pictures than asked for are still 200: `meta.problems` says what became of the others.
    """
    return await generate(body.to_image_request(), stream=stream)


@router.get("/media")
async def read_media() -> MediaResponse:
    """What every picture provider offers now; one that cannot be asked says why in `error`."""
    offers = await services.get_services().gateway.amedia()
    return MediaResponse(providers=tuple(_offer(offer) for offer in offers.values()))


@router.get(
    "/images.zip",
    response_class=StreamingResponse,
    responses={200: {"content": {ARCHIVE: {}}}} | documented_errors(404),
)
async def read_archive(runs: RunIds) -> StreamingResponse:
    """The pictures of these runs, each with its parameters in a JSON file beside it.

    Runs that have made none, or not yet, add nothing; there must be a picture in the end.
    """
    known = services.get_services()
    items = await asyncio.to_thread(_items, known, _ids(runs))
    pieces = await asyncio.to_thread(zip_of, known.pictures, items)
    return StreamingResponse(pieces, media_type=ARCHIVE, headers=ARCHIVE_HEADERS)


def _offer(offer: MediaList) -> MediaOffer:
    values: dict[str, Any] = {**vars(offer), "error": ModelListError.of(offer.error)}
    return MediaOffer(**values)


def _ids(runs: str) -> list[str]:
    """Each id once, in the order asked for."""
    ids = list(dict.fromkeys(part.strip() for part in runs.split(",") if part.strip()))
    if not 0 < len(ids) <= MOST_RUNS:
        raise InvalidRequest(f"Name 1 to {MOST_RUNS} runs, not {len(ids)}.")
    return ids


def _items(known: Services, ids: list[str]) -> list[ZipItem]:
    """Every picture of these runs. Raises RunNotFound."""
    return picture_items([known.gateway.view(run_id).run for run_id in ids])
