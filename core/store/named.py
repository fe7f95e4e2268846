"""Which pictures the rows name: those a run made, those sent, and those a run started from."""

import json
import sqlite3
from collections.abc import Iterable

# A picture that a run started from may have been made by a run that is gone by now.
_SOURCES = (
    "SELECT DISTINCT json_extract(payload, '$.source_sha256') AS sha256, NULL AS bytes FROM runs "
    "WHERE kind = 'image'"
)
_NAMED = (
    "SELECT sha256, max(bytes) AS bytes FROM ("  # noqa: S608 - our own words
    "SELECT sha256, bytes FROM images UNION ALL SELECT sha256, bytes FROM uploads "
    f"UNION ALL {_SOURCES}) WHERE sha256 IS NOT NULL GROUP BY sha256"
)
_STILL = (
    "SELECT value FROM json_each(:asked) WHERE "
    "EXISTS (SELECT 1 FROM images WHERE sha256 = value) "
    "OR EXISTS (SELECT 1 FROM uploads WHERE sha256 = value)"
)


def named_pictures(connection: sqlite3.Connection) -> dict[str, int | None]:
    """Every picture that a row names, by SHA-256, with its bytes where a row tells them."""
    return {row[0]: row[1] for row in connection.execute(_NAMED)}


def sources(connection: sqlite3.Connection) -> set[str]:
    """The pictures that runs start from, by SHA-256."""
    return {row[0] for row in connection.execute(_SOURCES) if row[0] is not None}


def still_kept(connection: sqlite3.Connection, asked: Iterable[str]) -> set[str]:
    """Those of the pictures `asked` that a run made or somebody sent, as far as rows tell."""
    values = {"asked": json.dumps(list(asked))}
    return {row[0] for row in connection.execute(_STILL, values)}
