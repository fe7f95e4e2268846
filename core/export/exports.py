"""Choosing runs, reading them in batches, and writing them in one of the formats."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from core.catalog import Catalog
from core.errors import InvalidRequest
from core.export.bundle import export_zip
from core.export.columns import Column, columns
from core.export.csv import export_csv
from core.export.jsonl import export_jsonl
from core.export.record import ExportedRun
from core.listing import RunFilter, RunRow
from core.pictures import PictureFolder
from core.pictures.archive import MAX_ITEMS
from core.run import Run
from core.store import OpinionStore, RunList, RunStore
from core.types import Frozen, utc_now

MOST_RUNS = 10_000
BATCH = 100  # runs in memory at a time


class ExportFormat(StrEnum):
    """What an export is written as."""

    CSV = "csv"
    JSONL = "jsonl"
    ZIP = "zip"


MIME = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.JSONL: "application/x-ndjson",
    ExportFormat.ZIP: "application/zip",
}


def file_name(kind: ExportFormat, moment: datetime | None = None) -> str:
    """The name of an export: "sparklio-runs-2026-11-24-190302.csv", in UTC."""
    when = (moment or utc_now()).strftime("%Y-%m-%d-%H%M%S")
    return f"sparklio-runs-{when}.{kind}"


class Selection(Frozen):
    """The runs to export; `more` where the filter finds others that the bound left out."""

    ids: tuple[str, ...]
    more: bool = False


class Exports:
    """Everything that can be exported. Every method blocks, and so does each step of `stream`."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        store: RunStore,
        runs: RunList,
        opinions: OpinionStore,
        pictures: PictureFolder,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._runs = runs
        self._opinions = opinions
        self._folder = pictures

    def select(self, wanted: RunFilter, *, limit: int = MOST_RUNS) -> Selection:
        """The newest runs that `wanted` finds, at most `limit`."""
        ids = self._runs.ids(wanted, limit=limit + 1)
        return Selection(ids=tuple(ids[:limit]), more=len(ids) > limit)

    def stream(self, kind: ExportFormat, ids: Sequence[str]) -> Iterator[bytes]:
        """The runs with these ids, in that order, as a file in pieces; unknown ids are left out.

        Raises InvalidRequest before the first piece: more than `MOST_RUNS`, or for a ZIP more
        pictures than fit one.
        """
        ids = list(dict.fromkeys(ids))
        if len(ids) > MOST_RUNS:
            raise InvalidRequest(f"An export holds at most {MOST_RUNS} runs, not {len(ids)}.")
        match kind:
            case ExportFormat.CSV:
                return export_csv(self._read(ids), self._columns(ids))
            case ExportFormat.JSONL:
                return export_jsonl(self._read(ids))
            case ExportFormat.ZIP:
                files = {
                    "runs.csv": export_csv(self._read(ids), self._columns(ids)),
                    "runs.jsonl": export_jsonl(self._read(ids)),
                }
                return export_zip(self._folder, self._picture_runs(ids), files)

    def _read(self, ids: Sequence[str]) -> Iterator[list[ExportedRun]]:
        for rows in self._rows(ids):
            runs = self._store.many(list(rows))
            yield [
                ExportedRun.of(run).model_copy(
                    update={
                        "ratings": tuple(self._opinions.ratings(run.id)),
                        "tags": rows[run.id].tags,
                        "note": self._opinions.notes(run.id),
                    }
                )
                for run in runs
            ]

    def _rows(self, ids: Sequence[str]) -> Iterator[Mapping[str, RunRow]]:
        """The lines of the list, in batches, by id and in the order of `ids`."""
        for start in range(0, len(ids), BATCH):
            yield {row.id: row for row in self._runs.rows(ids[start : start + BATCH])}

    def _picture_runs(self, ids: Sequence[str]) -> list[Run]:
        """The runs that made pictures. Raises InvalidRequest before too many are read."""
        rows = [row for batch in self._rows(ids) for row in batch.values() if row.pictures]
        pictures = sum(len(row.pictures) for row in rows)
        if pictures > MAX_ITEMS:
            raise InvalidRequest(
                f"A ZIP holds at most {MAX_ITEMS} pictures, not {pictures}. Choose fewer runs, or "
                "export them as CSV or JSON Lines.",
                details={"reason": "too_many_pictures", "pictures": pictures},
            )
        return self._store.many([row.id for row in rows])

    def _columns(self, ids: Sequence[str]) -> tuple[Column, ...]:
        """The columns that runs of these tasks fill."""
        rows = [row for batch in self._rows(ids) for row in batch.values()]
        tasks = {row.task for row in rows}
        known = [task for name, task in self._catalog.tasks.items() if name in tasks]
        return columns(known, pictures=any(row.kind == "image" for row in rows))
