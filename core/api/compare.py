"""`GET /v1/compare`: two to six runs beside each other, and mock against live."""

from typing import Annotated

import anyio
from fastapi import APIRouter, Query
from pydantic import Field, JsonValue

from core import services
from core.api.errors import documented_errors
from core.api.threads import in_thread
from core.catalog import Contract
from core.compare.fields import Cell, compare_fields
from core.compare.options import Group, compare_parameters
from core.compare.parity import Parity, parity
from core.errors import InvalidRequest
from core.listing import RunRow
from core.run import Run
from core.types import Frozen, Mode

router = APIRouter(tags=["runs"])

MOST_RUNS = 6
LONGEST_ID = 64
_comparing = anyio.CapacityLimiter(2)

RunIds = Annotated[
    str,
    Query(
        min_length=1,
        max_length=MOST_RUNS * (LONGEST_ID + 1),
        description=f"Ids of 2 to {MOST_RUNS} runs, with commas between them.",
    ),
]
Reference = Annotated[
    int,
    Query(ge=0, lt=MOST_RUNS, description="Which of them the others are compared with: 0, 1 …"),
]


class ComparedField(Frozen):
    """One field across the runs, a cell for each in their order.

    A cell's `segments` lead from the reference's text to its own; they are empty in the
    reference, and where the texts are the same or one is missing.
    """

    name: str = Field(examples=["bullets[0]"])
    known: bool = Field(description="Whether the task's contract has this field.")
    differs: bool
    cells: tuple[Cell, ...]


class ComparedParameter(Frozen):
    """Something that was sent, where the runs do not all have the same; null: not sent."""

    group: Group
    name: str = Field(examples=["temperature"])
    values: tuple[JsonValue, ...]


class CompareResponse(Frozen):
    """Runs beside each other. `parity` is there for a run of a mock and a live one."""

    runs: tuple[RunRow, ...]
    reference: int
    fields: tuple[ComparedField, ...]
    parameters: tuple[ComparedParameter, ...]
    parity: Parity | None = None


@router.get("/compare", response_model=CompareResponse, responses=documented_errors(404))
async def compare_runs(ids: RunIds, reference: Reference = 0) -> CompareResponse:
    """The answers field by field with the words that differ, and what was sent differently.

    Of a mock and a live run, `parity` says whether the live answer keeps what the mock
    promises, and why not.
    """
    return await in_thread(_comparing, _compare, _ids(ids), reference)


def _compare(ids: list[str], reference: int) -> CompareResponse:
    """Raises InvalidRequest and RunNotFound."""
    if reference >= len(ids):
        raise InvalidRequest(f"There is no run {reference} to compare with: they count from 0.")
    known = services.get_services()
    runs = [known.gateway.view(run_id).run for run_id in ids]
    contract = _contract(runs)
    return CompareResponse(
        runs=tuple(known.runs.rows(ids)),
        reference=reference,
        fields=tuple(
            ComparedField(name=row.name, known=row.known, differs=row.differs, cells=row.cells)
            for row in compare_fields(runs, contract, reference=reference)
        ),
        parameters=tuple(
            ComparedParameter(group=one.group, name=one.name, values=one.values)
            for one in compare_parameters(runs)
            if one.differs
        ),
        parity=_parity(runs, contract),
    )


def _contract(runs: list[Run]) -> Contract | None:
    """The contract that all answers were to keep; None where they had different tasks."""
    tasks = {run.task for run in runs}
    task = services.get_services().catalog.tasks.get(tasks.pop()) if len(tasks) == 1 else None
    return task.contract if task else None


def _parity(runs: list[Run], contract: Contract | None) -> Parity | None:
    if len(runs) != 2 or {run.mode for run in runs} != set(Mode):
        return None
    mock, live = sorted(runs, key=lambda run: run.mode is Mode.LIVE)
    return parity(mock, live, contract)


def _ids(named: str) -> list[str]:
    """Each id once, in the order asked for."""
    ids = list(dict.fromkeys(part.strip() for part in named.split(",") if part.strip()))
    if not 2 <= len(ids) <= MOST_RUNS:
        raise InvalidRequest(f"Name 2 to {MOST_RUNS} different runs, not {len(ids)}.")
    return ids
