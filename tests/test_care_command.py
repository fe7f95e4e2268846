"""`python -m core.care`: what it prints, what the shell gets, and what a kill leaves."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core import care
from core.data_care import PruneRule
from core.data_care.locks import alone_in
from core.settings import LEGACY_NAMES, Settings
from tests.care_killed import kills, prune_old
from tests.care_kit import kept_in, shown

ROOT = Path(__file__).parents[1]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that the environment names, with an old and a young run."""
    for name in (*Settings.model_fields, *LEGACY_NAMES):
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", str(tmp_path / "data"))
    with kept_in(tmp_path / "data") as kept:
        kept.picture(1, days_old=100)
        kept.text()
    return tmp_path / "data"


Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Run the command; what the shell gets, stdout and stderr."""

    def said(*arguments: str) -> tuple[int, str, str]:
        code = care.main(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return said


def test_a_backup_is_made_listed_and_restored(data: Path, say: Say) -> None:
    code, out, _ = say("backup")
    assert code == 0
    assert "2 runs" in out
    assert len(say("backups")[1].splitlines()) == 1
    assert say("restore")[0] == 1
    code, out, _ = say("restore", "--replace")
    assert code == 0
    assert "What was there is in" in out
    assert say("check")[0] == 0


def test_programs_get_json(data: Path, say: Say) -> None:
    backup = json.loads(say("backup", "--json")[1])
    assert (backup["runs"], backup["pictures"]) == (2, 1)
    assert json.loads(say("backups", "--json")[1]) == [backup]
    assert json.loads(say("check", "--deep", "--json")[1])["problems"] == []
    assert json.loads(say("usage", "--json")[1])["runs"] == 2
    assert json.loads(say("prune", "--older-than-days", "30", "--json")[1])["runs"] == 1
    assert json.loads(say("mend", "--json")[1])["orphans_moved"] == 0


def test_a_check_that_finds_something_tells_the_shell(data: Path, say: Say) -> None:
    with kept_in(data) as kept:
        sha256 = kept.select("SELECT sha256 FROM images")[0][0]
        kept.pictures.path(sha256).unlink()
    code, out, _ = say("check")
    assert code == care.FOUND_SOMETHING
    assert sha256 in out
    assert say("mend")[0] == care.FOUND_SOMETHING


def test_pruning_shows_first_and_removes_when_told(data: Path, say: Say) -> None:
    code, out, _ = say("prune", "--older-than-days", "30")
    assert code == 0
    assert "Would remove 1 runs" in out
    assert "add --yes" in out
    assert json.loads(say("usage", "--json")[1])["runs"] == 2
    code, out, _ = say("prune", "--older-than-days", "30", "--yes")
    assert code == 0
    assert "Removed 1 runs" in out
    assert json.loads(say("usage", "--json")[1])["runs"] == 1
    assert "Nothing to remove" in say("prune", "--older-than-days", "30", "--yes")[1]


def test_pruning_by_size_keeps_the_newest_gigabytes(data: Path, say: Say) -> None:
    assert json.loads(say("prune", "--keep-gb", "1", "--json")[1])["runs"] == 0
    assert json.loads(say("prune", "--keep-gb", "0", "--json")[1])["runs"] == 1


def test_backups_beyond_those_to_keep_are_deleted(data: Path, say: Say) -> None:
    for _ in range(3):
        assert say("backup", "--keep", "2")[0] == 0
    assert len(say("backups")[1].splitlines()) == 2


@pytest.mark.parametrize("command", ["backup", "backups", "check", "mend", "usage"])
def test_a_folder_without_a_database_is_said_and_none_is_made(
    tmp_path: Path, say: Say, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", str(tmp_path / "wrong"))
    code, out, err = say(command)
    assert (code, out) == (1, "")
    assert "There is no database" in err
    assert not (tmp_path / "wrong").exists()


def test_a_rule_that_takes_nothing_is_explained(data: Path, say: Say) -> None:
    code, _, err = say("prune", "--put-away-after-days", "0")
    assert code == 1
    assert "needs an age or a size" in err


def test_a_damaged_database_is_explained_with_the_way_back(data: Path, say: Say) -> None:
    say("backup")
    (data / "playground.db").write_bytes(b"\xa5" * 40_000)
    code, _, err = say("check")
    assert code == 1
    assert "python -m core.care restore latest --replace" in err
    assert say("restore", "latest", "--replace")[0] == 0
    assert say("check")[0] == 0


def test_another_process_at_work_is_said_in_a_sentence(data: Path) -> None:
    with alone_in(data):
        done = subprocess.run(
            [sys.executable, "-m", "core.care", "backup"],
            cwd=ROOT,
            env={**os.environ, "PLAYGROUND_DATA_DIR": str(data)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert "under way already" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_killed_pruning_leaves_runs_whole_or_gone(tmp_path: Path) -> None:
    """What is left over are pictures without a run at most, and a check finds those."""
    with kept_in(tmp_path / "data") as kept:
        old = [kept.picture(seed, days_old=90) for seed in range(3)]
        for run in old:
            kept.pictures.thumbnail(shown(run), 160)
        young = kept.picture(9)
        for _ in range(40):
            kept.text(days_old=60)

    number = 0

    def prepare() -> Path:
        nonlocal number
        number += 1
        return shutil.copytree(tmp_path / "data", tmp_path / f"try-{number}")

    steps = 0
    for step, folder in kills(prune_old, prepare):
        steps = step
        with kept_in(folder) as kept:
            left = {problem.fault.value for problem in kept.care.check(deep=True).problems}
            assert left <= {"orphan_picture", "orphan_thumbnail", "stale_incoming"}
            assert kept.care.mend().left.ok
            kept.care.prune(kept.care.plan_prune(PruneRule(older_than_days=30)))
            assert kept.ids() == {young.id}
            assert kept.care.mend().left.ok
            assert kept.pictures.open(shown(young))
    assert steps >= 10
