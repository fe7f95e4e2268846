"""Requests to the mock of pictures, and what comes of them."""

import io
from typing import Any

from PIL import Image

from core.media import (
    ImageOptions,
    MediaCompleted,
    MediaEvent,
    MediaRequest,
    SourceImage,
)
from core.providers.base import ProviderProfile
from core.providers.mock_media import MockMediaProvider
from core.providers.mock_media.typeface import Typeface, find_typeface
from core.settings import Settings
from core.types import Mode

TUMBLER = "봄 신제품 텀블러, 부드러운 아침 햇살"
LATIN_ONLY = Typeface()
TYPEFACE = find_typeface()


def media_mock(tokens_per_second: float = 0) -> MockMediaProvider:
    return MockMediaProvider.from_settings(Settings(mock_tokens_per_second=tokens_per_second))


def latin_mock() -> MockMediaProvider:
    """The mock as it is on a machine without any Korean font."""
    profile = ProviderProfile(vendor="mock", mode=Mode.MOCK, models={})
    return MockMediaProvider(profile=profile, tokens_per_second=0, typeface=LATIN_ONLY)


def picture_request(
    prompt: str = TUMBLER,
    *,
    model: str = "mock-picture",
    task: str = "free",
    negative: str = "",
    source: bytes | None = None,
    **options: Any,
) -> MediaRequest:
    usual: dict[str, Any] = {
        "width": 192,
        "height": 160,
        "steps": 20,
        "cfg": 7.0,
        "sampler": "euler",
        "scheduler": "normal",
        "seed": 7,
        "batch": 1,
    }
    return MediaRequest(
        job_id="0b5f9a52-3d0c-4a3e-9a0e-2f6f0c9b1a11",
        task=task,
        model=model,
        prompt=prompt,
        negative=negative,
        options=ImageOptions(**usual | options),
        source=source and SourceImage(data=source, sha256="0" * 64, width=1, height=1),
    )


async def events_of(
    request: MediaRequest, provider: MockMediaProvider | None = None
) -> list[MediaEvent]:
    return [event async for event in (provider or media_mock()).stream(request)]


async def completed(
    request: MediaRequest, provider: MockMediaProvider | None = None
) -> MediaCompleted:
    last = (await events_of(request, provider))[-1]
    assert isinstance(last, MediaCompleted)
    return last


async def drawn(request: MediaRequest, provider: MockMediaProvider | None = None) -> bytes:
    return (await completed(request, provider)).outputs[0].data


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def png_of(colour: tuple[int, ...], size: tuple[int, int] = (64, 48)) -> bytes:
    file = io.BytesIO()
    Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour).save(file, "PNG")
    return file.getvalue()
