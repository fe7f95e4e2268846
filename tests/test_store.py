"""What is written is there: the database and the table of runs."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlite_utils

from core.errors import RunNotFound, StoreError, StoreTooNew
from core.run import (
    ContractVerdict,
)
from core.store import Database, RunStore
from core.store.migrations import migrations
from core.store.owners import RunOwners
from core.store.runs import COLUMNS
from core.types import (
    GenerationOptions,
    RunStatus,
)
from tests.factories import make_run


def test_a_run_comes_back_as_it_was_written(store: RunStore) -> None:
    run = make_run(
        status=RunStatus.SUCCEEDED,
        options=GenerationOptions(temperature=0.8, seed=7, stop=("끝",)),
        output='{"headline": "한 모금의 온도"}',
        output_json={"headline": "한 모금의 온도"},
        contract=ContractVerdict(valid=False, errors=("subheadline is missing.",)),
        prompt_tokens=12,
        total_ms=1234.5,
        created_at=datetime(2026, 11, 23, 2, 17, 20, 123000, tzinfo=UTC),
        meta={"scenario": "mock-perfect"},
    )
    store.insert([run]).result()
    assert store.get(run.id) == run


def test_times_are_utc_text_that_sorts(store: RunStore, database: Database) -> None:
    run = make_run(created_at=datetime(2026, 11, 23, 2, 17, 20, 123456, tzinfo=UTC))
    store.insert([run]).result()
    with database.read() as connection:
        stamp = connection.execute("SELECT created_at FROM runs").fetchone()[0]
    assert stamp == "2026-11-23T02:17:20.123Z"


def test_the_documented_columns_are_the_columns(database: Database) -> None:
    with database.read() as connection:
        names = [row["name"] for row in connection.execute("PRAGMA table_info(runs)")]
    assert names == [*COLUMNS, "process"]
    page = Path("docs/database.md").read_text(encoding="utf-8")
    assert [name for name in names if f"| `{name}` |" not in page] == []


def test_other_tools_read_json_and_korean_as_they_are(store: RunStore, database: Database) -> None:
    store.insert([make_run()]).result()
    with closing(sqlite3.connect(database.path)) as connection:
        name = connection.execute(
            "SELECT json_extract(payload, '$.product_name') FROM runs"
        ).fetchone()[0]
        raw = connection.execute("SELECT payload FROM runs").fetchone()[0]
    assert name == "담은 텀블러"
    assert "텀블러" in raw


def test_runs_are_inserted_all_or_none(store: RunStore) -> None:
    first = make_run()
    with pytest.raises(sqlite3.IntegrityError):
        store.insert([first, make_run(), first]).result()
    assert store.recent() == []


def test_one_bad_write_does_not_harm_its_neighbours(database: Database, store: RunStore) -> None:
    runs = [make_run() for _ in range(20)]
    bad = [database.write(lambda connection: connection.execute("nonsense")) for _ in range(5)]
    good = [store.insert([run]) for run in runs]
    for future in good:
        future.result()
    assert all(future.exception() for future in bad)
    assert len(store.recent(limit=100)) == 20


def test_many_threads_write_at_once(store: RunStore) -> None:
    runs = [make_run() for _ in range(200)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda run: store.insert([run]).result(), runs))
    assert {run.id for run in store.recent(limit=500)} == {run.id for run in runs}


def test_recent_is_newest_first_and_pages_by_id(store: RunStore) -> None:
    runs = [make_run() for _ in range(5)]
    store.insert(runs).result()
    newest = [run.id for run in reversed(runs)]
    first = [run.id for run in store.recent(limit=2)]
    then = [run.id for run in store.recent(limit=10, before=first[-1])]
    assert first + then == newest


def test_an_unknown_id_is_not_found_and_quotes_do_no_harm(store: RunStore) -> None:
    with pytest.raises(RunNotFound):
        store.get("'; DROP TABLE runs; --")
    assert store.recent() == []


def test_open_runs_of_a_dead_process_become_interrupted_and_keep_their_text(
    tmp_path: Path,
) -> None:
    path = tmp_path / "playground.db"
    database = Database(path)
    queued, running, done = make_run(), make_run(), make_run(status=RunStatus.SUCCEEDED)
    store = RunStore(database, "dead")
    store.insert([queued, running, done]).result()
    started = {"status": RunStatus.RUNNING, "started_at": datetime.now(UTC), "queued_ms": 1.0}
    store.start(running.model_copy(update=started)).result()
    store.save_text(running.id, output="반쯤 쓴 카피", thinking="").result()
    database.close()

    database = Database(path)
    store = RunStore(database)
    owners = RunOwners(database, "alive")
    assert owners.of_open_runs() == {"dead"}
    taken = owners.take_over({"dead"}, unowned=False, keep=lambda run: False).result()
    assert (taken.interrupted, taken.kept) == (2, ())
    assert owners.of_open_runs() == set()
    assert store.get(running.id).output == "반쯤 쓴 카피"
    assert store.get(running.id).error_code == "run_interrupted"
    assert store.get(queued.id).status is RunStatus.INTERRUPTED
    assert store.get(done.id).status is RunStatus.SUCCEEDED
    database.close()


def test_a_newer_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "playground.db"
    with closing(sqlite3.connect(path)) as connection:
        db = sqlite_utils.Database(connection)
        migrations.apply(db)
        db["_sqlite_migrations"].insert(
            {"migration_set": "playground", "name": "m999_future", "applied_at": "2030-01-01"}
        )
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match="newer version"):
        Database(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_explained_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "playground.db"
    path.write_bytes(b"PK\x03\x04 this is a zip, renamed" * 50)
    with pytest.raises(StoreError, match="not a database"):
        Database(path)
    assert path.read_bytes().startswith(b"PK")


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="PLAYGROUND_DATA_DIR"):
        Database(tmp_path / "file" / "data" / "playground.db")


def test_a_path_with_odd_characters_works(tmp_path: Path) -> None:
    database = Database(tmp_path / "자료 ?#%25" / "playground.db")
    RunStore(database).insert([make_run()]).result()
    assert len(RunStore(database).recent()) == 1
    database.close()
