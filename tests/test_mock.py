"""The mock provider: pace, usage, seeds, and what it says about itself."""

import asyncio
import os
import subprocess
import sys
import unicodedata
from contextlib import aclosing

import pytest

from core.catalog import Task
from core.providers.mock.provider import MockProvider
from core.providers.mock.scenarios import SCENARIOS
from core.settings import Settings
from core.types import (
    Completed,
    Mode,
    Phase,
    PhaseChanged,
    ProviderEvent,
    TextDelta,
    Tier,
)
from tests.mock_requests import CATALOG, events_of, mock_at, request_for, text_of


def test_the_same_request_gets_the_same_answer_in_another_process() -> None:
    script = (
        "import sys; sys.path.insert(0, '.'); "
        "from tests.mock_requests import text_of, request_for; "
        "sys.stdout.buffer.write(text_of(request_for('product_detail')).encode())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {text_of(request_for("product_detail")).encode()}


@pytest.mark.parametrize("task", CATALOG.tasks.values(), ids=lambda task: task.id)
def test_seeds_and_roles_make_different_answers(task: Task) -> None:
    assert len({text_of(request_for(task, seed=seed)) for seed in range(8)}) >= 6
    assert len({text_of(request_for(task, role=role, seed=1)) for role in CATALOG.roles}) >= 4


def test_without_a_seed_a_repeated_request_gets_the_same_answer() -> None:
    assert text_of(request_for("sns")) == text_of(request_for("sns"))


@pytest.mark.parametrize("model", [name for name in SCENARIOS if name != "mock-slow"])
@pytest.mark.parametrize("task", CATALOG.tasks.values(), ids=lambda task: task.id)
def test_every_answer_is_planned_to_end_within_five_seconds(task: Task, model: str) -> None:
    for speed in (0.001, 45, 1000):
        script = mock_at(speed).script(request_for(task, model=model))
        assert script.seconds < 4.5
        assert all(piece.text for piece in script.pieces)
        assert "".join(piece.text for piece in script.pieces) == "".join(script.tokens)


def test_the_slow_model_takes_longer_but_less_than_twenty_seconds() -> None:
    for task in CATALOG.tasks.values():
        script = mock_at(45).script(request_for(task, model="mock-slow"))
        assert 8 < script.seconds < 20


def test_at_no_delay_only_the_slow_model_takes_time() -> None:
    assert mock_at(0).script(request_for("brand_kit")).seconds == 0
    assert 1 < mock_at(0).script(request_for("sns", model="mock-slow")).seconds < 2


def test_pieces_are_about_a_token_long_at_a_human_pace() -> None:
    script = mock_at(20).script(request_for("sns", seed=1))
    assert script.pieces[0].at > 0
    assert max(len(piece.text.strip()) for piece in script.pieces) <= 4
    moments = [piece.at for piece in script.pieces]
    assert moments == sorted(moments)


async def test_a_stream_writes_and_completes_with_simulated_usage() -> None:
    events = await events_of(request_for("product_detail"), tokens_per_second=100_000)
    assert events[0] == PhaseChanged(phase=Phase.WRITING)
    assert all(isinstance(event, TextDelta) for event in events[1:-1])
    completed = events[-1]
    assert isinstance(completed, Completed)
    assert completed.finish_reason == "stop"
    assert completed.tokens_per_second
    assert completed.meta == {"simulated": True, "scenario": "mock-perfect"}
    assert completed.usage.prompt_tokens
    assert completed.usage.completion_tokens
    assert (
        completed.usage.total_tokens
        == completed.usage.prompt_tokens + completed.usage.completion_tokens
    )


async def test_max_tokens_cuts_the_answer_and_says_length() -> None:
    whole = text_of(request_for("product_detail", seed=1))
    events = await events_of(request_for("product_detail", seed=1, max_tokens=20))
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    completed = events[-1]
    assert isinstance(completed, Completed)
    assert completed.finish_reason == "length"
    assert completed.usage.completion_tokens == 20
    assert whole.startswith(text)
    assert len(text) < len(whole)


def test_an_answer_within_max_tokens_is_whole() -> None:
    script = mock_at().script(request_for("product_detail", max_tokens=700))
    assert script.finish_reason == "stop"


async def test_a_stop_text_ends_the_answer_before_it() -> None:
    response = await mock_at().generate(request_for("product_detail", stop=("subheadline",)))
    assert isinstance(response.output, str)
    assert response.output.endswith('"')
    assert "subheadline" not in response.output
    assert response.meta["finish_reason"] == "stop"


async def test_a_cancelled_stream_stops_at_once() -> None:
    first = asyncio.Event()
    told: list[ProviderEvent] = []

    async def listen() -> None:
        async with aclosing(mock_at(1).stream(request_for("brand_kit"))) as events:  # type: ignore[type-var]
            async for event in events:
                told.append(event)
                if isinstance(event, TextDelta):
                    first.set()

    task = asyncio.create_task(listen())
    await first.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(isinstance(event, Completed) for event in told)


async def test_a_writer_at_no_delay_lets_others_have_their_turn() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await events_of(request_for("brand_kit"))
    task.cancel()
    assert turns >= 2


def test_the_profile_comes_from_the_settings() -> None:
    provider = MockProvider.from_settings(Settings(mock_concurrency=3), CATALOG)
    assert provider.profile.mode is Mode.MOCK
    assert provider.profile.concurrency == 3
    assert provider.profile.models == dict.fromkeys(Tier, "mock-perfect")
    assert provider.supports_json
    assert provider.supports_streaming


async def test_every_scenario_is_listed_as_a_model_and_health_is_ok() -> None:
    assert [model.name for model in await mock_at().list_models()] == list(SCENARIOS)
    assert (await mock_at().health_check()).state == "ok"


def test_answers_are_in_composed_characters() -> None:
    payload = {"product_name": unicodedata.normalize("NFD", "담은 텀블러"), "features": ["보온"]}
    text = text_of(request_for("product_detail", payload))
    assert text == unicodedata.normalize("NFC", text)
