"""The REST face: what it answers, and how it refuses (R12)."""

import json
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from jsonschema import Draft202012Validator

from core.api.door import MAX_BODY_BYTES
from core.api.errors import error_body, error_response
from core.api.sse import encode
from core.errors import ProviderTimeout
from core.services import Services, build_services
from core.settings import load_settings
from core.types import RunStatus
from tests.api_server import asgi_client

GENERATE = "/api/v1/llm/generate"
BRIEF = {
    "role": "copywriter",
    "task": "product_detail",
    "payload": {
        "product_name": "아침숲 그래놀라",
        "features": ["설탕 무첨가", "통귀리 70%", "소포장"],
        "target_audience": "30대 직장인",
        "category": "식품",
        "tone": "담백한",
    },
}
FREE = {"role": "copywriter", "task": "free", "payload": {"prompt": "커피 광고 한 줄"}}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """One set for all tests here: the API keeps nothing between requests."""
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


@pytest.fixture
def nothing_recorded(services: Services) -> Iterator[None]:
    """A test with this must not leave a run behind."""
    before = services.store.recent(limit=1)
    yield
    assert services.store.recent(limit=1) == before


@pytest.fixture
async def api(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    async with asgi_client() as client:
        yield client


def error_of(response: httpx.Response, status: int) -> dict:
    """The error in a response of this status; its shape is always the same."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "details"}
    return body["error"]


async def test_an_answer_has_the_fields_of_the_response_and_the_id_of_its_run(
    api: httpx.AsyncClient, services: Services
) -> None:
    response = await api.post(GENERATE, json=BRIEF)

    body = response.json()
    assert response.status_code == 200
    assert set(body) == {"provider", "model", "usage", "output", "meta", "timestamp", "run_id"}
    assert body["provider"] == "mock"
    assert len(body["output"]["headline"]) <= 20
    assert body["meta"]["mode"] == "mock"
    assert body["meta"]["role"] == "copywriter"
    assert body["meta"]["task"] == "product_detail"
    assert body["meta"]["status"] == "succeeded"
    assert body["meta"]["contract"] == {"valid": True, "errors": []}
    assert body["meta"]["timings"]["total_ms"] >= 0
    assert services.store.get(body["run_id"]).output_json == body["output"]


@pytest.mark.parametrize("model", ["mock-not-json", "mock-too-long"])
async def test_an_answer_that_breaks_its_contract_is_a_success_with_the_raw_text(
    api: httpx.AsyncClient, model: str
) -> None:
    response = await api.post(GENERATE, json={**BRIEF, "model": model})

    body = response.json()
    assert response.status_code == 200
    assert isinstance(body["output"], str)
    assert body["meta"]["contract"]["valid"] is False
    assert body["meta"]["contract"]["errors"]


async def test_the_options_and_choices_of_a_request_are_recorded(
    api: httpx.AsyncClient, services: Services
) -> None:
    choices = {
        "mode": "mock",
        "provider": "mock",
        "model": "mock-filler",
        "language": "en",
        "format": "json",
        "options": {"temperature": 0.25, "seed": 7},
        "user": "ada",
        "parent_id": "0190-parent",
    }

    response = await api.post(GENERATE, json={**BRIEF, **choices})

    run = services.store.get(response.json()["run_id"])
    assert (run.mode, run.provider, run.model) == ("mock", "mock", "mock-filler")
    assert (run.language, run.format, run.source) == ("en", "json", "api")
    assert (run.options.temperature, run.options.seed) == (0.25, 7)
    assert (run.user, run.parent_id) == ("ada", "0190-parent")


async def test_an_unknown_role_names_the_known_ones(api: httpx.AsyncClient) -> None:
    error = error_of(await api.post(GENERATE, json={**BRIEF, "role": "poet"}), 422)

    assert error["code"] == "unknown_role"
    assert "copywriter" in error["details"]["known"]
    assert "copywriter" in error["message"]


async def test_an_unknown_task_names_the_known_ones(api: httpx.AsyncClient) -> None:
    error = error_of(await api.post(GENERATE, json={**BRIEF, "task": "haiku"}), 422)

    assert error["code"] == "unknown_task"
    assert "product_detail" in error["details"]["known"]


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"role": None}, "role"),
        ({"mode": "pretend"}, "mode"),
        ({"format": "xml"}, "format"),
        ({"payload": "text"}, "payload"),
        ({"payload": [1]}, "payload"),
        ({"options": {"temperature": 3}}, "options.temperature"),
        ({"options": {"temprature": 1}}, "options.temprature"),
        ({"source": "page"}, "source"),
        ({"base_url": "http://169.254.169.254"}, "base_url"),
        ({"model": ""}, "model"),
    ],
)
async def test_a_malformed_request_names_its_field(
    api: httpx.AsyncClient, change: dict, field: str
) -> None:
    error = error_of(await api.post(GENERATE, json={**BRIEF, **change}), 422)

    assert error["code"] == "invalid_request"
    assert field in error["details"]["fields"]
    assert field in error["message"]


def nested(depth: int) -> str:
    return (
        '{"role":"copywriter","task":"free","payload":' + '{"a":' * depth + "1" + "}" * (depth + 1)
    )


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"role": "copywriter",}',
        b"\xff\xfe{}",
        b"null",
        b"[]",
        b'"text"',
        b"9" * 5000,
        b'{"role":"copywriter","task":"free","payload":{"prompt":NaN}}',
        b'{"role":"copywriter","task":"free","payload":{"prompt":"x","n":[[-Infinity]]}}',
        b'{"role":"copywriter","task":"free","options":{"temperature":NaN},"payload":{"prompt":"x"}}',
        b'{"role":"copy\\ud800","task":"free"}',
        b'{"role":"copywriter","task":"free","x\\ud800":1}',
        nested(40).encode(),
        nested(50_000).encode(),
    ],
)
async def test_a_body_that_is_no_request_is_refused_as_json(
    api: httpx.AsyncClient, body: bytes
) -> None:
    response = await api.post(GENERATE, content=body, headers={"content-type": "application/json"})

    assert error_of(response, 422)["message"]
    assert len(response.content) < 2000


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_a_body_that_does_not_say_it_is_json_is_refused(
    api: httpx.AsyncClient, kind: str | None
) -> None:
    headers = {} if kind is None else {"content-type": kind}

    response = await api.post(GENERATE, content=json.dumps(BRIEF).encode(), headers=headers)

    assert "application/json" in error_of(response, 422)["message"]


async def test_a_refusal_does_not_repeat_what_was_sent(api: httpx.AsyncClient) -> None:
    secret = "s3cret" * 5000

    response = await api.post(GENERATE, json={**BRIEF, "mode": secret, secret: secret})

    error_of(response, 422)
    assert len(response.content) < 2000


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_body_over_the_limit_is_refused(api: httpx.AsyncClient, streamed: bool) -> None:
    body = b'{"role":"' + b"x" * MAX_BODY_BYTES + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        yield body

    response = await api.post(
        GENERATE,
        content=pieces() if streamed else body,
        headers={"content-type": "application/json"},
    )

    assert ("content-length" in response.request.headers) is not streamed
    assert error_of(response, 413)["code"] == "request_too_large"


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/x",
        "/api/v1",
        "/api/v1/",
        "/api/v2/models",
        "/api/v1/models/",
        "/api/v1/runs/",
        "/api/docs",
        "/api/openapi.json",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_an_unknown_path_is_a_json_404(
    api: httpx.AsyncClient, method: str, path: str
) -> None:
    assert error_of(await api.request(method, path), 404)["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", GENERATE, "POST"), ("DELETE", "/api/v1/models", "GET"), ("OPTIONS", GENERATE, "POST")],
)
async def test_a_wrong_method_is_a_json_405_that_says_what_is_allowed(
    api: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    response = await api.request(method, path)

    assert error_of(response, 405)["code"] == "method_not_allowed"
    assert response.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["", "/events"])
async def test_an_unknown_run_is_a_404(api: httpx.AsyncClient, path: str) -> None:
    assert error_of(await api.get(f"/api/v1/runs/nobody{path}"), 404)["code"] == "run_not_found"


async def test_an_unknown_run_cannot_be_cancelled(api: httpx.AsyncClient) -> None:
    assert error_of(await api.post("/api/v1/runs/nobody/cancel"), 404)["code"] == "run_not_found"


async def test_a_run_can_be_read_with_everything_recorded(
    api: httpx.AsyncClient, services: Services
) -> None:
    run_id = (await api.post(GENERATE, json=BRIEF)).json()["run_id"]

    run = (await api.get(f"/api/v1/runs/{run_id}")).json()

    assert run == services.store.get(run_id).model_dump(mode="json")
    assert run["payload"] == BRIEF["payload"]


async def test_cancelling_a_finished_run_changes_nothing(api: httpx.AsyncClient) -> None:
    run_id = (await api.post(GENERATE, json=BRIEF)).json()["run_id"]

    response = await api.post(f"/api/v1/runs/{run_id}/cancel")

    assert response.json() == (await api.get(f"/api/v1/runs/{run_id}")).json()
    assert response.json()["status"] == "succeeded"


async def test_a_failed_run_is_an_error_that_names_the_run_and_keeps_the_text(
    api: httpx.AsyncClient, services: Services
) -> None:
    response = await api.post(GENERATE, json={**BRIEF, "model": "mock-error"})

    run = services.store.recent()[0]
    error = error_of(response, 502)
    assert run.status is RunStatus.FAILED
    assert error["code"] == run.error_code
    assert error["details"]["run_id"] == run.id
    assert error["details"]["partial"] == run.output != ""


async def test_a_live_run_without_a_server_is_a_503_and_never_a_mock_answer(
    api: httpx.AsyncClient, services: Services
) -> None:
    response = await api.post(GENERATE, json={**BRIEF, "mode": "live"})

    error = error_of(response, 503)
    run = services.store.get(error["details"]["run_id"])
    assert error["code"] == "provider_unavailable"
    assert error["details"]["provider"] == "ollama"
    assert (run.mode, run.status, run.output) == ("live", "failed", "")


async def test_the_catalog_tells_roles_tasks_fields_and_contracts_in_both_languages(
    api: httpx.AsyncClient,
) -> None:
    body = (await api.get("/api/v1/catalog")).json()

    tasks = {task["id"]: task for task in body["tasks"]}
    assert {"copywriter", "strategist", "reviewer"} <= {role["id"] for role in body["roles"]}
    assert all(entry["label"]["ko"] and entry["label"]["en"] for entry in body["roles"])
    assert "product_name" in {field["name"] for field in tasks["product_detail"]["fields"]}
    assert (
        tasks["product_detail"]["contract"]["schema"]["properties"]["headline"]["maxLength"] == 20
    )
    assert tasks["free"]["contract"] is None
    assert "system" not in tasks["free"]


async def test_the_models_of_a_dead_provider_are_an_error_beside_the_others(
    api: httpx.AsyncClient,
) -> None:
    body = (await api.get("/api/v1/models")).json()

    offers = {offer["provider"]: offer for offer in body["providers"]}
    assert "mock-perfect" in {model["name"] for model in offers["mock"]["models"]}
    assert offers["mock"]["error"] is None
    assert offers["ollama"]["error"]["code"] == "provider_unavailable"
    assert offers["openai"]["configured"] is False


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://playground:81"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", [GENERATE, "/api/v1/runs/any/cancel"])
async def test_a_page_of_another_site_cannot_change_anything(
    api: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    response = await api.post(path, json=BRIEF, headers=headers)

    assert error_of(response, 403)["code"] == "cross_site_request"
    assert "access-control-allow-origin" not in response.headers


async def test_a_page_of_the_same_site_may_ask(api: httpx.AsyncClient) -> None:
    headers = {"origin": "http://playground", "sec-fetch-site": "same-origin"}

    assert (await api.post(GENERATE, json=BRIEF, headers=headers)).status_code == 200


async def test_no_answer_allows_other_origins_to_read_it(api: httpx.AsyncClient) -> None:
    response = await api.get("/api/v1/catalog", headers={"origin": "http://evil.example"})

    assert "access-control-allow-origin" not in response.headers


async def test_a_fault_nobody_foresaw_is_a_500_that_tells_nothing_inside(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Services:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("core.services.get_services", broken)

    error = error_of(await api.get("/api/v1/catalog"), 500)

    assert error["code"] == "internal_error"
    assert "hunter2" not in json.dumps(error)
    assert "hunter2" in caplog.text


def test_the_details_of_an_error_are_always_json() -> None:
    hostile = ProviderTimeout(
        "late", provider="ollama", details={"a": float("nan"), "b": object(), "c": "\ud800"}
    )

    assert error_response(hostile).status_code == 504
    for wire in (error_response(hostile).body, encode("error", error_body(hostile))):
        assert b'"provider"' in wire
        assert b"NaN" not in wire
    details = json.loads(error_response(hostile).body)["error"]["details"]
    assert details["a"] is None
    assert details["c"] == "\ufffd"


async def test_the_description_covers_every_route_and_is_valid(api: httpx.AsyncClient) -> None:
    description = (await api.get("/api/v1/openapi.json")).json()

    assert description["servers"] == [{"url": "/api"}]
    assert set(description["paths"]) == {
        "/v1/llm/generate",
        "/v1/media/generate",
        "/v1/media",
        "/v1/images",
        "/v1/images/{sha256}",
        "/v1/images.zip",
        "/v1/check",
        "/v1/compare",
        "/v1/runs",
        "/v1/runs/export",
        "/v1/runs/{run_id}",
        "/v1/runs/{run_id}/findings",
        "/v1/runs/{run_id}/ratings",
        "/v1/runs/{run_id}/events",
        "/v1/runs/{run_id}/preview",
        "/v1/runs/{run_id}/cancel",
        "/v1/catalog",
        "/v1/models",
        "/v1/metrics",
        "/v1/health",
        "/v1/health/live",
        "/v1/health/ready",
    }
    for schema in description["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for path in ("/v1/llm/generate", "/v1/media/generate"):
        answers = description["paths"][path]["post"]["responses"]
        assert {"200", "422", "502", "503", "504"} <= set(answers)
        assert answers["422"]["content"]["application/json"]["schema"]["$ref"].endswith(
            "/ErrorBody"
        )
        assert "text/event-stream" in answers["200"]["content"]


async def test_the_docs_page_needs_nothing_from_elsewhere(api: httpx.AsyncClient) -> None:
    page = await api.get("/api/v1/docs")

    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "POST /api/v1/llm/generate" in page.text
    assert "<code>image/webp</code><td>bytes" in page.text
    assert "<script" not in page.text
    assert "//" not in page.text.replace("/api/v1//", "")
