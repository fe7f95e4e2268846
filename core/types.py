"""What travels between the layers: requests, events and responses (SPEC-001)."""

import math
import re
import unicodedata
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue


class Mode(StrEnum):
    """Whether a run asks a simulated provider or a real server."""

    MOCK = "mock"
    LIVE = "live"


class Language(StrEnum):
    """The language an answer is asked for in."""

    KOREAN = "ko"
    ENGLISH = "en"


class Tier(StrEnum):
    """How large a model a task wants; settings map each tier to a model name."""

    LIGHT = "light"
    STANDARD = "standard"
    HEAVY = "heavy"


class RunStatus(StrEnum):
    """Where a run is. The last four are final: a run gets exactly one of them."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to the run."""
        return self not in (RunStatus.QUEUED, RunStatus.RUNNING)


class Phase(StrEnum):
    """What a run that is not yet final is doing right now."""

    QUEUED = "queued"
    CONNECTING = "connecting"
    LOADING = "loading"
    THINKING = "thinking"
    WRITING = "writing"
    DRAWING = "drawing"
    CANCELLING = "cancelling"
    SAVING = "saving"  # what has arrived waits for a disk that is full or a database in use


def utc_now() -> datetime:
    """This moment in UTC, to the millisecond: the precision in which times are kept."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


LARGEST_SIDE = 4096
MOST_PICTURES = 8

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def scrub(text: str) -> str:
    """`text` with half characters (lone surrogates, which UTF-8 cannot write) as U+FFFD."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def normalise(text: str) -> str:
    """`text` scrubbed and in NFC, the form in which text is counted, compared and hashed."""
    return unicodedata.normalize("NFC", scrub(text))


def normalise_json(value: JsonValue) -> JsonValue:
    """`value` with every string in it, keys too, in NFC."""
    if isinstance(value, str):
        return normalise(value)
    if isinstance(value, list):
        return [normalise_json(item) for item in value]
    if isinstance(value, dict):
        return {normalise(key): normalise_json(item) for key, item in value.items()}
    return value


def scrub_json(value: object) -> object:
    """`value` as JSON can say it: strings in it scrubbed, null for NaN and the infinities."""
    match value:
        case str():
            return scrub(value)
        case float() if not math.isfinite(value):
            return None
        case list() | tuple():
            return type(value)(scrub_json(item) for item in value)
        case dict():
            return {scrub_json(key): scrub_json(item) for key, item in value.items()}
    return value


Text = Annotated[str, AfterValidator(normalise)]
Payload = Annotated[dict[str, JsonValue], AfterValidator(normalise_json)]


class Frozen(BaseModel):
    """A value that does not change once made; unknown fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


StopWords = Annotated[str, AfterValidator(scrub), Field(max_length=200)]


class GenerationOptions(Frozen):
    """How to generate. None leaves the choice to the role, the task, or else the server."""

    temperature: float | None = Field(default=None, ge=0, le=2, allow_inf_nan=False)
    max_tokens: int | None = Field(default=None, ge=1, le=32_768)
    top_p: float | None = Field(default=None, gt=0, le=1, allow_inf_nan=False)
    top_k: int | None = Field(default=None, ge=1, le=1000)
    repeat_penalty: float | None = Field(default=None, ge=0.5, le=2, allow_inf_nan=False)
    seed: int | None = Field(default=None, ge=0, le=2**31 - 1)
    stop: tuple[StopWords, ...] | None = Field(default=None, max_length=8)

    def over(self, defaults: "GenerationOptions") -> "GenerationOptions":
        """These options, with `defaults` where they leave the choice open."""
        return GenerationOptions(
            **defaults.model_dump(exclude_none=True) | self.model_dump(exclude_none=True)
        )


class ImageOptions(Frozen):
    """How to make a picture. None leaves the choice to the preset, or else the workflow.

    `width` and `height` in pixels; `batch` pictures from one run; `denoise` how far a picture
    may leave its source (0 keeps it, 1 forgets it).
    """

    width: int | None = Field(default=None, ge=16, le=LARGEST_SIDE)
    height: int | None = Field(default=None, ge=16, le=LARGEST_SIDE)
    steps: int | None = Field(default=None, ge=1, le=200)
    cfg: float | None = Field(default=None, ge=0, le=100, allow_inf_nan=False)
    sampler: str | None = Field(default=None, max_length=100)
    scheduler: str | None = Field(default=None, max_length=100)
    seed: int | None = Field(default=None, ge=0, le=2**53 - 1)
    batch: int | None = Field(default=None, ge=1, le=MOST_PICTURES)
    denoise: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)

    def over(self, defaults: "ImageOptions") -> "ImageOptions":
        """These options, with `defaults` where they leave the choice open."""
        return ImageOptions(
            **defaults.model_dump(exclude_none=True) | self.model_dump(exclude_none=True)
        )


class Message(Frozen):
    """One message of a prompt as sent."""

    role: Literal["system", "user", "assistant"]
    content: str


class TextRequest(Frozen):
    """What a person or a program asks for; the gateway turns it into a run.

    `mode`, `provider` and `model` left None are chosen by the router. `format` None means
    json where the task has a contract and text where it has none. `request_id` is that of the
    REST request which asks, so that the log of one leads to the other.
    """

    role: str = Field(min_length=1, max_length=64)
    task: str = Field(min_length=1, max_length=64)
    payload: Payload = Field(default_factory=dict)
    language: Language = Language.KOREAN
    mode: Mode | None = None
    provider: str | None = Field(default=None, max_length=64)
    model: str | None = Field(default=None, max_length=200)
    format: Literal["json", "text"] | None = None
    options: GenerationOptions = GenerationOptions()
    parent_id: str | None = Field(default=None, max_length=64)
    source: Literal["page", "api"] = "api"
    user: str | None = Field(default=None, max_length=200)
    request_id: str | None = Field(default=None, max_length=64)


class ProviderRequest(Frozen):
    """What a provider is handed: everything resolved, nothing left to choose.

    `output_schema` is the JSON Schema that the answer must keep (the contract without its
    length limits, see `core.catalog`), `wants_json` asks for JSON with or without a schema.
    Real servers use `messages`; the mock writes from `role`, `task` and `payload`.
    """

    role: str
    task: str
    model: str
    messages: tuple[Message, ...]
    options: GenerationOptions = GenerationOptions()
    wants_json: bool = False
    output_schema: dict[str, JsonValue] | None = None
    payload: dict[str, JsonValue] = Field(default_factory=dict)
    language: Language = Language.KOREAN


class Usage(Frozen):
    """Tokens in and out, None where the server did not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None

    @classmethod
    def of(cls, prompt: int | None, completion: int | None) -> "Usage":
        """Usage from its two parts; the total is known when both are."""
        known = prompt is not None and completion is not None
        return cls(
            prompt_tokens=prompt,
            completion_tokens=completion,
            total_tokens=prompt + completion if known else None,
        )


class PhaseChanged(Frozen):
    """The provider does something else now."""

    kind: Literal["phase"] = "phase"
    phase: Phase


class TextDelta(Frozen):
    """A piece of the answer."""

    kind: Literal["text"] = "text"
    text: str


class ThinkingDelta(Frozen):
    """A piece of what a thinking model thinks before it answers."""

    kind: Literal["thinking"] = "thinking"
    text: str


class Completed(Frozen):
    """The last event of an answer that came whole.

    `finish_reason` is "stop" or "length" (or the server's own word); `load_ms` the time the
    server spent loading the model; `tokens_per_second` the server's own generation speed.
    `meta` holds what only this provider tells (served model, prompt speed, simulated …).
    """

    kind: Literal["completed"] = "completed"
    finish_reason: str | None = None
    usage: Usage = Usage()
    load_ms: float | None = None
    tokens_per_second: float | None = None
    meta: dict[str, JsonValue] = Field(default_factory=dict)


ProviderEvent = PhaseChanged | TextDelta | ThinkingDelta | Completed


class LLMProviderResponse(Frozen):
    """One answer in one shape, whichever provider wrote it (R2).

    `output` is the raw text, or the parsed object where a contract was asked for and kept.
    `meta` carries mode, role, task, status, timings and the contract's verdict.
    """

    provider: str
    model: str
    usage: Usage
    output: JsonValue
    meta: dict[str, Any] = Field(default_factory=dict)
    timestamp: datetime = Field(default_factory=utc_now)


class ModelInfo(Frozen):
    """A model that a provider offers. Sizes in bytes; None where the server does not say."""

    name: str
    size: int | None = None
    parameters: str | None = None
    loaded: bool | None = None
    capabilities: tuple[str, ...] = ()
