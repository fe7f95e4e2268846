"""`/v1/runs`: find runs, read what is wrong with one, rate it."""

from typing import Annotated

import anyio
from fastapi import APIRouter, Query
from pydantic import Field

from core import services
from core.api.errors import documented_errors
from core.api.filters import RunListQuery
from core.api.threads import READERS, in_thread
from core.finding import Finding, Scores
from core.listing import RunPage
from core.opinion import Name, Rating, Reason
from core.types import Frozen, Text

router = APIRouter(prefix="/runs", tags=["runs"])

_reading = anyio.CapacityLimiter(READERS)


class FindingsResponse(Frozen):
    """What the checks found. `scores` and `version` (of the checks) are null where the run was
    not checked: it is a picture, has no answer yet, or failed.
    """

    findings: tuple[Finding, ...] = ()
    scores: Scores | None = None
    version: int | None = None


class RatingRequest(Frozen):
    """One person's opinion of a run; their next one replaces it."""

    user: Name = Field(examples=["하나"])
    stars: int = Field(ge=1, le=5)
    reasons: tuple[Reason, ...] = Field((), max_length=len(Reason), examples=[["tone"]])
    comment: Text = Field("", max_length=2000)


class RatingsResponse(Frozen):
    """Everybody's rating of a run."""

    items: tuple[Rating, ...]


@router.get("", response_model=RunPage, responses=documented_errors(503))
async def list_runs(query: Annotated[RunListQuery, Query()]) -> RunPage:
    """Runs that fit the filter, a page at a time: `next` is the `cursor` of the page after.

    A line has what people look for; `/v1/runs/{run_id}` has everything. `complete` is false
    where the search was stopped because it took too long.
    """
    return await in_thread(
        _reading,
        services.get_services().runs.page,
        query.to_filter(),
        sort=query.sort,
        cursor=query.cursor,
        limit=query.limit,
    )


@router.get("/{run_id}/findings", response_model=FindingsResponse, responses=documented_errors(404))
async def read_findings(run_id: str) -> FindingsResponse:
    """What is wrong with a run's answer, with places and evidence, and the scores it comes to."""
    view = await services.get_services().gateway.aview(run_id)
    report = view.run.report
    return FindingsResponse(**dict(report)) if report else FindingsResponse()


@router.get("/{run_id}/ratings", response_model=RatingsResponse, responses=documented_errors(404))
async def read_ratings(run_id: str) -> RatingsResponse:
    """What people think of a run, each once."""
    known = services.get_services()
    await known.gateway.aview(run_id)  # an unknown run is a 404, not an empty list
    ratings = await in_thread(_reading, known.opinions.ratings, run_id)
    return RatingsResponse(items=tuple(ratings))


@router.post(
    "/{run_id}/ratings",
    status_code=201,
    response_model=Rating,
    responses=documented_errors(404, 503),
)
async def rate_run(run_id: str, body: RatingRequest) -> Rating:
    """Say what you think of a run, 1 to 5 stars; a person's next rating replaces the last."""
    known = services.get_services()
    rating = Rating(run_id=run_id, **dict(body))
    await in_thread(_reading, lambda: known.opinions.rate(rating).result())
    return rating
