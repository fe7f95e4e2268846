"""Runs side by side in a real browser: scrolling together, the reference, pictures."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from core.run import Run
from core.store import Database, RunStore
from tests.app_server import RunningApp, running_app
from tests.browser_kit import WAIT_MS, visitor
from tests.browser_kit import browser as browser
from tests.compare_kit import ANSWER, answered, failed, live

pytestmark = pytest.mark.browser

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> 이불"
LINES = [
    f"{number}번째 문단이에요. 세탁기에 넣고 물 온도를 맞추면 끝이에요." for number in range(80)
]


def texts() -> dict[str, Run]:
    free = {"task": "free", "format": "text", "payload": {"prompt": "이불 이야기"}}
    other = [*LINES[:10], "끼어든 문단이에요.", *LINES[10:]]
    return {
        "mock": answered(ANSWER),
        "live": live(
            {**ANSWER, "headline": "빨래가 쉬워진 이불", "bullets": ANSWER["bullets"][::-1]}
        ),
        "hostile": live({**ANSWER, "headline": HOSTILE}),
        "failed": failed(),
        "long": answered("\n".join(LINES), **free),
        "longer": live("\n".join([*other, *LINES]), **free),
        "longest": live("\n".join([*LINES, *LINES, *LINES]), **free),
    }


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    return texts()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, runs: dict[str, Run]) -> Iterator[RunningApp]:
    folder: Path = tmp_path_factory.mktemp("compare")
    (folder / "data").mkdir()
    database = Database(folder / "data" / "playground.db")
    store = RunStore(database)
    for run in runs.values():
        store.insert([run]).result()
        store.finish(run).result()
    database.close()
    env = {"OLLAMA_BASE_URL": "http://127.0.0.1:9", "MOCK_TOKENS_PER_SECOND": "0"}
    with running_app(folder, env=env) as app:
        yield app
        assert "Traceback" not in app.log


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A reader from Korea on a screen of 1440 pixels."""
    with visitor(browser) as page:
        yield page


def address(app: RunningApp, *ids: str) -> str:
    return f"{app.url}/history?compare={','.join(ids)}"


def open_compared(page: Page, app: RunningApp, runs: dict[str, Run], *names: str) -> None:
    page.goto(address(app, *(runs[name].id for name in names)))
    expect(page.get_by_role("columnheader")).to_have_count(len(names) + 1, timeout=WAIT_MS)


def row(page: Page, label: str) -> Locator:
    return page.locator(".grid .line").filter(
        has=page.get_by_role("rowheader", name=label, exact=True)
    )


def cells(page: Page, label: str) -> Locator:
    return row(page, label).get_by_role("cell")


def test_three_runs_stand_field_by_field_with_their_differences_marked(
    page: Page, app: RunningApp, runs: dict[str, Run]
) -> None:
    open_compared(page, app, runs, "mock", "live", "failed")
    headline = cells(page, "헤드라인")
    expect(headline.nth(0)).to_contain_text("빨래가 쉬워지는 이불")
    expect(headline.nth(1).locator("del")).to_have_text("빠진 말: 지는")
    expect(headline.nth(1).locator("ins")).to_have_text("새로운 말: 진")
    expect(headline.nth(2)).to_have_text("–")
    expect(cells(page, "점수").nth(2)).to_contain_text("Ollama 서버가 응답하지 않아요")
    expect(cells(page, "불릿 1").nth(1)).to_contain_text("불릿 3")
    scroll = page.locator(".scroll")
    assert scroll.evaluate("box => box.scrollWidth <= box.clientWidth")


def test_markup_in_an_answer_stays_letters(
    page: Page, app: RunningApp, runs: dict[str, Run]
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_compared(page, app, runs, "mock", "hostile")
    expect(cells(page, "헤드라인").nth(1)).to_contain_text("<script>alert(1)</script>")
    assert not [url for url in asked if url.endswith("/x")]


def test_long_texts_of_a_row_scroll_together(
    page: Page, app: RunningApp, runs: dict[str, Run]
) -> None:
    open_compared(page, app, runs, "long", "longer", "longest")
    boxes = row(page, "답변 전체").locator(".inside")
    boxes.nth(0).evaluate("box => box.scrollTo(0, (box.scrollHeight - box.clientHeight) / 2)")
    share = "box => box.scrollTop / (box.scrollHeight - box.clientHeight)"
    for place in (1, 2):
        page.wait_for_function(
            f"box => Math.abs(({share})(box) - 0.5) < 0.02",
            arg=boxes.nth(place).element_handle(),
        )


def test_on_a_narrow_screen_columns_scroll_together_and_names_stay(
    page: Page, app: RunningApp, runs: dict[str, Run]
) -> None:
    page.set_viewport_size({"width": 800, "height": 900})
    open_compared(page, app, runs, "mock", "live", "hostile")
    name = page.get_by_role("rowheader", name="헤드라인", exact=True)
    head = page.get_by_role("columnheader").nth(3)
    before = (name.bounding_box(), head.bounding_box())
    page.locator(".scroll").evaluate("box => box.scrollTo(200, 0)")
    after = (name.bounding_box(), head.bounding_box())
    assert after[0]["x"] == before[0]["x"]
    assert round(before[1]["x"] - after[1]["x"]) == 200
    assert round(head.bounding_box()["x"]) == round(
        cells(page, "헤드라인").nth(2).bounding_box()["x"]
    )
    page.locator(".scroll").evaluate("box => box.scrollTo(200, 200)")
    assert page.get_by_role("columnheader").nth(3).bounding_box()["y"] == after[1]["y"]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_only_what_differs_hides_the_rest_and_stays_in_the_address(
    page: Page, app: RunningApp, runs: dict[str, Run]
) -> None:
    open_compared(page, app, runs, "mock", "live", "failed")
    open_compared(page, app, runs, "mock", "live")
    expect(row(page, "본문")).to_have_count(1)
    page.get_by_text("다른 것만", exact=True).click()
    expect(row(page, "본문")).to_have_count(0)
    expect(row(page, "헤드라인")).to_have_count(1)
    expect(page).to_have_url(re.compile("only=diff"))


def test_what_was_sent_alike_is_one_click_away(
    page: Page, app: RunningApp, runs: dict[str, Run]
) -> None:
    open_compared(page, app, runs, "mock", "live")
    expect(row(page, "모델")).to_have_count(1)
    expect(row(page, "온도")).to_have_count(0)
    page.get_by_role("button", name="같은 것도 보기").click()
    expect(cells(page, "온도")).to_have_count(1)
    expect(cells(page, "온도")).to_contain_text("모두 같아요")


def test_the_reference_changes_by_keyboard_and_a_colleague_sees_the_same(
    page: Page, app: RunningApp, runs: dict[str, Run], browser: Browser
) -> None:
    open_compared(page, app, runs, "mock", "live")
    page.get_by_role("radio", name="기준 A").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="기준 B")).to_be_checked()
    expect(page.get_by_role("radio", name="기준 B")).to_be_focused()
    expect(cells(page, "헤드라인").nth(0).locator("ins")).to_have_text("새로운 말: 지는")
    expect(page).to_have_url(re.compile(f"ref={runs['live'].id}"))
    context = browser.new_context(locale="en-US")
    theirs = context.new_page()
    theirs.goto(page.url)
    expect(theirs.get_by_role("radio", name="Reference B")).to_be_checked(timeout=WAIT_MS)
    expect(cells(theirs, "Headline").nth(0).locator("ins")).to_have_text("new: 지는")
    context.close()


def test_a_column_is_taken_out(page: Page, app: RunningApp, runs: dict[str, Run]) -> None:
    open_compared(page, app, runs, "mock", "live", "hostile")
    page.get_by_role("button", name="이 열 빼기 C").click()
    expect(page.get_by_role("columnheader")).to_have_count(3)
    expect(page).to_have_url(re.compile(f"compare={runs['mock'].id}(,|%2C){runs['live'].id}(&|$)"))


def test_pictures_are_compared_with_a_slider_an_overlay_and_one_zoom(
    page: Page, app: RunningApp
) -> None:
    ids = [picture(app, seed) for seed in (1, 2)]
    page.goto(address(app, *ids))
    slider = page.get_by_role("slider")
    expect(slider).to_be_visible(timeout=WAIT_MS)
    slider.fill("25")
    clipped = page.locator(".clipped")
    assert "25%" in clipped.evaluate("box => getComputedStyle(box).clipPath")
    page.get_by_role("button", name="나란히").click()
    page.get_by_role("button", name="확대", exact=True).click()
    sizes = page.locator(".both img").evaluate_all(
        "images => images.map(image => new DOMMatrix(getComputedStyle(image).transform).a)"
    )
    assert sizes == [1.5, 1.5]
    page.get_by_role("button", name="겹쳐 보기").click()
    blend = page.locator(".difference").evaluate("image => getComputedStyle(image).mixBlendMode")
    assert blend == "difference"
    expect(cells(page, "시드").nth(1)).to_have_text("2")


def picture(app: RunningApp, seed: int) -> str:
    body = {
        "task": "free",
        "prompt": "리넨 천 위의 텀블러",
        "mode": "mock",
        "options": {"width": 256, "height": 256, "seed": seed},
    }
    answer = httpx.post(f"{app.url}/api/v1/media/generate", json=body, timeout=60)
    return answer.json()["meta"]["run_id"]


def test_the_results_of_a_brief_lead_to_the_comparison(page: Page, app: RunningApp) -> None:
    page.goto(app.url)
    page.get_by_role("button", name="예시로 채우기").click()
    page.get_by_role("button", name="열 추가").click()
    page.get_by_role("menuitem").first.click()
    page.get_by_role("button", name=re.compile("2건 실행")).click()
    page.get_by_role("button", name="나란히 비교").click()
    expect(page.get_by_role("columnheader")).to_have_count(3, timeout=WAIT_MS)
    expect(page).to_have_url(re.compile(r"/history\?.*compare="))
