"""Every REST route against its own description: the OpenAPI is the contract, and no 500 ever.

Schemathesis makes requests of every route that the app describes, right ones and wrong ones, and
compares each answer with the description: its status, its content type and its body. A route
that is added is covered by itself. `API_SCHEMA_EXAMPLES=2000 pytest tests/test_api_schema.py`
tries harder; without it a fixed number of requests, the same in each run, is made.
"""

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from core.api import build_api
from core.api.filters import RunListQuery
from core.media import ImageRequest
from core.services import Services, build_services
from core.settings import load_settings
from core.types import LARGEST_SIDE, ImageOptions, TextRequest
from tests.api_server import mounted_api, serving
from tests.picture_kit import plain

EXAMPLES = int(os.environ.get("API_SCHEMA_EXAMPLES", "12"))
DEEP = "API_SCHEMA_EXAMPLES" in os.environ
LONGEST_ADDRESS = 60_000  # longer ones the web server itself cuts off
SMALL = 64  # pixels: drawing large pictures is tested elsewhere, and would take all the time

REPEATED = {
    name for name, field in RunListQuery.model_fields.items() if field.default_factory is list
}

schema = schemathesis.openapi.from_dict(build_api().openapi())
schema.config.update(base_url="http://set-by-the-fixture")
if not DEEP:
    schema.config.generation.update(deterministic=True)


@dataclass(frozen=True)
class Playground:
    """A running API, and ids of what it has."""

    url: str
    known: dict[str, list[str]]


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    settings = load_settings(
        {
            "PLAYGROUND_DATA_DIR": str(tmp_path_factory.mktemp("data")),
            "MOCK_TOKENS_PER_SECOND": "0",
            "OLLAMA_BASE_URL": "http://127.0.0.1:9",
            "COMFYUI_BASE_URL": "http://127.0.0.1:9",
        },
        env_file=None,
    )
    services = build_services(settings)
    with pytest.MonkeyPatch.context() as patch, serving(mounted_api()) as url:
        patch.setattr("core.services.get_services", lambda: services)
        patch.setattr("core.services.present_services", lambda: services)
        yield Playground(f"{url}/api", _known(services))
    services.close()


def _known(services: Services) -> dict[str, list[str]]:
    """Two text runs and one with a picture."""
    free = TextRequest(role="copywriter", task="free", payload={"prompt": "커피 광고 한 줄"})
    image = ImageRequest(task="free", prompt="컵", options=ImageOptions(width=SMALL, height=SMALL))
    gateway = services.gateway
    runs = [gateway.result(gateway.submit(request)) for request in (free, free, image)]
    kept = services.keep_upload(plain(), name="cup.png")
    ids = [run.id for run in runs]
    return {
        "run_id": ids,
        "ids": [",".join(ids), ",".join(ids[:2])],
        "runs": [ids[2]],
        "sha256": [kept.sha256],
    }


def _made_real(case: schemathesis.Case, known: dict[str, list[str]]) -> None:
    """Every other made-up id of a right request becomes that of something that there is."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    for place in (case.path_parameters, case.query):
        for name, value in dict(place or {}).items():
            number = zlib.crc32(repr(value).encode())
            if name in known and isinstance(value, str) and number % 2:
                place[name] = known[name][number // 2 % len(known[name])]


def _made_small(case: schemathesis.Case) -> None:
    """A picture of a size that is right becomes a small one."""
    options = case.body.get("options") if isinstance(case.body, dict) else None
    if isinstance(options, dict):
        for side in ("width", "height"):
            if type(options.get(side)) is int and SMALL < options[side] <= LARGEST_SIDE:
                options[side] = SMALL


def _is_lost(name: str, value: object) -> bool:
    """Whether what is wrong with `value` is gone in an address: null is not sent at all, a list
    of one truth value is written as that value, and of one value given twice the last counts.
    """
    if isinstance(value, list):
        return name not in REPEATED or any(type(item) is not str for item in value)
    return value is None or isinstance(value, dict)


def _checks() -> list[Any]:
    """All of them but one: what a catalog or a server does not know is refused although the
    description, which knows no catalog, allows it.
    """
    return [check for check in CHECKS.get_all() if check.__name__ != "positive_data_acceptance"]


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=not DEEP,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_a_route_answers_as_it_is_described(
    case: schemathesis.Case, playground: Playground
) -> None:
    _made_real(case, playground.known)
    _made_small(case)
    sent = case.as_transport_kwargs(base_url=playground.url)
    address = requests.Request("GET", sent["url"], params=sent.get("params")).prepare().url or ""
    assume(len(address) < LONGEST_ADDRESS)
    checks = _checks()
    if any(_is_lost(*item) for item in (case.query or {}).items()):
        checks = [check for check in checks if check.__name__ != "negative_data_rejection"]
    response = case.call_and_validate(base_url=playground.url, checks=checks, timeout=60)
    if response.status_code >= 400:
        assert set(response.json()) == {"error"}
        assert set(response.json()["error"]) == {"code", "message", "details"}


@pytest.mark.parametrize("route", ["runs", "runs/export"])
@pytest.mark.parametrize(
    "moment",
    [
        *("0.5", "1763971200", "today", "2026-13-01", ""),
        *("0001-01-01T00:01:00+00:02", "9999-12-31T23:59:59-00:01"),
    ],
)
def test_a_moment_that_is_not_written_out_is_refused(
    playground: Playground, route: str, moment: str
) -> None:
    response = httpx.get(f"{playground.url}/v1/{route}", params={"since": moment})
    assert (response.status_code, response.json()["error"]["code"]) == (422, "invalid_request")


@pytest.mark.parametrize("path", ["runs/%0A", "nothing/%0Ahere", "images/%0D%0A?w=1"])
def test_a_path_with_a_line_break_is_the_apis(playground: Playground, path: str) -> None:
    response = httpx.get(f"{playground.url}/v1/{path}")
    assert (response.status_code, response.json()["error"]["code"][-9:]) == (404, "not_found")


def test_a_method_that_is_not_allowed_is_answered_with_all_that_are(playground: Playground) -> None:
    response = httpx.delete(f"{playground.url}/v1/runs/{playground.known['run_id'][0]}/ratings")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
