"""What takes how much room."""

import shutil
from datetime import timedelta

from core.data_care.files import disk_explained, files_below
from core.data_care.manifest import complete_backups
from core.data_care.picture_files import listing
from core.data_care.places import Places
from core.data_care.types import AgeShare, Usage
from core.store import Database
from core.store.stamps import stamp
from core.types import utc_now

AGES_DAYS = (30, 90, 180, 365)

_COUNTS = (
    "SELECT (SELECT count(*) FROM runs) AS runs, "
    "(SELECT count(*) FROM deleted_runs) AS runs_put_away, "
    "(SELECT count(DISTINCT sha256) FROM images) AS pictures, "
    "(SELECT count(*) FROM uploads) AS uploads, "
    "(SELECT total(bytes) FROM uploads) AS upload_bytes, "
    "(SELECT total(bytes) FROM (SELECT max(bytes) AS bytes FROM images GROUP BY sha256)) "
    "AS picture_bytes, "
    "(SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size) "
    "AS database_free_bytes"
)
# A picture that several runs made is as old as the newest of them.
_OLDER = (
    "SELECT (SELECT count(*) FROM runs WHERE created_at < :before) AS runs, "
    "count(*) AS pictures, total(bytes) AS picture_bytes FROM ("
    "SELECT max(i.bytes) AS bytes FROM images i JOIN runs r ON r.id = i.run_id "
    "GROUP BY i.sha256 HAVING max(r.created_at) < :before)"
)


def usage(database: Database, places: Places) -> Usage:
    """What takes room in the data folder and in the backups. Raises StoreError."""
    moment = utc_now()
    with database.read() as connection:
        counts = dict(connection.execute(_COUNTS).fetchone())
        ages = []
        for days in AGES_DAYS:
            values = {"before": stamp(moment - timedelta(days=days))}
            row = dict(connection.execute(_OLDER, values).fetchone())
            row["picture_bytes"] = int(row["picture_bytes"])
            ages.append(AgeShare(older_than_days=days, **row))
    for name in ("picture_bytes", "upload_bytes"):
        counts[name] = int(counts[name])
    with disk_explained(places.data):
        backups = complete_backups(places.backups)
        disk = shutil.disk_usage(places.data)
        files = [places.database.with_name(places.database.name + end) for end in ("", "-wal")]
        return Usage(
            **counts,
            database_bytes=sum(file.stat().st_size for file in files if file.exists()),
            thumbnail_bytes=sum(file.bytes for file in listing(places).thumbnails),
            orphan_bytes=sum(file.stat().st_size for file in files_below(places.orphans)),
            backups=len(backups),
            backup_bytes=sum(file.stat().st_size for file in files_below(places.backups)),
            disk_free=disk.free,
            disk_total=disk.total,
            by_age=tuple(ages),
        )
