"""Pictures as rows: which run made which file, and what people uploaded. The files themselves
are in `core.pictures`, named by `sha256`.
"""

import json
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime

from core.run import (
    ImageRecord,
)
from core.store.database import Database
from core.store.stamps import stamp
from core.types import (
    Frozen,
)

COLUMNS = ("run_id", "index", "sha256", "width", "height", "format", "bytes", "node", "seed")
UPLOAD_COLUMNS = ("sha256", "created_at", "name", "width", "height", "bytes", "user")
LARGEST_PAGE = 500

_NAMES = ", ".join(f'"{name}"' for name in COLUMNS)
_SELECT = f"SELECT {_NAMES} FROM images"  # noqa: S608 - our own column names
_INSERT = (
    f"INSERT OR REPLACE INTO images ({_NAMES}) "  # noqa: S608 - our own column names
    f"VALUES ({', '.join(f':{name}' for name in COLUMNS)})"
)
_SELECT_UPLOADS = f"SELECT {', '.join(UPLOAD_COLUMNS)} FROM uploads"  # noqa: S608
_INSERT_UPLOAD = (
    f"INSERT OR REPLACE INTO uploads ({', '.join(UPLOAD_COLUMNS)}) "  # noqa: S608
    f"VALUES ({', '.join(f':{name}' for name in UPLOAD_COLUMNS)})"
)


class UploadRecord(Frozen):
    """A picture that somebody sent: a row of the table `uploads`. Sizes in pixels and bytes."""

    sha256: str
    created_at: datetime
    name: str
    width: int
    height: int
    bytes: int
    user: str | None = None


def insert_images(connection: sqlite3.Connection, records: Sequence[ImageRecord]) -> None:
    """Write rows of `images` within somebody's transaction: a run's are written as it ends."""
    connection.executemany(_INSERT, [record.model_dump() for record in records])


class ImageStore:
    """The tables `images` and `uploads`. Writes return futures; reads block."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self, run_id: str) -> list[ImageRecord]:
        """The pictures of a run, in their order; empty when it made none."""
        return self.of([run_id]).get(run_id, [])

    def of(self, run_ids: Sequence[str]) -> dict[str, list[ImageRecord]]:
        """The pictures of many runs by run id, in one query; runs without any are left out."""
        # One parameter whatever their number: SQLite has a limit of those.
        where = 'WHERE run_id IN (SELECT value FROM json_each(?)) ORDER BY run_id, "index"'
        found: dict[str, list[ImageRecord]] = {}
        for record in self._select(where, (json.dumps(list(run_ids)),)):
            found.setdefault(record.run_id, []).append(record)
        return found

    def recent(
        self, *, limit: int = 50, before: tuple[str, int] | None = None
    ) -> list[ImageRecord]:
        """Pictures of the newest runs first, each run's in their order.

        `before` is the run id and index of the last one seen: what follows it comes next.
        """
        where = "" if before is None else 'WHERE run_id < ? OR (run_id = ? AND "index" > ?)'
        values = () if before is None else (before[0], before[0], before[1])
        limit = min(limit, LARGEST_PAGE)
        return self._select(f'{where} ORDER BY run_id DESC, "index" LIMIT ?', (*values, limit))

    def made(self, sha256: str) -> list[ImageRecord]:
        """Where a picture comes from: every row with these bytes, the oldest run first."""
        return self._select('WHERE sha256 = ? ORDER BY run_id, "index"', (sha256,))

    def has(self, sha256: str) -> bool:
        """Whether a run made this picture or somebody uploaded it."""
        sql = (
            "SELECT EXISTS (SELECT 1 FROM images WHERE sha256 = :sha256) "
            "OR EXISTS (SELECT 1 FROM uploads WHERE sha256 = :sha256)"
        )
        with self._database.read() as connection:
            return bool(connection.execute(sql, {"sha256": sha256}).fetchone()[0])

    def add_upload(self, upload: UploadRecord) -> "Future[None]":
        """Note an upload; the same picture again replaces its row, and is the newest then."""
        row = upload.model_dump() | {"created_at": stamp(upload.created_at)}

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(_INSERT_UPLOAD, row)

        return self._database.write(work)

    def uploads(self, *, limit: int = 50) -> list[UploadRecord]:
        """The newest uploads first."""
        sql = f"{_SELECT_UPLOADS} ORDER BY created_at DESC, sha256 LIMIT ?"
        with self._database.read() as connection:
            rows = connection.execute(sql, [min(limit, LARGEST_PAGE)]).fetchall()
        return [UploadRecord.model_validate(dict(row)) for row in rows]

    def _select(self, where: str, values: Sequence[object]) -> list[ImageRecord]:
        with self._database.read() as connection:
            rows = connection.execute(f"{_SELECT} {where}", values).fetchall()
        return [ImageRecord.model_validate(dict(row)) for row in rows]
