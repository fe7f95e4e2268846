"""The ComfyUI provider on a real server, with a workflow that needs no model.

Runs where the environment has COMFYUI_BASE_URL: the address of a ComfyUI whose queue may be
used. Nothing of other people's is touched.
"""

import io
import os
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image

from core.errors import ModelNotFound, ProviderRejected
from core.media import Progress
from core.providers.comfyui import ComfyUIProvider
from core.settings import load_settings
from tests.comfyui_kit import collect, end_of, graph_with, request_for, until, until_failure

ADDRESS = os.environ.get("COMFYUI_BASE_URL", "")

pytestmark = [
    pytest.mark.comfyui,
    pytest.mark.skipif(not ADDRESS, reason="COMFYUI_BASE_URL names no server"),
]


@pytest.fixture
async def comfyui() -> AsyncIterator[ComfyUIProvider]:
    settings = load_settings({"COMFYUI_BASE_URL": ADDRESS}, env_file=None)
    provider = ComfyUIProvider.from_settings(settings)
    yield provider
    await provider.aclose()


def plain(*, colour: int, size: int = 64, batch: int = 1, scale: float = 1) -> dict[str, Any]:
    """Pictures of one colour."""
    image = {"width": size, "height": size, "batch_size": batch, "color": colour}
    scaled = {"image": ["1", 0], "upscale_method": "lanczos", "scale_by": scale}
    saved = {"images": ["2", 0], "filename_prefix": "sparklio/test"}
    return {
        "1": {"class_type": "EmptyImage", "inputs": image},
        "2": {"class_type": "ImageScaleBy", "inputs": scaled},
        "9": {"class_type": "SaveImage", "inputs": saved, "_meta": {"title": "Save"}},
    }


@pytest.fixture
def colour() -> int:
    return random.randrange(0xFFFFFF)  # noqa: S311 (new to the server, that is all)


async def test_it_is_well_and_has_samplers(comfyui):
    health = await comfyui.health_check()
    wants_a_checkpoint = health.code in ("no_checkpoint", "checkpoint_missing")
    assert health.state == "ok" or wants_a_checkpoint, health.reason
    assert "euler" in (await comfyui.choices()).samplers
    assert "SaveImage" in await comfyui.object_info()


async def test_a_batch_is_made_and_has_the_colour_asked_for(comfyui, colour):
    done = end_of(await collect(comfyui, request_for(plain(colour=colour, batch=2))))
    assert len(done.outputs) == 2
    image = Image.open(io.BytesIO(done.outputs[0].data))
    assert image.getpixel((5, 5)) == (colour >> 16, colour >> 8 & 255, colour & 255)
    assert "prompt" in image.text


async def test_the_same_again_comes_from_the_cache(comfyui, colour):
    first, again = [
        end_of(await collect(comfyui, request_for(plain(colour=colour)))) for _ in range(2)
    ]
    assert (first.meta["cached"], again.meta["cached"]) == (False, True)
    assert first.meta["files"] == again.meta["files"]


async def test_what_it_lacks_is_named(comfyui):
    graph = graph_with(checkpointloadersimple__ckpt_name="no-such.safetensors")
    error = await until_failure(comfyui, request_for(graph))
    assert isinstance(error, ModelNotFound)
    assert error.details["model"] == "no-such.safetensors"
    nope = {"1": {"class_type": "NoSuchNode", "inputs": {}}}
    error = await until_failure(comfyui, request_for(nope))
    assert isinstance(error, ProviderRejected)
    assert error.details["missing_nodes"] == ["NoSuchNode"]


async def test_a_partly_valid_workflow_leaves_nothing_in_the_queue(comfyui, colour):
    graph = plain(colour=colour) | {"10": {"class_type": "SaveImage", "inputs": {}}}
    error = await until_failure(comfyui, request_for(graph))
    assert "images" in error.message


async def test_a_job_is_stopped_when_the_stream_is_closed(comfyui, colour):
    request = request_for(plain(colour=colour, size=512, batch=300, scale=2))
    events = comfyui.stream(request)
    await until(events, Progress)
    await events.aclose()
    resumed = request.model_copy(update={"resume": True})
    error = await until_failure(comfyui, resumed)
    assert error.details.get("interrupted") or error.details.get("lost")


async def test_an_ended_job_is_picked_up_again(comfyui, colour):
    request = request_for(plain(colour=colour))
    first = end_of(await collect(comfyui, request))
    again = end_of(await collect(comfyui, request.model_copy(update={"resume": True})))
    assert again.outputs == first.outputs
