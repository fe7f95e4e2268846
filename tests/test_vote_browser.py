"""Blind votes in a real browser, by keyboard alone: what only a browser shows."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from core.opinion import Choice, Vote
from core.run import Run
from core.services import Services, build_services
from core.settings import load_settings
from core.types import Mode, RunStatus
from tests.app_server import RunningApp, running_app
from tests.browser_kit import browser as browser
from tests.browser_kit import visitor
from tests.factories import make_run

pytestmark = pytest.mark.browser

MODELS = ("zebra-coder:7b", "walrus-writer:14b", "heron-lite:3b")
PRODUCTS = ("담은 텀블러", "포근담 차렵이불")
LONG = "집에서도 빨 수 있는 사계절 이불이에요. " * 12


def answer(product: str, number: int) -> dict[str, object]:
    # Fields in another order: the page puts them in the contract's.
    told = {"headline": f"{product} 소식 {number}", "cta": "보러 가기", "body": LONG[: 40 * number]}
    fields = dict(reversed(told.items())) if number % 2 else told
    return {**fields, "bullets": ["가벼워요", "<b>따뜻해요</b>", "오래 써요"]}


def text_run(product: str, number: int) -> Run:
    told = answer(product, number + 1)
    return make_run(
        mode=Mode.LIVE,
        provider="ollama",
        model=MODELS[number],
        format="json",
        status=RunStatus.SUCCEEDED,
        payload={"product_name": product, "features": ["보온 12시간", "500mL"], "tone": "밝게"},
        output=json.dumps(told, ensure_ascii=False),
        output_json=told,
        total_ms=1234.0,
    )


def fill(folder: Path) -> None:
    settings = load_settings({"PLAYGROUND_DATA_DIR": str(folder / "data")}, env_file=None)
    services = build_services(settings)
    runs = [text_run(product, number) for product in PRODUCTS for number in range(len(MODELS))]
    services.store.insert(runs).result()
    services.close()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[RunningApp]:
    fill(tmp_path)
    env = {"OLLAMA_BASE_URL": "http://127.0.0.1:9", "MOCK_TOKENS_PER_SECOND": "0"}
    with running_app(tmp_path, env=env) as app:
        yield app
        assert "Traceback" not in app.log


@pytest.fixture
def page(browser: Browser, app: RunningApp) -> Iterator[Page]:
    with visitor(browser) as page:
        page.goto(f"{app.url}/history?view=vote")
        yield page


def votes(app: RunningApp) -> list[Vote]:
    folder = app.log_file.parent / "data"
    settings = load_settings({"PLAYGROUND_DATA_DIR": str(folder)}, env_file=None)
    services: Services = build_services(settings)
    try:
        return services.opinions.votes()
    finally:
        services.close()


def say_name(page: Page, name: str) -> None:
    """Reach the field on the page with the keyboard, and leave the name in it."""
    main = page.get_by_test_id("stMain")
    main.get_by_label("이름").focus()
    page.keyboard.insert_text(name)
    page.keyboard.press("Enter")
    expect(progress(page, 0)).to_be_visible()


def progress(page: Page, done: int) -> Locator:
    return page.get_by_text(f"6쌍 중 {done}쌍을 비교했어요")


def press(page: Page, key: str, done: int) -> None:
    page.wait_for_timeout(400)  # quicker would be a key held down
    page.keyboard.press(key)
    expect(progress(page, done)).to_be_visible()


def telling(app: RunningApp) -> list[str]:
    return [*MODELS, "ollama", "1234", "1.2초", "st-key-run_"]


def assert_blind(page: Page, app: RunningApp) -> None:
    html = page.locator(".stApp").inner_html()
    for words in telling(app):
        assert words not in html, words
    ids = re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", html)
    assert ids == []
    assert not any(model in page.url for model in MODELS)
    assert page.url.endswith("/history?view=vote")


def test_a_whole_session_of_votes_by_keyboard_alone_is_blind(page: Page, app: RunningApp) -> None:
    say_name(page, "김민아")
    assert_blind(page, app)
    for done, key in enumerate(("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "s"), 1):
        press(page, key, done)
        assert_blind(page, app)
    press(page, "u", 4)
    press(page, "s", 5)
    page.wait_for_timeout(400)
    page.keyboard.press("ArrowUp")
    expect(page.get_by_text("6쌍을 모두 비교했어요")).to_be_visible()

    cast = [vote.choice for vote in reversed(votes(app))]
    assert sorted(cast) == sorted([*Choice, Choice.TIE])
    assert {vote.user for vote in votes(app)} == {"김민아"}


def test_what_a_key_said_is_what_stood_on_that_side(page: Page, app: RunningApp) -> None:
    say_name(page, "Jun")
    left = page.locator(".st-key-answer_left").get_by_text("소식").inner_text()
    press(page, "ArrowLeft", 1)
    [vote] = votes(app)

    settings = load_settings(
        {"PLAYGROUND_DATA_DIR": str(app.log_file.parent / "data")}, env_file=None
    )
    services = build_services(settings)
    shown = services.store.get(vote.left_run).output_json["headline"]
    services.close()
    assert vote.choice is Choice.LEFT
    assert shown == left


def test_keys_work_while_hangul_is_switched_on_and_not_while_one_types(
    page: Page, app: RunningApp
) -> None:
    say_name(page, "민아")
    page.wait_for_timeout(400)
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', "
        "{key: 'ㄴ', code: 'KeyS', keyCode: 83, bubbles: true}))"
    )
    expect(progress(page, 1)).to_be_visible()
    page.wait_for_timeout(400)
    page.get_by_test_id("stSidebar").get_by_label("이름").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("s")
    page.wait_for_timeout(600)
    assert len(votes(app)) == 1


def test_a_key_held_down_is_one_vote(page: Page, app: RunningApp) -> None:
    say_name(page, "민아")
    page.wait_for_timeout(400)
    for _ in range(4):
        page.keyboard.down("ArrowLeft")
    page.keyboard.up("ArrowLeft")
    expect(progress(page, 1)).to_be_visible()
    page.wait_for_timeout(600)
    assert len(votes(app)) == 1


def test_the_name_is_remembered_in_the_browser_and_over_pages(page: Page, app: RunningApp) -> None:
    say_name(page, "김민아 & co; 50%")
    page.wait_for_function("document.cookie.includes('playground_name=%EA')")
    page.goto(app.url)
    expect(page.get_by_test_id("stSidebar").get_by_label("이름")).to_have_value("김민아 & co; 50%")
    [cookie] = [one for one in page.context.cookies() if one["name"] == "playground_name"]
    assert cookie["sameSite"] == "Lax"


def test_the_ranking_names_the_models_and_says_that_it_is_too_early(
    page: Page, app: RunningApp
) -> None:
    say_name(page, "민아")
    press(page, "ArrowLeft", 1)
    page.get_by_role("radio", name="순위").click()
    expect(page.get_by_text("결론을 내리기에는 아직 부족해요")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("heading", name="라이브 모델")).to_be_visible()
    expect(
        page.locator(
            "[data-testid='stVegaLiteChart'] canvas, [data-testid='stVegaLiteChart'] svg"
        ).first
    ).to_be_visible()
    assert "tab=ranking" in page.url
