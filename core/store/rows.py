"""Lines of the list, read for runs that were already chosen."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from core.listing import RunRow
from core.run import ImageRecord

LONGEST_TITLE = 120
LONGEST_EXCERPT = 300

_TITLES = ("product_name", "brand_name", "prompt", "brief")
_COLUMNS = (
    *("id", "created_at", "kind", "status", "mode", "provider", "model", "role", "task", "user"),
    *("batch_id", "parent_id", "first_token_ms", "load_ms", "total_ms", "tokens_per_second"),
    *("completion_tokens", "error_code"),
)
_ROWS = (
    f"SELECT {', '.join(f'r.{name}' for name in _COLUMNS)}, r.payload, "  # noqa: S608
    f"substr(CASE WHEN r.output <> '' THEN r.output ELSE coalesce(r.error_message, '') END, "
    f"1, {LONGEST_EXCERPT}) AS excerpt, "
    "c.score, c.passed, c.errors, c.warnings, d.deleted_at, "
    "(SELECT avg(stars) FROM ratings WHERE run_id = r.id) AS stars, "
    "(SELECT count(*) FROM ratings WHERE run_id = r.id) AS raters, "
    "(SELECT json_group_array(tag) FROM (SELECT tag FROM tags WHERE run_id = r.id ORDER BY tag)) "
    "AS tags "
    "FROM json_each(?) wanted JOIN runs r ON r.id = wanted.value "
    "LEFT JOIN check_reports c ON c.run_id = r.id LEFT JOIN deleted_runs d ON d.run_id = r.id "
    "ORDER BY wanted.key"
)
_PICTURES = (
    'SELECT run_id, "index", sha256, width, height, format, bytes, node, seed FROM images '
    'WHERE run_id IN (SELECT value FROM json_each(?)) ORDER BY run_id, "index"'
)


def read_rows(connection: sqlite3.Connection, run_ids: Sequence[str]) -> list[RunRow]:
    """The lines of these runs in this order; unknown ids are left out."""
    if not run_ids:
        return []
    rows = connection.execute(_ROWS, [json.dumps(list(run_ids))]).fetchall()
    pictures = _pictures(connection, [row["id"] for row in rows if row["kind"] == "image"])
    return [_row(row, tuple(pictures.get(row["id"], ()))) for row in rows]


def _row(row: sqlite3.Row, pictures: tuple[ImageRecord, ...]) -> RunRow:
    values: dict[str, Any] = dict(row)
    values["title"] = _title(json.loads(values.pop("payload")))
    values["tags"] = tuple(json.loads(values["tags"]))
    return RunRow(**values, pictures=pictures)


def _title(payload: dict[str, Any]) -> str:
    """What a run was about: its product, its brand, its prompt, or else its first text."""
    named = [payload.get(name) for name in _TITLES]
    for value in [*named, *payload.values()]:
        if isinstance(value, str) and value.strip():
            return " ".join(value.split())[:LONGEST_TITLE]
    return ""


def _pictures(
    connection: sqlite3.Connection, run_ids: Sequence[str]
) -> dict[str, list[ImageRecord]]:
    made: dict[str, list[ImageRecord]] = {}
    if run_ids:
        for row in connection.execute(_PICTURES, [json.dumps(list(run_ids))]):
            made.setdefault(row["run_id"], []).append(ImageRecord.model_validate(dict(row)))
    return made
