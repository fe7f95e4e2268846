"""Runs to take away: CSV for spreadsheets, JSON Lines for programs, a ZIP with the pictures."""

from core.export.csv import export_csv
from core.export.exports import (
    MIME,
    MOST_RUNS,
    ExportFormat,
    Exports,
    Selection,
    file_name,
)
from core.export.jsonl import export_jsonl
from core.export.record import ExportedRun

__all__ = [
    "MIME",
    "MOST_RUNS",
    "ExportFormat",
    "ExportedRun",
    "Exports",
    "Selection",
    "export_csv",
    "export_jsonl",
    "file_name",
]
