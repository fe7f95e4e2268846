"""Runs over REST: found, judged, rated, compared and taken away."""

import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from core.finding import CheckReport, Finding, Scores, Severity
from core.localised import Localised
from core.media import ServedRun
from core.opinion import Rating
from core.run import Run
from core.services import Services, build_services
from core.settings import load_settings
from core.types import GenerationOptions, Mode, RunStatus, utc_now
from tests.api_server import asgi_client
from tests.factories import make_run
from tests.test_api import error_of

RUNS = "/api/v1/runs"
ANSWER = {
    "headline": "아침까지 따뜻하게",
    "subheadline": "담은 텀블러 하나로 충분한 하루",
    "body": "보온 12시간, 가방에 넣기 좋은 크기예요. 아침의 커피가 저녁까지 따뜻해요.",
    "bullets": ["보온 12시간", "가벼운 무게", "한 손에 잡혀요"],
    "cta": "지금 담기",
}
TOO_LONG = Finding(
    code="length.too_long",
    severity=Severity.ERROR,
    field="headline",
    start=0,
    end=9,
    evidence="아침까지 따뜻하게",
    message=Localised(ko="길어요.", en="It is long."),
)
REPORT = CheckReport(version=1, scores=Scores(overall=6.5, passed=False), findings=(TOO_LONG,))
START = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """One set for all tests here, with the runs of `runs`."""
    settings = load_settings(
        {
            "PLAYGROUND_DATA_DIR": str(tmp_path_factory.mktemp("data")),
            "MOCK_TOKENS_PER_SECOND": "0",
            "OLLAMA_BASE_URL": "http://127.0.0.1:9",
        },
        env_file=None,
    )
    built = build_services(settings)
    yield built
    built.close()


@pytest.fixture(scope="module")
def runs(services: Services) -> dict[str, Run]:
    """Runs that differ in everything that a filter can ask for."""
    found = {
        "mock": finished(created_at=START, user="하나", batch_id="spring"),
        "live": finished(
            created_at=START + timedelta(hours=1),
            mode=Mode.LIVE,
            provider="ollama",
            model="other-model",
            user="두리",
            options=GenerationOptions(temperature=0.2),
            output_json={**ANSWER, "headline": "저녁까지 따뜻하게", "cta": "할인 보기"},
            report=REPORT,
            total_ms=9000.0,
        ),
        "failed": finished(
            created_at=START + timedelta(days=2),
            task="sns",
            role="strategist",
            status=RunStatus.FAILED,
            output="",
            output_json=None,
            report=None,
        ),
    }
    found["again"] = finished(created_at=START + timedelta(days=3), parent_id=found["mock"].id)
    services.store.insert(list(found.values())).result()
    for run in found.values():
        services.store.finish(run).result()
    services.opinions.rate(Rating(run_id=found["mock"].id, user="하나", stars=5)).result()
    services.opinions.tag(found["live"].id, "봄 행사").result()
    return found


def finished(**values: object) -> Run:
    known: dict[str, object] = {
        "status": RunStatus.SUCCEEDED,
        "finished_at": utc_now(),
        "format": "json",
        "output_json": ANSWER,
        "report": CheckReport(version=1, scores=Scores(overall=10.0, passed=True)),
        "total_ms": 1000.0,
    }
    run = make_run(**known | values)
    if run.output_json is None:
        return run
    return run.model_copy(update={"output": json.dumps(run.output_json, ensure_ascii=False)})


@pytest.fixture
async def api(
    services: Services, runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    async with asgi_client() as client:
        yield client


async def found(api: httpx.AsyncClient, runs: dict[str, Run], **asked: Any) -> set[str]:
    """The names of the runs that a filter finds."""
    response = await api.get(RUNS, params=asked)
    assert response.status_code == 200, response.text
    names = {run.id: name for name, run in runs.items()}
    return {names[item["id"]] for item in response.json()["items"]}


# The list


async def test_the_list_begins_with_the_newest_run(
    api: httpx.AsyncClient, runs: dict[str, Run]
) -> None:
    body = (await api.get(RUNS)).json()

    assert [item["id"] for item in body["items"]] == [
        run.id for run in sorted(runs.values(), key=lambda run: run.id, reverse=True)
    ]
    assert body["next"] is None


async def test_a_line_says_what_people_look_for(
    api: httpx.AsyncClient, runs: dict[str, Run]
) -> None:
    items = {item["id"]: item for item in (await api.get(RUNS)).json()["items"]}

    live = items[runs["live"].id]
    assert live["title"] == "담은 텀블러"
    assert (live["score"], live["passed"], live["errors"]) == (6.5, False, 1)
    assert live["tags"] == ["봄 행사"]
    assert (items[runs["mock"].id]["stars"], items[runs["mock"].id]["raters"]) == (5.0, 1)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"mode": "live"}, {"live"}),
        ({"mode": ["live", "mock"], "task": "product_detail"}, {"mock", "live", "again"}),
        ({"provider": "ollama"}, {"live"}),
        ({"model": "other-model"}, {"live"}),
        ({"role": "strategist"}, {"failed"}),
        ({"task": ["sns", "product_detail"]}, {"mock", "live", "failed", "again"}),
        ({"status": "failed"}, {"failed"}),
        ({"finding": "length.too_long"}, {"live"}),
        ({"finding": "error"}, {"live"}),
        ({"passed": "false"}, {"live"}),
        ({"passed": "true"}, {"mock", "again"}),
        ({"min_stars": "4"}, {"mock"}),
        ({"max_stars": "4"}, set()),
        ({"rated": "true"}, {"mock"}),
        ({"rated": "false"}, {"live", "failed", "again"}),
        ({"user": ["하나", "두리"]}, {"mock", "live"}),
        ({"tag": "봄 행사"}, {"live"}),
        ({"since": "2026-11-22T03:00:00Z"}, {"failed", "again"}),
        ({"since": "2026-11-22T12:00:00+09:00"}, {"failed", "again"}),
        ({"until": "2026-11-20T04:00:00Z"}, {"mock"}),
        ({"since": "2026-11-20", "until": "2026-11-21"}, {"mock", "live"}),
        ({"kind": "image"}, set()),
        ({"batch_id": "spring"}, {"mock"}),
        ({"q": "할인"}, {"live"}),
        ({"q": "텀블러 할인"}, {"live"}),
        ({"deleted": "true"}, set()),
    ],
)
async def test_every_filter_narrows(
    api: httpx.AsyncClient, runs: dict[str, Run], asked: dict[str, Any], names: set[str]
) -> None:
    assert await found(api, runs, **asked) == names


async def test_runs_that_repeat_a_run_are_found(
    api: httpx.AsyncClient, runs: dict[str, Run]
) -> None:
    assert await found(api, runs, parent_id=runs["mock"].id) == {"again"}


async def test_the_cursor_leads_through_all_runs_once(
    api: httpx.AsyncClient, runs: dict[str, Run]
) -> None:
    for sort in ("newest", "oldest", "slowest", "lowest_score"):
        ids: list[str] = []
        asked: dict[str, Any] = {"limit": 1, "sort": sort}
        while True:
            body = (await api.get(RUNS, params=asked)).json()
            ids += [item["id"] for item in body["items"]]
            if body["next"] is None:
                break
            asked["cursor"] = body["next"]
        assert sorted(ids) == sorted(run.id for run in runs.values()), sort


async def test_the_slowest_run_can_come_first(api: httpx.AsyncClient, runs: dict[str, Run]) -> None:
    body = (await api.get(RUNS, params={"sort": "slowest", "limit": 1})).json()

    assert body["items"][0]["id"] == runs["live"].id


@pytest.mark.parametrize(
    "asked",
    [
        {"mode": "dreamt"},
        {"sort": "prettiest"},
        {"limit": "0"},
        {"limit": "201"},
        {"min_stars": "6"},
        {"min_stars": "nan"},
        {"since": "yesterday"},
        {"cursor": "nonsense"},
        {"q": "가" * 201},
        {"model": [f"model-{number}" for number in range(51)]},
        {"modell": "some-model"},
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(
    api: httpx.AsyncClient, asked: dict[str, Any]
) -> None:
    error_of(await api.get(RUNS, params=asked), 422)


async def test_a_misspelt_filter_is_named(api: httpx.AsyncClient) -> None:
    error = error_of(await api.get(RUNS, params={"modell": "some-model"}), 422)

    assert error["details"]["fields"] == {"modell": "there is no such field"}


async def test_a_run_has_its_report(api: httpx.AsyncClient, runs: dict[str, Run]) -> None:
    response = await api.get(f"{RUNS}/{runs['live'].id}")

    assert ServedRun.model_validate_json(response.content).report == REPORT


# Findings


async def test_findings_come_with_place_evidence_and_scores(
    api: httpx.AsyncClient, runs: dict[str, Run]
) -> None:
    body = (await api.get(f"{RUNS}/{runs['live'].id}/findings")).json()

    assert body["version"] == 1
    assert body["scores"]["overall"] == 6.5
    assert body["findings"][0]["code"] == "length.too_long"
    assert body["findings"][0]["message"] == {"ko": "길어요.", "en": "It is long."}


async def test_a_run_that_was_not_checked_has_no_scores(
    api: httpx.AsyncClient, runs: dict[str, Run]
) -> None:
    body = (await api.get(f"{RUNS}/{runs['failed'].id}/findings")).json()

    assert body == {"findings": [], "scores": None, "version": None}


# Ratings


async def test_a_rating_is_kept_and_a_persons_next_one_replaces_it(
    api: httpx.AsyncClient, runs: dict[str, Run]
) -> None:
    path = f"{RUNS}/{runs['failed'].id}/ratings"
    rating = {"user": "  세나 ", "stars": 2, "reasons": ["tone", "length"], "comment": "길어요"}

    first = await api.post(path, json=rating)
    await api.post(path, json={"user": "세나", "stars": 4})
    items = (await api.get(path)).json()["items"]

    assert first.status_code == 201
    assert (first.json()["user"], first.json()["reasons"]) == ("세나", ["tone", "length"])
    assert [(item["user"], item["stars"]) for item in items] == [("세나", 4)]
    await api.post(path, json={"user": "세나", "stars": 4})


@pytest.mark.parametrize(
    "body",
    [
        {"user": "세나"},
        {"user": " ", "stars": 3},
        {"user": "세나", "stars": 6},
        {"user": "세나", "stars": 3, "reasons": ["mood"]},
        {"user": "세나", "stars": 3, "comment": "가" * 2001},
    ],
)
async def test_a_rating_that_is_not_right_is_refused(
    api: httpx.AsyncClient, runs: dict[str, Run], body: dict
) -> None:
    error_of(await api.post(f"{RUNS}/{runs['mock'].id}/ratings", json=body), 422)


@pytest.mark.parametrize("what", ["findings", "ratings"])
async def test_an_unknown_run_is_a_404(api: httpx.AsyncClient, what: str) -> None:
    assert error_of(await api.get(f"{RUNS}/nobody/{what}"), 404)["code"] == "run_not_found"


async def test_an_unknown_run_cannot_be_rated(api: httpx.AsyncClient) -> None:
    response = await api.post(f"{RUNS}/nobody/ratings", json={"user": "세나", "stars": 3})

    assert error_of(response, 404)["code"] == "run_not_found"


# Comparing


async def compared(api: httpx.AsyncClient, *ids: str, **asked: Any) -> httpx.Response:
    return await api.get("/api/v1/compare", params={"ids": ",".join(ids), **asked})


async def test_answers_stand_beside_each_other_field_by_field(
    api: httpx.AsyncClient, runs: dict[str, Run]
) -> None:
    body = (await compared(api, runs["mock"].id, runs["live"].id)).json()

    fields = {row["name"]: row for row in body["fields"]}
    assert [run["id"] for run in body["runs"]] == [runs["mock"].id, runs["live"].id]
    assert list(fields)[:3] == ["headline", "subheadline", "body"]
    texts = [cell["text"] for cell in fields["headline"]["cells"]]
    assert texts == ["아침까지 따뜻하게", "저녁까지 따뜻하게"]
    assert (fields["headline"]["differs"], fields["body"]["differs"]) == (True, False)
    reference, other = fields["headline"]["cells"]
    assert reference["segments"] == []
    assert "".join(part["right"] for part in other["segments"]) == "저녁까지 따뜻하게"
    assert [one["code"] for one in other["findings"]] == ["length.too_long"]


async def test_what_was_sent_is_told_where_it_differs(
    api: httpx.AsyncClient, runs: dict[str, Run]
) -> None:
    body = (await compared(api, runs["mock"].id, runs["live"].id)).json()

    sent = {(one["group"], one["name"]): one["values"] for one in body["parameters"]}
    assert sent["option", "temperature"] == [None, 0.2]
    assert sent["run", "mode"] == ["mock", "live"]
    assert ("payload", "product_name") not in sent


async def test_a_mock_and_a_live_run_get_one_verdict(
    api: httpx.AsyncClient, runs: dict[str, Run]
) -> None:
    one_way = (await compared(api, runs["mock"].id, runs["live"].id)).json()["parity"]
    other_way = (await compared(api, runs["live"].id, runs["mock"].id)).json()["parity"]
    two_mocks = (await compared(api, runs["mock"].id, runs["again"].id)).json()["parity"]

    assert one_way["verdict"] in ("holds", "differs", "broken")
    assert other_way == one_way
    assert two_mocks is None


async def test_any_run_can_be_the_reference(api: httpx.AsyncClient, runs: dict[str, Run]) -> None:
    three = [runs[name].id for name in ("mock", "live", "again")]

    body = (await compared(api, *three, reference=2)).json()

    headline = body["fields"][0]
    assert body["reference"] == 2
    assert headline["cells"][2]["segments"] == []
    assert headline["cells"][1]["segments"] != []


async def test_comparing_needs_two_to_six_known_runs(
    api: httpx.AsyncClient, runs: dict[str, Run]
) -> None:
    mock, live = runs["mock"].id, runs["live"].id

    error_of(await compared(api, mock), 422)
    error_of(await compared(api, mock, mock), 422)
    error_of(await compared(api, *"1234567"), 422)
    error_of(await compared(api, mock, live, reference=2), 422)
    assert error_of(await compared(api, mock, "nobody"), 404)["code"] == "run_not_found"


# Exports


async def test_a_filter_is_exported_as_a_table(
    api: httpx.AsyncClient, runs: dict[str, Run]
) -> None:
    response = await api.get(f"{RUNS}/export", params={"task": "product_detail"})

    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"].startswith(
        'attachment; filename="sparklio-runs-2'
    )
    assert response.headers["content-disposition"].endswith('.csv"')
    assert (response.headers["x-runs"], response.headers["x-runs-more"]) == ("3", "false")
    assert {row["id"] for row in rows} == {runs[name].id for name in ("mock", "live", "again")}


async def test_named_runs_are_exported_in_their_order(
    api: httpx.AsyncClient, runs: dict[str, Run]
) -> None:
    ids = [runs["failed"].id, "nobody", runs["mock"].id]

    response = await api.get(f"{RUNS}/export", params={"format": "jsonl", "ids": ",".join(ids)})

    lines = [json.loads(line) for line in response.text.splitlines()]
    assert response.headers["content-type"] == "application/x-ndjson"
    assert [line["id"] for line in lines] == [ids[0], ids[2]]
    assert lines[1]["ratings"][0]["user"] == "하나"


async def test_runs_are_exported_as_a_zip(api: httpx.AsyncClient, runs: dict[str, Run]) -> None:
    response = await api.get(f"{RUNS}/export", params={"format": "zip", "mode": "live"})

    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.namelist() == ["runs.csv", "runs.jsonl"]
        assert json.loads(archive.read("runs.jsonl"))["id"] == runs["live"].id


async def test_an_export_says_when_it_was_cut(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.api.export.MOST_RUNS", 2)

    response = await api.get(f"{RUNS}/export", params={"format": "jsonl"})

    assert (response.headers["x-runs"], response.headers["x-runs-more"]) == ("2", "true")
    assert len(response.text.splitlines()) == 2


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"format": "xlsx"}, 422),
        ({"ids": ","}, 422),
        ({"ids": "nobody"}, 404),
        ({"mode": "dreamt"}, 422),
    ],
)
async def test_an_export_that_makes_no_sense_is_refused(
    api: httpx.AsyncClient, asked: dict[str, str], status: int
) -> None:
    error_of(await api.get(f"{RUNS}/export", params=asked), status)
