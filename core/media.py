"""What travels between the layers for pictures: requests, events, outputs (SPEC-001, R11)."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field, JsonValue

from core.run import (
    ImageDetails,
    ImageRecord,
    Progress,
    Run,
)
from core.types import (
    Frozen,
    ImageOptions,
    Language,
    Mode,
    PhaseChanged,
    Text,
    Usage,
    utc_now,
)

__all__ = [
    "ImageOptions",
    "ImageRecord",
    "ImageRequest",
    "MediaChoices",
    "MediaCompleted",
    "MediaEvent",
    "MediaOutput",
    "MediaOutputInfo",
    "MediaProviderResponse",
    "MediaRequest",
    "Preview",
    "Progress",
    "QueuePlace",
    "ServedDetails",
    "ServedPicture",
    "ServedRun",
    "SourceImage",
    "picture_url",
]


def picture_url(sha256: str) -> str:
    """Where this playground serves the kept picture of this name."""
    return f"/api/v1/images/{sha256}"


class ImageRequest(Frozen):
    """What a person or a program asks for; the gateway turns it into a run of kind image.

    `task` is an image preset. `source_sha256` names a picture that is kept already (uploaded,
    or made before) to start from. `workflow` is for providers that have some; None: the
    preset's. `model` is a checkpoint, or a scenario of the mock.
    """

    task: str = Field(min_length=1, max_length=64)
    prompt: Text = Field(min_length=1, max_length=10_000)
    negative: Text = Field(default="", max_length=10_000)
    mode: Mode | None = None
    provider: str | None = Field(default=None, max_length=64)
    model: str | None = Field(default=None, max_length=300)
    workflow: str | None = Field(default=None, max_length=64)
    source_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    options: ImageOptions = ImageOptions()
    language: Language = Language.KOREAN
    parent_id: str | None = Field(default=None, max_length=64)
    source: Literal["page", "api"] = "api"
    user: str | None = Field(default=None, max_length=200)
    request_id: str | None = Field(default=None, max_length=64)


class SourceImage(Frozen):
    """The picture to start from: PNG bytes, already checked and stripped of metadata."""

    data: bytes = Field(repr=False)
    sha256: str
    width: int
    height: int


class MediaRequest(Frozen):
    """What a media provider is handed: everything resolved, nothing left to choose.

    `job_id` is a UUID in canonical form, written to the run's row before anything is sent;
    with `resume` the job was sent before (by a process that has died) and is only to be
    followed. `graph` is the workflow in ComfyUI's API format with every value in place, None
    for providers without workflows. All of `options` but `denoise` is set.
    """

    job_id: str
    task: str
    model: str
    prompt: str
    negative: str = ""
    options: ImageOptions
    graph: dict[str, JsonValue] | None = None
    source: SourceImage | None = None
    resume: bool = False


class QueuePlace(Frozen):
    """The job waits at the server: `ahead` jobs, also other people's, come first."""

    kind: Literal["queue"] = "queue"
    ahead: int


class Preview(Frozen):
    """The picture as far as it has emerged: JPEG, PNG or WebP bytes."""

    kind: Literal["preview"] = "preview"
    data: bytes = Field(repr=False)
    mime: str


class MediaOutput(Frozen):
    """One finished picture: the bytes as the server gave them, where it came from."""

    data: bytes = Field(repr=False)
    mime: str
    node: str = ""
    seed: int | None = None


class MediaCompleted(Frozen):
    """The last event. `problems` has one English sentence for each output that failed or is
    gone; `outputs` may then be fewer than asked for, but a run without any is an error."""

    kind: Literal["completed"] = "completed"
    outputs: tuple[MediaOutput, ...]
    problems: tuple[str, ...] = ()
    load_ms: float | None = None
    meta: dict[str, JsonValue] = Field(default_factory=dict)


MediaEvent = PhaseChanged | QueuePlace | Progress | Preview | MediaCompleted


class MediaChoices(Frozen):
    """What a media provider offers now, read from its server; empty where it has none."""

    checkpoints: tuple[str, ...] = ()
    samplers: tuple[str, ...] = ()
    schedulers: tuple[str, ...] = ()
    loras: tuple[str, ...] = ()


class MediaOutputInfo(Frozen):
    """A picture in a response: `url` is where this playground serves it."""

    type: Literal["image"] = "image"
    format: str
    width: int
    height: int
    sha256: str
    url: str


class MediaProviderResponse(Frozen):
    """Pictures in one shape, whichever provider made them (R11)."""

    provider: str
    model: str
    outputs: tuple[MediaOutputInfo, ...]
    usage: Usage = Usage()
    meta: dict[str, Any] = Field(default_factory=dict)
    timestamp: datetime = Field(default_factory=utc_now)


class ServedPicture(ImageRecord):
    """A kept picture, and where this playground serves it."""

    url: str


class ServedDetails(ImageDetails):
    """What only a run of kind image has, its pictures with their addresses."""

    pictures: tuple[ServedPicture, ...] = ()


class ServedRun(Run):
    """A run as it goes over the wire: its pictures have addresses."""

    image: ServedDetails | None = None

    @classmethod
    def of(cls, run: Run) -> Self:
        """`run` with the addresses of its pictures."""
        values: dict[str, Any] = dict(run)
        if run.image is not None:
            pictures = tuple(
                ServedPicture(url=picture_url(picture.sha256), **dict(picture))
                for picture in run.image.pictures
            )
            values["image"] = ServedDetails(options=run.image.options, pictures=pictures)
        return cls.model_construct(**values)
