"""The Image page in a real browser: what only a browser shows."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Error, Locator, Page, expect

from tests.app_server import RunningApp, running_app
from tests.browser_kit import WAIT_MS, visitor
from tests.browser_kit import browser as browser

pytestmark = pytest.mark.browser

PROMPT = "리넨 천 위에 놓인 아이보리색 텀블러"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    env = {"OLLAMA_BASE_URL": "http://127.0.0.1:9", "MOCK_TOKENS_PER_SECOND": "90"}
    with running_app(tmp_path_factory.mktemp("images"), env=env) as app:
        yield app
        assert "Traceback" not in app.log


@pytest.fixture
def page(browser: Browser, app: RunningApp) -> Iterator[Page]:
    """A new visitor from Korea, on the Image page with a prompt written."""
    with visitor(browser) as page:
        page.goto(f"{app.url}/image")
        write(page, PROMPT)
        yield page


def write(page: Page, prompt: str) -> None:
    field = page.get_by_role("textbox", name="무엇을 그릴까요")
    field.fill(prompt)
    field.press("Tab")


def variations(page: Page, count: int) -> None:
    page.get_by_role("radio", name=str(count), exact=True).click()
    expect(page.get_by_role("button", name=f"{count}장 만들기")).to_be_visible()


def make(page: Page) -> None:
    page.get_by_role("button", name=re.compile(r"\d+장 만들기")).click()


def results(page: Page) -> Locator:
    return page.locator(".st-key-image_results figure.card")


def done(page: Page) -> Locator:
    return page.locator(".st-key-image_results figure.card[data-state=done]")


def made(page: Page, count: int) -> Locator:
    """The finished pictures, once there are `count`."""
    variations(page, count)
    make(page)
    expect(done(page)).to_have_count(count, timeout=WAIT_MS)
    return done(page)


def is_loaded(card: Locator) -> bool:
    return card.locator("img").evaluate(
        "async img => { await img.decode(); return img.naturalWidth > 1 }"
    )


def run_of(app: RunningApp, card: Locator) -> dict:
    return httpx.get(f"{app.url}/api/v1/runs/{card.get_attribute('data-run')}").json()


def submit(app: RunningApp, **fields: object) -> str:
    """A run started by REST, as another program would."""
    body = {"task": "free", "prompt": PROMPT, "mode": "mock"} | fields
    answer = httpx.post(f"{app.url}/api/v1/media/generate?stream=true", json=body, timeout=20)
    return json.loads(re.search(r"data: (.*)", answer.text)[1])["run_id"]


def choose_model(page: Page, name: str) -> None:
    page.get_by_role("button", name="목업 · 자동").click()
    choose(page, "모델", name)
    expect(page.get_by_role("button", name=re.compile(rf"목업 · {name}$"))).to_be_visible()


def choose(page: Page, label: str, option: str) -> None:
    field = page.get_by_role("combobox", name=label)
    field.evaluate("field => field.scrollIntoView({ block: 'center', behavior: 'instant' })")
    for _ in range(10):  # the list closes when something moves, as a fold that is still opening
        field.blur()
        field.click()
        try:
            page.get_by_role("option", name=re.compile(rf"^{option}( –|$)")).click(timeout=1500)
        except Error:
            continue
        return
    pytest.fail(f"{option} could not be chosen")


def compare(page: Page, first: int, second: int) -> Locator:
    """The dialog with two pictures against each other."""
    for place in (first, second):
        done(page).nth(place).get_by_role("button", name="비교").click()
    dialog = page.get_by_role("dialog", name="비교 보기")
    expect(dialog).to_be_visible()
    return dialog


def test_a_picture_emerges_and_stands_inline_with_how_it_was_made(
    page: Page, app: RunningApp
) -> None:
    make(page)
    live = page.locator(".st-key-image_results figure.card[data-state=live]")
    expect(live.get_by_role("progressbar")).to_be_visible(timeout=WAIT_MS)
    expect(live.get_by_text(re.compile(r"30스텝 중 \d+"))).to_be_visible()
    expect(live.locator("img")).to_be_visible()
    expect(done(page)).to_have_count(1, timeout=WAIT_MS)
    assert is_loaded(done(page).first)
    run = run_of(app, done(page).first)
    seed = run["image"]["options"]["seed"]
    caption = f"mock-picture 1024 × 1024 · 30스텝 · CFG 6.5 · dpmpp_2m · 시드 {seed}"
    expect(done(page).first.locator("figcaption")).to_have_text(caption)


def test_a_picture_is_large_on_click_and_keys_go_through_them(page: Page) -> None:
    pictures = made(page, 3)
    pictures.nth(1).locator("button.frame").click()
    dialog = page.get_by_role("dialog", name="큰 그림")
    expect(dialog.get_by_text("2 / 3")).to_be_visible()
    expect(dialog.get_by_text(PROMPT)).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_text("3 / 3")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(pictures.nth(1).locator("button.frame")).to_be_focused()


def test_four_variations_have_seeds_that_follow(page: Page, app: RunningApp) -> None:
    pictures = made(page, 4)
    seeds = [run_of(app, card)["image"]["options"]["seed"] for card in pictures.all()]
    assert seeds == list(range(seeds[0], seeds[0] + 4))
    assert all(is_loaded(card) for card in pictures.all())


def test_a_grid_stands_with_its_labels(page: Page) -> None:
    page.get_by_text("격자로 비교", exact=True).click()
    for label, setting, values in (("가로", "스텝", "4, 8"), ("세로", "CFG", "3, 9")):
        choose(page, label, setting)
        field = page.get_by_role("textbox", name=setting, exact=True)
        field.fill(values)
        field.press("Enter")
    expect(page.get_by_text("2 × 2 = 그림 4장")).to_be_visible()
    page.get_by_role("button", name="4장 만들기").click()
    expect(done(page)).to_have_count(4, timeout=WAIT_MS)
    heads = page.locator(".st-key-image_results .head")
    expect(heads).to_have_text(["스텝4", "스텝8", "CFG3", "CFG9"])


def test_stop_ends_one_picture_and_not_the_other(page: Page, app: RunningApp) -> None:
    choose_model(page, "mock-picture-slow")
    variations(page, 2)
    make(page)
    expect(results(page)).to_have_count(2)
    first, second = results(page).all()
    first.get_by_role("button", name="중지").click()
    expect(first.get_by_text("중지했어요.")).to_be_visible(timeout=WAIT_MS)
    assert run_of(app, first)["status"] == "cancelled"
    assert run_of(app, second)["status"] == "running"
    second.get_by_role("button", name="중지").click()
    expect(second.get_by_text("중지했어요.")).to_be_visible(timeout=WAIT_MS)


def test_a_reload_in_mid_run_loses_nothing(page: Page, app: RunningApp) -> None:
    choose_model(page, "mock-picture-slow")
    make(page)
    expect(results(page).get_by_role("progressbar")).to_be_visible(timeout=WAIT_MS)
    page.reload()
    expect(results(page).get_by_role("progressbar")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_role("textbox", name="무엇을 그릴까요")).to_have_value(PROMPT)
    expect(done(page)).to_have_count(1, timeout=2 * WAIT_MS)
    assert run_of(app, done(page).first)["status"] == "succeeded"


def test_two_pictures_are_compared_with_a_slider_by_keyboard(page: Page) -> None:
    made(page, 2)
    dialog = compare(page, 0, 1)
    slider = dialog.get_by_role("slider")
    expect(slider).to_be_focused()
    expect(slider).to_have_value("50")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(slider).to_have_value("60")
    assert "60%" in dialog.locator(".upper").evaluate("img => getComputedStyle(img).clipPath")
    differing = dialog.locator("tr[data-differs] th")
    expect(differing.first).to_have_text("시드")
    assert "크기" not in differing.all_inner_texts()


def test_two_pictures_stand_side_by_side_and_flip_while_space_is_held(page: Page) -> None:
    made(page, 2)
    dialog = compare(page, 1, 0)
    dialog.get_by_role("button", name="나란히").click()
    expect(dialog.locator(".both img")).to_have_count(2)
    dialog.get_by_role("button", name="번갈아").click()
    upper = dialog.locator(".flip img").nth(1)
    expect(upper).to_be_hidden()
    page.keyboard.down("Space")
    expect(upper).to_be_visible()
    page.keyboard.up("Space")
    expect(upper).to_be_hidden()


def test_an_uploaded_picture_is_where_the_next_one_starts(page: Page, app: RunningApp) -> None:
    photo = io.BytesIO()
    Image.new("RGB", (300, 200), (200, 30, 30)).save(photo, "JPEG")
    page.get_by_text("그림에서 시작").first.click()
    page.locator("input[type=file]").set_input_files(
        {"name": "사진.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}
    )
    expect(page.get_by_role("img", name="시작할 그림")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_role("slider", name="원본에서 벗어나는 정도")).to_be_visible()
    make(page)
    expect(done(page)).to_have_count(1, timeout=WAIT_MS)
    run = run_of(app, done(page).first)
    assert run["payload"]["source_sha256"]
    assert run["image"]["options"]["denoise"] == 0.6


def test_a_picture_is_made_again_with_its_seed_and_another(page: Page, app: RunningApp) -> None:
    made(page, 1)
    first = run_of(app, done(page).first)
    done(page).first.get_by_role("button", name="같은 시드로 다시").click()
    expect(page.locator(f"figure.card[data-run='{first['id']}']")).to_have_count(1)
    expect(results(page).first).not_to_have_attribute("data-run", first["id"])
    expect(done(page)).to_have_count(1, timeout=WAIT_MS)
    again = run_of(app, done(page).first)
    assert again["parent_id"] == first["id"]
    assert again["image"]["pictures"][0]["seed"] == first["image"]["pictures"][0]["seed"]
    done(page).first.get_by_role("button", name="새 시드로 하나 더").click()
    expect(results(page).first).not_to_have_attribute("data-run", again["id"])
    expect(done(page)).to_have_count(1, timeout=WAIT_MS)
    other = run_of(app, done(page).first)
    assert other["image"]["options"]["seed"] != first["image"]["options"]["seed"]


def test_a_picture_made_before_can_be_started_from(page: Page) -> None:
    made(page, 1)
    done(page).first.get_by_role("button", name="이 그림에서 시작").click()
    expect(page.get_by_role("img", name="시작할 그림")).to_be_visible()
    page.get_by_role("button", name="빼기").click()
    expect(page.get_by_role("img", name="시작할 그림")).to_have_count(0)


def test_what_was_sent_can_be_seen(page: Page) -> None:
    made(page, 1)
    done(page).first.get_by_role("button", name="보낸 내용").click()
    dialog = page.get_by_role("dialog", name="보낸 내용")
    expect(dialog.get_by_text(PROMPT)).to_be_visible()
    expect(dialog.get_by_text("/image?run=")).to_be_visible()


def test_pictures_are_downloaded_alone_and_as_a_zip_with_their_parameters(page: Page) -> None:
    made(page, 2)
    with page.expect_download() as one:
        done(page).first.get_by_role("link", name="내려받기").click()
    assert Path(one.value.path()).read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as both:
        page.get_by_role("link", name="모두 내려받기").click()
    with zipfile.ZipFile(both.value.path()) as archive:
        names = archive.namelist()
        sidecar = json.loads(archive.read(next(name for name in names if name.endswith(".json"))))
    assert len([name for name in names if name.endswith(".png")]) == 2
    assert PROMPT in json.dumps(sidecar, ensure_ascii=False)


def test_a_failed_picture_says_what_to_do_next(page: Page) -> None:
    choose_model(page, "mock-picture-out-of-memory")
    make(page)
    failed = page.locator("figure.card[data-state=failed]")
    expect(failed.get_by_text("그래픽 카드 메모리가 모자라요.")).to_be_visible(timeout=WAIT_MS)
    expect(failed.get_by_text("크기를 줄이거나", exact=False)).to_be_visible()


def test_an_answer_on_the_text_page_becomes_a_picture(page: Page, app: RunningApp) -> None:
    page.get_by_role("link", name="텍스트").click()
    page.get_by_role("button", name="예시로 채우기").click()
    expect(page.get_by_label("제품명")).to_have_value("포근담 사계절 차렵이불")
    page.get_by_role("button", name="1건 실행").click()
    page.get_by_role("button", name="그림으로 만들기").click(timeout=WAIT_MS)
    field = page.get_by_role("textbox", name="무엇을 그릴까요")
    expect(field).to_be_visible()
    expect(field).not_to_have_value("")
    expect(field).not_to_have_value(PROMPT)


def test_sixty_pictures_stand_on_the_page_and_load_as_they_are_seen(
    page: Page, app: RunningApp
) -> None:
    page.get_by_text("격자로 비교", exact=True).click()
    choose(page, "가로", "시드")
    field = page.get_by_role("textbox", name="시드", exact=True)
    field.fill(", ".join(map(str, range(60))))
    field.press("Enter")
    page.get_by_role("button", name="60장 만들기").click()
    page.get_by_role("button", name="60장 모두 만들기").click()
    expect(done(page)).to_have_count(60, timeout=6 * WAIT_MS)
    # One thumbnail each, by address; those far below wait until they are scrolled to.
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').filter(e => e.name.includes('/images/'))"
        ".map(e => e.name)"
    )
    assert all("w=" in name for name in sizes)
    done(page).last.scroll_into_view_if_needed()
    assert is_loaded(done(page).last)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 800])
def test_both_themes_and_widths_show_pictures_without_sideways_scrolling(
    browser: Browser, app: RunningApp, scheme: str, width: int
) -> None:
    run_id = submit(app, options={"width": 256, "height": 256, "steps": 2})
    context = browser.new_context(
        locale="ko-KR", color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    page = context.new_page()
    page.goto(f"{app.url}/image?run={run_id}")
    expect(done(page)).to_have_count(1, timeout=WAIT_MS)
    caption = done(page).first.locator("figcaption")
    colour = caption.evaluate("caption => getComputedStyle(caption).color")
    background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    light = [sum(map(int, re.findall(r"\d+", value)[:3])) for value in (background, colour)]
    assert (light[0] > 600) == (scheme == "light")
    assert abs(light[0] - light[1]) > 250, "the caption can be read"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()
