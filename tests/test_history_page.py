"""The History page as a person uses it: the real services, runs put into the store."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.checks.families import CODES
from core.errors import StoreError
from core.finding import CheckReport, Finding, Scores, Severity
from core.listing import RunPage, Sort
from core.localised import Localised
from core.opinion import Rating
from core.run import Run
from core.services import Services
from core.types import GenerationOptions, Language, Mode, RunStatus, TextRequest, utc_now
from pages import _history_list
from pages._finding_names import finding_label
from pages._history_address import read_list
from pages._timings import timing_parts
from tests import page_kit
from tests.factories import make_run
from tests.page_kit import Open, checked, words_of
from tests.test_image_page import image_run

KOREAN = "ko-KR"
ANSWER = {
    "headline": "가벼운 아침",
    "subheadline": "할인 중인 텀블러를 만나 보세요",
    "cta": "보러 가기",
}


@pytest.fixture
def open_page(services: Services, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open the History page at an address, on the services of this test."""
    monkeypatch.setattr("core.services.get_services", lambda: services)

    def open_history(*, locale: str = "en-US", **address: str | list[str]) -> AppTest:
        page = page_kit.open_page(locale=locale)
        page.switch_page("history.py")
        for name, value in address.items():
            page.query_params[name] = value
        return checked(page.run())

    return open_history


def keep(services: Services, **values: object) -> Run:
    """A run that has ended, in the store."""
    known = {
        "status": RunStatus.SUCCEEDED,
        "output": json.dumps(ANSWER, ensure_ascii=False),
        "output_json": ANSWER,
        "total_ms": 1200.0,
        "first_token_ms": 300.0,
        "finished_at": utc_now(),
    }
    run = make_run(**known | values)
    services.store.insert([run]).result()
    services.store.finish(run).result()
    return run


def rows(page: AppTest) -> list[dict]:
    """The lines of the table, as its script draws them."""
    return component(page, "history_table")["rows"]


def component(page: AppTest, key: str) -> dict:
    (found,) = [part for part in page.get("bidi_component") if part.proto.id.endswith(key)]
    return json.loads(found.proto.json)


def ids(page: AppTest) -> list[str]:
    return [row["id"] for row in rows(page)]


def chips(page: AppTest) -> list[str]:
    return [button.label for button in page.button if "history_chip_" in (button.key or "")]


def select(page: AppTest, *runs: Run) -> AppTest:
    page.session_state["history_selected"] = [run.id for run in runs]
    return checked(page.run())


def press(page: AppTest, key: str) -> AppTest:
    return checked(page.button(key=key).click().run())


def report(*findings: Finding, score: float = 8.5) -> CheckReport:
    passed = not findings
    return CheckReport(version=1, scores=Scores(overall=score, passed=passed), findings=findings)


def finding(code: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=Localised(ko="문제", en="wrong"))


def test_an_empty_history_says_what_to_do(open_page: Open) -> None:
    page = open_page()
    assert page.title[0].value == "History"
    assert "Nothing has run yet." in words_of(page)


def test_a_line_tells_what_people_look_for(open_page: Open, services: Services) -> None:
    run = keep(
        services,
        mode=Mode.LIVE,
        provider="ollama",
        user="지민",
        report=report(finding("field.empty"), score=6.4),
    )
    services.opinions.rate(Rating(run_id=run.id, user="서연", stars=4)).result()
    services.opinions.tag(run.id, "봄 캠페인").result()
    (line,) = rows(open_page(locale=KOREAN))
    assert line["title"] == "담은 텀블러"
    assert line["excerpt"].startswith("가벼운 아침 · 할인 중인")
    assert line["about"] == "상품 상세페이지 · 지민"
    assert (line["mode"], line["isLive"], line["model"]) == ("라이브", True, "some-model")
    assert (line["score"], line["passed"], line["findings"]) == ("6.4", False, "오류 1개")
    assert (line["stars"], line["total"], line["tags"]) == ("4.0", "1.2초", ["봄 캠페인"])


def test_a_failed_run_says_why_instead_of_an_excerpt(open_page: Open, services: Services) -> None:
    keep(
        services,
        status=RunStatus.FAILED,
        provider="ollama",
        output="half an ans",
        output_json=None,
        error_code="provider_unavailable",
        error_message="Nothing answers.",
    )
    (line,) = rows(open_page())
    assert line["excerpt"] == "Ollama does not answer."
    assert line["state"] == "failed"


@pytest.mark.parametrize(
    "query", ["할인", "텀블러를", "담은", '"가벼운 아침"', "some nothing OR *"]
)
def test_search_finds_words_of_brief_and_answer(
    open_page: Open, services: Services, query: str
) -> None:
    run = keep(services)
    keep(services, payload={"product_name": "이불"}, output="다른 글", output_json=None)
    page = open_page()
    page = checked(page.text_input(key="history_q").set_value(query).run())
    assert page.query_params["q"] == query
    if "nothing" in query:
        assert "No run is like this." in words_of(page)
    else:
        assert ids(page) == [run.id]


def test_the_address_holds_filters_order_and_the_way_of_showing(
    open_page: Open, services: Services
) -> None:
    slow = keep(services, mode=Mode.LIVE, total_ms=9000.0)
    fast = keep(services, mode=Mode.LIVE, total_ms=10.0)
    keep(services)
    page = open_page(mode="live", sort="slowest")
    assert ids(page) == [slow.id, fast.id]
    assert page.pills(key="history_mode").value == ["live"]
    assert page.selectbox(key="history_sort").value == "slowest"
    assert chips(page) == ["Live"]


def test_a_filter_that_is_chosen_goes_into_the_address_and_out_again(
    open_page: Open, services: Services
) -> None:
    run = keep(services, status=RunStatus.FAILED)
    keep(services)
    page = open_page()
    page = checked(page.pills(key="history_status").set_value(["failed"]).run())
    assert page.query_params["status"] == "failed"
    assert ids(page) == [run.id]
    page = press(page, "history_chip_status_failed")
    assert "status" not in page.query_params
    assert len(ids(page)) == 2


def test_every_filter_at_once_is_cleared_with_one_button(
    open_page: Open, services: Services
) -> None:
    keep(services)
    page = open_page(q="없는 말", model=["a", "b"], who="지민", lang="en")
    assert "No run is like this." in words_of(page)
    assert chips(page) == ["“없는 말”", "a", "b", "by 지민"]
    page = press(page, "history_clear_all")
    assert dict(page.query_params) == {"lang": "en"}
    assert len(ids(page)) == 1


def test_what_in_the_address_makes_no_sense_is_said_and_left_aside(
    open_page: Open, services: Services
) -> None:
    run = keep(services)
    page = open_page(mode=["sideways", "mock"], **{"from": "yesterday-ish"}, sort="best", stars="9")
    assert ids(page) == [run.id]
    said = words_of(page)
    assert "were left aside" in said
    assert "sideways" in said
    assert chips(page) == ["Mock"]


@pytest.mark.parametrize(
    "address",
    [
        {"q": ["x" * 5000]},
        {"q": ["\ud800 ' OR 1=1 -- %_ \" ( ["]},
        {"from": ["0001-01-01"], "to": ["9999-12-31"]},
        {"batch": ["x" * 500], "task": ["ㅋ" * 900]},
        {name: [""] for name in ("q", "mode", "from", "to", "sort", "show", "stars", "deleted")},
    ],
)
def test_no_address_is_an_error(address: dict[str, list[str]]) -> None:
    shown = read_list(address, zone=UTC)
    assert shown.sort is Sort.NEWEST
    assert len(shown.filter.q) <= 200


def test_days_are_those_of_the_reader() -> None:
    seoul = ZoneInfo("Asia/Seoul")
    shown = read_list({"from": ["2026-11-24"], "to": ["2026-11-24"]}, zone=seoul)
    assert shown.filter.since == datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert shown.filter.until == datetime(2026, 11, 24, 15, tzinfo=UTC)


def test_days_in_the_wrong_order_are_turned_round() -> None:
    shown = read_list({"from": ["2026-11-24"], "to": ["2026-11-20"]}, zone=UTC)
    assert str(shown.since) == "2026-11-20"


def test_a_preset_of_days_narrows_the_list(open_page: Open, services: Services) -> None:
    keep(services, created_at=utc_now() - timedelta(days=60))
    new = keep(services)
    page = open_page()
    page = checked(page.pills(key="history_days").set_value("7d").run())
    assert "from" in page.query_params
    assert ids(page) == [new.id]


def test_many_runs_are_turned_over_page_by_page(open_page: Open, services: Services) -> None:
    runs = [keep(services) for _ in range(51)]
    page = open_page()
    assert "51 runs" in words_of(page)
    assert len(ids(page)) == 50
    page = press(page, "history_next")
    assert ids(page) == [runs[0].id]
    assert page.button(key="history_next").disabled
    assert dict(page.query_params) == {}
    page = press(page, "history_back")
    assert ids(page)[0] == runs[-1].id


def test_the_list_is_drawn_once_however_many_runs_end_meanwhile(
    open_page: Open, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begun() -> Run:
        run = make_run(status=RunStatus.QUEUED, output="", finished_at=None)
        services.store.insert([run]).result()
        return run

    read = services.runs.page
    runs: list[Run] = [begun()]

    def page_while_a_run_ends(*asked: object, **how: object) -> RunPage:
        found = read(*asked, **how)
        ended = runs[-1].model_copy(
            update={"status": RunStatus.SUCCEEDED, "finished_at": utc_now()}
        )
        services.store.finish(ended).result()
        runs.append(begun())
        return found

    monkeypatch.setattr(services.runs, "page", page_while_a_run_ends)
    page = open_page()
    before = len(runs)
    checked(page.run())
    assert len(runs) == before + 1
    assert ids(page)[0] == runs[-2].id


def test_the_tick_after_a_run_on_the_list_has_ended_has_it_drawn_anew(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    ticks: list[tuple[Callable[..., None], float, tuple[object, ...]]] = []

    def fragment(look: Callable[..., None], *, run_every: float, key: str) -> Callable[..., None]:
        return lambda *args: ticks.append((look, run_every, args))

    drawn: list[str] = []
    monkeypatch.setattr(st, "fragment", fragment)
    monkeypatch.setattr(st, "rerun", lambda: drawn.append("anew"))
    run = make_run(status=RunStatus.QUEUED)
    services.store.insert([run]).result()
    _history_list._keep_live([run.id])
    ((look, tick, args),) = ticks
    at_the_tick = time.monotonic() + tick
    monkeypatch.setattr(_history_list, "time", SimpleNamespace(monotonic=lambda: at_the_tick))
    look(*args)
    assert drawn == []
    ended = {"status": RunStatus.SUCCEEDED, "finished_at": utc_now()}
    services.store.finish(run.model_copy(update=ended)).result()
    look(*args)
    assert drawn == ["anew"]


def test_another_filter_begins_at_its_first_page(open_page: Open, services: Services) -> None:
    for _ in range(51):
        keep(services)
    page = press(open_page(), "history_next")
    page = checked(page.pills(key="history_mode").set_value(["mock"]).run())
    assert len(ids(page)) == 50


def test_two_to_six_runs_are_compared(open_page: Open, services: Services) -> None:
    one, two = keep(services), keep(services)
    page = select(open_page(), one)
    assert page.button(key="history_compare").disabled
    page = press(select(page, one, two), "history_compare")
    assert page.query_params["compare"] == f"{one.id},{two.id}"


def test_a_mock_run_finds_its_live_counterpart(open_page: Open, services: Services) -> None:
    live = keep(services, mode=Mode.LIVE)
    keep(services, mode=Mode.LIVE, payload={"product_name": "담은 텀블러", "features": []})
    mock = keep(services)
    page = press(select(open_page(), mock), "history_parity")
    assert page.query_params["compare"] == f"{mock.id},{live.id}"


def test_without_a_counterpart_it_is_offered_to_run_it(open_page: Open, services: Services) -> None:
    live = keep(services, mode=Mode.LIVE, role="copywriter")
    page = press(select(open_page(), live), "history_parity")
    page = press(page, "history_offer_run")
    run_id = page.query_params["run"]
    mock = services.gateway.result(run_id, timeout=20)
    assert (mock.mode, mock.parent_id, mock.payload) == (Mode.MOCK, live.id, live.payload)
    page = checked(page.run())
    page = press(page, "history_compare_both")
    assert page.query_params["compare"] == f"{live.id},{mock.id}"


def test_deleted_runs_are_gone_until_undo(open_page: Open, services: Services) -> None:
    one, two = keep(services), keep(services)
    page = press(select(open_page(), one), "history_delete")
    assert ids(page) == [two.id]
    assert "1 run deleted." in words_of(page)
    assert "1 run" in [text.value.strip("*") for text in page.markdown]
    page = press(page, "history_undo_button")
    assert ids(page) == [two.id, one.id]


def test_deleted_runs_are_shown_and_restored(open_page: Open, services: Services) -> None:
    one, two = keep(services), keep(services)
    services.opinions.delete([one.id]).result()
    page = open_page(deleted="1")
    assert ids(page) == [one.id]
    page = press(select(page, one), "history_restore")
    assert "Nothing is deleted." in words_of(page)
    assert ids(open_page()) == [two.id, one.id]


def test_selected_runs_get_a_tag(open_page: Open, services: Services) -> None:
    one, two = keep(services), keep(services)
    services.opinions.tag(two.id, "봄 캠페인").result()
    page = select(open_page(), one, two)
    page = checked(page.selectbox(key="history_new_tag_0").set_value("봄 캠페인").run())
    assert [row["tags"] for row in rows(page)] == [["봄 캠페인"]] * 2
    assert ids(open_page(tag="봄 캠페인")) == [two.id, one.id]


def test_a_runs_page_shows_everything_about_it(open_page: Open, services: Services) -> None:
    run = keep(
        services,
        options=GenerationOptions(temperature=0.8),
        report=report(finding("field.empty")),
        queued_ms=40.0,
        load_ms=100.0,
    )
    page = open_page(run=run.id)
    said = words_of(page)
    assert page.subheader[0].value == "담은 텀블러"
    assert "가벼운 아침" in said
    assert "temperature 0.8" in said
    assert "8.5" in said
    parts = component(page, f"timings_{run.id}")["parts"]
    assert [part["kind"] for part in parts] == ["queue", "load", "wait", "work"]


def test_hostile_words_stay_letters_on_a_runs_page(open_page: Open, services: Services) -> None:
    hostile = "<script>alert(1)</script> ![x](http://evil.example/x.png) :red[loud]"
    run = keep(services, payload={"product_name": hostile}, output=hostile, output_json=None)
    page = open_page(run=run.id)
    written = [element.value for kind in (page.markdown, page.caption) for element in kind]
    assert "<script>" not in page.subheader[0].value
    assert not any("<script>" in text or "![x](" in text for text in written)


def test_run_again_shows_the_new_run_and_leads_to_both(open_page: Open, services: Services) -> None:
    first = services.gateway.submit(
        TextRequest(
            role="copywriter",
            task="product_detail",
            payload={"product_name": "담은 텀블러", "features": ["보온 12시간"]},
            mode=Mode.MOCK,
        )
    )
    services.gateway.result(first, timeout=20)
    page = press(open_page(run=first), "history_run_again")
    second = page.query_params["run"]
    assert services.gateway.result(second, timeout=20).parent_id == first
    page = press(checked(page.run()), "history_compare_both")
    assert page.query_params["compare"] == f"{first},{second}"


def test_change_and_run_opens_text_with_everything_filled_in(
    open_page: Open, services: Services
) -> None:
    run = keep(services, provider="mock", model="mock-perfect")
    page = press(open_page(run=run.id, lang="en"), "history_run_change")
    assert page.title[0].value == "Text"
    assert page.text_input(key="text_field_text_product_name").value == "담은 텀블러"
    assert page.query_params["lang"] == "en"
    page.switch_page("text.py")  # the page that the script is on; AppTest does not follow it
    page = press(page, "text_run")
    (changed,) = services.gateway.batch(page.query_params["batch"])
    assert changed.run.parent_id == run.id


def test_a_note_is_kept_with_who_and_when(open_page: Open, services: Services) -> None:
    run = keep(services)
    page = open_page(run=run.id)
    page.session_state["who_name"] = "서연"
    page = checked(page.text_area(key=f"history_note_{run.id}").set_value("다음 주에 쓸 것").run())
    note = services.opinions.notes(run.id)
    assert note is not None
    assert (note.text, note.user) == ("다음 주에 쓸 것", "서연")
    assert "서연" in words_of(page)


def test_the_list_that_a_run_was_opened_from_comes_back(
    open_page: Open, services: Services
) -> None:
    run = keep(services)
    page = open_page(q="담은", sort="oldest")
    page.session_state["history_list"] = {"q": ["담은"], "sort": ["oldest"]}
    page.query_params.clear()
    page.query_params["run"] = run.id
    page = press(checked(page.run()), "history_to_list")
    assert dict(page.query_params) == {"q": "담은", "sort": "oldest"}
    assert ids(page) == [run.id]


def test_an_unknown_run_is_a_friendly_card(open_page: Open) -> None:
    page = open_page(run="nothing")
    assert "There is no run at this address." in words_of(page)
    assert page.button(key="history_to_list").label == "Back to the list"


def test_the_gallery_shows_pictures_alone(open_page: Open, services: Services) -> None:
    keep(services)
    run = image_run(status=RunStatus.FAILED)
    services.store.insert([run]).result()
    services.store.finish(run).result()
    page = open_page(show="gallery")
    assert "1 run" in words_of(page)
    assert "None of these runs has a picture." in words_of(page)


@pytest.mark.parametrize("view", ["charts", "parity", "vote"])
def test_every_view_opens_by_its_address(open_page: Open, services: Services, view: str) -> None:
    keep(services)
    page = open_page(view=view)
    assert page.segmented_control(key="history_view").value == view


def test_a_locked_database_is_told_in_words(
    open_page: Open, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*args: object, **kwargs: object) -> None:
        raise StoreError("The database is locked.")

    monkeypatch.setattr(services.runs, "page", locked)
    assert "The record of runs cannot be read or written." in words_of(open_page())


def test_the_bar_of_times_leaves_out_what_took_no_time() -> None:
    run = make_run(queued_ms=0.0, load_ms=None, first_token_ms=200.0, total_ms=1000.0)
    parts = timing_parts(run)
    assert [(part["kind"], part["share"]) for part in parts] == [("wait", 200.0), ("work", 800.0)]


def test_every_finding_has_a_name_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(st.session_state, "language", Language.KOREAN)
    assert [code for code in CODES if finding_label(code) == code] == []


def test_a_filter_of_findings_is_named_in_words(open_page: Open, services: Services) -> None:
    run = keep(services, report=report(finding("repeat.bullet")))
    keep(services, report=report())
    page = open_page(finding="repeat.bullet", locale=KOREAN)
    assert ids(page) == [run.id]
    assert chips(page) == ["서로 비슷한 불릿"]


@pytest.mark.parametrize("script", ["text.py", "image.py"])
def test_the_pages_where_runs_are_made_lead_to_the_history(
    open_page: Open, services: Services, script: str
) -> None:
    page = page_kit.open_page(lang="en")
    page.switch_page(script)
    (link,) = checked(page.run()).get("page_link")
    assert (link.proto.label, link.proto.page) == ("All runs", "history")
    assert "lang=en" in str(link.proto)
