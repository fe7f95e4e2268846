"""What History needs is loaded behind the first page, once."""

import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pages import _ahead

ROOT = Path(__file__).parents[1]
ONCE = """
import sys, threading
from pages._ahead import load_ahead
assert "altair" not in sys.modules
load_ahead()
load_ahead()
(thread,) = [one for one in threading.enumerate() if one.name == "load-ahead"]
thread.join()
assert "pages._charts" in sys.modules and "altair" in sys.modules
"""


def test_charts_are_loaded_in_the_background_and_once() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", ONCE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_what_cannot_be_loaded_is_told_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_ahead, "CHARTS", "pages._no_such_module")
    monkeypatch.setattr(_ahead, "_begun", threading.Lock())
    with caplog.at_level(logging.ERROR, "playground.pages"):
        _ahead.load_ahead()
        for thread in threading.enumerate():
            if thread.name == "load-ahead":
                thread.join(10)
    assert "charts not loaded ahead" in caplog.text
