"""An older file is upgraded at the start: said on the console, whole or not at all."""

import logging
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from core.store import Database
from core.store import upgrade as module
from core.store.lean import sqlite_utils
from core.store.migrations import migrations

OLD = "m005_search"  # a file from before this step
RUN = {
    **dict.fromkeys(("id", "created_at", "kind", "status", "mode", "provider"), "x"),
    **dict.fromkeys(("model", "role", "task", "language", "format", "source"), "y"),
    **dict.fromkeys(("payload", "options", "meta"), "{}"),
    **dict.fromkeys(("prompt", "output", "thinking"), ""),
}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "playground.db"
    with closing(sqlite_utils.Database(path).conn) as connection:
        migrations.apply(sqlite_utils.Database(connection), stop_before=OLD)
        columns, marks = ", ".join(RUN), ", ".join("?" * len(RUN))
        connection.execute(
            f"INSERT INTO runs ({columns}) VALUES ({marks})",  # noqa: S608 - our own names
            list(RUN.values()),
        )
        connection.commit()
    return path


def test_an_older_file_is_upgraded_with_a_word_before_and_after(
    old: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.INFO, "playground.store"),
        closing(Database(old)) as database,
        database.read() as connection,
    ):
        numbered = connection.execute("SELECT run_id FROM run_numbers").fetchall()
        labels = connection.execute("SELECT name, value FROM run_labels ORDER BY 1").fetchall()
    told = [record.message for record in caplog.records]
    assert [tuple(row) for row in numbered] == [("x",)]
    assert [tuple(label) for label in labels] == [
        *(("model", "y"), ("provider", "x"), ("role", "y"), ("task", "y"))
    ]
    assert told[0] == "an older database is upgraded, which may take minutes"
    assert told[-1] == "database upgraded"


def test_a_long_upgrade_says_every_few_seconds_that_it_goes_on(
    old: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SAY_EVERY_S", 0.01)
    apply = migrations.apply

    def slowly(*given: object, **how: object) -> None:
        time.sleep(0.1)
        apply(*given, **how)  # ty: ignore[invalid-argument-type]

    monkeypatch.setattr(migrations, "apply", slowly)
    with caplog.at_level(logging.INFO, "playground.store"), closing(Database(old)):
        pass
    told = [record for record in caplog.records if record.message.startswith("still upgrading")]
    assert {(record.__dict__["step"], record.__dict__["migration"]) for record in told} >= {
        (1, OLD)
    }


def test_a_new_file_and_one_that_is_up_to_date_are_not_spoken_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "playground.store"):
        for _ in range(2):
            with closing(Database(tmp_path / "playground.db")):
                pass
    assert caplog.records == []


def test_a_file_that_was_upgraded_has_the_same_shape_as_a_new_one(
    old: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new.db"
    for path in (old, new):
        Database(path).close()

    assert _shape(old) == _shape(new)


def _shape(path: Path) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return set(rows.fetchall())
