"""Hostile pictures and workflows that are sent, and tricks with the addresses of pictures."""

import json
import time
import zlib
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from PIL import Image

from core.errors import InvalidRequest
from core.pictures import MAX_UPLOAD_BYTES
from core.services import Services, build_services
from core.settings import load_settings
from core.workflows import import_workflow
from tests.api_server import asgi_client, mounted_api
from tests.comfyui_kit import TXT2IMG
from tests.hostile_kit import hostile_text
from tests.picture_kit import encoded, opened, plain, png_bomb, with_chunks, zip_archive

IMAGES = "/api/v1/images"
PNG = {"content-type": "image/png"}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = str(tmp_path_factory.mktemp("data"))
    services = build_services(load_settings({"PLAYGROUND_DATA_DIR": folder}, env_file=None))
    yield services
    services.close()


@pytest.fixture
async def api(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    async with asgi_client() as client:
        yield client


def icc_bomb() -> bytes:
    """A colour profile of 64 MB in 64 kB."""
    packed = b"evil\x00\x00" + zlib.compress(b"\0" * 64 * 1024**2, 9)
    return with_chunks(plain(), (b"iCCP", packed))


def exif_bomb() -> bytes:
    """Exif that says it has 65,535 entries, in a circle."""
    entries = (
        b"MM\x00*\x00\x00\x00\x08\xff\xff" + b"\x87\x69\x00\x04\x00\x00\x00\x01\x00\x00\x00\x08" * 5
    )
    return with_chunks(plain(), (b"eXIf", entries))


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (20, 20), (number, 0, 0)) for number in range(30)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:])


def polyglot() -> bytes:
    """A PNG, a ZIP and a web page in one file."""
    text = (b"tEXt", b"Comment\x00<html><script>alert(1)</script>")
    return with_chunks(plain(), text) + zip_archive() + SVG


REFUSED = {
    "zip": zip_archive(),
    "svg": SVG,
    "html": b"<!doctype html><script>alert(1)</script>",
    "gif": encoded(Image.new("P", (3, 3)), "GIF"),
    "nothing": b"",
    "truncated": plain(size=(400, 400))[:-30],
    "only a signature": b"\x89PNG\r\n\x1a\n",
    "huge": png_bomb(60_000, 60_000),
    "no width": png_bomb(0, 10),
    "wide": png_bomb(2**31 - 1, 1),
    "jpeg of nothing": b"\xff\xd8\xff\xd9",
    "webp of nothing": b"RIFF\x04\x00\x00\x00WEBP",
    "riff that lies": b"RIFF\xff\xff\xff\xffWEBPVP8X",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("declared", ["image/png", "image/svg+xml", "image/jpeg; charset=x"])
async def test_what_is_no_picture_is_refused_whatever_it_is_called(
    api: httpx.AsyncClient, services: Services, data: bytes, declared: str
) -> None:
    before = sorted(services.pictures.folder.rglob("*.*"))
    response = await api.post(IMAGES, content=data, headers={"content-type": declared})
    assert response.status_code in (413, 422)
    assert response.json()["error"]["details"]["reason"]
    assert sorted(services.pictures.folder.rglob("*.*")) == before


TAKEN = {
    "polyglot": polyglot(),
    "icc bomb": icc_bomb(),
    "exif bomb": exif_bomb(),
    "animated png": animated("PNG"),
    "animated webp": animated("WEBP"),
}


@pytest.mark.parametrize("data", TAKEN.values(), ids=TAKEN)
async def test_of_an_odd_picture_only_its_pixels_are_kept_and_served(
    api: httpx.AsyncClient, data: bytes
) -> None:
    began = time.process_time()
    response = await api.post(IMAGES, content=data, headers=PNG)
    assert response.status_code == 201, response.text
    assert time.process_time() - began < 5
    served = await api.get(f"{IMAGES}/{response.json()['sha256']}")
    kinds = {kind for kind, _ in _chunks(served.content)}
    assert kinds == {b"IHDR", b"IDAT", b"IEND"}
    assert served.content.endswith(b"IEND\xaeB`\x82")
    assert opened(served.content).size in ((40, 30), (20, 20))
    assert served.headers["content-type"] == "image/png"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["content-security-policy"] == "default-src 'none'"


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length


async def raw_request(path: str, headers: list[tuple[bytes, bytes]], *bodies: bytes, method="POST"):
    """One request at the ASGI level, where no client puts anything right; its status."""
    sent: list[dict] = []
    coming = [
        {"type": "http.request", "body": body, "more_body": at + 1 < len(bodies)}
        for at, body in enumerate(bodies or (b"",))
    ]

    async def receive() -> dict:
        return coming.pop(0) if coming else {"type": "http.disconnect"}

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "replace"),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "server": ("playground", 80),
        "client": ("127.0.0.1", 1),
    }
    await mounted_api()(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], body, len(coming)


TYPE = (b"content-type", b"image/png")


async def test_a_body_said_to_be_too_large_is_refused_before_it_is_read(
    api: httpx.AsyncClient,
) -> None:
    headers = [TYPE, (b"content-length", b"100000000")]
    status, body, unread = await raw_request(IMAGES, headers, *[b"x" * 1000] * 5)
    assert (status, unread) == (413, 5)
    assert json.loads(body)["error"]["code"] == "request_too_large"


async def test_a_body_without_a_length_is_read_up_to_the_bound(api: httpx.AsyncClient) -> None:
    pieces = [b"x" * 1024**2] * (MAX_UPLOAD_BYTES // 1024**2 + 20)
    status, body, unread = await raw_request(IMAGES, [TYPE], *pieces)
    assert (status, json.loads(body)["error"]["code"]) == (413, "request_too_large")
    assert unread >= 18


@pytest.mark.parametrize(
    "lengths", [(b"5", b"100000000"), (b"100000000", b"5"), (b"-1",), (b"5 5",), (b"9" * 5000,)]
)
async def test_odd_lengths_let_no_more_in(api: httpx.AsyncClient, lengths: tuple[bytes]) -> None:
    headers = [TYPE, *((b"content-length", length) for length in lengths)]
    status, body, _ = await raw_request(IMAGES, headers, *[b"x" * 1024**2] * 30)
    assert status == 413
    assert json.loads(body)["error"]["code"] == "request_too_large"


@pytest.fixture
async def sha256(api: httpx.AsyncClient) -> str:
    return (await api.post(IMAGES, content=plain(seed=9), headers=PNG)).json()["sha256"]


async def test_only_the_name_of_a_picture_finds_it(api: httpx.AsyncClient, sha256: str) -> None:
    tricks = [
        *(sha256.upper(), sha256[:63], sha256 + "0", sha256[:-1] + "g", f" {sha256}"),
        *(f"{sha256}.png", f"{sha256}%00", f"{sha256}%00.png", f"{sha256}%0a", f"{sha256}%2f"),
        *(f"..%2f{sha256}", "..%2f..%2fplayground.db", "%2e%2e%2fplayground.db", "%2fetc%2fpasswd"),
        *(f"{sha256[:2]}%2f{sha256}.png", f"thumbs%2f{sha256[:2]}%2f{sha256}-320.webp", "incoming"),
        *("０" * 64, "٠" * 64, "%ff" * 64, "0" * 10_000, sha256 + "\u200b", "*", "..", "%2e%2e"),
    ]
    for trick in tricks:
        response = await api.get(f"{IMAGES}/{trick}")
        assert response.status_code == 404, trick
        assert response.json()["error"]["code"] == "not_found", trick


@pytest.mark.parametrize(
    "width", ["-1", "0", "1e3", "99999999999999999999", "NaN", "", "١٢", "0x10"]
)
async def test_absurd_widths_are_refused(api: httpx.AsyncClient, sha256: str, width: str) -> None:
    response = await api.get(f"{IMAGES}/{sha256}", params={"w": width})
    assert (response.status_code, response.json()["error"]["code"]) == (422, "invalid_request")


HEADERS = {
    "a flood of tags": {"If-None-Match": ", ".join(f'"{n:064x}"' for n in range(20_000))},
    "a flood of ranges": {"Range": "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 4000, 2))},
    "a range beyond": {"Range": "bytes=999999999-"},
    "a range that is none": {"Range": "bytes=z-9,,-"},
    "another host": {"Host": "evil.test", "X-Forwarded-Host": "evil.test", "Forwarded": "host=e"},
    "another way": {
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Prefix": "/evil",
        "X-Original-URL": "/",
    },
    "another method": {"X-HTTP-Method-Override": "DELETE"},
    "a huge header": {"X-A": "a" * 60_000},
    "odd dates": {"If-Modified-Since": "yesterday", "If-Range": '"x"'},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
async def test_headers_change_nothing_about_what_is_served(
    api: httpx.AsyncClient, sha256: str, headers: dict[str, str]
) -> None:
    began = time.process_time()
    response = await api.get(f"{IMAGES}/{sha256}", headers=headers)
    assert time.process_time() - began < 1
    assert response.status_code in (200, 206, 400, 416)
    assert "evil" not in str(response.headers)
    if response.status_code == 200:
        assert opened(response.content).size == (40, 30)
        assert response.headers["x-content-type-options"] == "nosniff"


async def test_the_name_of_a_sent_picture_is_only_words(api: httpx.AsyncClient) -> None:
    for name in (
        "../../x.png",
        "a\x00b",
        hostile_text("http://x")[:290],
        "\u202egnp.exe",
        "a" * 300,
    ):
        response = await api.post(IMAGES, params={"name": name}, content=plain(), headers=PNG)
        assert response.status_code == 201


def nested(levels: int) -> bytes:
    return b'{"1":{"class_type":"A","inputs":{"x":' + b"[" * levels + b"]" * levels + b"}}}"


def workflow(**inputs: object) -> bytes:
    graph = json.loads(json.dumps(TXT2IMG))
    graph["5"]["inputs"] |= inputs
    return json.dumps(graph).encode()


WORKFLOWS = {
    "deep": nested(40),
    "very deep": nested(100_000),
    "only brackets": b"[" * 1_000_000,
    "large": b'{"1": "' + b"a" * 3 * 1024**2 + b'"}',
    "many nodes": json.dumps(
        {str(n): {"class_type": "A", "inputs": {}} for n in range(5000)}
    ).encode(),
    "a huge number": workflow(width=10**40),
    "no number": b'{"1":{"class_type":"A","inputs":{"x":NaN}}}',
    "infinite": b'{"1":{"class_type":"A","inputs":{"x":1e999}}}',
    "many digits": b'{"1":{"class_type":"A","inputs":{"x":' + b"9" * 100_000 + b"}}}",
    "a circle": b'{"1":{"class_type":"SaveImage","inputs":{"x":["1",0]}}}',
    "a link to nowhere": b'{"1":{"class_type":"SaveImage","inputs":{"x":["__proto__",0]}}}',
    "a zip": zip_archive(),
    "null bytes": b"\x00" * 100,
    "not UTF-8": b'{"1": "\xff\xfe"}',
    "a list": b"[1,2,3]",
    "a word": b'"workflow"',
    "nothing": b"",
    "prototype": b'{"__proto__":{"polluted":true},"constructor":{"prototype":{}}}',
}


@pytest.mark.parametrize("data", WORKFLOWS.values(), ids=WORKFLOWS)
def test_a_hostile_workflow_is_refused_at_once_with_a_reason(data: bytes) -> None:
    began = time.process_time()
    with pytest.raises(InvalidRequest) as refused:
        import_workflow(data)
    assert refused.value.details["reason"]
    assert len(refused.value.message) < 20_000
    assert time.process_time() - began < 2


def test_of_a_workflow_only_what_a_node_needs_is_kept() -> None:
    node = (
        b'"class_type":"SaveImage","inputs":{"__proto__":1,"images":[]},"__proto__":{"a":1},"x":2'
    )
    with pytest.raises(InvalidRequest):
        import_workflow(b'{"1":{' + node + b"}}")
    graph = json.loads(json.dumps(TXT2IMG))
    graph["9"] |= {"__proto__": {"a": 1}, "is_changed": "os.system"}
    graph["9"]["inputs"]["__proto__"] = "x"
    draft = import_workflow(json.dumps(graph).encode())
    assert set(draft.graph["9"]) <= {"class_type", "inputs", "_meta"}


def test_of_a_key_that_stands_twice_the_last_counts_as_for_the_server() -> None:
    text = json.dumps(TXT2IMG).replace('"steps": 4', '"steps": 99, "steps": 5')
    assert import_workflow(text.encode()).graph["3"]["inputs"]["steps"] == 5
