"""Pictures over HTTP: cached for ever, shown small, taken in with care."""

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from PIL import Image

from core.api import images as routes
from core.api.door import MAX_BODY_BYTES
from core.pictures import MAX_UPLOAD_BYTES, PictureFolder
from core.services import Services
from tests.api_server import asgi_client, mounted_api, serving
from tests.picture_kit import (
    BLUE,
    RED,
    chunk_list,
    encoded,
    exif,
    marked,
    near,
    opened,
    plain,
    png_bomb,
    zip_archive,
)

IMAGES = "/api/v1/images"


@pytest.fixture
async def api(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    async with asgi_client() as client:
        yield client


@pytest.fixture
def photo(services: Services) -> str:
    """A kept PNG of 800 x 400; its SHA-256."""
    return services.pictures.keep(encoded(marked((800, 400)))).sha256


def error_of(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert "immutable" not in response.headers.get("cache-control", "")
    return response.json()["error"]


# Looking at pictures


async def test_a_picture_comes_as_it_was_kept(
    api: httpx.AsyncClient, services: Services, photo: str
) -> None:
    response = await api.get(f"{IMAGES}/{photo}")
    assert response.status_code == 200
    assert response.content == services.pictures.open(photo)
    assert hashlib.sha256(response.content).hexdigest() == photo
    assert response.headers["content-type"] == "image/png"


@pytest.mark.parametrize("query", ["", "?w=320", "?download=1"])
async def test_a_picture_is_cached_for_ever_and_can_do_nothing(
    api: httpx.AsyncClient, photo: str, query: str
) -> None:
    headers = (await api.get(f"{IMAGES}/{photo}{query}")).headers
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'"
    way = "attachment" if "download" in query else "inline"
    ending = "-320.webp" if "w=" in query else ".png"
    name = f'filename="sparklio-{photo[:12]}{ending}"'
    assert headers["content-disposition"] == f"{way}; {name}"


@pytest.mark.parametrize(
    ("kind", "mime"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")]
)
async def test_each_format_has_its_content_type(
    api: httpx.AsyncClient, services: Services, kind: str, mime: str
) -> None:
    kept = services.pictures.keep(plain(kind))
    response = await api.get(f"{IMAGES}/{kept.sha256}")
    assert response.headers["content-type"] == mime


@pytest.mark.parametrize(("w", "width"), [(1, 160), (300, 320), (1280, 800)])
async def test_a_thumbnail_is_a_small_webp(
    api: httpx.AsyncClient, photo: str, w: int, width: int
) -> None:
    for _ in ("made", "read"):
        response = await api.get(f"{IMAGES}/{photo}", params={"w": w})
        assert response.headers["content-type"] == "image/webp"
        image = opened(response.content)
        assert image.size == (width, width // 2)
        assert near(image.getpixel((9, 9)), RED, by=20)
        assert near(image.getpixel((width - 9, 9)), BLUE, by=20)


async def test_widths_that_are_served_alike_share_a_tag(api: httpx.AsyncClient, photo: str) -> None:
    tags = [
        (await api.get(f"{IMAGES}/{photo}", params=query)).headers["etag"]
        for query in ({}, {"w": "161"}, {"w": "320"}, {"w": "321"})
    ]
    assert tags[1] == tags[2]
    assert len(set(tags)) == 3


@pytest.mark.parametrize("query", ["", "?w=320"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
async def test_who_has_a_picture_is_told_so(
    api: httpx.AsyncClient, photo: str, query: str, form: str
) -> None:
    first = await api.get(f"{IMAGES}/{photo}{query}")
    known = {"If-None-Match": form.format(first.headers["etag"])}
    again = await api.get(f"{IMAGES}/{photo}{query}", headers=known)
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == first.headers["cache-control"]


async def test_who_has_another_picture_gets_this_one(api: httpx.AsyncClient, photo: str) -> None:
    known = {"If-None-Match": f'"{"0" * 64}"'}
    assert (await api.get(f"{IMAGES}/{photo}", headers=known)).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "0" * 64,
        "A" * 64,
        "abc",
        "..%2f..%2fplayground.db",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "thumbs",
        "incoming",
        "%00" * 64,
        "가" * 64,
        "a" * 64 + "%0A",
        "a" * 5000,
    ],
)
@pytest.mark.parametrize("query", ["", "?w=160"])
async def test_what_is_no_kept_picture_is_not_found(
    api: httpx.AsyncClient, name: str, query: str
) -> None:
    tag = {"If-None-Match": "*"}
    assert error_of(await api.get(f"{IMAGES}/{name}{query}"), 404)["code"] == "not_found"
    assert error_of(await api.get(f"{IMAGES}/{name}{query}", headers=tag), 404)


@pytest.mark.parametrize("w", ["0", "-1", "1281", "9" * 30, "wide", "", "1.5", "NaN"])
async def test_other_widths_are_refused(api: httpx.AsyncClient, photo: str, w: str) -> None:
    error = error_of(await api.get(f"{IMAGES}/{photo}", params={"w": w}), 422)
    assert "w" in error["details"]["fields"]


async def test_a_thumbnail_of_a_damaged_file_is_an_error_that_is_not_cached(
    api: httpx.AsyncClient, services: Services, photo: str
) -> None:
    services.pictures.path(photo).write_bytes(b"damaged")
    assert error_of(await api.get(f"{IMAGES}/{photo}?w=160"), 503)["code"] == "store_unavailable"


class HeldUp(PictureFolder):
    """A folder that makes no thumbnail before it is told to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.begun, self.release = threading.Event(), threading.Event()

    def thumbnail(self, sha256: str, width: int) -> Path:
        self.begun.set()
        self.release.wait()
        return super().thumbnail(sha256, width)


async def test_many_thumbnails_in_the_making_leave_the_other_routes_free(
    api: httpx.AsyncClient, services: Services
) -> None:
    made = services.pictures.keep(plain(seed=99)).sha256
    await api.get(f"{IMAGES}/{made}?w=160")
    services.pictures = pictures = HeldUp(services.pictures.folder)
    names = [pictures.keep(plain(seed=number)).sha256 for number in range(60)]
    waiting = [asyncio.create_task(api.get(f"{IMAGES}/{name}?w=160")) for name in names]
    try:
        assert await anyio.to_thread.run_sync(pictures.begun.wait, 20)
        with anyio.fail_after(20):
            assert (await api.get(f"{IMAGES}/{made}?w=160")).status_code == 200
            assert (await api.get(f"{IMAGES}/{names[0]}")).status_code == 200
            assert (await api.get("/api/v1/catalog")).status_code == 200
        assert not any(task.done() for task in waiting)
    finally:
        pictures.release.set()
    assert {response.status_code for response in await asyncio.gather(*waiting)} == {200}


# Sending pictures


async def send(
    api: httpx.AsyncClient, data: bytes, kind: str = "image/png", **query: str
) -> httpx.Response:
    return await api.post(IMAGES, content=data, headers={"Content-Type": kind}, params=query)


async def test_a_sent_picture_is_kept_upright_and_bare(
    api: httpx.AsyncClient, services: Services
) -> None:
    data = encoded(marked((800, 400)), "JPEG", exif=exif(6))
    response = await send(api, data, "image/jpeg", name="카페 사진.jpg", user="ada")

    assert response.status_code == 201
    kept = response.json()
    assert (kept["width"], kept["height"], kept["format"]) == (400, 800, "png")
    content = (await api.get(f"{IMAGES}/{kept['sha256']}")).content
    assert len(content) == kept["bytes"]
    assert {kind for kind, _ in chunk_list(content)} == {b"IHDR", b"IDAT", b"IEND"}
    noted = services.images.uploads()[0]
    assert (noted.name, noted.user, noted.sha256) == ("카페 사진.jpg", "ada", kept["sha256"])


async def test_the_same_picture_sent_twice_is_one(
    api: httpx.AsyncClient, services: Services
) -> None:
    first, second = [(await send(api, plain())).json() for _ in range(2)]
    assert first == second
    assert len(services.images.uploads()) == 1


@pytest.mark.parametrize(
    ("data", "status", "code", "words"),
    [
        (zip_archive(), 422, "invalid_request", "사진.png is a ZIP archive"),
        (b"", 422, "invalid_request", "empty"),
        (plain()[:-20], 422, "invalid_request", "damaged"),
        (png_bomb(50_000, 50_000), 413, "request_too_large", "pixels"),
        (bytes(MAX_UPLOAD_BYTES + 1), 413, "request_too_large", "20 MiB"),
    ],
    ids=["a zip renamed .png", "nothing", "half", "a bomb", "too large"],
)
async def test_what_cannot_be_used_is_refused_and_not_kept(
    api: httpx.AsyncClient,
    services: Services,
    data: bytes,
    status: int,
    code: str,
    words: str,
) -> None:
    error = error_of(await send(api, data, name="사진.png"), status)
    assert error["code"] == code
    assert words in error["message"]
    assert services.images.uploads() == []
    assert [path for path in services.pictures.folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data; boundary=x", "text/html", ""]
)
async def test_a_body_that_does_not_say_it_is_a_picture_is_refused(
    api: httpx.AsyncClient, kind: str
) -> None:
    error = error_of(await send(api, plain(), kind), 415)
    assert error["code"] == "unsupported_media_type"
    assert "image/png" in error["message"]


async def test_a_picture_may_be_larger_than_a_text_may(api: httpx.AsyncClient) -> None:
    noise = encoded(Image.effect_noise((1200, 1200), 90).convert("RGB"), compress_level=0)
    assert len(noise) > MAX_BODY_BYTES
    assert (await send(api, noise)).status_code == 201


async def test_the_room_for_pictures_is_for_that_route_alone(api: httpx.AsyncClient) -> None:
    body = bytes(MAX_BODY_BYTES + 1)
    for path in ("/api/v1/llm/generate", f"{IMAGES}/", f"{IMAGES}/x", "/api/v1/imagesx"):
        response = await api.post(path, content=body, headers={"Content-Type": "image/png"})
        assert "KiB" in error_of(response, 413)["message"]


def test_a_picture_that_does_not_say_how_large_it_is_is_counted(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    piece = bytes(1024 * 1024)
    with serving(mounted_api()) as address:
        response = httpx.post(
            f"{address}{IMAGES}",
            content=(piece for _ in range(21)),
            headers={"Content-Type": "image/png"},
        )
    assert "20 MiB" in error_of(response, 413)["message"]


async def test_another_sites_page_may_not_send_pictures(api: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "image/png", "Origin": "https://evil.example"}
    response = await api.post(IMAGES, content=plain(), headers=headers)
    assert error_of(response, 403)["code"] == "cross_site_request"


async def test_the_routes_are_described(api: httpx.AsyncClient) -> None:
    paths = (await api.get("/api/v1/openapi.json")).json()["paths"]
    sent = paths["/v1/images"]["post"]
    assert set(sent["requestBody"]["content"]) == {"image/png", "image/jpeg", "image/webp"}
    assert {"201", "413", "415", "422"} <= set(sent["responses"])
    assert set(routes.PICTURES["content"]) <= set(
        paths["/v1/images/{sha256}"]["get"]["responses"]["200"]["content"]
    )
