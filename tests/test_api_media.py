"""Pictures over REST: made, streamed, seen emerging, found again, taken away (R11)."""

import io
import json
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import anyio
import httpx
import pytest
from PIL import Image

from core.client import PlaygroundApiError, PlaygroundClient
from core.health import ProviderHealth
from core.media import ImageRequest, MediaChoices, MediaEvent, MediaRequest, Preview
from core.providers import MEDIA_PROVIDERS
from core.providers.base import MediaProvider, ProviderProfile
from core.providers.checkup import Findings
from core.services import Services, build_services
from core.settings import load_settings
from core.types import Mode, RunStatus, Tier
from tests.api_server import asgi_client, mounted_api, serving
from tests.fakes.comfyui import FakeComfyUI, Script
from tests.test_api import FREE, GENERATE, error_of
from tests.test_api_stream import events_in

MAKE = "/api/v1/media/generate"
SMALL = {"width": 96, "height": 64, "steps": 4, "seed": 7}
SCENE = {"task": "free", "prompt": "아침 숲속의 그래놀라 한 그릇", "options": SMALL}


def settings_of(folder: Path, **values: str) -> dict[str, str]:
    """Settings of a playground with no server anywhere."""
    nobody = "http://127.0.0.1:9"
    known = {"OLLAMA_BASE_URL": nobody, "COMFYUI_BASE_URL": nobody, "MOCK_TOKENS_PER_SECOND": "0"}
    return known | {"PLAYGROUND_DATA_DIR": str(folder)} | values


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """One set for all tests here: the API keeps nothing between requests."""
    values = settings_of(tmp_path_factory.mktemp("data"))
    built = build_services(load_settings(values, env_file=None))
    yield built
    built.close()


@pytest.fixture
async def api(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    async with asgi_client() as client:
        yield client


@pytest.fixture
def unhurried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Services with a mock that takes its time, so that a picture can be met half done."""
    values = settings_of(tmp_path, MOCK_TOKENS_PER_SECOND="45")
    built = build_services(load_settings(values, env_file=None))
    monkeypatch.setattr("core.services.get_services", lambda: built)
    yield built
    built.close()


@pytest.fixture
async def live(unhurried: Services) -> AsyncIterator[httpx.AsyncClient]:
    """The API on a real socket with the unhurried mock."""
    with serving(mounted_api()) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            yield client


@pytest.fixture
def playground(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlaygroundClient]:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    with serving(mounted_api()) as url, PlaygroundClient(url) as client:
        yield client


def photo(colour: str = "orange") -> bytes:
    """A small JPEG, as a camera or another program would send one."""
    buffer = io.BytesIO()
    Image.new("RGB", (80, 60), colour).save(buffer, "JPEG")
    return buffer.getvalue()


async def pixels_of(api: httpx.AsyncClient, answer: dict) -> list[bytes]:
    """What is seen on each picture; its file also holds its run's id and time."""
    files = [await api.get(output["url"]) for output in answer["outputs"]]
    return [Image.open(io.BytesIO(file.content)).tobytes() for file in files]


async def next_event(lines: AsyncIterator[str], kind: str) -> dict:
    """The data of the next event of this kind."""
    async for line in lines:
        if line == f"event: {kind}":
            return json.loads((await anext(lines)).removeprefix("data: "))
    raise AssertionError(f"no event {kind} came")


async def test_pictures_come_with_their_addresses_and_the_id_of_their_run(
    api: httpx.AsyncClient, services: Services
) -> None:
    response = await api.post(MAKE, json={**SCENE, "options": {**SMALL, "batch": 2}})

    body = response.json()
    run = services.store.get(body["run_id"])
    assert response.status_code == 200, response.text
    assert set(body) == {"provider", "model", "outputs", "usage", "meta", "timestamp", "run_id"}
    assert body["provider"] == "mock"
    assert (body["meta"]["mode"], body["meta"]["status"]) == ("mock", "succeeded")
    assert [
        (item["type"], item["format"], item["width"], item["height"]) for item in body["outputs"]
    ] == [("image", "png", 96, 64)] * 2
    assert [item["sha256"] for item in body["outputs"]] == [
        picture.sha256 for picture in run.image.pictures
    ]
    for item in body["outputs"]:
        picture = await api.get(item["url"])
        assert picture.headers["content-type"] == "image/png"
        assert Image.open(io.BytesIO(picture.content)).size == (96, 64)


async def test_the_options_and_choices_of_a_picture_are_recorded(
    api: httpx.AsyncClient, services: Services
) -> None:
    choices = {
        "mode": "mock",
        "media_type": "image",
        "provider": "mock",
        "model": "mock-picture",
        "negative": "글자",
        "language": "en",
        "user": "ada",
        "parent_id": "0190-parent",
    }

    run_id = (await api.post(MAKE, json={**SCENE, **choices})).json()["run_id"]

    run = services.store.get(run_id)
    assert (run.kind, run.mode, run.provider, run.model) == (
        "image",
        "mock",
        "mock",
        "mock-picture",
    )
    assert (run.task, run.language, run.source) == ("free", "en", "api")
    assert (run.user, run.parent_id) == ("ada", "0190-parent")
    assert (run.payload["prompt"], run.payload["negative"]) == (SCENE["prompt"], "글자")
    assert run.image.options.model_dump(include=set(SMALL)) == SMALL


async def test_a_picture_can_start_from_one_that_was_sent(
    api: httpx.AsyncClient, services: Services
) -> None:
    headers = {"content-type": "image/jpeg"}
    sent = (await api.post("/api/v1/images", content=photo(), headers=headers)).json()

    plain = (await api.post(MAKE, json=SCENE)).json()
    started = (await api.post(MAKE, json={**SCENE, "source_sha256": sent["sha256"]})).json()

    assert services.store.get(started["run_id"]).payload["source_sha256"] == sent["sha256"]
    assert await pixels_of(api, started) != await pixels_of(api, plain)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"task": None}, "task"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "x" * 10_001}, "prompt"),
        ({"mode": "pretend"}, "mode"),
        ({"media_type": "video"}, "media_type"),
        ({"source_sha256": "../../etc/passwd"}, "source_sha256"),
        ({"options": {"width": 100_000}}, "options.width"),
        ({"options": {"batch": 9}}, "options.batch"),
        ({"options": {"stesp": 4}}, "options.stesp"),
        ({"source": "page"}, "source"),
        ({"graph": {}}, "graph"),
        ({"base_url": "http://169.254.169.254"}, "base_url"),
    ],
)
async def test_a_malformed_request_for_a_picture_names_its_field(
    api: httpx.AsyncClient, services: Services, change: dict, field: str
) -> None:
    before = services.store.recent(limit=1)

    error = error_of(await api.post(MAKE, json={**SCENE, **change}), 422)

    assert error["code"] == "invalid_request"
    assert field in error["details"]["fields"]
    assert services.store.recent(limit=1) == before


async def test_an_unknown_preset_names_the_known_ones(api: httpx.AsyncClient) -> None:
    error = error_of(await api.post(MAKE, json={**SCENE, "task": "billboard"}), 422)

    assert error["code"] == "unknown_task"
    assert {"product_image", "free"} <= set(error["details"]["known"])


@pytest.mark.parametrize("stream", ["false", "true"])
async def test_a_picture_to_start_from_that_is_not_there_is_a_404(
    api: httpx.AsyncClient, services: Services, stream: str
) -> None:
    before = services.store.recent(limit=1)
    request = {**SCENE, "source_sha256": "0" * 64}

    response = await api.post(MAKE, params={"stream": stream}, json=request)

    assert error_of(response, 404)["code"] == "not_found"
    assert services.store.recent(limit=1) == before


async def test_pictures_that_are_missing_from_a_batch_are_told(api: httpx.AsyncClient) -> None:
    request = {**SCENE, "model": "mock-picture-partial", "options": {**SMALL, "batch": 3}}

    response = await api.post(MAKE, json=request)

    assert response.status_code == 200
    assert len(response.json()["outputs"]) == 2
    assert len(response.json()["meta"]["problems"]) == 1


async def test_a_size_that_had_to_be_rounded_is_told(api: httpx.AsyncClient) -> None:
    request = {**SCENE, "options": {**SMALL, "width": 99}}

    body = (await api.post(MAKE, json=request)).json()

    (note,) = body["meta"]["adjusted"]
    assert note["code"] == "size_rounded"
    assert (note["wanted_width"], note["width"]) == (99, 96)
    assert body["outputs"][0]["width"] == 96


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("mock-picture-error", 502, "broken_answer"),
        ("mock-picture-out-of-memory", 502, "provider_error"),
        ("nobody-has-this", 503, "model_not_found"),
    ],
)
async def test_a_run_without_a_picture_is_an_error_that_names_the_run(
    api: httpx.AsyncClient, services: Services, model: str, status: int, code: str
) -> None:
    error = error_of(await api.post(MAKE, json={**SCENE, "model": model}), status)

    run = services.store.get(error["details"]["run_id"])
    assert (error["code"], run.status, run.error_code) == (code, RunStatus.FAILED, code)


async def test_a_live_picture_without_a_server_is_a_503_and_never_a_mock_picture(
    api: httpx.AsyncClient, services: Services
) -> None:
    error = error_of(await api.post(MAKE, json={**SCENE, "mode": "live"}), 503)

    run = services.store.get(error["details"]["run_id"])
    assert error["code"] == "provider_unavailable"
    assert (run.mode, run.provider, run.status) == ("live", "comfyui", "failed")
    assert run.image.pictures == ()


async def test_a_run_of_pictures_is_read_with_their_addresses(
    api: httpx.AsyncClient, services: Services
) -> None:
    made = (await api.post(MAKE, json=SCENE)).json()

    run = (await api.get(f"/api/v1/runs/{made['run_id']}")).json()

    (picture,) = run["image"]["pictures"]
    assert picture.pop("url") == made["outputs"][0]["url"]
    assert run == services.store.get(made["run_id"]).model_dump(mode="json")
    assert (await api.post(f"/api/v1/runs/{run['id']}/cancel")).json()["status"] == "succeeded"


async def test_a_stream_of_a_picture_ends_with_what_the_whole_answer_would_be(
    api: httpx.AsyncClient,
) -> None:
    whole = (await api.post(MAKE, json=SCENE)).json()

    response = await api.post(MAKE, params={"stream": "true"}, json=SCENE)

    events = events_in(response)
    name, answer, _ = events[-1]
    assert response.headers["content-type"].startswith("text/event-stream")
    assert events[0][0] == "run"
    assert (name, answer["run_id"]) == ("end", events[0][1]["run_id"])
    assert await pixels_of(api, answer) == await pixels_of(api, whole)
    assert set(answer["meta"]) == set(whole["meta"])


async def test_a_picture_that_fails_ends_its_stream_with_the_error(api: httpx.AsyncClient) -> None:
    request = {**SCENE, "model": "mock-picture-lost"}

    events = events_in(await api.post(MAKE, params={"stream": "true"}, json=request))

    name, body, _ = events[-1]
    assert (name, body["error"]["code"]) == ("error", "broken_answer")
    assert body["error"]["details"]["run_id"] == events[0][1]["run_id"]


async def test_a_request_that_is_refused_begins_no_stream(api: httpx.AsyncClient) -> None:
    request = {**SCENE, "task": "billboard"}

    assert (await api.post(MAKE, params={"stream": "true"}, json=request)).status_code == 422


async def test_a_picture_is_seen_emerging(live: httpx.AsyncClient, unhurried: Services) -> None:
    request = {**SCENE, "options": {**SMALL, "steps": 20}}

    async with live.stream("POST", MAKE, params={"stream": "true"}, json=request) as response:
        lines = response.aiter_lines()
        run_id = (await next_event(lines, "run"))["run_id"]
        phase = await next_event(lines, "phase")
        progress = await next_event(lines, "progress")
        event = await next_event(lines, "preview")
        preview = await live.get(event["url"])
        still = unhurried.gateway.view(run_id).run.status
        end = await next_event(lines, "end")

    assert set(phase) == {"phase", "ahead"}
    assert set(progress) == {"value", "maximum", "node"}
    assert 0 < progress["value"] <= progress["maximum"] == 20
    assert event["url"] == f"/api/v1/runs/{run_id}/preview?n={event['number']}"
    assert still is RunStatus.RUNNING
    assert preview.headers["content-type"] == "image/jpeg"
    assert preview.headers["cache-control"] == "no-store"
    assert preview.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in preview.headers["content-security-policy"]
    Image.open(io.BytesIO(preview.content)).load()
    assert len(end["outputs"]) == 1
    assert error_of(await live.get(event["url"]), 404)["code"] == "not_found"


async def test_cancelling_ends_a_picture_and_tells_its_readers(
    live: httpx.AsyncClient, unhurried: Services
) -> None:
    request = {**SCENE, "model": "mock-picture-slow"}

    async with live.stream("POST", MAKE, params={"stream": "true"}, json=request) as response:
        lines = response.aiter_lines()
        run_id = (await next_event(lines, "run"))["run_id"]
        await next_event(lines, "phase")
        cancelled = (await live.post(f"/api/v1/runs/{run_id}/cancel")).json()
        error = (await next_event(lines, "error"))["error"]

    assert cancelled["status"] == "cancelled"
    assert cancelled["image"]["pictures"] == []
    assert error["code"] == "run_cancelled"
    assert unhurried.store.get(run_id).status is RunStatus.CANCELLED


async def test_a_reader_that_leaves_does_not_end_the_picture(
    live: httpx.AsyncClient, unhurried: Services
) -> None:
    async with live.stream("POST", MAKE, params={"stream": "true"}, json=SCENE) as response:
        run_id = (await next_event(response.aiter_lines(), "run"))["run_id"]

    assert (await unhurried.gateway.aresult(run_id)).status is RunStatus.SUCCEEDED


class Sly(MediaProvider):
    """Sends a page with a script for a preview, and then nothing more."""

    vendor = "mock"

    def __init__(self) -> None:
        profile = ProviderProfile("mock", Mode.MOCK, dict.fromkeys(Tier, "sly"))
        super().__init__(profile=profile)

    async def stream(self, request: MediaRequest) -> AsyncGenerator[MediaEvent]:
        yield Preview(data=b"<svg onload='alert(1)'/>", mime="image/svg+xml")
        await anyio.sleep_forever()

    async def examine(self, found: Findings) -> ProviderHealth:
        return found.ok("All is well.")

    async def choices(self) -> MediaChoices:
        return MediaChoices()


async def test_a_preview_that_is_no_picture_is_not_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MEDIA_PROVIDERS, "mock", lambda _: Sly())
    services = build_services(load_settings(settings_of(tmp_path), env_file=None))
    monkeypatch.setattr("core.services.get_services", lambda: services)
    try:
        async with (
            asgi_client() as client,
            aclosing(
                services.gateway.afollow(await services.gateway.asubmit(ImageRequest(**SCENE)))
            ) as events,
        ):
            async for event in events:
                if event.kind == "preview":
                    break
            run_id = services.store.recent()[0].id
            response = await client.get(f"/api/v1/runs/{run_id}/preview")
    finally:
        services.close()

    assert error_of(response, 404)["code"] == "not_found"


@pytest.mark.parametrize("run", ["nobody", "text", "finished"])
async def test_there_is_no_preview_of_what_is_not_being_drawn(
    api: httpx.AsyncClient, run: str
) -> None:
    run_id = run
    if run == "text":
        run_id = (await api.post(GENERATE, json=FREE)).json()["run_id"]
    if run == "finished":
        run_id = (await api.post(MAKE, json=SCENE)).json()["run_id"]

    error = error_of(await api.get(f"/api/v1/runs/{run_id}/preview"), 404)

    assert error["code"] == ("run_not_found" if run == "nobody" else "not_found")


async def test_what_each_picture_provider_offers_is_told(api: httpx.AsyncClient) -> None:
    body = (await api.get("/api/v1/media")).json()

    offers = {offer["provider"]: offer for offer in body["providers"]}
    assert offers["mock"]["error"] is None
    assert "mock-picture" in offers["mock"]["choices"]["checkpoints"]
    assert offers["mock"]["supports_source"] is True
    assert offers["mock"]["supports_workflows"] is False
    assert offers["comfyui"]["supports_workflows"] is True
    assert offers["comfyui"]["error"]["code"] == "provider_unavailable"


async def test_the_catalog_tells_presets_and_workflows_in_both_languages(
    api: httpx.AsyncClient,
) -> None:
    body = (await api.get("/api/v1/catalog")).json()

    presets = {preset["id"]: preset for preset in body["presets"]}
    workflows = {workflow["id"]: workflow for workflow in body["workflows"]}
    assert set(presets) >= {"product_image", "brand_logo", "sns_thumbnail", "free"}
    assert presets["sns_thumbnail"]["options"]["width"] == 1200
    assert presets["product_image"]["workflow"] in workflows
    assert workflows["img2img"]["needs_source"] is True
    assert all(item["label"]["ko"] and item["label"]["en"] for item in workflows.values())
    assert "graph" not in workflows["txt2img"]


async def test_a_zip_holds_the_pictures_of_runs_with_their_parameters(
    api: httpx.AsyncClient,
) -> None:
    first = (await api.post(MAKE, json={**SCENE, "options": {**SMALL, "batch": 2}})).json()
    second = (await api.post(MAKE, json={**SCENE, "prompt": "밤의 도시"})).json()
    ids = [first["run_id"], second["run_id"], first["run_id"]]

    response = await api.get("/api/v1/images.zip", params={"runs": ",".join(ids)})

    assert response.headers["content-type"] == "application/zip"
    assert response.headers["content-disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        names = archive.namelist()
        pictures = [archive.read(name) for name in names if name.endswith(".png")]
        sidecars = [json.loads(archive.read(name)) for name in names if name.endswith(".json")]
    assert (len(pictures), len(sidecars)) == (3, 3)
    assert pictures[2] == (await api.get(second["outputs"][0]["url"])).content
    assert [sidecar["payload"]["prompt"] for sidecar in sidecars] == [
        SCENE["prompt"],
        SCENE["prompt"],
        "밤의 도시",
    ]
    assert sidecars[0]["id"] == first["run_id"]
    assert sidecars[0]["seed"] == SMALL["seed"]


async def test_the_parameters_beside_a_picture_are_those_inside_it(
    api: httpx.AsyncClient,
) -> None:
    made = (await api.post(MAKE, json=SCENE)).json()

    response = await api.get("/api/v1/images.zip", params={"runs": made["run_id"]})

    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        picture, sidecar = (archive.read(name) for name in archive.namelist())
    inside = Image.open(io.BytesIO(picture)).text["sparklio"]
    assert json.loads(inside) == json.loads(sidecar)


@pytest.mark.parametrize(
    ("runs", "status"),
    [("", 422), (",", 422), ("nobody", 404), (",".join(map(str, range(101))), 422)],
)
async def test_a_zip_of_no_runs_or_of_unknown_or_too_many_is_refused(
    api: httpx.AsyncClient, runs: str, status: int
) -> None:
    error_of(await api.get("/api/v1/images.zip", params={"runs": runs}), status)


async def test_a_zip_without_a_picture_is_refused(api: httpx.AsyncClient) -> None:
    run_id = (await api.post(GENERATE, json=FREE)).json()["run_id"]

    error_of(await api.get("/api/v1/images.zip", params={"runs": run_id}), 422)


@pytest.fixture
def comfyui() -> Iterator[FakeComfyUI]:
    with FakeComfyUI() as fake:
        yield fake


@pytest.fixture
async def connected(
    comfyui: FakeComfyUI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """The API on a real socket, live runs going to the fake ComfyUI."""
    values = settings_of(tmp_path, COMFYUI_BASE_URL=comfyui.url)
    built = build_services(load_settings(values, env_file=None))
    monkeypatch.setattr("core.services.get_services", lambda: built)
    try:
        with serving(mounted_api()) as url:
            async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
                yield client
    finally:
        built.close()


LIVE = {**SCENE, "mode": "live"}


async def test_a_live_picture_waits_in_the_queue_emerges_and_ends(
    connected: httpx.AsyncClient, comfyui: FakeComfyUI
) -> None:
    comfyui.queue_for_others(-1)
    comfyui.script = Script(hold="sampling")

    async with connected.stream("POST", MAKE, params={"stream": "true"}, json=LIVE) as response:
        lines = response.aiter_lines()
        run_id = (await next_event(lines, "run"))["run_id"]
        while await next_event(lines, "phase") != {"phase": "queued", "ahead": 1}:
            pass
        comfyui.interrupt_as_somebody_else()
        while (progress := await next_event(lines, "progress"))["maximum"] != 4:
            pass
        preview = await connected.get((await next_event(lines, "preview"))["url"])
        comfyui.release()
        end = await next_event(lines, "end")

    assert 0 < progress["value"] < 4
    assert preview.headers["content-type"] == "image/jpeg"
    assert (end["run_id"], end["provider"], end["meta"]["mode"]) == (run_id, "comfyui", "live")
    assert end["model"] == comfyui.checkpoints[0]
    (output,) = end["outputs"]
    picture = Image.open(io.BytesIO((await connected.get(output["url"])).content))
    assert picture.size == (output["width"], output["height"]) == (96, 64)
    assert {"prompt", "sparklio"} <= set(picture.text)


async def test_cancelling_a_live_picture_ends_its_job_and_no_other(
    connected: httpx.AsyncClient, comfyui: FakeComfyUI
) -> None:
    comfyui.script = Script(hold="sampling")

    async with connected.stream("POST", MAKE, params={"stream": "true"}, json=LIVE) as response:
        lines = response.aiter_lines()
        run_id = (await next_event(lines, "run"))["run_id"]
        await next_event(lines, "progress")
        others = comfyui.queue_for_others(100)
        cancelled = (await connected.post(f"/api/v1/runs/{run_id}/cancel")).json()
        error = (await next_event(lines, "error"))["error"]

    assert (cancelled["status"], error["code"]) == ("cancelled", "run_cancelled")
    assert [comfyui.running, *comfyui.pending] == others


async def test_a_picture_sent_to_start_from_reaches_the_live_server(
    connected: httpx.AsyncClient, comfyui: FakeComfyUI
) -> None:
    headers = {"content-type": "image/jpeg"}
    sent = (await connected.post("/api/v1/images", content=photo(), headers=headers)).json()

    response = await connected.post(MAKE, json={**LIVE, "source_sha256": sent["sha256"]})

    assert response.status_code == 200, response.text
    assert response.json()["meta"]["workflow"] == "img2img"
    assert len(comfyui.seen("POST", "/upload/image")) == 1


def test_the_client_makes_pictures_and_fetches_them(
    playground: PlaygroundClient, services: Services
) -> None:
    made = playground.make("free", SCENE["prompt"], options=SMALL, negative="글자")

    (output,) = made.outputs
    assert services.store.get(made.run_id).payload["negative"] == "글자"
    assert services.pictures.open(output.sha256) == playground.image(output.sha256)
    assert Image.open(io.BytesIO(playground.image(output.sha256, width=160))).format == "WEBP"
    assert playground.run(made.run_id).image.pictures[0].url == output.url


def test_the_client_streams_a_picture_to_its_end(playground: PlaygroundClient) -> None:
    events = list(playground.make_stream("free", SCENE["prompt"], options=SMALL))

    assert (events[0].kind, events[-1].kind) == ("run", "end")
    assert events[-1].data["outputs"][0]["sha256"]
    assert events[-1].data["run_id"] == events[0].data["run_id"]


def test_the_client_sends_a_picture_to_start_from(playground: PlaygroundClient) -> None:
    sent = playground.upload(photo(), name="컵.jpg")

    made = playground.make("free", SCENE["prompt"], options=SMALL, source_sha256=sent.sha256)

    assert (sent.width, sent.height, sent.format) == (80, 60, "png")
    assert playground.run(made.run_id).payload["source_sha256"] == sent.sha256


def test_the_client_explains_a_picture_that_is_not_there(playground: PlaygroundClient) -> None:
    with pytest.raises(PlaygroundApiError) as caught:
        playground.image("0" * 64)

    assert (caught.value.code, caught.value.status) == ("not_found", 404)


def test_the_client_lists_what_picture_providers_offer(playground: PlaygroundClient) -> None:
    assert {offer["provider"] for offer in playground.media()} >= {"mock", "comfyui"}
