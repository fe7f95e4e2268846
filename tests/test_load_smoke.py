"""The load test's machinery works: two people and two REST clients for a few seconds."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.Delta_pb2 import Delta

from tests.bench.load.__main__ import report
from tests.bench.load.complaints import STUMBLED, complaint_of
from tests.bench.load.outcome import lost_runs
from tests.bench.load.tally import Tally
from tests.bench.load.trial import Crowd, Trial, trial

PROC = Path("/proc/self/statm")
SMALL = Crowd(people=2, clients=2, seconds=4, alone=2, quiet=0, haste=20)
RUN = "01a20f85-46b5-76d0-9746-4da206ac1671"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    if not PROC.exists():
        pytest.skip("reads memory from /proc, which only Linux has")
    return asyncio.run(trial(tmp_path_factory.mktemp("load"), SMALL))


def test_two_people_and_two_clients_meet_no_error_and_lose_no_run(made: Trial) -> None:
    assert made.errors == []
    assert made.together.batches
    assert made.together.runs


def test_a_person_does_everything_a_person_does(made: Trial) -> None:
    told = set(made.alone.took) | set(made.together.took)

    assert {"open the app", "press Run", "answer, from Run to its end", "search"} <= told
    assert {"go to History", "open a run", "go to Health"} <= told
    assert any(name.startswith("refresh") for name in told)


def test_the_report_has_a_line_for_each_action_and_each_look_at_the_app(made: Trial) -> None:
    said = "\n".join(report(made))

    assert said.startswith("errors: 0")
    assert all(action in said for action in made.together.took)
    assert "after the quiet" in said


@pytest.mark.parametrize(
    "delta",
    [
        Delta(new_element={"exception": {"type": "KeyError", "message": "x"}}),
        Delta(new_element={"alert": {"body": "no", "format": Alert.ERROR}}),
        Delta(new_element={"text": {"body": STUMBLED}}),
        Delta(add_block={"expandable": {"label": "Technical detail"}}),
    ],
)
def test_a_page_that_shows_an_error_is_noticed(delta: Delta) -> None:
    assert complaint_of(delta)


def test_a_warning_and_plain_text_are_no_errors() -> None:
    assert complaint_of(Delta(new_element={"text": {"body": "Hello"}})) is None
    warning = {"alert": {"body": "slow", "format": Alert.WARNING}}
    assert complaint_of(Delta(new_element=warning)) is None


@pytest.mark.parametrize(
    ("rows", "ends", "wrong"),
    [
        ([(RUN, "succeeded")], 1, []),
        ([(RUN, "running")], 0, [f"{RUN} is still running", f"{RUN} ended 0 times"]),
        ([(RUN, "succeeded")], 2, [f"{RUN} ended 2 times"]),
        ([(RUN, "failed")], 1, [f"{RUN} failed"]),
        (
            [],
            0,
            [f"{RUN} was answered and is not on record", "1 runs were asked for, 0 are on record"],
        ),
    ],
)
def test_a_run_that_is_lost_or_ended_twice_is_noticed(
    tmp_path: Path, rows: list[tuple[str, str]], ends: int, wrong: list[str]
) -> None:
    file = tmp_path / "playground.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE runs (id TEXT, batch_id TEXT, status TEXT)")
        connection.executemany("INSERT INTO runs VALUES (?, NULL, ?)", rows)
    tally = Tally()
    tally.runs.append(RUN)

    assert lost_runs(file, f"run ended id={RUN}\n" * ends, [tally]) == wrong
