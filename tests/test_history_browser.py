"""The History page in a real browser: what only a browser shows."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from core.run import ImageDetails, ImageRecord, Run
from core.services import Services, build_services
from core.settings import load_settings
from core.types import Mode, RunStatus, utc_now
from tests.app_server import RunningApp, running_app
from tests.browser_kit import WAIT_MS, visitor
from tests.browser_kit import browser as browser
from tests.factories import make_run
from tests.test_image_page import image_run

pytestmark = pytest.mark.browser

PICTURES = 200
HOSTILE = "<img src=x onerror=alert(1)> 담요"
PRODUCTS = ("담은 텀블러", "포근담 차렵이불", HOSTILE, "할인 특가 선크림")


def keep(services: Services, run: Run) -> None:
    services.store.insert([run]).result()
    services.store.finish(run).result()


def text_run(product: str, mode: Mode) -> Run:
    answer = {"headline": f"{product} 소식", "body": "오늘부터 할인해요.", "cta": "보러 가기"}
    return make_run(
        mode=mode,
        format="json",
        status=RunStatus.SUCCEEDED,
        payload={"product_name": product},
        output=json.dumps(answer, ensure_ascii=False),
        output_json=answer,
        total_ms=900.0,
        finished_at=utc_now(),
    )


def picture_run(services: Services, number: int) -> Run:
    buffer = io.BytesIO()
    Image.new("RGB", (48, 32), (number, 120, 160)).save(buffer, "PNG")
    kept = services.pictures.keep(buffer.getvalue())
    run = image_run(status=RunStatus.SUCCEEDED, payload={"prompt": f"a cup {number}"})
    record = ImageRecord(
        run_id=run.id,
        index=0,
        sha256=kept.sha256,
        width=kept.width,
        height=kept.height,
        format="png",
        bytes=kept.bytes,
    )
    return run.model_copy(update={"image": ImageDetails(pictures=(record,))})


def fill(folder: Path) -> None:
    """A history of many pictures and a few texts, the texts newest."""
    settings = load_settings({"PLAYGROUND_DATA_DIR": str(folder / "data")}, env_file=None)
    services = build_services(settings)
    for number in range(PICTURES):
        keep(services, picture_run(services, number))
    for product in PRODUCTS:
        for mode in Mode:
            keep(services, text_run(product, mode))
    services.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    folder = tmp_path_factory.mktemp("history")
    fill(folder)
    env = {"OLLAMA_BASE_URL": "http://127.0.0.1:9", "MOCK_TOKENS_PER_SECOND": "0"}
    with running_app(folder, env=env) as app:
        yield app
        assert "Traceback" not in app.log


@pytest.fixture
def page(browser: Browser, app: RunningApp) -> Iterator[Page]:
    """A visitor from Korea, on the History page."""
    with visitor(browser) as page:
        open_history(page, app)
        yield page


def open_history(page: Page, app: RunningApp, query: str = "") -> None:
    page.goto(f"{app.url}/history{query}")
    expect(page.get_by_text(re.compile(r"^실행 \d+건$"))).to_be_visible(timeout=WAIT_MS)


def lines(page: Page) -> Locator:
    return page.get_by_role("table", name="실행").locator("tbody tr")


def search(page: Page, words: str) -> None:
    field = page.get_by_role("searchbox", name="검색").or_(page.get_by_label("검색", exact=True))
    field.first.fill(words)
    field.first.press("Enter")


def tick(page: Page, place: int) -> None:
    lines(page).nth(place).get_by_role("checkbox").click()


def test_a_search_in_korean_finds_words_inside_words(page: Page) -> None:
    search(page, "할인")
    expect(page.get_by_text("실행 8건", exact=True)).to_be_visible()
    search(page, "텀블러")
    expect(page.get_by_text("실행 2건", exact=True)).to_be_visible()
    expect(lines(page)).to_have_count(2)
    expect(lines(page).first).to_contain_text("담은 텀블러 소식 · 오늘부터 할인해요.")


def test_the_address_opens_the_same_view_in_another_browser(
    page: Page, app: RunningApp, browser: Browser
) -> None:
    search(page, "담")
    page.get_by_role("button", name="필터", exact=True).click()
    page.get_by_role("button", name="라이브", exact=True).or_(
        page.get_by_role("checkbox", name="라이브")
    ).first.click()
    expect(page.get_by_text("실행 3건", exact=True)).to_be_visible(timeout=WAIT_MS)
    expect(page).to_have_url(re.compile("mode=live"))
    expect(lines(page)).to_have_count(3)
    seen = lines(page).evaluate_all("rows => rows.map(row => row.dataset.run)")
    context = browser.new_context(locale="ko-KR")
    theirs = context.new_page()
    theirs.goto(page.url)
    expect(lines(theirs)).to_have_count(3, timeout=WAIT_MS)
    assert lines(theirs).evaluate_all("rows => rows.map(row => row.dataset.run)") == seen
    expect(theirs.get_by_role("button", name=re.compile("라이브")).first).to_be_visible()
    context.close()


def test_a_line_opens_by_keyboard_and_both_ways_lead_back_to_the_list(page: Page) -> None:
    search(page, "텀블러")
    expect(lines(page)).to_have_count(2)
    lines(page).first.get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="담은 텀블러")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?run="))
    expect(page.get_by_text("담은 텀블러 소식", exact=True)).to_be_visible()
    page.get_by_role("button", name="목록으로").click()
    expect(lines(page)).to_have_count(2)
    page.go_back()
    expect(page.get_by_role("heading", name="담은 텀블러")).to_be_visible()
    page.go_back()
    expect(lines(page)).to_have_count(2)


def test_markup_in_names_stays_letters(page: Page) -> None:
    search(page, "담요")
    expect(lines(page)).to_have_count(2)
    expect(lines(page).first.get_by_role("link")).to_have_text(HOSTILE)


def test_deleted_runs_come_back_with_undo(page: Page) -> None:
    search(page, "차렵이불")
    expect(lines(page)).to_have_count(2)
    page.get_by_role("checkbox", name="이 페이지 모두 선택").click()
    expect(page.get_by_text("2건 선택", exact=True)).to_be_visible()
    page.get_by_role("button", name="삭제").click()
    expect(page.get_by_text("실행 2건을 삭제했어요.")).to_be_visible()
    expect(page.get_by_text("조건에 맞는 실행이 없어요.")).to_be_visible()
    page.get_by_role("button", name="되돌리기").click()
    expect(lines(page)).to_have_count(2)


def test_what_is_ticked_is_exported_and_opens_again(page: Page) -> None:
    search(page, "선크림")
    expect(lines(page)).to_have_count(2)
    tick(page, 0)
    tick(page, 1)
    expect(page.get_by_text("2건 선택", exact=True)).to_be_visible()
    page.get_by_role("button", name="내보내기").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="엑셀용 표(CSV)").click()
    text = Path(started.value.path()).read_text(encoding="utf-8-sig")
    found = list(csv.DictReader(io.StringIO(text)))
    assert len(found) == 2
    assert all("할인 특가 선크림" in str(row) for row in found)


def test_ticked_runs_are_compared(page: Page) -> None:
    search(page, "텀블러")
    expect(lines(page)).to_have_count(2)
    tick(page, 0)
    tick(page, 1)
    page.get_by_role("button", name="비교", exact=True).click()
    expect(page).to_have_url(re.compile("compare="))


def test_a_gallery_of_two_hundred_pictures_fetches_only_what_is_seen(
    page: Page, app: RunningApp
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{app.url}/history?show=gallery")
    cards = page.locator(".st-key-history_gallery figure.card")
    expect(cards).to_have_count(PICTURES, timeout=WAIT_MS)
    last = cards.last.locator("img")
    expect(last).to_have_js_property("complete", False)  # lazy: it is far below
    last.scroll_into_view_if_needed()
    expect(last).to_have_js_property("naturalWidth", 48)
    pictures = [url for url in asked if "/api/v1/images/" in url]
    assert pictures
    assert all("w=320" in url for url in pictures)
