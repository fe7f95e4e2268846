"""Old runs checked again by `python -m core.recheck`."""

import json
from pathlib import Path

import pytest

from core import recheck as command
from core.catalog import load_catalog
from core.checks.engine import CHECKS_VERSION
from core.finding import CheckReport, Scores
from core.recheck import recheck
from core.run import Run
from core.store import Database, RunStore
from core.types import RunStatus
from tests.factories import make_run

CATALOG = load_catalog()


def report_of(version: int) -> CheckReport:
    return CheckReport(version=version, scores=Scores(overall=1.5, passed=False))


def succeeded(**values: object) -> Run:
    known: dict[str, object] = {
        "status": RunStatus.SUCCEEDED,
        "format": "json",
        "output": json.dumps({"headline": "한 모금의 온도"}),
    }
    return make_run(**known | values)


def kept(store: RunStore, run: Run) -> Run:
    store.insert([run]).result()
    if run.report is not None:
        store.finish(run).result()
    return run


def versions(store: RunStore, runs: list[Run]) -> list[int | None]:
    found = [store.get(run.id).report for run in runs]
    return [report.version if report else None for report in found]


def test_missing_and_older_reports_are_made_anew(store: RunStore, database: Database) -> None:
    never = kept(store, succeeded())
    older = kept(store, succeeded(report=report_of(CHECKS_VERSION - 1)))

    assert recheck(database, CATALOG) == 2

    assert versions(store, [never, older]) == [CHECKS_VERSION] * 2
    report = store.get(older.id).report
    assert report is not None
    assert "field.missing" in {finding.code for finding in report.findings}


def test_reports_of_todays_and_of_newer_checks_stay(store: RunStore, database: Database) -> None:
    today = kept(store, succeeded(report=report_of(CHECKS_VERSION)))
    newer = kept(store, succeeded(report=report_of(CHECKS_VERSION + 1)))

    assert recheck(database, CATALOG) == 0

    assert store.get(today.id).report == today.report
    assert store.get(newer.id).report == newer.report


def test_all_means_todays_too_but_never_newer_ones(store: RunStore, database: Database) -> None:
    today = kept(store, succeeded(report=report_of(CHECKS_VERSION)))
    newer = kept(store, succeeded(report=report_of(CHECKS_VERSION + 1)))

    assert recheck(database, CATALOG, again=True) == 1

    assert store.get(today.id).report != today.report
    assert store.get(newer.id).report == newer.report


def test_only_text_runs_that_succeeded_are_checked(store: RunStore, database: Database) -> None:
    runs = [
        kept(store, succeeded(status=RunStatus.FAILED)),
        kept(store, succeeded(status=RunStatus.RUNNING)),
        kept(store, make_run(kind="image", status=RunStatus.SUCCEEDED)),
    ]

    assert recheck(database, CATALOG) == 0

    assert versions(store, runs) == [None, None, None]


def test_one_task_alone_can_be_checked(store: RunStore, database: Database) -> None:
    sns, product = kept(store, succeeded(task="sns")), kept(store, succeeded())

    assert recheck(database, CATALOG, task="sns") == 1

    assert versions(store, [sns, product]) == [CHECKS_VERSION, None]


def test_a_run_of_a_task_that_is_gone_is_checked_without_a_contract(
    store: RunStore, database: Database
) -> None:
    run = kept(store, succeeded(task="of_last_year"))

    assert recheck(database, CATALOG) == 1

    assert versions(store, [run]) == [CHECKS_VERSION]


def test_more_runs_than_a_batch_are_all_checked_once(
    store: RunStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "BATCH", 3)
    runs = [kept(store, succeeded()) for _ in range(7)]
    told: list[int] = []

    assert recheck(database, CATALOG, told=told.append) == 7

    assert told == [3, 6, 7]
    assert versions(store, runs) == [CHECKS_VERSION] * 7


def test_everything_else_of_a_run_stays(store: RunStore, database: Database) -> None:
    before = kept(store, succeeded())

    recheck(database, CATALOG)

    assert store.get(before.id).model_copy(update={"report": None}) == before


def test_the_command_checks_the_database_of_the_settings_beside_a_running_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", str(tmp_path))
    open_in_the_app = Database(tmp_path / "playground.db")
    store = RunStore(open_in_the_app)
    run = kept(store, succeeded())

    assert command.main([]) == 0

    assert versions(store, [run]) == [CHECKS_VERSION]
    assert f"version {CHECKS_VERSION} of the checks: 1\n" in capsys.readouterr().out
    open_in_the_app.close()


def test_the_command_names_the_tasks_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--task", "nothing"]) == 1

    assert "product_detail" in capsys.readouterr().err
