"""The mock's scenarios: each makes its one fault and no other."""

import json
from itertools import product

import pytest

from core.catalog import Task
from core.errors import BrokenAnswer, ModelNotFound
from core.providers.mock.scenarios import SCENARIOS
from core.types import (
    Completed,
    Language,
    Phase,
    PhaseChanged,
    TextDelta,
)
from tests.mock_requests import (
    CATALOG,
    CONTRACT_TASKS,
    HAN,
    SPOILING,
    answer_to,
    events_of,
    faults_of,
    mock_at,
    request_for,
    text_of,
)


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ModelNotFound) as caught:
        text_of(request_for("sns", model="gpt-mock"))
    assert caught.value.details == {"model": "gpt-mock", "known": list(SCENARIOS)}
    assert caught.value.status is None
    assert "mock-perfect" in caught.value.message


@pytest.mark.parametrize("task", CONTRACT_TASKS, ids=lambda task: task.id)
@pytest.mark.parametrize("model", SPOILING)
def test_a_scenario_differs_from_the_perfect_answer(model: str, task: Task) -> None:
    perfect = text_of(request_for(task, seed=5))
    assert text_of(request_for(task, model=model, seed=5)) != perfect


@pytest.mark.parametrize("language", list(Language))
def test_filler_has_the_name_as_headline_and_always_the_same_subheadline(
    language: Language,
) -> None:
    answers = [
        answer_to(request_for("product_detail", model="mock-filler", language=language, seed=seed))
        for seed in range(8)
    ]
    task = CATALOG.task("product_detail")
    name = task.example_payload(language)["product_name"]
    if len(str(name)) <= 20:
        assert {answer["headline"] for answer in answers} == {name}
    assert len({answer["subheadline"] for answer in answers}) == 1
    assert len({answer["body"] for answer in answers}) > 1


@pytest.mark.parametrize("model", ["mock-filler", "mock-mixed-language"])
@pytest.mark.parametrize("task", CONTRACT_TASKS, ids=lambda task: task.id)
def test_filler_and_mixed_language_keep_every_length(model: str, task: Task) -> None:
    for language, seed in product(Language, range(6)):
        assert faults_of(request_for(task, model=model, language=language, seed=seed)) == ()


@pytest.mark.parametrize("wants_json", [True, False])
@pytest.mark.parametrize("task", CATALOG.tasks.values(), ids=lambda task: task.id)
def test_mixed_language_puts_chinese_into_the_middle(task: Task, wants_json: bool) -> None:
    for language in Language:
        text = text_of(
            request_for(task, model="mock-mixed-language", language=language, wants_json=wants_json)
        )
        assert HAN.search(text)
        assert not HAN.search(text[-2:])


def test_too_long_breaks_lengths_of_headline_and_bullets_and_nothing_else() -> None:
    faults = faults_of(request_for("product_detail", model="mock-too-long", seed=1))
    assert [fault.split(" ")[0] for fault in faults] == [
        "headline",
        "bullets[0]",
        "bullets[1]",
        "bullets[2]",
    ]


@pytest.mark.parametrize("task", CONTRACT_TASKS, ids=lambda task: task.id)
def test_too_long_breaks_some_length_of_every_task(task: Task) -> None:
    faults = faults_of(request_for(task, model="mock-too-long", seed=1))
    assert faults
    assert all("characters" in fault for fault in faults)


@pytest.mark.parametrize("task", CATALOG.tasks.values(), ids=lambda task: task.id)
def test_not_json_is_chat_without_any_json(task: Task) -> None:
    for language in Language:
        text = text_of(request_for(task, model="mock-not-json", language=language))
        assert not set("{}[]") & set(text)
        with pytest.raises(ValueError, match="Expecting value"):
            json.loads(text)


def test_not_json_leaves_out_braces_of_the_payload_too() -> None:
    payload = {"product_name": '{"a": [1]}', "features": ["[보온]", "{보냉}"]}
    text = text_of(request_for("product_detail", payload, model="mock-not-json"))
    assert not set("{}[]") & set(text)


async def test_cut_off_stops_in_the_middle_and_says_length() -> None:
    perfect = text_of(request_for("product_detail"))
    events = await events_of(request_for("product_detail", model="mock-cut-off"))
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert perfect.startswith(text)
    assert 0.3 < len(text) / len(perfect) < 0.8
    assert isinstance(events[-1], Completed)
    assert events[-1].finish_reason == "length"


async def test_error_tells_some_text_and_then_breaks_off() -> None:
    request = request_for("product_detail", model="mock-error")
    perfect = text_of(request_for("product_detail"))
    told: list[str] = []

    async def listen() -> None:
        async for event in mock_at().stream(request):
            told.append(getattr(event, "text", ""))  # noqa: PERF401 - kept when the stream raises

    with pytest.raises(BrokenAnswer, match="simulated") as caught:
        await listen()
    assert caught.value.provider == "mock"
    assert perfect.startswith("".join(told))
    assert 0.1 < len("".join(told)) / len(perfect) < 0.6


async def test_slow_loads_first_and_says_how_long() -> None:
    events = await events_of(request_for("sns", model="mock-slow"))
    assert events[0] == PhaseChanged(phase=Phase.LOADING)
    assert events[1] == PhaseChanged(phase=Phase.WRITING)
    assert isinstance(events[-1], Completed)
    assert events[-1].load_ms == 500
