"""Where runs are kept: one SQLite file that other tools can open (docs/database.md)."""

from core.store.database import Database
from core.store.images import ImageStore, UploadRecord
from core.store.runs import RunStore

__all__ = ["Database", "ImageStore", "RunStore", "UploadRecord"]
