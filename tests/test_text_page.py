"""The Text page as a person uses it: the real services, the mock without delays."""

import re

import pytest

from core.services import Services
from core.types import Mode, RunStatus, TextRequest
from pages._format import plain
from tests import page_kit
from tests.page_kit import (
    Open,
    add_column,
    checked,
    choose,
    fill_example,
    finish,
    press_run,
    runs_of,
    words_of,
)

HOSTILE = (
    "<script>alert(1)</script> ![x](http://evil.example/x.png) [go](http://evil.example) "
    ":material/home: $x^2$ :red[loud] <img src=x onerror=alert(1)> https://evil.example"
)


@pytest.fixture
def open_page(services: Services, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open the page on the services of this test."""
    monkeypatch.setattr("core.services.get_services", lambda: services)
    return page_kit.open_page


def test_an_empty_page_teaches_and_offers_an_example(open_page: Open) -> None:
    page = open_page()
    assert page.title[0].value == "Text"
    assert "Run, and read the answers side by side, with their limits." in words_of(page)
    assert page.button(key="text_example").label == "Fill in an example"
    assert "Nothing has run yet." in words_of(page)


def test_the_form_begins_empty_with_an_example_behind_each_field(open_page: Open) -> None:
    page = open_page()
    assert [field.value for field in page.text_input] == [""] * len(page.text_input)
    assert all(field.placeholder for field in page.text_input)


def test_a_filled_brief_becomes_fields_with_their_lengths(
    open_page: Open, services: Services
) -> None:
    page = finish(press_run(fill_example(open_page())), services)
    (run,) = runs_of(page, services)
    assert run.status is RunStatus.SUCCEEDED
    assert run.source == "page"
    shown = [text.value for text in page.text]
    assert isinstance(run.output_json, dict)
    headline = str(run.output_json["headline"])
    assert headline in shown
    assert "Headline" in [caption.value for caption in page.caption]
    assert f":small[:gray[{len(headline)} / 20]]" in [text.value for text in page.markdown]
    assert "Keeps every rule" in words_of(page)


def test_the_mode_is_said_in_a_word(open_page: Open, services: Services) -> None:
    page = finish(press_run(fill_example(open_page())), services)
    assert ":gray-badge[Mock]" in words_of(page)
    assert "simulated numbers" in words_of(page)


def test_an_incomplete_brief_is_not_sent(open_page: Open, services: Services) -> None:
    page = press_run(open_page())
    assert "The brief is not complete yet." in words_of(page)
    assert "Product name" in words_of(page)
    assert services.gateway.recent() == []


def test_columns_run_side_by_side(open_page: Open, services: Services) -> None:
    page = add_column(fill_example(open_page()), "temperature")
    assert page.button(key="text_run").label == "Run 2"
    page = finish(press_run(page), services)
    first, second = runs_of(page, services)
    assert first.options.temperature != second.options.temperature
    assert len([badge for badge in page.markdown if "badge[Mock]" in badge.value]) == 2


def test_a_column_can_be_removed(open_page: Open) -> None:
    page = add_column(fill_example(open_page()), "model")
    page = checked(page.button(key="col2_remove").click().run())
    assert page.button(key="text_run").label == "Run"


def test_a_model_of_any_name_can_be_typed(open_page: Open, services: Services) -> None:
    page = choose(fill_example(open_page()), 1, open=True)
    page = checked(page.selectbox(key="col1_model_mock").set_value("mock-too-long").run())
    page = finish(press_run(page), services)
    (run,) = runs_of(page, services)
    assert run.model == "mock-too-long"
    assert "over" in words_of(page)
    assert ":red[" in words_of(page)


def test_variants_differ_in_their_seed_and_stand_together(
    open_page: Open, services: Services
) -> None:
    page = choose(fill_example(open_page()), 1, variants=3)
    page = finish(press_run(page), services)
    seeds = [run.options.seed for run in runs_of(page, services)]
    assert seeds[0] is not None
    assert seeds == [seeds[0], seeds[0] + 1, seeds[0] + 2]
    reopened = open_page(batch=page.query_params["batch"])
    assert reopened.session_state["text_columns"] == [1]
    assert reopened.session_state["col1_variants"] == 3


def test_a_dead_ollama_says_what_to_start(open_page: Open, services: Services) -> None:
    page = add_column(fill_example(open_page()), "other_mode")
    page = finish(press_run(page), services)
    mock, live = runs_of(page, services)
    assert (mock.mode, live.mode) == (Mode.MOCK, Mode.LIVE)
    assert live.status is RunStatus.FAILED
    shown = words_of(page)
    assert "Ollama does not answer." in shown
    assert "OLLAMA_BASE_URL" in shown
    assert "ollama serve" in [code.value for code in page.code]


def test_a_failed_run_keeps_and_shows_what_had_arrived(open_page: Open, services: Services) -> None:
    page = choose(fill_example(open_page()), 1, model_mock="mock-error")
    page = finish(press_run(page), services)
    (run,) = runs_of(page, services)
    assert run.status is RunStatus.FAILED
    assert run.output
    assert "Failed" in words_of(page)
    assert "Headline" in words_of(page)
    assert "missing" not in words_of(page), "what did not arrive is not a fault of the copy"


def test_an_answer_without_the_form_is_shown_as_it_is(open_page: Open, services: Services) -> None:
    page = choose(fill_example(open_page()), 1, model_mock="mock-not-json")
    page = finish(press_run(page), services)
    (run,) = runs_of(page, services)
    assert run.output in [text.value for text in page.text]
    assert "Not in the form that was asked for" in words_of(page)


def test_stop_ends_the_run(services: Services, open_page: Open) -> None:
    page = choose(fill_example(open_page()), 1, model_mock="mock-slow")
    page = press_run(page)
    (view,) = services.gateway.batch(page.query_params["batch"])
    stop = [button for button in page.button if button.key == f"stop_{view.run.id}"]
    if not stop:
        pytest.fail("the run was over before it could be stopped")
    page = checked(stop[0].click().run())
    assert services.gateway.view(view.run.id).run.status is RunStatus.CANCELLED
    assert "Stopped. What had arrived is kept." in words_of(page)


def test_a_batch_opens_again_by_its_address(open_page: Open, services: Services) -> None:
    page = choose(fill_example(open_page()), 1, model_mock="mock-filler", temperature=0.2)
    page = finish(press_run(page), services)
    (run,) = runs_of(page, services)
    again = open_page(batch=page.query_params["batch"])
    assert "mock\\-filler" in words_of(again)
    product = again.text_input(key="text_field_text_product_name").value
    assert product == run.payload["product_name"]
    assert again.session_state["col1_temperature"] == 0.2
    assert again.session_state["col1_model_mock"] == "mock-filler"


def test_one_run_opens_by_its_address(open_page: Open, services: Services) -> None:
    page = finish(press_run(fill_example(open_page())), services)
    (run,) = runs_of(page, services)
    again = open_page(run=run.id)
    assert f"recent_{run.id}" in [button.key for button in again.button]
    assert "Keeps every rule" in words_of(again)


def test_an_unknown_address_is_a_friendly_card(open_page: Open) -> None:
    page = open_page(run="nothing")
    assert "There is no run at this address." in words_of(page)
    assert page.button(key="text_run").label == "Run"


def test_a_click_in_the_sidebar_opens_a_run(open_page: Open, services: Services) -> None:
    first = finish(press_run(fill_example(open_page())), services)
    (run,) = runs_of(first, services)
    page = open_page()
    page = checked(page.button(key=f"recent_{run.id}").click().run())
    assert page.query_params["run"] == run.id
    assert "Keeps every rule" in words_of(page)


def test_a_run_can_be_run_again_as_its_child(open_page: Open, services: Services) -> None:
    page = finish(press_run(fill_example(open_page())), services)
    (run,) = runs_of(page, services)
    page = finish(page.button(key=f"again_{run.id}").click().run(), services)
    (child,) = runs_of(page, services)
    assert child.id != run.id
    assert child.parent_id == run.id
    assert child.payload == run.payload


def test_what_will_be_sent_is_shown_exactly(open_page: Open, services: Services) -> None:
    page = fill_example(open_page())
    page.session_state["text_preview"] = True
    page = checked(page.run())
    previewed = [code.value for code in page.code]
    page = press_run(page)
    (run,) = runs_of(page, services)
    assert [message.content for message in run.prompt] == previewed


def test_what_was_sent_stands_beside_the_answer(open_page: Open, services: Services) -> None:
    page = finish(press_run(fill_example(open_page())), services)
    (run,) = runs_of(page, services)
    page = checked(page.button(key=f"sent_{run.id}").click().run())
    shown = [code.value for code in page.code]
    assert all(message.content in shown for message in run.prompt)
    assert f"http://127.0.0.1:8501/?run={run.id}" in shown


def test_a_large_run_is_asked_about_first(open_page: Open, services: Services) -> None:
    page = choose(fill_example(open_page()), 1, variants=8)
    page = press_run(add_column(page, "same"))
    assert "These are 16 requests." in page.warning[0].value
    assert services.gateway.recent() == []
    page = checked(page.button(key="text_confirm_run").click().run())
    assert len(runs_of(page, services)) == 16
    assert not page.warning


def test_a_value_stays_when_the_task_changes(open_page: Open, services: Services) -> None:
    page = open_page()
    page.text_input(key="text_field_text_product_name").set_value("Kettle").run()
    tasks = [task for task in services.catalog.tasks if task != page.session_state["text_task"]]
    page = checked(page.selectbox(key="text_task").set_value(tasks[-1]).run())
    page = checked(page.selectbox(key="text_task").set_value("product_detail").run())
    assert page.text_input(key="text_field_text_product_name").value == "Kettle"


def test_every_task_can_be_run_from_its_example(open_page: Open, services: Services) -> None:
    for task in services.catalog.tasks:
        page = open_page()
        page = checked(page.selectbox(key="text_task").set_value(task).run())
        page = finish(press_run(fill_example(page)), services)
        (run,) = runs_of(page, services)
        assert (run.task, run.status) == (task, RunStatus.SUCCEEDED)
        assert run.role == services.catalog.tasks[task].roles[0]


def test_markup_of_an_answer_stays_letters(open_page: Open, services: Services) -> None:
    request = TextRequest(
        role="copywriter", task="free", payload={"prompt": HOSTILE}, language="en"
    )
    run = services.gateway.result(services.gateway.submit(request), timeout=20)
    services.store.finish(run.model_copy(update={"output": HOSTILE})).result()
    page = open_page(run=run.id)
    assert HOSTILE in [text.value for text in page.text]
    for marked in (*page.markdown, *page.caption):
        assert "evil.example/x.png)" not in marked.value.replace("\\", "")
    title = page.button(key=f"recent_{run.id}").label
    assert "<script>" not in title
    assert ":material/" not in title.replace("\\", "")


def test_the_page_speaks_korean_to_a_korean_browser(open_page: Open, services: Services) -> None:
    page = open_page(locale="ko-KR")
    assert page.title[0].value == "텍스트"
    page = finish(press_run(fill_example(page)), services)
    assert "규칙을 모두 지켰어요" in words_of(page)
    assert "헤드라인" in words_of(page)


def test_the_language_can_be_switched_and_stays_in_the_address(open_page: Open) -> None:
    page = open_page(locale="ko-KR")
    page = checked(page.segmented_control(key="language_switch").set_value("en").run())
    assert page.title[0].value == "Text"
    assert page.query_params["lang"] == "en"
    assert open_page(locale="ko-KR", lang="en").title[0].value == "Text"


def test_faults_are_told_in_korean(open_page: Open, services: Services) -> None:
    page = choose(fill_example(open_page(locale="ko-KR")), 1, model_mock="mock-too-long")
    page = finish(press_run(page), services)
    (run,) = runs_of(page, services)
    assert run.report is not None
    too_long = [one for one in run.report.findings if one.code == "length.too_long"]
    told = words_of(page)
    assert len(too_long) >= 4
    assert all(plain(finding.message.ko) in told for finding in too_long)


def test_a_name_in_a_label_stays_letters() -> None:
    shown = plain(HOSTILE + " :tada: www.evil.example a@b.example --> ")
    assert not re.search(r"(?<!\\)[<>\[\]()!$`*_~#:]", shown), "everything is escaped"
    for replaced_after_escapes in (":material/", ":tada:", "www.", "a@", "://", "->", "--"):
        assert replaced_after_escapes not in shown.replace("\\", "")


def test_a_model_name_in_a_label_is_not_altered() -> None:
    assert plain("qwen2.5:14b-instruct_q4").replace("\\", "") == "qwen2.5:14b-instruct_q4"
