"""The Health page in a real browser: it turns by itself and leaves alone what a reader does."""

import re
import socket
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.app_server import RunningApp, running_app
from tests.browser_kit import WAIT_MS, visitor
from tests.browser_kit import browser as browser
from tests.fakes.comfyui import FakeComfyUI
from tests.fakes.ollama import FakeModel, FakeOllama

pytestmark = pytest.mark.browser

MODEL = "qwen2.5:14b"
TICK_MS = 2000
HOSTILE = "<img src=x onerror=alert(1)>![x](http://127.0.0.1:9/x.png)"


@pytest.fixture(scope="module")
def port() -> int:
    """Where Ollama is going to be."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def comfyui() -> Iterator[FakeComfyUI]:
    with FakeComfyUI() as fake:
        yield fake


@pytest.fixture(scope="module")
def app(
    tmp_path_factory: pytest.TempPathFactory, port: int, comfyui: FakeComfyUI
) -> Iterator[RunningApp]:
    env = {
        "GENERATOR_MODE": "live",
        "HEALTH_INTERVAL": "5",
        "OLLAMA_BASE_URL": f"http://127.0.0.1:{port}",
        "OLLAMA_DEFAULT_MODEL": MODEL,
        "COMFYUI_BASE_URL": comfyui.url,
        "MOCK_TOKENS_PER_SECOND": "60",
    }
    with running_app(tmp_path_factory.mktemp("health"), env=env) as app:
        yield app
        assert "Traceback" not in app.log


@pytest.fixture
def page(browser: Browser, app: RunningApp) -> Iterator[Page]:
    """A new visitor from Korea on the Health page."""
    with visitor(browser) as page:
        page.goto(f"{app.url}/health")
        expect(card(page, "text_ollama")).to_be_visible(timeout=WAIT_MS)
        page.evaluate("window.notReloaded = true")
        yield page
        assert page.evaluate("window.notReloaded")


def card(page: Page, name: str) -> Locator:
    return page.locator(f".st-key-health_{name}")


def fold(page: Page, name: str) -> Locator:
    return page.locator(f".st-key-health_fold_{name}")


def unfold(page: Page, name: str) -> Locator:
    """The card's details, open."""
    fold(page, name).locator("summary").click()
    expect(fold(page, name).locator("details")).to_have_attribute("open", "")
    return fold(page, name)


def state(page: Page, name: str, word: str) -> None:
    badge = card(page, name).get_by_text(re.compile(f"{word}$"))  # behind its icon
    expect(badge).to_be_visible(timeout=WAIT_MS)


def test_a_server_that_comes_back_turns_its_card_and_leaves_everything_as_it_was(
    page: Page, port: int
) -> None:
    state(page, "text_ollama", "작동 안 함")
    verdict = page.locator(".st-key-health_verdict")
    expect(verdict).to_contain_text("지금은 라이브 문구를 쓸 수 없어요")
    expect(card(page, "text_ollama").get_by_text("ollama serve")).to_be_visible()
    details = unfold(page, "text_ollama")
    name = page.get_by_label("이름")
    name.press_sequentially("김하")  # written, and not yet sent
    page.locator("[data-testid=stMain]").evaluate("main => main.scrollTo(0, 40)")

    with FakeOllama(MODEL, port=port):
        state(page, "text_ollama", "정상")
        expect(verdict).to_contain_text("모두 정상이에요")
        expect(details.locator("details")).to_have_attribute("open", "")
        expect(details.get_by_text("0.33.0")).to_be_visible()
        expect(details.get_by_text(MODEL).first).to_be_visible()
        expect(name).to_have_value("김하")
        expect(name).to_be_focused()

    state(page, "text_ollama", "작동 안 함")
    expect(details.locator("details")).to_have_attribute("open", "")


def test_a_card_that_stays_as_it_is_is_not_drawn_anew(page: Page) -> None:
    state(page, "image_comfyui", "정상")
    unfold(page, "image_comfyui").get_by_text("127.0.0.1").wait_for()
    page.wait_for_timeout(TICK_MS)
    page.evaluate(
        """() => {
            window.changes = []
            // The round trip of each check is another one: that is written into its place.
            const isFigure = node => node.closest?.("[data-testid=stHtml]")
            const note = list => list.forEach(one => {
                if (!isFigure(one.target)) window.changes.push(one.target.className)
            })
            const cards = document.querySelector(".st-key-health_image_comfyui")
            const watched = {subtree: true, childList: true, characterData: true}
            new MutationObserver(note).observe(cards, watched)
        }"""
    )

    page.wait_for_timeout(2 * TICK_MS)

    assert page.evaluate("window.changes") == []


def test_comfyui_going_away_is_seen_and_seen_to_be_back(page: Page, comfyui: FakeComfyUI) -> None:
    state(page, "image_comfyui", "정상")

    comfyui.stop()
    try:
        page.get_by_role("button", name="지금 확인").click()
        state(page, "image_comfyui", "작동 안 함")
    finally:
        comfyui.start()

    state(page, "image_comfyui", "정상")


def test_the_line_above_run_goes_by_itself_when_the_server_is_back(
    browser: Browser, app: RunningApp, port: int
) -> None:
    with visitor(browser) as page:
        page.goto(app.url)
        page.evaluate("window.notReloaded = true")
        line = page.locator(".st-key-health_banner")
        expect(line).to_contain_text("Ollama 서버에서 응답이 없어요", timeout=WAIT_MS)
        expect(line.get_by_role("link", name="상태 보기")).to_be_visible()
        field = page.get_by_label("제품명")
        field.press_sequentially("담은 텀")

        with FakeOllama(MODEL, port=port):
            expect(line).to_have_count(0, timeout=WAIT_MS)
            expect(field).to_have_value("담은 텀")
            expect(field).to_be_focused()
            assert page.evaluate("window.notReloaded")

        expect(line).to_be_visible(timeout=WAIT_MS)
        line.get_by_role("link", name="상태 보기").click()
        expect(card(page, "text_ollama")).to_be_visible()


def test_what_a_server_calls_its_models_stays_letters(page: Page, port: int) -> None:
    with FakeOllama(MODEL, FakeModel(HOSTILE), port=port):
        state(page, "text_ollama", "정상")
        details = unfold(page, "text_ollama")
        expect(details.get_by_text(HOSTILE)).to_be_visible()
        expect(details.locator("img")).to_have_count(0)


def test_everything_is_reached_by_keyboard(page: Page) -> None:
    state(page, "image_comfyui", "정상")
    check = page.get_by_role("button", name="지금 확인")
    check.focus()
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.tagName + document.activeElement.innerText")
    assert focused.startswith("SUMMARY")
    assert "자세히" in focused

    page.keyboard.press("Enter")
    expect(fold(page, "text_mock").locator("details")).to_have_attribute("open", "")
    page.wait_for_timeout(TICK_MS)  # a tick takes the focus from nobody
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


@pytest.mark.parametrize("width", [1440, 800])
def test_the_cards_stand_in_two_columns_or_one(
    browser: Browser, app: RunningApp, width: int
) -> None:
    with visitor(browser) as page:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{app.url}/health")
        state(page, "image_comfyui", "정상")
        state(page, "disk", "정상")
        page.wait_for_timeout(TICK_MS)  # for the last of the cards to have its place
        first, other = (card(page, name).bounding_box() for name in ("text_mock", "image_comfyui"))
        assert (abs(first["y"] - other["y"]) < 1) is (width == 1440)
        assert (abs(first["x"] - other["x"]) < 1) is (width == 800)
        main = page.locator("[data-testid=stMain]")
        assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
