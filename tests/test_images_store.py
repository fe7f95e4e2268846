"""Pictures as rows: written with the end of their run, found again by run, by bytes, by time."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils

from core.errors import StoreError
from core.run import (
    ImageDetails,
    ImageRecord,
    Run,
)
from core.store import Database, ImageStore, RunStore, UploadRecord
from core.store.images import COLUMNS, UPLOAD_COLUMNS
from core.store.migrations import migrations
from core.store.runs import _row
from core.types import (
    RunStatus,
)
from tests.factories import make_run


@pytest.fixture
def images(database: Database) -> ImageStore:
    return ImageStore(database)


def record(run: Run, index: int = 0, **values: Any) -> ImageRecord:
    known = {
        "sha256": f"{index:064x}",
        "width": 64,
        "height": 48,
        "format": "png",
        "bytes": 1234,
        "node": "9",
        "seed": 2**53 - 1,
    }
    return ImageRecord(run_id=run.id, index=index, **known | values)


def finished(store: RunStore, pictures: int, **values: Any) -> tuple[Run, list[ImageRecord]]:
    """A run that ended well, with that many pictures."""
    run = make_run(kind="image", image=ImageDetails())
    store.insert([run]).result()
    records = [record(run, index, **values) for index in range(pictures)]
    end = {"status": RunStatus.SUCCEEDED, "image": ImageDetails(pictures=tuple(records))}
    store.finish(run.model_copy(update=end)).result()
    return run, records


@pytest.mark.parametrize(("table", "columns"), [("images", COLUMNS), ("uploads", UPLOAD_COLUMNS)])
def test_the_documented_columns_are_the_columns(
    database: Database, table: str, columns: tuple[str, ...]
) -> None:
    with database.read() as connection:
        names = [row["name"] for row in connection.execute(f"PRAGMA table_info({table})")]
    assert names == list(columns)
    page = Path("docs/database.md").read_text(encoding="utf-8")
    section = page.split(f"## Table `{table}`")[1].split("\n## ")[0]
    documented = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
    assert documented == list(columns)


def test_pictures_come_back_as_they_were_written(store: RunStore, images: ImageStore) -> None:
    run, records = finished(store, 3)
    assert images.rows(run.id) == records
    assert images.rows("nobody") == []


def test_a_run_read_back_has_its_pictures(store: RunStore) -> None:
    run, records = finished(store, 2)
    found = store.get(run.id)
    assert found.status is RunStatus.SUCCEEDED
    assert found.image is not None
    assert list(found.image.pictures) == records


def test_a_picture_without_seed_and_node_is_kept(store: RunStore, images: ImageStore) -> None:
    run, records = finished(store, 1, seed=None, node="")
    assert images.rows(run.id) == records


def test_the_run_and_its_pictures_are_written_together_or_not_at_all(
    store: RunStore, images: ImageStore, database: Database
) -> None:
    def forbid(connection: sqlite3.Connection) -> None:
        connection.execute(
            'CREATE TRIGGER full BEFORE INSERT ON images WHEN NEW."index" = 1 '
            "BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )

    database.write(forbid).result()
    run = make_run(kind="image", image=ImageDetails())
    store.insert([run]).result()
    two = ImageDetails(pictures=(record(run, 0), record(run, 1)))
    end = {"status": RunStatus.SUCCEEDED, "image": two}
    with pytest.raises(sqlite3.IntegrityError, match="no room"):
        store.finish(run.model_copy(update=end)).result()
    assert store.get(run.id).status is RunStatus.QUEUED
    assert images.rows(run.id) == []


def test_a_run_that_is_finished_twice_has_its_pictures_once(
    store: RunStore, images: ImageStore
) -> None:
    run, records = finished(store, 2)
    again = {"status": RunStatus.SUCCEEDED, "image": ImageDetails(pictures=tuple(records))}
    store.finish(run.model_copy(update=again)).result()
    assert images.rows(run.id) == records


def test_a_text_run_has_no_pictures(store: RunStore, images: ImageStore) -> None:
    run = make_run()
    store.insert([run]).result()
    store.finish(run.model_copy(update={"status": RunStatus.SUCCEEDED})).result()
    assert images.rows(run.id) == []
    assert store.get(run.id).status is RunStatus.SUCCEEDED


def test_the_pictures_of_many_runs_come_in_one_query(
    store: RunStore, images: ImageStore, database: Database
) -> None:
    runs = [finished(store, number) for number in range(4)]
    statements: list[str] = []
    with database.read() as connection:
        connection.set_trace_callback(statements.append)
    found = images.of(
        [*(run.id for run, _ in runs), *(f"unknown-{number}" for number in range(40_000))]
    )
    assert found == {run.id: records for run, records in runs if records}
    assert len(statements) == 1


def test_recent_pictures_page_without_gap_or_repetition(
    store: RunStore, images: ImageStore
) -> None:
    runs = [finished(store, 3) for _ in range(3)]
    expected = [each for _, records in reversed(runs) for each in records]
    found: list[ImageRecord] = []
    while page := images.recent(
        limit=2, before=(found[-1].run_id, found[-1].index) if found else None
    ):
        found += page
    assert found == expected


def test_a_page_of_pictures_is_bounded(store: RunStore, images: ImageStore) -> None:
    finished(store, 600)
    assert len(images.recent(limit=10**9)) == 500


def test_a_pictures_runs_are_found_by_its_bytes(store: RunStore, images: ImageStore) -> None:
    first, _ = finished(store, 1, sha256="a" * 64)
    second, _ = finished(store, 1, sha256="a" * 64)
    assert [each.run_id for each in images.made("a" * 64)] == [first.id, second.id]
    assert images.has("a" * 64)
    assert not images.has("b" * 64)
    assert not images.has("' OR 1 = 1 --")


def test_looking_for_a_picture_uses_the_index(database: Database) -> None:
    with database.read() as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT 1 FROM images WHERE sha256 = ''"
        ).fetchall()
    assert "images_sha256" in plan[0]["detail"]


def upload(sha256: str, second: int, name: str = "사진.jpg") -> UploadRecord:
    return UploadRecord(
        sha256=sha256,
        created_at=datetime(2026, 11, 23, 2, 17, second, tzinfo=UTC),
        name=name,
        width=10,
        height=20,
        bytes=300,
        user="ada",
    )


def test_uploads_come_back_newest_first(images: ImageStore) -> None:
    records = [upload(letter * 64, second) for second, letter in enumerate("abc")]
    for each in records:
        images.add_upload(each).result()
    assert images.uploads(limit=2) == [records[2], records[1]]
    assert images.has("a" * 64)


def test_a_picture_sent_again_is_one_row_and_the_newest(images: ImageStore) -> None:
    for each in (upload("a" * 64, 1), upload("b" * 64, 2), upload("a" * 64, 3, "new.png")):
        images.add_upload(each).result()
    assert [each.name for each in images.uploads()] == ["new.png", "사진.jpg"]


def test_a_database_from_before_pictures_gets_the_tables_and_keeps_its_runs(
    tmp_path: Path,
) -> None:
    path = tmp_path / "playground.db"
    with closing(sqlite3.connect(path)) as connection:
        older = sqlite_utils.Database(connection)
        migrations.apply(older, stop_before="m002_images")
        assert "images" not in older.table_names()
        row = _row(make_run(id="an-old-run"))
        known = older["runs"].columns_dict
        older["runs"].insert({name: value for name, value in row.items() if name in known})
        connection.commit()

    database = Database(path)
    store, images = RunStore(database), ImageStore(database)
    assert store.get("an-old-run").status is RunStatus.QUEUED
    made, records = finished(store, 1)
    assert images.rows(made.id) == records
    database.close()


def test_reading_pictures_from_a_lost_database_is_explained(tmp_path: Path) -> None:
    database = Database(tmp_path / "data" / "playground.db")
    images = ImageStore(database)
    database.close()
    database.path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError):
        images.recent()
