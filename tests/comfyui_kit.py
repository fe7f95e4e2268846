"""What the tests of the ComfyUI provider share: a provider on a fake, requests, ways to read."""

import copy
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from core.errors import ProviderError
from core.media import MediaCompleted, MediaEvent, MediaRequest, SourceImage
from core.providers.comfyui import ComfyUIProvider, Pace
from core.settings import load_settings
from core.types import ImageOptions, Phase, PhaseChanged
from tests.fakes.comfyui import FakeComfyUI
from tests.fakes.comfyui_files import picture

QUICK = Pace(
    poll=0.02,
    settle=0.01,
    vanished=0.02,
    unreachable=5,
    look_up=0.01,
    deaf=30,
    reconnect=0.01,
    withdraw=5,
    insist=0.1,
)
OPTIONS = ImageOptions(
    width=64, height=48, steps=4, cfg=7, sampler="euler", scheduler="normal", seed=42, batch=1
)
TXT2IMG: dict[str, Any] = {
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "tiny.safetensors"}},
    "5": {
        "class_type": "EmptyLatentImage",
        "inputs": {"width": 64, "height": 48, "batch_size": 1},
    },
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "텀블러", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 42,
            "steps": 4,
            "cfg": 7,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1,
            "model": ["4", 0],
            "positive": ["6", 0],
            "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
        "_meta": {"title": "Draw it"},
    },
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {
        "class_type": "SaveImage",
        "inputs": {"images": ["8", 0], "filename_prefix": "sparklio/a"},
        "_meta": {"title": "Save"},
    },
}

Connect = Callable[..., ComfyUIProvider]


def graph_with(**inputs: Any) -> dict[str, Any]:
    """TXT2IMG with other inputs: `ksampler__seed=7` sets `seed` of the node of that class."""
    graph = copy.deepcopy(TXT2IMG)
    for name, value in inputs.items():
        kind, _, key = name.partition("__")
        for node in graph.values():
            if node["class_type"].lower() == kind:
                node["inputs"][key] = value
    return graph


def request_for(graph: dict[str, Any] | None = None, **changes: Any) -> MediaRequest:
    """A request of its own job id; its seed differs from all others'."""
    values = {
        "job_id": str(uuid.uuid4()),
        "task": "free",
        "model": "tiny.safetensors",
        "prompt": "텀블러",
        "options": OPTIONS,
        "graph": graph
        if graph is not None
        else graph_with(ksampler__seed=uuid.uuid4().int % 2**50),
    }
    return MediaRequest(**(values | changes))


def source_image(red: int = 1) -> SourceImage:
    """A picture to start from."""
    data = picture({"red": red})
    return SourceImage(data=data, sha256=f"{red:064x}", width=64, height=48)


@asynccontextmanager
async def connecting(fake: FakeComfyUI) -> AsyncIterator[Connect]:
    """A maker of providers on `fake`, settings given in small letters; closes what it made."""
    made: list[ComfyUIProvider] = []

    def connect(*, pace: Pace = QUICK, **settings: str) -> ComfyUIProvider:
        environ = {"COMFYUI_BASE_URL": fake.url} | {
            name.upper(): value for name, value in settings.items()
        }
        provider = ComfyUIProvider.from_settings(load_settings(environ, env_file=None), pace=pace)
        made.append(provider)
        return provider

    yield connect
    for provider in made:
        await provider.aclose()


async def collect(
    provider: ComfyUIProvider, request: MediaRequest | None = None
) -> list[MediaEvent]:
    async with aclosing(provider.stream(request or request_for())) as events:
        return [event async for event in events]


async def until_failure(
    provider: ComfyUIProvider, request: MediaRequest | None = None
) -> ProviderError:
    """The error that the job ends with."""
    with pytest.raises(ProviderError) as caught:
        await collect(provider, request)
    assert caught.value.provider == "comfyui"
    return caught.value


async def until(events: AsyncGenerator[MediaEvent], kind: type) -> Any:
    """The next event of this kind."""
    async for event in events:
        if isinstance(event, kind):
            return event
    raise AssertionError(f"no {kind.__name__} came")


def of(kind: type, events: list[MediaEvent]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def phases_of(events: list[MediaEvent]) -> list[Phase]:
    return [event.phase for event in of(PhaseChanged, events)]


def end_of(events: list[MediaEvent]) -> MediaCompleted:
    assert len(of(MediaCompleted, events)) == 1
    assert isinstance(events[-1], MediaCompleted)
    return events[-1]
