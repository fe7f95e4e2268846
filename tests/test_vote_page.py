"""Ratings, names, blind votes and the ranking on the pages, without a browser."""

from typing import Any

import pytest
from google.protobuf import text_format
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

import core.services
from core.opinion import Choice, Rating, Reason
from core.run import Run
from core.services import Services
from core.types import Mode, RunStatus
from tests.factories import make_run
from tests.page_kit import checked, fill_example, finish, open_page, press_run, runs_of, words_of

MODELS = ("zebra-coder", "walrus-writer")


@pytest.fixture(autouse=True)
def at_the_pages(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core.services, "get_services", lambda: services)


def answered(services: Services, model: str, **values: Any) -> Run:
    known: dict[str, Any] = {
        "model": model,
        "mode": Mode.LIVE,
        "status": RunStatus.SUCCEEDED,
        "format": "json",
        "output": f'{{"headline": "머리말 {model[:2]}"}}',
        "output_json": {"headline": f"머리말 {model[:2]}", "bullets": ["가", "나"]},
    }
    run = make_run(**known | values)
    services.store.insert([run]).result()
    return run


def open_history(name: str | None = "민아", **address: str) -> AppTest:
    page = open_page()
    page.session_state["who_name"] = name or ""
    page.switch_page("history.py")
    for key, value in address.items():
        page.query_params[key] = value
    return checked(page.run())


def press(page: AppTest, key: str) -> AppTest:
    page.session_state["vote_at"] = 0.0  # as long ago as a person needs to read
    return checked(page.button(key=key).click().run())


def cast(services: Services) -> list[Choice]:
    return [vote.choice for vote in services.opinions.votes()]


# Names


def test_a_name_is_asked_once_and_kept_over_all_pages(services: Services) -> None:
    page = checked(open_page().text_input(key="who").set_value("  \u1100\u1161\u202e나  ").run())
    page.switch_page("image.py")
    checked(page.run())

    assert page.text_input(key="who").value == "가 나"


def test_a_run_carries_the_name_of_who_started_it(services: Services) -> None:
    page = open_page()
    assert runs_of(press_run(fill_example(page)), services)[0].user is None
    page = checked(page.text_input(key="who").set_value("김민아").run())
    page.session_state["text_submitted"] = (None, 0.0)
    [run] = runs_of(press_run(page), services)
    assert run.user == "김민아"

    page = checked(finish(page, services).button(key=f"again_{run.id}").click().run())
    assert runs_of(page, services)[0].user == "김민아"


# Ratings


def rate(page: AppTest, run: Run, **parts: Any) -> AppTest:
    for part, value in parts.items():
        page.session_state[f"rating_{part}_{run.id}_민아"] = value
    return page


def test_stars_are_saved_at_once_and_reasons_and_a_comment_follow(services: Services) -> None:
    run = answered(services, MODELS[0])
    page = open_history(run=run.id)
    page.feedback(key=f"rating_stars_{run.id}_민아").set_value(3).run()
    checked(page)
    assert [one.stars for one in services.opinions.ratings(run.id)] == [4]
    assert "Saved" in words_of(page)

    page.button_group(key=f"rating_reasons_{run.id}_민아").set_value([Reason.TONE]).run()
    page.text_area(key=f"rating_comment_{run.id}_민아").set_value("좋아요").run()
    [rating] = services.opinions.ratings(run.id)
    assert (rating.user, rating.stars, rating.reasons, rating.comment) == (
        "민아", 4, (Reason.TONE,), "좋아요",
    )  # fmt: skip

    checked(page.button(key=f"rating_undo_{run.id}").click().run())
    assert services.opinions.ratings(run.id) == []
    assert page.feedback(key=f"rating_stars_{run.id}_민아").value is None


def test_others_ratings_stand_with_their_mean_and_as_letters(services: Services) -> None:
    run = answered(services, MODELS[0])
    for user, stars in (("**Jun**", 2), ("Sua", 5)):
        rating = Rating(run_id=run.id, user=user, stars=stars, comment=f"<b>{stars}</b>")
        services.opinions.rate(rating).result()
    page = open_history(run=run.id)

    assert "3.5" in words_of(page)
    assert r"\*\*Jun\*\*" in words_of(page)
    assert "<b>2</b>" in [element.value for element in page.text]


def test_without_a_name_the_rating_asks_for_it(services: Services) -> None:
    run = answered(services, MODELS[0])
    page = open_history(None, run=run.id)
    field = page.text_input(key=f"who_rating_{run.id}")
    checked(field.set_value("수아").run())

    assert page.feedback(key=f"rating_stars_{run.id}_수아").value is None


# Votes


def test_without_a_name_the_vote_asks_for_it_first(services: Services) -> None:
    for model in MODELS:
        answered(services, model)
    page = open_history(None, view="vote")
    assert [button.key for button in page.button if str(button.key).startswith("vote_")] == []

    checked(page.text_input(key="who_vote").set_value("수아").run())
    assert page.button(key="vote_left")


def test_without_pairs_the_page_says_what_to_do(services: Services) -> None:
    answered(services, MODELS[0])

    assert "Nothing to compare yet" in words_of(open_history(view="vote"))


@pytest.mark.parametrize("choice", Choice)
def test_each_choice_is_kept_with_its_sides(services: Services, choice: Choice) -> None:
    one, other = (answered(services, model) for model in MODELS)
    page = open_history(view="vote")
    shown = page.session_state["vote_pair"]
    press(page, f"vote_{choice}")

    [vote] = services.opinions.votes()
    assert vote.choice is choice
    assert (vote.left_run, vote.right_run) == (shown.left, shown.right)
    assert {vote.left_run, vote.right_run} == {one.id, other.id}
    assert "You have judged the only pair" in words_of(page)


def test_an_undone_vote_is_gone_and_its_pair_is_back(services: Services) -> None:
    for model in (*MODELS, "heron"):
        answered(services, model)
    page = open_history(view="vote")
    first = page.session_state["vote_pair"]
    page = press(press(page, "vote_left"), "vote_right")
    assert cast(services) == [Choice.RIGHT, Choice.LEFT]

    page = press(press(page, "vote_undo"), "vote_undo")
    assert cast(services) == []
    assert page.session_state["vote_pair"] == first
    assert page.button(key="vote_undo").disabled


def test_a_second_press_within_the_moment_is_not_a_vote(services: Services) -> None:
    for model in (*MODELS, "heron"):
        answered(services, model)
    page = press(open_history(view="vote"), "vote_left")
    page.session_state["vote_at"] = float("inf")  # this very moment
    checked(page.button(key="vote_left").click().run())

    assert len(cast(services)) == 1


def test_nothing_on_the_page_tells_whose_answer_it_is(services: Services) -> None:
    runs = [answered(services, model, provider="ollama", user="Jun") for model in MODELS]
    page = open_history(view="vote")
    told = "".join(
        text_format.MessageToString(node.proto, as_utf8=True)
        for node in (*page.main, *page.sidebar)
        if isinstance(node.proto, Message)
    )

    assert "머리말" in told
    for secret in (*MODELS, "ollama", "Jun", *(run.id for run in runs)):
        assert secret not in told


def test_the_task_to_judge_can_be_chosen(services: Services) -> None:
    for task in ("sns", "product_detail"):
        for model in MODELS:
            answered(services, model, task=task)
    page = open_history(view="vote")
    assert "0 of 2 pairs by you" in next(bar.text for bar in page.get("progress"))
    checked(page.selectbox(key="vote_task").select("sns").run())

    pair = page.session_state["vote_pair"]
    assert services.store.get(pair.left).task == "sns"


# Ranking


def test_the_ranking_keeps_simulated_models_apart_and_warns_while_it_is_early(
    services: Services,
) -> None:
    for mode in Mode:
        for model in MODELS:
            answered(services, f"{model}-{mode}", mode=mode)
    page = open_history(view="vote")
    page = press(press(page, "vote_left"), "vote_left")
    page.query_params["tab"] = "ranking"
    checked(page.run())

    assert [one.value for one in page.subheader][-2:] == ["Live models", "Simulated models"]
    assert all("Too little to conclude from" in one.value for one in page.warning)
    tables = [list(table.value["Model"]) for table in page.dataframe]
    assert [{name.rpartition("-")[2] for name in names} for names in tables] == [{"live"}, {"mock"}]


def test_before_the_first_vote_the_ranking_says_so(services: Services) -> None:
    assert "No votes yet" in words_of(open_history(view="vote", tab="ranking"))
