"""A real headless Chromium, and visitors in it: any complaint of a page fails its test."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WAIT_MS = 20_000
# Streamlit asks for its own files below the page's address first, and whether the file of a
# download button is there, which it is no longer once its page was left; and the newest preview
# of a picture may be gone when it is asked for: it has ended, and the picture itself follows.
EXPECTED = re.compile(r"/_stcore/|/media/|Download Button source error|/preview\?n=")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}: install Debian's chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def visitor(
    browser: Browser, *, expected: re.Pattern[str] | None = EXPECTED, **context: Any
) -> Iterator[Page]:
    """A new visitor from Korea on a screen of 1440 pixels, with a page that is still empty.

    Errors on the console that are not `expected`, scripts that break and dialogs fail the test.
    """
    here = browser.new_context(locale="ko-KR", viewport={"width": 1440, "height": 900}, **context)
    here.set_default_timeout(WAIT_MS)
    page = here.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        said = f"{message.text} {message.location['url']}"
        if message.type == "error" and not (expected and expected.search(said)):
            complaints.append(said)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
    yield page
    here.close()
    assert complaints == []
