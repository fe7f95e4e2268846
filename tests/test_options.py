"""Reading Streamlit's options waits for nobody once the app has started."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit import config

from pages._options import LOCK, read_options_at_once


@pytest.fixture
def lock() -> Iterator[Any]:
    """The lock of this Streamlit, put back afterwards."""
    lock = vars(config)[LOCK]
    yield lock
    vars(config)[LOCK] = lock


def read_while_locked(lock: Any) -> list[object]:
    """What another thread reads within a moment while this one holds the lock."""
    read: list[object] = []

    def look() -> None:
        read.append(config.get_option("global.minCachedMessageSize"))
        read.append(len(config.get_options_for_section("theme")))

    with lock:
        reader = threading.Thread(target=look)
        reader.start()
        reader.join(1)
        seen = list(read)
    reader.join()
    return seen


def test_streamlit_locks_each_read_of_an_option(lock: Any) -> None:
    assert read_while_locked(lock) == [], "it no longer does: pages/_options.py can go"


def test_options_are_read_while_somebody_holds_the_lock(lock: Any) -> None:
    before = config.get_option("global.minCachedMessageSize")
    read_options_at_once()

    assert read_while_locked(lock)[0] == before


def test_a_streamlit_without_that_lock_is_left_as_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, lock: Any
) -> None:
    monkeypatch.delitem(vars(config), LOCK)
    with caplog.at_level(logging.WARNING, "playground.pages"):
        read_options_at_once()

    assert LOCK not in vars(config)
    assert "unknown way" in caplog.text
