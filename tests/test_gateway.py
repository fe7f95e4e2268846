"""The gateway with the real services and the mock: one way in, everything recorded."""

import json

import pytest

from core.errors import (
    InvalidPayload,
    InvalidRequest,
    ProviderUnavailable,
    RequestTooLarge,
    RunCancelled,
    RunNotFound,
    UnknownProvider,
    UnknownRole,
    UnknownTask,
)
from core.feed import EndEvent, TextEvent
from core.services import Services
from core.types import GenerationOptions, Language, Mode, RunStatus, TextRequest

BRIEF = {
    "product_name": "담은 텀블러",
    "features": ["12시간 보온", "한 손으로 여는 뚜껑"],
    "target_audience": "출근길 직장인",
}


def request(**values: object) -> TextRequest:
    known: dict = {"role": "copywriter", "task": "product_detail", "payload": BRIEF}
    return TextRequest(**known | values)


def test_a_mock_run_keeps_its_contract_and_is_recorded(services: Services) -> None:
    gateway = services.gateway
    run = gateway.result(gateway.submit(request()), timeout=10)
    assert (run.status, run.mode, run.provider) == (RunStatus.SUCCEEDED, Mode.MOCK, "mock")
    assert run.contract is not None
    assert run.contract.valid, run.contract.errors
    assert services.store.get(run.id) == run
    assert run.options.temperature == 0.8
    assert run.prompt[0].role == "system"


def test_the_response_has_the_parsed_output_and_the_meta_of_r2(services: Services) -> None:
    gateway = services.gateway
    run = gateway.result(gateway.submit(request()), timeout=10)
    response = gateway.response(run)
    assert set(response.output) == {"headline", "subheadline", "body", "bullets", "cta"}
    assert response.meta["run_id"] == run.id
    assert response.meta["contract"] == {"valid": True, "errors": []}
    assert (response.meta["mode"], response.meta["role"]) == ("mock", "copywriter")
    assert response.usage.total_tokens > 0
    assert response.timestamp == run.finished_at


def test_an_answer_that_breaks_its_contract_stays_raw(services: Services) -> None:
    gateway = services.gateway
    run = gateway.result(gateway.submit(request(model="mock-too-long")), timeout=10)
    response = gateway.response(run)
    assert run.status is RunStatus.SUCCEEDED
    assert response.output == run.output
    assert response.meta["contract"]["valid"] is False
    assert response.meta["contract"]["errors"]


def test_a_live_run_without_a_server_fails_and_never_becomes_mock(services: Services) -> None:
    gateway = services.gateway
    run = gateway.result(gateway.submit(request(mode="live")), timeout=10)
    assert (run.status, run.mode, run.provider) == (RunStatus.FAILED, Mode.LIVE, "ollama")
    assert run.error_code == "provider_unavailable"
    with pytest.raises(ProviderUnavailable) as caught:
        gateway.response(run)
    assert caught.value.details["run_id"] == run.id


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"role": "nobody"}, UnknownRole),
        ({"task": "nothing"}, UnknownTask),
        ({"provider": "nowhere"}, UnknownProvider),
        ({"provider": "mock", "mode": "live"}, InvalidRequest),
        ({"provider": "ollama", "mode": "mock"}, InvalidRequest),
        ({"payload": {}}, InvalidPayload),
        ({"payload": BRIEF | {"colour": "blue"}}, InvalidPayload),
    ],
)
def test_a_request_that_cannot_run_is_refused_and_leaves_no_row(
    services: Services, values: dict, error: type[Exception]
) -> None:
    with pytest.raises(error):
        services.gateway.submit(request(**values))
    assert services.gateway.recent() == []


def test_a_prompt_without_bounds_is_refused(services: Services) -> None:
    payload = {"prompt": "가" * 300_000}
    with pytest.raises((RequestTooLarge, InvalidPayload)):
        services.gateway.submit(request(task="free", payload=payload))


def test_the_preview_is_what_is_sent(services: Services) -> None:
    gateway = services.gateway
    asked = request(language=Language.ENGLISH, options=GenerationOptions(temperature=0.1, seed=3))
    preview = gateway.preview(asked)
    assert gateway.recent() == []
    run = gateway.result(gateway.submit(asked), timeout=10)
    assert (run.prompt, run.options) == (preview.messages, preview.options)
    assert (run.provider, run.model, run.mode) == (preview.provider, preview.model, preview.mode)


def test_decomposed_korean_is_stored_composed(services: Services) -> None:
    decomposed = {"product_name": "\u1103\u1161\u11b7\u110b\u1173\u11ab", "features": ["보온"]}
    run_id = services.gateway.submit(request(payload=decomposed))
    assert services.store.get(run_id).payload["product_name"] == "담은"


def test_a_batch_keeps_its_order_and_is_found_by_its_id(services: Services) -> None:
    gateway = services.gateway
    seeds = [5, 1, 3]
    batch = gateway.submit_batch([request(options=GenerationOptions(seed=seed)) for seed in seeds])
    for run_id in batch.run_ids:
        gateway.result(run_id, timeout=10)
    views = gateway.batch(batch.id)
    assert [view.run.options.seed for view in views] == seeds
    assert tuple(view.run.id for view in views) == batch.run_ids


def test_a_batch_with_one_bad_request_starts_nothing(services: Services) -> None:
    with pytest.raises(UnknownRole):
        services.gateway.submit_batch([request(), request(role="nobody")])
    assert services.gateway.recent() == []


def test_following_a_run_gives_its_whole_text_live_and_afterwards(services: Services) -> None:
    gateway = services.gateway
    run_id = gateway.submit(request())
    live = list(gateway.follow(run_id))
    later = list(gateway.follow(run_id))
    for events in (live, later):
        text = "".join(event.text for event in events if isinstance(event, TextEvent))
        assert isinstance(events[-1], EndEvent)
        assert text == events[-1].run.output
        assert set(json.loads(text)) >= {"headline", "bullets"}


def test_a_view_tells_what_a_run_is_doing(services: Services) -> None:
    gateway = services.gateway
    run_id = gateway.submit(request(model="mock-slow"))
    view = gateway.view(run_id)
    assert view.phase is not None
    run = gateway.cancel(run_id)
    assert run.status is RunStatus.CANCELLED
    assert gateway.view(run_id).phase is None
    with pytest.raises(RunCancelled):
        gateway.response(run)


def test_cancelling_a_batch_stops_all_of_it(services: Services) -> None:
    gateway = services.gateway
    batch = gateway.submit_batch([request(model="mock-slow") for _ in range(4)])
    runs = gateway.cancel_batch(batch.id)
    assert {run.status for run in runs} == {RunStatus.CANCELLED}


def test_unknown_ids_are_not_found(services: Services) -> None:
    gateway = services.gateway
    for ask in (gateway.view, gateway.batch, gateway.result, gateway.cancel, gateway.follow):
        with pytest.raises(RunNotFound):
            ask("no-such-id")


def test_models_are_listed_for_every_provider_and_a_dead_server_is_said(
    services: Services,
) -> None:
    lists = services.gateway.models()
    assert "mock-perfect" in [model.name for model in lists["mock"].models]
    assert lists["ollama"].error is not None
    assert lists["openai"].configured is False


async def test_the_same_on_an_event_loop(services: Services) -> None:
    gateway = services.gateway
    run_id = await gateway.asubmit(request())
    events = [event async for event in gateway.afollow(run_id)]
    assert events[-1].run == await gateway.aresult(run_id)
    assert (await gateway.aview(run_id)).run.status is RunStatus.SUCCEEDED
    slow = await gateway.asubmit(request(model="mock-slow"))
    assert (await gateway.acancel(slow)).status is RunStatus.CANCELLED
    assert "mock" in await gateway.amodels()
