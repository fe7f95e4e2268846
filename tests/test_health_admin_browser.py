"""An administrator at work in a real browser: a model is loaded, a test run, a backup made, old
runs are pruned; and from elsewhere only the password opens the tools.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from core.store import Database, RunStore
from core.types import Mode, RunStatus, utc_now
from tests.app_server import RunningApp, running_app
from tests.browser_kit import WAIT_MS, visitor
from tests.browser_kit import browser as browser
from tests.factories import make_run
from tests.fakes.ollama import Behaviour, FakeModel, FakeOllama

pytestmark = pytest.mark.browser

MODEL = "cold:1b"
PASSWORD = "나무 tree 7"
OLD, NEW = 3, 2


@pytest.fixture(scope="module")
def ollama() -> Iterator[FakeOllama]:
    with FakeOllama(FakeModel(MODEL)) as fake:
        fake.behave(Behaviour(load_s=3))
        yield fake


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, ollama: FakeOllama) -> Iterator[RunningApp]:
    folder = tmp_path_factory.mktemp("admin")
    fill(folder / "data")
    env = {
        "OLLAMA_BASE_URL": ollama.url,
        "OLLAMA_DEFAULT_MODEL": MODEL,
        "COMFYUI_BASE_URL": "http://127.0.0.1:9",
        "MOCK_TOKENS_PER_SECOND": "0",
    }
    with running_app(folder, env=env) as app:
        yield app
        assert "Traceback" not in app.log


def fill(data: Path) -> None:
    """Runs of long ago, which may go, and of today."""
    data.mkdir()
    database = Database(data / "playground.db")
    long_ago = utc_now() - timedelta(days=300)
    known = {"status": RunStatus.SUCCEEDED, "provider": "mock", "mode": Mode.MOCK}
    old = [make_run(created_at=long_ago, **known) for _ in range(OLD)]
    new = [make_run(**known) for _ in range(NEW)]
    RunStore(database).insert([*old, *new]).result()
    database.close()


@pytest.fixture
def page(browser: Browser, app: RunningApp) -> Iterator[Page]:
    """Somebody at the machine itself, on the Health page."""
    with visitor(browser) as page:
        page.goto(f"{app.url}/health?lang=en")
        expect(page.get_by_role("heading", name="What is kept")).to_be_visible(timeout=WAIT_MS)
        yield page


def unfold(page: Page, name: str) -> Locator:
    fold = page.locator(f".st-key-health_fold_{name}")
    fold.locator("summary").click()
    expect(fold.locator("details")).to_have_attribute("open", "", timeout=WAIT_MS)
    return fold


def button(place: Locator | Page, name: str) -> Locator:
    return place.get_by_role("button", name=re.compile(f"{name}$")).first


def test_a_model_is_loaded_and_unloaded_while_others_read_on(
    page: Page, browser: Browser, app: RunningApp, ollama: FakeOllama
) -> None:
    card = unfold(page, "text_ollama")
    button(card, "Load").click()
    expect(card.get_by_text("Loading cold:1b")).to_be_visible(timeout=WAIT_MS)
    with visitor(browser) as other:  # is not held up by the loading
        other.goto(f"{app.url}/health?lang=en")
        expect(other.get_by_text("Last checked")).to_be_visible(timeout=WAIT_MS)
    expect(card.get_by_text("cold:1b was loaded")).to_be_visible(timeout=WAIT_MS)
    assert ollama.models[0].loaded
    expect(button(card, "Unload")).to_be_visible(timeout=WAIT_MS)  # the health was looked at again
    button(card, "Unload").click()
    expect(card.get_by_text("cold:1b was unloaded")).to_be_visible(timeout=WAIT_MS)
    assert not ollama.models[0].loaded


def test_a_test_run_shows_its_answer_in_place_and_leads_to_the_run(page: Page) -> None:
    card = unfold(page, "text_mock")
    button(card, "Run a test").click()
    expect(card.get_by_text("It works.").first).to_be_visible(timeout=WAIT_MS)
    card.get_by_role("link", name="Open the run").click()
    page.wait_for_url(re.compile(r"/history\?.*run="))
    expect(page.get_by_role("button", name="Run again")).to_be_visible(timeout=WAIT_MS)


def test_a_backup_is_made_and_old_runs_are_pruned_after_a_preview(
    page: Page, app: RunningApp
) -> None:
    backups = unfold(page, "backups")
    button(backups, "Back up now").click()
    expect(backups.get_by_text("Backup made")).to_be_visible(timeout=WAIT_MS)
    expect(backups).to_contain_text("python -m core.care restore", timeout=WAIT_MS)
    assert list((app.log_file.parent / "data" / "backups").iterdir())

    prune = unfold(page, "prune")
    button(prune, "Show what would go").click()
    expect(prune.get_by_text(f"Would go: {OLD} runs.")).to_be_visible(timeout=WAIT_MS)
    remove = button(prune, f"Remove {OLD} runs")
    expect(remove).to_be_disabled(timeout=WAIT_MS)
    # A tick that comes while the preview is still being drawn can be lost; people are slower.
    expect(page.locator('[data-test-script-state="notRunning"]')).to_be_visible(timeout=WAIT_MS)
    prune.get_by_text(f"Yes, remove {OLD} runs for good.").click()
    expect(remove).to_be_enabled(timeout=WAIT_MS)
    remove.click()
    expect(prune.get_by_text(f"Removed: {OLD} runs")).to_be_visible(timeout=WAIT_MS)
    button(prune, "Show what would go").click()
    expect(prune.get_by_text("Nothing would go")).to_be_visible(timeout=WAIT_MS)


def test_behind_a_proxy_nobody_has_the_tools(browser: Browser, app: RunningApp) -> None:
    through = {"X-Forwarded-For": "10.0.0.7"}
    with visitor(browser, extra_http_headers=through) as page:
        page.goto(f"{app.url}/health?lang=en")
        expect(page.get_by_text("PLAYGROUND_ADMIN_PASSWORD")).to_be_visible(timeout=WAIT_MS)
        unfold(page, "text_mock")
        expect(page.get_by_role("heading", name="What is kept")).to_have_count(0)
        expect(button(page, "Run a test")).to_have_count(0)


def test_the_password_opens_the_tools_for_this_session(browser: Browser, tmp_path: Path) -> None:
    env = {"PLAYGROUND_ADMIN_PASSWORD": PASSWORD, "OLLAMA_BASE_URL": "http://127.0.0.1:9"}
    with running_app(tmp_path, env=env) as app, visitor(browser) as page:
        page.goto(f"{app.url}/health?lang=en")
        field = page.get_by_label("Administrator's password")
        field.fill("wrong")
        button(page, "Open the tools").click()
        expect(page.get_by_text("That is not the password.")).to_be_visible(timeout=WAIT_MS)
        expect(field).to_have_value("", timeout=WAIT_MS)
        field.fill(PASSWORD)
        field.press("Enter")
        expect(page.get_by_role("heading", name="What is kept")).to_be_visible(timeout=WAIT_MS)
        button(page, "Close the administrator's tools").click()
        closed = page.get_by_role("heading", name="What is kept")
        expect(closed).to_have_count(0, timeout=WAIT_MS)
        assert PASSWORD not in app.log
        assert "wrong administrator" in app.log
