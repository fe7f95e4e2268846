"""Runs side by side: fields aligned, requests compared, and the page that shows them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compare.fields import WHOLE, Row, compare_fields, fields_of
from core.compare.options import Parameter, compare_parameters
from core.compare.shown import as_text
from core.run import Run
from core.services import Services
from core.types import GenerationOptions, Message, Mode, RunStatus
from pages._compare_data import columns_of, sections_of
from pages._compare_marks import marked
from tests import page_kit
from tests.compare_kit import ANSWER, answered, contract_of, drawn, failed, live
from tests.page_kit import Open, checked, words_of

CONTRACT = contract_of("product_detail")


def rows_of(*answers: object, reference: int = 0) -> dict[str, Row]:
    runs = [answer if isinstance(answer, Run) else answered(answer) for answer in answers]
    return {row.name: row for row in compare_fields(runs, CONTRACT, reference=reference)}


def texts(row: Row) -> list[str | None]:
    return [cell.text for cell in row.cells]


def test_fields_stand_in_the_contracts_order_whatever_the_answers_say() -> None:
    turned = dict(reversed(ANSWER.items()))
    assert [name.split("[")[0] for name in rows_of(turned, ANSWER)] == [
        *("headline", "subheadline", "body"),
        *("bullets", "bullets", "bullets"),
        "cta",
    ]


def test_equal_answers_differ_nowhere() -> None:
    rows = rows_of(ANSWER, ANSWER)
    assert not [name for name, row in rows.items() if row.differs]
    assert not [cell for row in rows.values() for cell in row.cells if cell.segments]


def test_composed_and_decomposed_hangul_are_the_same() -> None:
    decomposed = "\u110c\u1175\u11b8에서 쓰는 이불"
    rows = rows_of({**ANSWER, "headline": "집에서 쓰는 이불"}, {**ANSWER, "headline": decomposed})
    assert not rows["headline"].differs


def test_a_field_is_compared_with_the_reference_alone() -> None:
    other = {**ANSWER, "headline": "빨래가 쉬워진 이불"}
    row = rows_of(ANSWER, other, other, reference=1)["headline"]
    assert [bool(cell.segments) for cell in row.cells] == [True, False, False]
    changed = next(one for one in row.cells[0].segments if one.kind != "same")
    assert (changed.left, changed.right) == ("진", "지는")


def test_a_bullet_put_in_front_marks_no_other() -> None:
    other = {**ANSWER, "bullets": ["앞뒤로 쓰는 두 가지 색", *ANSWER["bullets"][:2]]}
    rows = rows_of(ANSWER, other)
    assert not rows["bullets[0]"].differs
    assert [cell.name for cell in rows["bullets[0]"].cells] == ["bullets[0]", "bullets[1]"]
    assert texts(rows["bullets[2]"]) == [ANSWER["bullets"][2], "앞뒤로 쓰는 두 가지 색"]


def test_a_bullet_more_has_a_row_of_its_own() -> None:
    other = {**ANSWER, "bullets": [*ANSWER["bullets"], "덤"]}
    row = rows_of(ANSWER, other)["bullets[3]"]
    assert texts(row) == [None, "덤"]
    assert row.cells[0].lacking


def test_a_missing_field_is_visible() -> None:
    other = {name: value for name, value in ANSWER.items() if name != "cta"}
    cell = rows_of(ANSWER, other)["cta"].cells[1]
    assert (cell.text, cell.lacking) == (None, True)


def test_a_field_that_nobody_asked_for_comes_last_and_is_told_apart() -> None:
    rows = rows_of(ANSWER, {"extra": "덤", **ANSWER})
    assert list(rows)[-1] == "extra"
    assert [row.known for row in rows.values()].count(False) == 1


def test_objects_in_lists_are_compared_field_by_field() -> None:
    contract = contract_of("campaign")
    part = {"channel": "인스타그램", "percent": 60, "purpose": "새 고객을 만나요"}
    one = answered({"budget_allocation": [part, {**part, "channel": "블로그"}]}, task="campaign")
    two = answered({"budget_allocation": [{**part, "percent": 40}]}, task="campaign")
    rows = {row.name: row for row in compare_fields([one, two], contract)}
    assert texts(rows["budget_allocation[0].percent"]) == ["60", "40"]
    assert not rows["budget_allocation[0].channel"].differs
    assert texts(rows["budget_allocation[1].channel"]) == ["블로그", None]


def test_an_answer_that_is_no_json_stands_whole_below_the_fields() -> None:
    rows = rows_of(ANSWER, "네, 써 드릴게요!")
    assert texts(rows["headline"]) == [ANSWER["headline"], None]
    assert not rows["headline"].cells[1].lacking
    assert texts(rows[WHOLE]) == [None, "네, 써 드릴게요!"]


def test_texts_are_compared_as_a_whole() -> None:
    free = {"task": "free", "format": "text", "payload": {"prompt": "이불"}}
    runs = [answered("커피를 마셔요", **free), answered("커피는 마셔요", **free)]
    (row,) = compare_fields(runs, None)
    assert [(one.left, one.right) for one in row.cells[1].segments if one.kind == "changed"] == [
        ("를", "는")
    ]


def test_what_had_arrived_of_a_stopped_answer_is_compared() -> None:
    begun = failed(status=RunStatus.CANCELLED, output='{"headline": "빨래가 쉬운')
    rows = rows_of(ANSWER, begun)
    assert texts(rows["headline"])[1] == "빨래가 쉬운"
    assert not rows["cta"].cells[1].lacking


def test_findings_stand_at_the_item_they_are_about() -> None:
    long = "스무 글자를 훌쩍 넘겨 버리는 참으로 기다란 불릿이에요"
    other = {**ANSWER, "bullets": [long, *ANSWER["bullets"][:2]]}
    rows = rows_of(ANSWER, other)
    cell = next(cell for row in rows.values() for cell in row.cells if cell.text == long)
    assert cell.name == "bullets[0]"
    assert "length.too_long" in [finding.code for finding in cell.findings]
    assert cell.length is not None
    assert cell.length.maximum == 20


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.lists(VALUES, min_size=2, max_size=4), st.booleans())
def test_any_answers_can_be_laid_side_by_side(values: list, contract: bool) -> None:
    runs = [answered(json.dumps(value)) for value in values]
    rows = compare_fields(runs, CONTRACT if contract else None, reference=len(runs) - 1)
    for row in rows:
        for cell in row.cells:
            if cell.segments:
                assert "".join(one.right for one in cell.segments) == cell.text
    for place, run in enumerate(runs):
        shown = [row.cells[place].text for row in rows]
        words = [word for word in _strings(fields_of(run)) if word]
        assert all(any(word in (text or "") for text in shown) for word in words)


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [word for part in value.values() for word in _strings(part)]
    if isinstance(value, list):
        return [word for part in value for word in _strings(part)]
    return [as_text(value) or ""] if isinstance(value, str) else []


def parameters(*runs: Run) -> dict[str, Parameter]:
    return {one.name: one for one in compare_parameters(runs)}


def test_only_what_was_sent_differently_differs() -> None:
    told = parameters(
        answered(ANSWER, options=GenerationOptions(temperature=0.8, seed=1)),
        live(ANSWER, options=GenerationOptions(temperature=0.3, seed=1)),
    )
    differing = {name for name, one in told.items() if one.differs}
    assert differing == {"mode", "provider", "model", "temperature"}
    assert told["temperature"].values == (0.8, 0.3)


def test_payloads_and_prompts_are_compared_part_by_part() -> None:
    ask = (Message(role="system", content="규칙"), Message(role="user", content="이불"))
    told = parameters(
        answered(ANSWER, payload={"product_name": "이불", "tone": "다정하게"}, prompt=ask),
        answered(ANSWER, payload={"product_name": "이불"}, prompt=(*ask, ask[1])),
    )
    assert told["tone"].values == ("다정하게", None)
    assert not told["product_name"].differs
    assert not told["system"].differs
    assert told["user 2"].values == (None, "이불")


def test_pictures_are_compared_by_their_own_options() -> None:
    told = parameters(drawn(Mode.MOCK, count=1), drawn(Mode.MOCK, count=2))
    assert told["batch"].values == (1, 2)
    assert "temperature" not in told


def test_words_that_differ_are_marked_and_other_texts_are_not() -> None:
    (row,) = compare_fields(
        [
            answered(word, task="free", format="text")
            for word in ("한 손으로 열어요", "두 손으로 열어요")
        ],
        None,
    )
    assert marked("두 손으로 열어요", row.cells[1].segments) == [
        ["removed", "한"],
        ["added", "두"],
        ["same", " 손으로 열어요"],
    ]
    (row,) = compare_fields(
        [
            answered(word, task="free", format="text")
            for word in ("한 손으로 열어요", "밤새 따뜻한 이불")
        ],
        None,
    )
    assert marked("밤새 따뜻한 이불", row.cells[1].segments) == [["other", "밤새 따뜻한 이불"]]


@pytest.fixture
def open_page(services: Services, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open a page on the services of this test."""
    monkeypatch.setattr("core.services.get_services", lambda: services)
    return page_kit.open_page


def kept(services: Services, *runs: Run) -> list[Run]:
    services.store.insert(runs).result()
    for run in runs:
        if run.status.is_final:
            services.store.finish(run).result()
    return list(runs)


def open_compared(open_page: Open, *ids: str, **address: str):
    page = open_page(compare=",".join(ids), **address)
    return checked(page.switch_page("history.py").run())


def said(page) -> str:
    return words_of(page) + "\n" + "\n".join(element.value for element in page.info)


def test_columns_and_sections_hold_everything(services: Services) -> None:
    services_runs = [answered(ANSWER), live({**ANSWER, "headline": "빨래가 쉬워진 이불"}), failed()]
    columns = columns_of(services_runs, reference=1, put_away=[services_runs[2].id])
    assert [column["reference"] for column in columns] == [False, True, False]
    assert "삭제함" in columns[2]["facts"]
    titles = [s["title"] for s in sections_of(services_runs, CONTRACT, reference=1)]
    assert titles == ["", "답변", "보낸 내용", "시간과 토큰"]


def test_a_pair_of_mock_and_live_begins_with_its_verdict(
    services: Services, open_page: Open
) -> None:
    mock, other = kept(
        services, answered(ANSWER), live({**ANSWER, "cta": "너무 길어서 열다섯 자를 훌쩍 넘어요"})
    )
    page = open_compared(open_page, mock.id, other.id)
    assert "The live answer breaks the rules that the mock keeps" in words_of(page)
    assert "Button" in words_of(page)


def test_two_of_a_mode_have_no_verdict(services: Services, open_page: Open) -> None:
    page = open_compared(open_page, *(run.id for run in kept(services, live(ANSWER), live(ANSWER))))
    assert "mock promises" not in words_of(page)
    assert page.toggle(key="compare_only").value is False


def test_unknown_ids_are_named_and_the_others_shown(services: Services, open_page: Open) -> None:
    one, other = kept(services, live(ANSWER), live(ANSWER))
    page = open_compared(open_page, one.id, "no-such-run", other.id)
    assert "There is no run under this address: no\\-such\\-run" in said(page)
    assert page.button(key="compare_swap")


def test_one_run_alone_is_explained(services: Services, open_page: Open) -> None:
    (one,) = kept(services, live(ANSWER))
    page = open_compared(open_page, one.id, one.id)
    assert "Two runs at least" in words_of(page)


def test_runs_under_way_are_waited_for(services: Services, open_page: Open) -> None:
    one, other, waiting = kept(
        services, live(ANSWER), live(ANSWER), live(ANSWER, status=RunStatus.RUNNING)
    )
    page = open_compared(open_page, one.id, other.id, waiting.id)
    assert "1 run is still under way" in said(page)
    services.store.finish(waiting.model_copy(update={"status": RunStatus.SUCCEEDED})).result()
    assert "still under way" not in said(checked(page.run()))


def test_texts_and_pictures_do_not_stand_side_by_side(services: Services, open_page: Open) -> None:
    picture = drawn(Mode.MOCK, count=0)
    runs = kept(services, live(ANSWER), live(ANSWER), picture)
    page = open_compared(open_page, *(run.id for run in runs))
    assert "Texts and pictures cannot stand side by side" in said(page)


def test_more_than_six_are_left_out_with_words(services: Services, open_page: Open) -> None:
    runs = kept(services, *(live(ANSWER) for _ in range(8)))
    page = open_compared(open_page, *(run.id for run in runs))
    assert "2 more are left out" in said(page)


def test_swap_turns_the_columns_round_in_the_address(services: Services, open_page: Open) -> None:
    one, other = kept(services, live(ANSWER), live(ANSWER))
    page = open_compared(open_page, one.id, other.id)
    checked(page.button(key="compare_swap").click().run())
    assert page.query_params["compare"] == f"{other.id},{one.id}"


def test_only_what_differs_is_kept_in_the_address(services: Services, open_page: Open) -> None:
    one, other = kept(services, live(ANSWER), live(ANSWER))
    page = open_compared(open_page, one.id, other.id)
    checked(page.toggle(key="compare_only").set_value(True).run())
    assert page.query_params["only"] == "diff"
    assert page.toggle(key="compare_only").value is True


def test_the_counterpart_in_the_other_mode_can_be_added(
    services: Services, open_page: Open
) -> None:
    mock, one, other = kept(services, answered(ANSWER), live(ANSWER), live(ANSWER))
    page = open_compared(open_page, one.id, other.id)
    checked(page.menu_button(key="compare_add").click(f"counterpart:{one.id}").run())
    assert page.query_params["compare"] == f"{one.id},{other.id},{mock.id}"


def test_the_parent_can_be_added(services: Services, open_page: Open) -> None:
    parent = live(ANSWER)
    parent, one, other = kept(services, parent, live(ANSWER, parent_id=parent.id), live(ANSWER))
    page = open_compared(open_page, one.id, other.id)
    checked(page.menu_button(key="compare_add").click(f"parent:{one.id}").run())
    assert page.query_params["compare"].endswith(parent.id)


def test_the_table_lists_every_pair_with_its_verdict(services: Services, open_page: Open) -> None:
    lacking = {name: value for name, value in ANSWER.items() if name != "cta"}
    kept(services, answered(ANSWER), live(ANSWER, model="good"), live(lacking, model="bad"))
    page = checked(open_page(view="parity").switch_page("history.py").run())
    table = page.dataframe[0].value
    assert dict(zip(table["Live model"], table["Verdict"], strict=True)) == {
        "good": "holds",
        "bad": "broken",
    }
    assert "Button" in table["Reasons"][table["Live model"] == "bad"].iloc[0]


def test_the_table_without_pairs_says_how_to_get_one(services: Services, open_page: Open) -> None:
    kept(services, answered(ANSWER))
    page = checked(open_page(view="parity").switch_page("history.py").run())
    assert "Run the same brief once on the mock and once live" in words_of(page)
