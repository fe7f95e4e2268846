"""The Python client against the real API on a real socket (R18)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.responses import PlainTextResponse

from core.client import PlaygroundApiError, PlaygroundClient
from core.services import Services
from core.types import Mode, RunStatus
from tests.api_server import mounted_api, serving

PAYLOAD = {"product_name": "담은 텀블러", "features": ["보온 12시간", "400 ml"]}


@pytest.fixture
def playground(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlaygroundClient]:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    with serving(mounted_api()) as url, PlaygroundClient(url) as client:
        yield client


def test_it_returns_an_answer_with_its_run(
    playground: PlaygroundClient, services: Services
) -> None:
    answer = playground.generate("copywriter", "product_detail", PAYLOAD)

    assert answer.provider == "mock"
    assert answer.output["headline"]
    assert services.store.get(answer.run_id).output_json == answer.output


def test_it_passes_every_choice_on(playground: PlaygroundClient, services: Services) -> None:
    answer = playground.generate(
        "copywriter",
        "free",
        {"prompt": "One line about coffee"},
        mode="mock",
        model="mock-filler",
        language="en",
        format="text",
        options={"seed": 4},
        user="ada",
    )

    run = services.store.get(answer.run_id)
    assert (run.mode, run.model, run.language, run.format) == (
        Mode.MOCK,
        "mock-filler",
        "en",
        "text",
    )
    assert (run.options.seed, run.user) == (4, "ada")


def test_it_streams_the_events_of_a_run_to_the_end(playground: PlaygroundClient) -> None:
    events = list(playground.stream("copywriter", "free", {"prompt": "커피"}))

    text = "".join(event.data["text"] for event in events if event.kind == "text")
    assert events[0].kind == "run"
    assert events[-1].kind == "end"
    assert events[-1].data["output"] == text != ""
    assert events[-1].data["run_id"] == events[0].data["run_id"]


def test_it_follows_a_run_from_where_an_event_stood(playground: PlaygroundClient) -> None:
    events = list(playground.stream("copywriter", "free", {"prompt": "커피"}))
    run_id = events[0].data["run_id"]

    rest = list(playground.follow(run_id, events[-1].cursor))

    assert [event.kind for event in rest] == ["run", "end"]
    assert [event.kind for event in playground.follow(run_id)][-2:] == ["text", "end"]


def test_a_stream_survives_every_kind_of_line_break(playground: PlaygroundClient) -> None:
    prompt = "한 줄\u2028두 줄\x85세 줄\u2029끝"

    events = list(playground.stream("copywriter", "free", {"prompt": prompt}))

    run = playground.run(events[0].data["run_id"])
    assert run.payload["prompt"] == prompt
    assert events[-1].data["output"] == run.output


def test_it_reads_and_cancels_runs(playground: PlaygroundClient) -> None:
    run_id = playground.generate("copywriter", "free", {"prompt": "커피"}).run_id

    assert playground.run(run_id).status is RunStatus.SUCCEEDED
    assert playground.cancel(run_id) == playground.run(run_id)


def test_it_lists_models_and_catalog(playground: PlaygroundClient) -> None:
    assert {offer["provider"] for offer in playground.models()} >= {"mock", "ollama"}
    assert {role["id"] for role in playground.catalog()["roles"]} >= {"copywriter"}


def test_an_error_carries_code_status_and_details(playground: PlaygroundClient) -> None:
    with pytest.raises(PlaygroundApiError) as caught:
        playground.generate("poet", "free", {"prompt": "커피"})

    assert (caught.value.code, caught.value.status) == ("unknown_role", 422)
    assert "copywriter" in caught.value.details["known"]
    assert str(caught.value) == caught.value.message


def test_a_refused_stream_raises_the_same_error(playground: PlaygroundClient) -> None:
    with pytest.raises(PlaygroundApiError, match="poet") as caught:
        next(playground.stream("poet", "free", {"prompt": "커피"}))

    assert caught.value.code == "unknown_role"


def test_a_run_that_fails_in_mid_stream_raises_after_its_text(playground: PlaygroundClient) -> None:
    stream = playground.stream("copywriter", "free", {"prompt": "커피"}, model="mock-error")
    seen = []

    with pytest.raises(PlaygroundApiError) as caught:
        seen.extend(event for event in stream)

    text = "".join(event.data["text"] for event in seen if event.kind == "text")
    assert caught.value.details["partial"] == text != ""
    assert caught.value.details["run_id"] == seen[0].data["run_id"]


def test_a_run_id_cannot_lead_elsewhere(playground: PlaygroundClient) -> None:
    with pytest.raises(PlaygroundApiError) as caught:
        playground.run("../catalog?")

    assert caught.value.status == 404


def test_nobody_at_the_address_is_explained() -> None:
    with (
        PlaygroundClient("http://127.0.0.1:9") as nobody,
        pytest.raises(PlaygroundApiError, match="Start it with: streamlit run") as caught,
    ):
        nobody.models()

    assert caught.value.code == "unreachable"


def test_silence_is_not_taken_for_absence(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    with (
        serving(mounted_api()) as url,
        PlaygroundClient(url, timeout=0.05) as hasty,
        pytest.raises(PlaygroundApiError, match="silent") as caught,
    ):
        hasty.generate("copywriter", "free", {"prompt": "커피"}, model="mock-slow")

    assert caught.value.code == "timeout"


def test_something_else_at_the_address_is_explained() -> None:
    page = PlainTextResponse("<html>router login</html>")
    with (
        serving(page) as url,
        PlaygroundClient(url) as client,
        pytest.raises(PlaygroundApiError, match="not a playground") as caught,
    ):
        client.catalog()

    assert caught.value.code == "not_a_playground"


def test_a_stream_that_breaks_off_is_not_taken_for_an_answer() -> None:
    page = PlainTextResponse('event: run\ndata: {"run_id": "1"}\n\n')
    with (
        serving(page) as url,
        PlaygroundClient(url) as client,
        pytest.raises(PlaygroundApiError) as caught,
    ):
        list(client.stream("copywriter", "free", {"prompt": "커피"}))

    assert caught.value.code == "broken_stream"


# Runs and what is said of them


def made(playground: PlaygroundClient, **choices: Any) -> str:
    return playground.generate("copywriter", "product_detail", PAYLOAD, **choices).run_id


def test_it_goes_through_all_runs_that_fit_page_by_page(playground: PlaygroundClient) -> None:
    ids = [made(playground, user="ada") for _ in range(3)]
    made(playground, user="eve")

    rows = list(playground.runs(user=["ada", "bob"], sort="oldest", page=1))

    assert [row.id for row in rows] == ids
    assert rows[0].title == PAYLOAD["product_name"]


def test_it_finds_runs_since_a_moment(playground: PlaygroundClient) -> None:
    made(playground)

    assert list(playground.runs(since=datetime.now(UTC) + timedelta(hours=1))) == []
    assert len(list(playground.runs(since=datetime.now(UTC) - timedelta(hours=1)))) == 1


def test_it_reads_what_is_wrong_with_a_run(playground: PlaygroundClient) -> None:
    report = playground.findings(made(playground, model="mock-too-long"))

    assert report is not None
    assert "length.too_long" in [finding.code for finding in report.findings]
    assert report.scores.passed is False


def test_it_rates_a_run(playground: PlaygroundClient) -> None:
    run_id = made(playground)

    playground.rate(run_id, "ada", 4, reasons=["tone"], comment="lively")

    (rating,) = playground.ratings(run_id)
    assert (rating.user, rating.stars, rating.comment) == ("ada", 4, "lively")


def test_it_compares_runs(playground: PlaygroundClient) -> None:
    ids = [made(playground, options={"seed": seed}) for seed in (1, 2)]

    compared = playground.compare(ids, reference=1)

    assert [run["id"] for run in compared["runs"]] == ids
    seeds = [one["values"] for one in compared["parameters"] if one["name"] == "seed"]
    assert seeds == [[1, 2]]


def test_it_checks_an_answer_from_anywhere(playground: PlaygroundClient) -> None:
    report = playground.check("copywriter", "product_detail", PAYLOAD, {"headline": "담은 텀블러"})

    assert "field.missing" in [finding.code for finding in report.findings]
    assert report.scores.passed is False


def test_it_takes_runs_away(playground: PlaygroundClient) -> None:
    ids = [made(playground) for _ in range(2)]

    lines = b"".join(playground.export("jsonl", ids=ids)).splitlines()
    table = b"".join(playground.export(task="product_detail")).decode("utf-8-sig")

    assert [json.loads(line)["id"] for line in lines] == ids
    assert table.startswith("id,")
    assert all(run_id in table for run_id in ids)


def test_an_export_of_nobody_raises(playground: PlaygroundClient) -> None:
    with pytest.raises(PlaygroundApiError) as raised:
        list(playground.export(ids=["nobody"]))

    assert (raised.value.status, raised.value.code) == (404, "not_found")
