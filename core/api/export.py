"""`GET /v1/runs/export`: runs to take away, as CSV, JSON Lines or a ZIP with their pictures."""

from collections.abc import Iterator
from typing import Annotated

import anyio
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import StreamingResponse

from core import services
from core.api.errors import documented_errors
from core.api.filters import RunQuery
from core.api.threads import in_thread, pieces_in_threads
from core.errors import InvalidRequest, NotFound
from core.export import MIME, MOST_RUNS, ExportFormat, Selection, file_name

router = APIRouter(prefix="/runs", tags=["runs"])

MOST_IDS = 1000
LONGEST_ID = 64
_exporting = anyio.CapacityLimiter(2)


class ExportQuery(RunQuery):
    """Which runs, and as what. `ids` names runs and leaves the filter aside."""

    format: ExportFormat = ExportFormat.CSV
    ids: str | None = Field(
        None,
        max_length=MOST_IDS * (LONGEST_ID + 1),
        description=f"Ids of at most {MOST_IDS} runs, with commas between them.",
    )


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {mime: {} for mime in MIME.values()}}}
    | documented_errors(404, 503),
)
async def export_runs(query: Annotated[ExportQuery, Query()]) -> StreamingResponse:
    """The runs that fit the filter, newest first and at most 10,000, or those named, as a file.

    The header `X-Runs` says how many there are in it, `X-Runs-More` is "true" where the
    filter found more. Cells of the CSV that a spreadsheet could take for formulas begin with
    an apostrophe. A ZIP holds at most 500 pictures.
    """
    chosen, pieces = await in_thread(_exporting, _begin, query)
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name(query.format)}"',
        "Cache-Control": "no-store",
        "X-Runs": str(len(chosen.ids)),
        "X-Runs-More": "true" if chosen.more else "false",
    }
    return StreamingResponse(
        pieces_in_threads(_exporting, pieces), media_type=MIME[query.format], headers=headers
    )


def _begin(query: ExportQuery) -> tuple[Selection, Iterator[bytes]]:
    """What was chosen, and the file that it becomes. Raises NotFound and InvalidRequest."""
    known = services.get_services()
    if query.ids is None:
        chosen = known.exports.select(query.to_filter(), limit=MOST_RUNS)
    else:
        found = [row.id for row in known.runs.rows(_ids(query.ids))]
        if not found:
            raise NotFound("There is no run with any of these ids.")
        chosen = Selection(ids=tuple(found))
    return chosen, known.exports.stream(query.format, chosen.ids)


def _ids(named: str) -> list[str]:
    """Each id once, in the order asked for."""
    ids = list(dict.fromkeys(part.strip() for part in named.split(",") if part.strip()))
    if not 0 < len(ids) <= MOST_IDS:
        raise InvalidRequest(f"Name 1 to {MOST_IDS} runs, not {len(ids)}.")
    return ids
