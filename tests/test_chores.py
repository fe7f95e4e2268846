"""Chores: one of each name at a time, in the background, with progress and what came of it."""

import threading
import time
from collections.abc import Callable

import pytest

from core.chores import Chore, Chores
from core.errors import StoreError


@pytest.fixture
def chores() -> Chores:
    return Chores()


def ended(chores: Chores, name: str) -> Chore:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        chore = chores.find(name)
        if chore is not None and not chore.running:
            return chore
        time.sleep(0.005)
    raise AssertionError(f"{name} did not end")


def test_nobody_waits_for_a_chore_and_its_result_is_kept(chores: Chores) -> None:
    free = threading.Event()
    started = chores.start("backup", lambda _: free.wait(5) and "done", what="all")
    assert (started.running, started.what) == (True, "all")
    assert chores.any_running("check", "backup")
    free.set()
    chore = ended(chores, "backup")
    assert (chore.result, chore.error, chore.what) == ("done", None, "all")
    assert not chores.any_running("check", "backup")


def test_a_second_one_finds_the_first(chores: Chores) -> None:
    free, starts = threading.Event(), []

    def work(_: Callable[[int, int], None]) -> None:
        starts.append(1)
        free.wait(5)

    first = chores.start("prune", work)
    second = chores.start("prune", work)
    free.set()
    ended(chores, "prune")
    assert (second.began, len(starts)) == (first.began, 1)


def test_one_that_ended_can_be_started_again(chores: Chores) -> None:
    chores.start("check", lambda _: 1)
    ended(chores, "check")
    chores.start("check", lambda _: 2)
    assert ended(chores, "check").result == 2


def test_progress_can_be_seen_while_it_goes_on(chores: Chores) -> None:
    said, free = threading.Event(), threading.Event()

    def work(told: Callable[[int, int], None]) -> None:
        told(3, 10)
        said.set()
        free.wait(5)

    chores.start("backup", work)
    assert said.wait(5)
    chore = chores.find("backup")
    assert chore is not None
    assert (chore.done, chore.total, chore.running) == (3, 10, True)
    free.set()


def test_an_error_that_can_be_explained_is_kept_as_it_is(chores: Chores) -> None:
    error = StoreError("The disk is full.")

    def work(_: object) -> None:
        raise error

    chores.start("backup", work)
    assert ended(chores, "backup").error is error


def test_an_error_that_nobody_foresaw_is_logged_and_said(
    chores: Chores, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(
        "core.chores.log.exception", lambda event, *, extra: logged.append((event, extra))
    )
    chores.start("check", lambda _: 1 / 0)
    chore = ended(chores, "check")
    assert chore.error is not None
    assert "log" in chore.error.message
    assert logged == [("chore failed", {"chore": "check"})]


def test_what_nobody_started_is_not_there(chores: Chores) -> None:
    assert chores.find("backup") is None
