"""`POST /v1/check`: an answer from anywhere, judged as a run's would be."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from core.services import Services
from tests.api_server import asgi_client
from tests.test_api import error_of

CHECK = "/api/v1/check"
PAYLOAD = {"product_name": "담은 텀블러", "features": ["보온 12시간", "350ml"]}
GOOD = {
    "headline": "아침 커피를 저녁까지",
    "subheadline": "보온 12시간, 온종일 따뜻하게",
    "body": "출근길에 내린 커피가 퇴근길에도 따뜻해요. 350ml를 가볍게 담아 다니세요.",
    "bullets": ["보온 12시간", "350ml 알맞은 크기", "가방에 쏙 들어가요"],
    "cta": "지금 담아 보기",
}


@pytest.fixture
async def api(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    async with asgi_client() as client:
        yield client


async def checked(api: httpx.AsyncClient, output: object, **asked: object) -> dict:
    body = {"role": "copywriter", "task": "product_detail", "payload": PAYLOAD, "output": output}
    response = await api.post(CHECK, json=body | asked)
    assert response.status_code == 200, response.text
    return response.json()


def codes(report: dict, severity: str | None = None) -> list[str]:
    return [one["code"] for one in report["findings"] if severity in (None, one["severity"])]


async def test_a_good_answer_passes(api: httpx.AsyncClient) -> None:
    report = await checked(api, GOOD)

    assert codes(report, "error") == []
    assert report["scores"]["passed"] is True
    assert report["scores"]["overall"] >= 7
    assert set(report["scores"]["fields"]) == set(GOOD)
    assert report["version"] >= 1


async def test_a_fault_is_told_with_its_place(api: httpx.AsyncClient) -> None:
    report = await checked(api, {**GOOD, "headline": "아침에 내린 커피를 저녁까지 따뜻하게 즐겨요"})

    (fault,) = [one for one in report["findings"] if one["code"] == "length.too_long"]
    assert (fault["field"], fault["severity"]) == ("headline", "error")
    assert fault["message"]["ko"]
    assert fault["message"]["en"]
    assert report["scores"]["fields"]["headline"]["score"] < 10
    assert report["scores"]["passed"] is False


async def test_an_object_and_its_text_are_judged_alike(api: httpx.AsyncClient) -> None:
    answer = {**GOOD, "cta": ""}

    assert await checked(api, answer) == await checked(api, json.dumps(answer))


async def test_decomposed_text_is_counted_as_people_read_it(api: httpx.AsyncClient) -> None:
    decomposed = {**GOOD, "headline": "아침 커피를 저녁까지"}

    assert await checked(api, decomposed) == await checked(api, GOOD)


async def test_text_that_is_no_json_is_said_to_be_none(api: httpx.AsyncClient) -> None:
    assert "format.not_json" in codes(await checked(api, "죄송하지만 쓸 수 없어요."))


async def test_a_free_text_needs_no_json(api: httpx.AsyncClient) -> None:
    payload = {"prompt": "커피 광고 한 줄"}

    report = await checked(api, "오늘도 커피 한 잔 하세요.", task="free", payload=payload)

    assert "format.not_json" not in codes(report)


async def test_an_incomplete_payload_is_checked_against_as_far_as_it_goes(
    api: httpx.AsyncClient,
) -> None:
    report = await checked(api, GOOD, payload={})

    assert set(report["scores"]["fields"]) == set(GOOD)


async def test_nothing_is_run_and_nothing_kept(api: httpx.AsyncClient, services: Services) -> None:
    await checked(api, GOOD)

    assert services.store.recent() == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"role": "astronaut"}, "unknown_role"),
        ({"task": "moon_landing"}, "unknown_task"),
        ({"output": 5}, "invalid_request"),
        ({"output": None}, "invalid_request"),
        ({"language": "fr"}, "invalid_request"),
        ({"text": "…"}, "invalid_request"),
    ],
)
async def test_what_cannot_be_checked_is_refused(
    api: httpx.AsyncClient, asked: dict[str, object], code: str
) -> None:
    body = {"role": "copywriter", "task": "product_detail", "payload": PAYLOAD, "output": GOOD}

    error = error_of(await api.post(CHECK, json=body | asked), 422)

    assert error["code"] == code


async def test_an_answer_that_nests_without_end_is_refused(api: httpx.AsyncClient) -> None:
    deep: object = "끝"
    for _ in range(40):
        deep = {"안": deep}
    body = {"role": "copywriter", "task": "product_detail", "output": deep}

    error_of(await api.post(CHECK, json=body), 422)


@pytest.mark.parametrize("raw", ["NaN", "Infinity", "-Infinity"])
async def test_numbers_that_json_has_not_are_refused(api: httpx.AsyncClient, raw: str) -> None:
    body = f'{{"role":"copywriter","task":"review","output":{{"overall_score":{raw}}}}}'
    headers = {"content-type": "application/json"}

    error_of(await api.post(CHECK, content=body, headers=headers), 422)


async def test_a_long_text_is_checked(api: httpx.AsyncClient) -> None:
    report = await checked(api, "커피 " * 20_000)

    assert "format.not_json" in codes(report)


async def test_an_answer_says_what_was_found(api: httpx.AsyncClient) -> None:
    brief = {"role": "copywriter", "task": "product_detail", "model": "mock-too-long"}

    answer = (await api.post("/api/v1/llm/generate", json={**brief, "payload": PAYLOAD})).json()

    codes = {one["code"] for one in answer["meta"]["findings"]}
    assert "length.too_long" in codes
    assert answer["meta"]["scores"]["passed"] is False
    assert set(answer["meta"]["scores"]["fields"]) == set(GOOD)
