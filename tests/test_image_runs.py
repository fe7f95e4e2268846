"""Picture runs with the real services and the mock: planned, made, kept, recorded."""

import hashlib
from io import BytesIO

import pytest
from PIL import Image

from core.errors import InvalidRequest, UnknownTask
from core.media import ImageOptions, ImageRequest
from core.pictures import read_parameters
from core.services import Services
from core.types import Mode, RunStatus


def request(**values: object) -> ImageRequest:
    known: dict = {"task": "free", "prompt": "창가의 텀블러"}
    small = ImageOptions(width=96, height=64, steps=4, seed=7)
    return ImageRequest(**known | {"options": small} | values)


def test_a_mock_picture_is_kept_under_its_hash_and_recorded(services: Services) -> None:
    gateway = services.gateway
    run = gateway.result(gateway.submit(request()), timeout=20)
    assert (run.status, run.kind, run.mode) == (RunStatus.SUCCEEDED, "image", Mode.MOCK)
    (picture,) = run.image.pictures
    data = services.pictures.open(picture.sha256)
    assert hashlib.sha256(data).hexdigest() == picture.sha256
    assert Image.open(BytesIO(data)).size == (picture.width, picture.height) == (96, 64)
    assert services.store.get(run.id) == run
    assert gateway.recent(kind="image") == [run]


def test_a_picture_carries_its_parameters(services: Services) -> None:
    gateway = services.gateway
    run = gateway.result(gateway.submit(request()), timeout=20)
    inside = read_parameters(services.pictures.open(run.image.pictures[0].sha256))
    assert inside["id"] == run.id
    assert inside["payload"]["prompt"] == "창가의 텀블러"
    assert inside["options"]["width"] == 96
    assert inside["seed"] == 7


def test_a_batch_of_pictures_has_one_row_each_with_its_seed(services: Services) -> None:
    gateway = services.gateway
    options = ImageOptions(width=64, height=64, steps=2, seed=7, batch=3)
    run = gateway.result(gateway.submit(request(options=options)), timeout=20)
    assert [picture.index for picture in run.image.pictures] == [0, 1, 2]
    assert len({picture.sha256 for picture in run.image.pictures}) == 3
    assert len({picture.seed for picture in run.image.pictures}) == 3


def test_a_size_that_the_model_cannot_take_is_rounded_and_said(services: Services) -> None:
    preview = services.gateway.preview_image(request(task="sns_thumbnail", options=ImageOptions()))
    assert (preview.options.width, preview.options.height) == (1200, 632)
    assert [note.code for note in preview.notes] == ["size_rounded"]
    assert preview.options.seed is not None


def test_the_response_names_where_the_pictures_are(services: Services) -> None:
    gateway = services.gateway
    run = gateway.result(gateway.submit(request()), timeout=20)
    response = gateway.media_response(run)
    (output,) = response.outputs
    assert output.url == f"/api/v1/images/{output.sha256}"
    assert response.meta["run_id"] == run.id
    assert response.meta["seeds"] == [7]


def test_a_kept_picture_can_be_started_from(services: Services) -> None:
    gateway = services.gateway
    first = gateway.result(gateway.submit(request()), timeout=20)
    sha256 = first.image.pictures[0].sha256
    options = ImageOptions(width=96, height=64, steps=4, seed=9, denoise=0.3)
    again = request(source_sha256=sha256, options=options, parent_id=first.id)
    run = gateway.result(gateway.submit(again), timeout=20)
    assert run.status is RunStatus.SUCCEEDED
    assert run.payload["source_sha256"] == sha256
    assert run.parent_id == first.id


def test_following_a_picture_shows_progress_and_previews(services: Services) -> None:
    gateway = services.gateway
    run_id = gateway.submit(request(model="mock-picture-slow"))
    kinds: list[str] = []
    preview = None
    for event in gateway.follow(run_id):
        kinds.append(event.kind)
        if event.kind == "preview":
            preview = preview or gateway.picture_preview(run_id)
    assert {"phase", "progress", "preview"} <= set(kinds)
    assert kinds[-1] == "end"
    assert Image.open(BytesIO(preview.data)).size[0] > 0


def test_a_picture_can_be_cancelled(services: Services) -> None:
    gateway = services.gateway
    run = gateway.cancel(gateway.submit(request(model="mock-picture-slow")))
    assert run.status is RunStatus.CANCELLED
    assert run.image.pictures == ()


def test_a_live_picture_without_a_server_fails_and_never_becomes_mock(services: Services) -> None:
    gateway = services.gateway
    run = gateway.result(gateway.submit(request(mode="live")), timeout=20)
    assert (run.status, run.mode, run.provider) == (RunStatus.FAILED, Mode.LIVE, "comfyui")
    assert run.error_code == "provider_unavailable"


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"task": "nothing"}, UnknownTask),
        ({"mode": "live", "workflow": "nothing"}, InvalidRequest),
        ({"mode": "live", "workflow": "img2img"}, InvalidRequest),
    ],
)
def test_what_cannot_be_made_leaves_no_row(
    services: Services, values: dict, error: type[Exception]
) -> None:
    with pytest.raises(error):
        services.gateway.submit(request(**values))
    assert services.gateway.recent() == []


def test_text_and_pictures_share_a_batch(services: Services) -> None:
    gateway = services.gateway
    batch = gateway.submit_batch([request(), request(options=ImageOptions(width=64, height=64))])
    for run_id in batch.run_ids:
        gateway.result(run_id, timeout=20)
    assert [len(view.run.image.pictures) for view in gateway.batch(batch.id)] == [1, 1]
