"""No field leads anywhere: only the addresses of the settings are ever connected to (SSRF)."""

import json
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from core.api import build_api
from core.services import Services, build_services
from core.settings import load_settings
from core.workflows import import_workflow
from tests.api_server import asgi_client
from tests.comfyui_kit import TXT2IMG
from tests.fakes.comfyui import FakeComfyUI
from tests.fakes.ollama import FakeModel, FakeOllama, Reply
from tests.hostile_kit import RawServer, canary

_watchers: list[set[object]] = []


def _note(event: str, args: tuple[object, ...]) -> None:
    """Every connection and every look-up of a name in this process, whoever makes it."""
    if not _watchers:
        return
    if event == "socket.connect" and isinstance(args[1], tuple):
        _watchers[-1].add(args[1][1])
    elif event == "socket.getaddrinfo" and args[0] not in ("127.0.0.1", "localhost", None):
        _watchers[-1].add(args[0])


sys.addaudithook(_note)  # for the life of the process; without watchers it does nothing


@pytest.fixture
def connected() -> Iterator[set[object]]:
    """The ports that are connected to, and the names that are looked up, meanwhile."""
    _watchers.append(set())
    yield _watchers[-1]
    _watchers.pop()


@pytest.fixture(scope="module")
def trap() -> Iterator[RawServer]:
    with canary() as server:
        yield server


@pytest.fixture(scope="module")
def ollama(trap: RawServer) -> Iterator[FakeOllama]:
    elsewhere = {"remote_host": trap.url, "remote_model": "x", "capabilities": ["completion"]}
    with FakeOllama(FakeModel("a-model", loaded=True)) as fake:
        fake.answer("/api/show", Reply(body=json.dumps(elsewhere).encode()))
        yield fake


@pytest.fixture(scope="module")
def comfyui() -> Iterator[FakeComfyUI]:
    with FakeComfyUI() as fake:
        yield fake


@pytest.fixture(scope="module")
def services(
    tmp_path_factory: pytest.TempPathFactory, ollama: FakeOllama, comfyui: FakeComfyUI
) -> Iterator[Services]:
    settings = load_settings(
        {
            "PLAYGROUND_DATA_DIR": str(tmp_path_factory.mktemp("data")),
            "MOCK_TOKENS_PER_SECOND": "0",
            "OLLAMA_BASE_URL": ollama.url,
            "OPENAI_BASE_URL": f"{ollama.url}/v1",
            "COMFYUI_BASE_URL": comfyui.url,
        },
        env_file=None,
    )
    services = build_services(settings)
    yield services
    services.close()


@pytest.fixture
async def api(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    async with asgi_client() as client:
        yield client


@pytest.fixture
def only_ours(
    connected: set[object], trap: RawServer, ollama: FakeOllama, comfyui: FakeComfyUI
) -> Iterator[None]:
    """A test with this must reach the configured servers and nobody else."""
    yield
    assert connected <= {urlsplit(server.url).port for server in (ollama, comfyui)}
    assert trap.connections == 0


async def test_whoever_is_connected_to_is_seen(
    api: httpx.AsyncClient, connected: set[object], ollama: FakeOllama, comfyui: FakeComfyUI
) -> None:
    for kind, body in (("llm", TEXT | {"model": "a-model"}), ("media", PICTURE)):
        assert (await api.post(f"/api/v1/{kind}/generate", json=body)).status_code == 200
    assert connected == {urlsplit(server.url).port for server in (ollama, comfyui)}


def hostile(url: str) -> list[str]:
    """Values that would lead to `url` if a field were taken for an address."""
    netloc = urlsplit(url).netloc
    return [
        f"{url}/x",
        f"@{netloc}/",
        f"//{netloc}/x",
        f"x@{netloc}",
        f"a\r\nHost: {netloc}\r\n\r\nGET / HTTP/1.1",
        f"../../{netloc}",
        f"\\\\{netloc}\\share",
        "file:///etc/passwd",
        f"{{{{ ''.__class__ }}}} {url}",
        f"%0d%0a{url}",
    ]


TEXT = {"role": "copywriter", "task": "free", "payload": {"prompt": "컵"}, "mode": "live"}
PICTURE = {"task": "free", "prompt": "컵", "mode": "live", "options": {"width": 64, "height": 64}}
FIELDS = [
    *(("llm", TEXT | {"provider": "ollama"}, name) for name in ("model", "user", "parent_id")),
    *(("llm", TEXT | {"provider": "openai"}, name) for name in ("model",)),
    *(("llm", TEXT, name) for name in ("role", "task", "provider", "payload.prompt")),
    *(("llm", TEXT | {"model": "a-model"}, name) for name in ("payload.prompt", "options.stop")),
    *(("media", PICTURE, name) for name in ("task", "provider", "model", "workflow", "prompt")),
    *(("media", PICTURE, name) for name in ("negative", "source_sha256", "user", "parent_id")),
    *(("media", PICTURE, f"options.{name}") for name in ("sampler", "scheduler")),
]


@pytest.mark.parametrize(("kind", "body", "field"), FIELDS)
async def test_no_field_of_a_request_leads_anywhere(
    api: httpx.AsyncClient, only_ours: None, trap: RawServer, kind: str, body: dict, field: str
) -> None:
    for value in hostile(trap.url):
        asked = json.loads(json.dumps(body))
        place, _, name = field.rpartition(".")
        target = asked.setdefault(place, {}) if place else asked
        target[name] = [value] if name == "stop" else value
        response = await api.post(f"/api/v1/{kind}/generate", json=asked)
        assert response.status_code in (200, 404, 422, 502, 503), response.text


async def test_no_parameter_of_any_address_leads_anywhere(
    api: httpx.AsyncClient, only_ours: None, trap: RawServer
) -> None:
    tried = 0
    for path, operations in build_api().openapi()["paths"].items():
        for method, operation in operations.items():
            for value in hostile(trap.url)[:4]:
                names = [part["name"] for part in operation.get("parameters", ())]
                inside = path.replace("{run_id}", "{0}").replace("{sha256}", "{0}")
                address = inside.replace("{0}", httpx.URL(value).path.replace("/", "%2F") or "x")
                params = dict.fromkeys(names, value)
                response = await api.request(method, f"/api{address}", params=params)
                assert response.status_code < 500 or response.status_code == 503, response.text
                tried += 1
    assert tried > 60


async def test_lists_of_models_follow_no_address_in_an_answer(
    api: httpx.AsyncClient, only_ours: None, trap: RawServer, ollama: FakeOllama
) -> None:
    entry = {"name": f"{trap.url}/x", "remote_host": trap.url, "remote_model": trap.url}
    ollama.answer("/api/tags", Reply(body=json.dumps({"models": [entry]}).encode()))
    try:
        listed = (await api.get("/api/v1/models")).json()["providers"]
    finally:
        ollama.answer("/api/tags", None)
    assert f"{trap.url}/x" in str(listed)


async def test_an_uploaded_workflow_with_addresses_in_it_is_sent_where_the_settings_say(
    api: httpx.AsyncClient, only_ours: None, trap: RawServer, services: Services
) -> None:
    graph = json.loads(json.dumps(TXT2IMG))
    for node in graph.values():
        node["_meta"] = {"title": f"{trap.url}/title"}
    graph["9"]["inputs"]["filename_prefix"] = f"{trap.url}/../../x"
    graph["4"]["inputs"]["ckpt_name"] = f"{trap.url}/model.safetensors"
    draft = import_workflow(json.dumps(graph).encode())
    workflow = services.add_workflow(draft, name="led-astray", bindings=draft.bindings)
    for model in (None, "tiny.safetensors", f"{trap.url}/x.safetensors"):
        body = PICTURE | {"workflow": workflow.id} | ({"model": model} if model else {})
        response = await api.post("/api/v1/media/generate", json=body)
        assert response.status_code in (200, 422, 502, 503), response.text


@pytest.mark.parametrize("name", ["../../evil", "/etc/passwd", "a/../../b", "C:\\x", "\x00", ".."])
def test_a_workflows_name_is_no_path(services: Services, name: str) -> None:
    draft = import_workflow(json.dumps(TXT2IMG).encode())
    folder = services.settings.workflows_path
    before = {path for path in Path(folder).parent.rglob("*") if folder not in path.parents}
    saved = services.add_workflow(draft, name=f"{name}{id(draft)}", bindings=draft.bindings)
    assert set(saved.id) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
    after = {path for path in Path(folder).parent.rglob("*") if folder not in path.parents}
    assert {path for path in after - before if path != folder} == set()
