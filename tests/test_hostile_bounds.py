"""Every size that comes from outside has a bound, and who meets it is told so in one sentence.

docs/reliability.md has the table of them; the last test compares it with the code.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.api.compare import MOST_RUNS as MOST_COMPARED
from core.api.door import MAX_BODY_BYTES
from core.api.export import MOST_IDS
from core.api.filters import MOST_VALUES
from core.api.media import MOST_RUNS as MOST_ZIPPED
from core.api.schemas import MAX_DEPTH
from core.errors import BrokenAnswer, InvalidRequest, PlaygroundError
from core.export import MOST_RUNS as MOST_EXPORTED
from core.listing import LARGEST_PAGE, LONGEST_QUERY
from core.pictures import MAX_PIXELS, MAX_UPLOAD_BYTES
from core.pictures.archive import MAX_ITEMS
from core.pictures.folder import MAX_FILE_BYTES
from core.providers.comfyui import results, server, socket
from core.providers.comfyui.choices import LONGEST_NAME, MOST_CHOICES, options_of
from core.providers.error_body import MAX_BODY_BYTES as MAX_REFUSAL_BYTES
from core.providers.http import MAX_LINE_BYTES, read_lines
from core.providers.ollama.server import MAX_ANSWER_BYTES as MAX_LIST_BYTES
from core.providers.sse import read_events
from core.services import Services, build_services
from core.settings import load_settings
from core.text_draft import MAX_ANSWER_CHARS
from core.types import LARGEST_SIDE, MOST_PICTURES
from core.workflows import import_workflow
from core.workflows.graph import MOST_NODES
from core.workflows.reading import DEEPEST, LARGEST_FILE
from tests.api_server import asgi_client

DOCUMENT = Path(__file__).parents[1] / "docs" / "reliability.md"
GENERATE = "/api/v1/llm/generate"
MEDIA = "/api/v1/media/generate"
FREE: dict[str, Any] = {"role": "copywriter", "task": "free", "payload": {"prompt": "컵"}}
PICTURE: dict[str, Any] = {"task": "free", "prompt": "컵"}
RATING: dict[str, Any] = {"user": "하나", "stars": 5}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = str(tmp_path_factory.mktemp("data"))
    settings = {"PLAYGROUND_DATA_DIR": folder, "MOCK_TOKENS_PER_SECOND": "0"}
    services = build_services(load_settings(settings, env_file=None))
    yield services
    services.close()


@pytest.fixture
async def api(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    async with asgi_client() as client:
        yield client


def deep(levels: int) -> dict[str, Any]:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return {"prompt": value}


TOO_MUCH: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "the body": (GENERATE, FREE | {"user": "x" * MAX_BODY_BYTES}, 413, "request_too_large"),
    "a field of the brief": (
        GENERATE,
        FREE | {"payload": {"prompt": "가" * 200_000}},
        422,
        "invalid_payload",
    ),
    "fields of the brief": (
        GENERATE,
        FREE | {"payload": {"prompt": "a"} | {f"f{n}": "x" for n in range(5000)}},
        422,
        "invalid_payload",
    ),
    "items of the brief": (
        GENERATE,
        FREE
        | {
            "task": "product_detail",
            "payload": {"product_name": "컵", "features": ["x"] * 10_000},
        },
        422,
        "invalid_payload",
    ),
    "nesting": (GENERATE, FREE | {"payload": deep(MAX_DEPTH + 1)}, 422, "invalid_request"),
    "a role": (GENERATE, FREE | {"role": "x" * 65}, 422, "invalid_request"),
    "a model": (GENERATE, FREE | {"model": "x" * 201}, 422, "invalid_request"),
    "who asks": (GENERATE, FREE | {"user": "x" * 201}, 422, "invalid_request"),
    "tokens": (GENERATE, FREE | {"options": {"max_tokens": 32_769}}, 422, "invalid_request"),
    "a stop word": (GENERATE, FREE | {"options": {"stop": ["x" * 201]}}, 422, "invalid_request"),
    "stop words": (GENERATE, FREE | {"options": {"stop": ["x"] * 9}}, 422, "invalid_request"),
    "a seed": (GENERATE, FREE | {"options": {"seed": 2**31}}, 422, "invalid_request"),
    "a prompt": (MEDIA, PICTURE | {"prompt": "x" * 10_001}, 422, "invalid_request"),
    "a negative prompt": (MEDIA, PICTURE | {"negative": "x" * 10_001}, 422, "invalid_request"),
    "a side": (MEDIA, PICTURE | {"options": {"width": LARGEST_SIDE + 1}}, 422, "invalid_request"),
    "pictures": (
        MEDIA,
        PICTURE | {"options": {"batch": MOST_PICTURES + 1}},
        422,
        "invalid_request",
    ),
    "steps": (MEDIA, PICTURE | {"options": {"steps": 201}}, 422, "invalid_request"),
    "a comment": (
        "/api/v1/runs/x/ratings",
        RATING | {"comment": "x" * 2001},
        422,
        "invalid_request",
    ),
    "a name": ("/api/v1/runs/x/ratings", RATING | {"user": "x" * 101}, 422, "invalid_request"),
}


@pytest.mark.parametrize(("path", "body", "status", "code"), TOO_MUCH.values(), ids=TOO_MUCH)
async def test_too_much_is_refused_in_words(
    api: httpx.AsyncClient, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    response = await api.post(path, json=body)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert 20 < len(error["message"]) < 3_000
    assert len(response.content) < 20_000


IDS = [f"{n:036d}" for n in range(2000)]
TOO_LONG: dict[str, tuple[str, dict[str, Any]]] = {
    "a search": ("runs", {"q": "x" * (LONGEST_QUERY + 1)}),
    "a page": ("runs", {"limit": LARGEST_PAGE + 1}),
    "values": ("runs", {"tag": ["x"] * (MOST_VALUES + 1)}),
    "a value": ("runs", {"model": "x" * 301}),
    "a cursor": ("runs", {"cursor": "x" * 301}),
    "exported ids": ("runs/export", {"ids": ",".join(IDS[: MOST_IDS + 1])}),
    "compared ids": ("compare", {"ids": ",".join(IDS[: MOST_COMPARED + 1])}),
    "runs of a ZIP": ("images.zip", {"runs": ",".join(IDS[: MOST_ZIPPED + 1])}),
    "a width": (f"images/{'0' * 64}", {"w": 1281}),
}


@pytest.mark.parametrize(("path", "params"), TOO_LONG.values(), ids=TOO_LONG)
async def test_too_long_an_address_is_refused_in_words(
    api: httpx.AsyncClient, path: str, params: dict[str, Any]
) -> None:
    response = await api.get(f"/api/v1/{path}", params=params)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (422, "invalid_request")
    assert len(response.content) < 5_000


def body(piece: bytes, times: int) -> httpx.Response:
    async def coming() -> AsyncIterator[bytes]:
        for _ in range(times):
            yield piece

    return httpx.Response(200, content=coming(), request=httpx.Request("GET", "http://x"))


@pytest.mark.parametrize("read", [read_lines, read_events])
async def test_a_record_of_a_server_has_a_longest_line(read: Callable[..., Any]) -> None:
    piece = b"data: " + b"a" * (1024 * 1024 - 6)
    with pytest.raises(BrokenAnswer, match="more than 8192 KiB"):
        await anext(read(body(piece, 1000), provider="ollama"))


def test_a_list_of_names_has_a_longest_name_and_a_longest_list() -> None:
    names = ["a" * (LONGEST_NAME + 1), "half \ud800", *map(str, range(MOST_CHOICES + 10))]
    found = options_of({"input": {"required": {"ckpt_name": [names]}}}, "ckpt_name")
    assert (found[0], len(found)) == ("0", MOST_CHOICES - 2)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b" " * LARGEST_FILE + b"{}", "too_large"),
        (b'{"1":' * (DEEPEST + 2) + b"1" + b"}" * (DEEPEST + 2), "too_deep"),
        (
            json.dumps(
                {str(n): {"class_type": "A", "inputs": {}} for n in range(MOST_NODES + 1)}
            ).encode(),
            "faults",
        ),
    ],
)
def test_a_workflow_has_a_largest_size(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        import_workflow(data)
    assert refused.value.details["reason"] == reason


def in_bytes(count: int) -> str:
    """A number of bytes as the table says it."""
    unit, size = ("MiB", 2**20) if count >= 2**20 else ("KiB", 2**10)
    return f"{count // size} {unit}"


IN_BYTES = {
    "request body": MAX_BODY_BYTES,
    "picture sent": MAX_UPLOAD_BYTES,
    "workflow file": LARGEST_FILE,
    "line or event of a server": MAX_LINE_BYTES,
    "list of Ollama": MAX_LIST_BYTES,
    "answer of ComfyUI": server.MAX_ANSWER_BYTES,
    "picture of ComfyUI": server.MAX_PICTURE_BYTES,
    "pictures of a run together": results.MOST_BYTES,
    "frame of a websocket": socket.MAX_FRAME_BYTES,
    "opening of a websocket": socket.MAX_GREETING_BYTES,
    "refusal of a server": MAX_REFUSAL_BYTES,
    "kept picture": MAX_FILE_BYTES,
}
COUNTED = {
    "pixels of a picture": MAX_PIXELS,
    "side of a picture asked for": LARGEST_SIDE,
    "pictures asked for at once": MOST_PICTURES,
    "nesting of a payload": MAX_DEPTH,
    "nodes of a workflow": MOST_NODES,
    "answer and thinking": MAX_ANSWER_CHARS,
    "pictures of a run": results.MOST_PICTURES,
    "names in a list of ComfyUI": MOST_CHOICES,
    "search": LONGEST_QUERY,
    "runs of a page of a list": LARGEST_PAGE,
    "runs of an export": MOST_EXPORTED,
    "pictures of a ZIP": MAX_ITEMS,
}


def test_the_table_of_bounds_says_what_the_code_does() -> None:
    section = DOCUMENT.read_text(encoding="utf-8").split("## Hostile input")[1].split("\n## ")[0]
    table = dict(re.findall(r"^\| ([a-zA-Z ]+?) \| ([\d,]+(?: [KMG]iB)?)\b", section, re.MULTILINE))
    wanted = {name: in_bytes(bound) for name, bound in IN_BYTES.items()}
    wanted |= {name: f"{bound:,}" for name, bound in COUNTED.items()}
    assert {name: table.get(name) for name in wanted} == wanted


def test_every_bound_of_a_request_is_an_error_that_can_be_told() -> None:
    codes = {code for _, _, _, code in TOO_MUCH.values()}
    known = {error.code for error in _all(PlaygroundError)}
    assert codes <= known


def _all(kind: type[PlaygroundError]) -> Iterator[type[PlaygroundError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _all(child)
