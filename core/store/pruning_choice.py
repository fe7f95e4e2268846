"""Which runs and uploads a rule takes, put into temporary tables of a reading connection:

temp.going (id, why)         runs that go; `why` is 'age', 'size' or 'put_away'
temp.going_uploads (id)      uploads that go, by SHA-256
temp.staying_sources (id)    pictures that runs which stay start from, by SHA-256
"""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.store.stamps import stamp

_TABLES = {
    "going": "id TEXT PRIMARY KEY, why TEXT NOT NULL",
    "going_uploads": "id TEXT PRIMARY KEY",
    "staying_sources": "id TEXT PRIMARY KEY",
}
_OVER = "status NOT IN ('queued', 'running')"
_BY_AGE = (
    f"INSERT INTO temp.going SELECT id, 'age' FROM runs WHERE created_at < :before AND {_OVER} "  # noqa: S608
    "AND kind IN (SELECT value FROM json_each(:kinds))"
)
_NEWEST_PICTURES = (
    "SELECT i.run_id, i.sha256, i.bytes FROM images i JOIN runs r ON r.id = i.run_id "
    "WHERE r.created_at <= :moment ORDER BY i.run_id DESC"
)
_BY_SIZE = (
    "INSERT OR IGNORE INTO temp.going SELECT DISTINCT r.id, 'size' FROM images i "  # noqa: S608
    f"JOIN runs r ON r.id = i.run_id WHERE i.run_id <= :last AND {_OVER}"
)
_PUT_AWAY = (
    "INSERT OR IGNORE INTO temp.going SELECT r.id, 'put_away' FROM deleted_runs d "  # noqa: S608
    f"JOIN runs r ON r.id = d.run_id WHERE d.deleted_at < :before AND {_OVER}"
)
_SPARE_JUDGED = (
    "DELETE FROM temp.going WHERE id IN (SELECT run_id FROM ratings UNION SELECT left_run "
    "FROM votes UNION SELECT right_run FROM votes UNION SELECT run_id FROM tags "
    "UNION SELECT run_id FROM notes)"
)
_SPARE_REPEATED = (
    "DELETE FROM temp.going WHERE id IN (SELECT parent_id FROM runs WHERE parent_id IS NOT NULL "
    "AND id NOT IN (SELECT id FROM temp.going))"
)
_STAYING_SOURCES = (
    "INSERT OR IGNORE INTO temp.staying_sources "
    "SELECT json_extract(payload, '$.source_sha256') FROM runs WHERE kind = 'image' "
    "AND json_extract(payload, '$.source_sha256') IS NOT NULL "
    "AND id NOT IN (SELECT id FROM temp.going)"
)
_UPLOADS = (
    "INSERT INTO temp.going_uploads SELECT sha256 FROM uploads WHERE created_at < :before "
    "AND sha256 NOT IN (SELECT id FROM temp.staying_sources)"
)


@dataclass(frozen=True)
class Choice:
    """What a rule says at `moment`; None leaves a part of it out.

    Times are text as the database keeps them: runs submitted before `runs_before`, put away
    before `put_away_before`, uploads sent before `uploads_before`.
    """

    moment: str
    kinds: tuple[str, ...]
    spare_judged: bool
    runs_before: str | None
    put_away_before: str | None
    uploads_before: str | None
    picture_bytes: int | None

    @classmethod
    def at(
        cls,
        moment: datetime,
        *,
        kinds: tuple[str, ...],
        spare_judged: bool,
        run_days: int | None,
        put_away_days: int | None,
        upload_days: int | None,
        picture_bytes: int | None,
    ) -> "Choice":
        """The choice at `moment` by ages in days."""

        def before(days: int | None) -> str | None:
            return None if days is None else stamp(moment - timedelta(days=days))

        return cls(
            moment=stamp(moment) or "",
            kinds=kinds,
            spare_judged=spare_judged,
            runs_before=before(run_days),
            put_away_before=before(put_away_days),
            uploads_before=before(upload_days),
            picture_bytes=picture_bytes,
        )


def choose(connection: sqlite3.Connection, choice: Choice) -> tuple[int, int]:
    """Fill the temporary tables; how many runs stay because they were judged, and because a run
    that stays repeats them.
    """
    for name, columns in _TABLES.items():
        connection.execute(f"CREATE TEMP TABLE {name} ({columns}) WITHOUT ROWID")
    if choice.runs_before is not None:
        values = {"before": choice.runs_before, "kinds": json.dumps(choice.kinds)}
        connection.execute(_BY_AGE, values)
    if choice.picture_bytes is not None:
        last = _first_beyond(connection, choice.moment, choice.picture_bytes)
        connection.execute(_BY_SIZE, {"last": last})
    if choice.put_away_before is not None:
        connection.execute(_PUT_AWAY, {"before": choice.put_away_before})
    judged = connection.execute(_SPARE_JUDGED).rowcount if choice.spare_judged else 0
    repeated = _spare_repeated(connection)
    connection.execute(_STAYING_SOURCES)
    if choice.uploads_before is not None:
        connection.execute(_UPLOADS, {"before": choice.uploads_before})
    return judged, repeated


def look_again(connection: sqlite3.Connection) -> None:
    """Once runs were taken out of `going`: what they repeat and start from stays as well."""
    _spare_repeated(connection)
    connection.execute(_STAYING_SOURCES)
    connection.execute(
        "DELETE FROM temp.going_uploads WHERE id IN (SELECT id FROM temp.staying_sources)"
    )


def forget(connection: sqlite3.Connection) -> None:
    """Drop the temporary tables."""
    for name in _TABLES:
        connection.execute(f"DROP TABLE IF EXISTS temp.{name}")


def _first_beyond(connection: sqlite3.Connection, moment: str, most: int) -> str:
    """The newest run whose pictures do not all fit into `most` bytes, newest pictures first.

    A picture that several runs made counts once. "" where all of them fit.
    """
    seen, size = set[str](), 0
    for row in connection.execute(_NEWEST_PICTURES, {"moment": moment}):
        if row["sha256"] not in seen:
            seen.add(row["sha256"])
            size += row["bytes"]
        if size > most:
            return row["run_id"]
    return ""


def _spare_repeated(connection: sqlite3.Connection) -> int:
    """Have the runs stay that a run which stays repeats, and those that these repeat; how many."""
    spared = 0
    while count := connection.execute(_SPARE_REPEATED).rowcount:
        spared += count
    return spared
