"""Where runs are kept: one SQLite file that other tools can open (docs/database.md)."""

from core.store.database import Database
from core.store.images import ImageStore, UploadRecord
from core.store.opinions import OpinionStore
from core.store.recent import RecentRuns
from core.store.run_list import RunList
from core.store.runs import RunStore
from core.store.stats import RunStats

__all__ = [
    "Database",
    "ImageStore",
    "OpinionStore",
    "RecentRuns",
    "RunList",
    "RunStats",
    "RunStore",
    "UploadRecord",
]
