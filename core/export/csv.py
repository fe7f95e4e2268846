"""Runs as CSV: UTF-8 with a byte order mark, by which Excel knows Hangul; one row a run."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from core.export.columns import Cell, Column
from core.export.guard import guarded
from core.export.record import ExportedRun
from core.types import scrub

BOM = "\ufeff"


def export_csv(runs: Iterable[Sequence[ExportedRun]], columns: Sequence[Column]) -> Iterator[bytes]:
    """`runs`, which come in batches, as a CSV file in pieces: a batch each, the names first.

    Texts that a spreadsheet could take for formulas are guarded, see `core.export.guard`;
    numbers stay numbers. Line breaks within a cell are kept, in quotes (RFC 4180).
    """
    yield BOM.encode() + _lines([[column.name for column in columns]])
    for batch in runs:
        yield _lines([[_safe(column.value(run)) for column in columns] for run in batch])


def _safe(cell: Cell) -> Cell:
    return guarded(scrub(cell)) if isinstance(cell, str) else cell


def _lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()
