"""The Text page in a real browser: what only a browser shows."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.app_server import RunningApp, running_app
from tests.browser_kit import WAIT_MS, visitor
from tests.browser_kit import browser as browser
from tests.fakes.ollama import Behaviour, FakeOllama

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def ollama() -> Iterator[FakeOllama]:
    with FakeOllama("qwen2.5:14b") as fake:
        yield fake


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, ollama: FakeOllama) -> Iterator[RunningApp]:
    env = {"OLLAMA_BASE_URL": ollama.url, "MOCK_TOKENS_PER_SECOND": "60"}
    with running_app(tmp_path_factory.mktemp("browser"), env=env) as app:
        yield app
        assert "Traceback" not in app.log


@pytest.fixture
def page(browser: Browser, app: RunningApp) -> Iterator[Page]:
    """A new visitor from Korea, on the Text page with the example filled in."""
    with visitor(browser, expected=None, permissions=["clipboard-read"]) as page:
        page.goto(app.url)
        page.get_by_role("button", name="예시로 채우기").click()
        expect(page.get_by_label("제품명")).to_have_value("포근담 사계절 차렵이불")
        yield page


def add_column(page: Page, how: str) -> None:
    page.get_by_role("button", name="열 추가").click()
    page.get_by_role("menuitem", name=how).click()
    expect(page.get_by_role("button", name="2건 실행")).to_be_visible()


def run(page: Page) -> None:
    page.get_by_role("button", name=re.compile("건 실행")).click()
    expect(cards(page).first).to_be_visible(timeout=WAIT_MS)


def cards(page: Page) -> Locator:
    return page.locator("[class*='st-key-run_']")


def kept(card: Locator) -> Locator:
    return card.get_by_text("규칙을 모두 지켰어요")


def run_of(app: RunningApp, card: Locator) -> dict:
    names = card.get_attribute("class") or ""
    run_id = re.search(r"st-key-run_([0-9a-f-]+)", names)[1]
    return httpx.get(f"{app.url}/api/v1/runs/{run_id}").json()


def test_a_mock_run_arrives_field_by_field_in_korean(page: Page, app: RunningApp) -> None:
    run(page)
    expect(kept(cards(page).first)).to_be_visible(timeout=WAIT_MS)
    recorded = run_of(app, cards(page).first)
    for field in ("headline", "body", "cta"):
        text = recorded["output_json"][field]
        expect(cards(page).first.get_by_text(text, exact=True)).to_be_visible()
    assert recorded["source"] == "page"
    assert recorded["payload"]["product_name"] == "포근담 사계절 차렵이불"


def test_two_columns_stream_at_once(page: Page, app: RunningApp, ollama: FakeOllama) -> None:
    answer = '{"headline": "빨래가 쉬워지는 이불", "subheadline": "집 세탁기에 그대로 넣으세요"'
    ollama.behave(Behaviour(pieces=(answer, "}"), delay_s=1.0), times=1)
    add_column(page, "라이브로 나란히")
    run(page)
    expect(cards(page)).to_have_count(2)
    expect(page.get_by_text("2건 진행 중")).to_be_visible()
    expect(kept(cards(page).nth(0))).to_be_visible(timeout=WAIT_MS)
    live = cards(page).nth(1)
    expect(live.get_by_text("빨래가 쉬워지는 이불", exact=True)).to_be_visible(timeout=WAIT_MS)
    expect(live.get_by_text("라이브", exact=True)).to_be_visible()
    assert run_of(app, live)["provider"] == "ollama"


def test_stop_ends_the_servers_work(page: Page, app: RunningApp, ollama: FakeOllama) -> None:
    ollama.behave(Behaviour(pieces=('{"headline": "', *("긴 ",) * 400), delay_s=0.1), times=1)
    add_column(page, "라이브로 나란히")
    run(page)
    live = cards(page).nth(1)
    expect(live.get_by_text("긴 긴").first).to_be_visible(timeout=WAIT_MS)
    live.get_by_role("button", name="중지").click()
    expect(live.get_by_text("중지했어요", exact=False).first).to_be_visible(timeout=WAIT_MS)
    ollama.wait_until(lambda: ollama.chats[-1].left)
    recorded = run_of(app, live)
    assert recorded["status"] == "cancelled"
    assert "긴 긴" in recorded["output"]


def test_a_reload_in_mid_run_loses_nothing(page: Page, app: RunningApp, ollama: FakeOllama) -> None:
    ollama.behave(Behaviour(pieces=('{"headline": "', *("말 ",) * 60, '"}'), delay_s=0.1), times=1)
    add_column(page, "라이브로 나란히")
    run(page)
    expect(cards(page).nth(1).get_by_text("말 말").first).to_be_visible(timeout=WAIT_MS)
    page.reload()
    live = cards(page).nth(1)
    expect(live.get_by_role("button", name="중지")).to_be_visible(timeout=WAIT_MS)
    expect(live.get_by_role("button", name="다시 실행")).to_be_visible(timeout=WAIT_MS)
    assert run_of(app, live)["output"].count("말 ") == 60
    expect(page.get_by_label("제품명")).to_have_value("포근담 사계절 차렵이불")


def test_a_colleague_opens_the_address_and_sees_the_same(
    page: Page, app: RunningApp, browser: Browser
) -> None:
    run(page)
    expect(kept(cards(page).first)).to_be_visible(timeout=WAIT_MS)
    headline = run_of(app, cards(page).first)["output_json"]["headline"]
    context = browser.new_context(locale="en-US")
    theirs = context.new_page()
    theirs.goto(page.url)
    expect(theirs.get_by_text(headline, exact=True)).to_be_visible(timeout=WAIT_MS)
    expect(theirs.get_by_label("Product name")).to_have_value("포근담 사계절 차렵이불")
    context.close()


def test_markup_in_an_answer_stays_letters(page: Page, ollama: FakeOllama) -> None:
    hostile = "<img src=x onerror=alert(1)><script>alert(1)</script> ![x](http://evil.test/x.png)"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append("dialog"))
    ollama.behave(Behaviour(pieces=(hostile,)), times=1)
    add_column(page, "라이브로 나란히")
    run(page)
    card = cards(page).nth(1)
    expect(card.get_by_test_id("stText").get_by_text(hostile)).to_be_visible(timeout=WAIT_MS)
    # The findings quote it as well.
    expect(card.get_by_text("JSON이 아니라")).to_be_visible(timeout=WAIT_MS)
    expect(card.locator("img, script")).to_have_count(0)
    assert [url for url in asked if "evil" in url or url == "dialog" or url.endswith("/x")] == []


def test_a_dead_server_is_explained_with_the_next_step(browser: Browser, tmp_path: Path) -> None:
    env = {"OLLAMA_BASE_URL": "http://127.0.0.1:9", "GENERATOR_MODE": "live"}
    with running_app(tmp_path, env=env) as app:
        context = browser.new_context(locale="en-US")
        page = context.new_page()
        page.goto(app.url)
        above_run = page.locator(".st-key-health_banner")
        expect(above_run.get_by_text("ollama serve")).to_be_visible(timeout=WAIT_MS)
        page.get_by_role("button", name="Fill in an example").click()
        expect(page.get_by_label("Product name")).not_to_have_value("")
        page.get_by_role("button", name=re.compile("^play_arrow Run|Run 1|Run")).first.click()
        expect(cards(page).get_by_text("ollama serve")).to_be_visible(timeout=WAIT_MS)
        expect(cards(page).get_by_text("OLLAMA_BASE_URL").first).to_be_visible()
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 800])
def test_both_themes_and_widths_show_the_page_without_sideways_scrolling(
    browser: Browser, app: RunningApp, scheme: str, width: int
) -> None:
    context = browser.new_context(
        locale="ko-KR", color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    page = context.new_page()
    page.goto(app.url)
    expect(page.get_by_role("button", name="예시로 채우기")).to_be_visible(timeout=WAIT_MS)
    background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    red, green, blue = map(int, re.findall(r"\d+", background)[:3])
    assert (red + green + blue > 600) == (scheme == "light")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()
