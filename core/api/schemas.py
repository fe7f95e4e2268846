"""What goes over the wire: requests checked strictly, answers described for the docs."""

import math
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from core.catalog import Contract, Localised, PayloadField
from core.errors import ProviderError
from core.gateway import Gateway
from core.media import ImageRequest, MediaChoices, MediaProviderResponse
from core.run import (
    Run,
)
from core.types import (
    Frozen,
    GenerationOptions,
    ImageOptions,
    Language,
    LLMProviderResponse,
    Mode,
    ModelInfo,
    Payload,
    Text,
    TextRequest,
    Tier,
)

MAX_DEPTH = 32


def plain_json(value: object) -> object:
    """`value`, refused when it nests too deep or holds NaN or Infinity, which JSON has not."""
    level = [value]
    for _ in range(MAX_DEPTH):
        if any(isinstance(item, float) and not math.isfinite(item) for item in level):
            raise ValueError("NaN and Infinity are not JSON numbers")
        level = [inner for item in level for inner in _inside(item)]
        if not level:
            return value
    raise ValueError(f"nests deeper than {MAX_DEPTH} levels")


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


class GenerateRequest(Frozen):
    """What to write. Only `role` and `task` are needed; see `/v1/catalog` for both."""

    role: str = Field(min_length=1, max_length=64, examples=["copywriter"])
    task: str = Field(min_length=1, max_length=64, examples=["product_detail"])
    payload: Annotated[Payload, BeforeValidator(plain_json)] = Field(
        default_factory=dict, description="The task's fields, by name."
    )
    mode: Mode | None = Field(None, description="Left out: as the setting GENERATOR_MODE says.")
    format: Literal["json", "text"] | None = Field(
        None, description="Left out: json where the task has a contract."
    )
    provider: str | None = Field(None, min_length=1, max_length=64)
    model: str | None = Field(None, min_length=1, max_length=200)
    language: Language = Language.KOREAN
    options: GenerationOptions = GenerationOptions()
    parent_id: str | None = Field(None, max_length=64, description="The run that this one varies.")
    user: str | None = Field(None, max_length=200, description="Who asks, kept with the run.")

    def to_text_request(self) -> TextRequest:
        """The request as the gateway takes it."""
        return TextRequest(source="api", **dict(self))


class GenerateResponse(LLMProviderResponse):
    """R2's fields and the id of the recorded run.

    `output` is the parsed object where the task's contract is kept, else the raw text, with
    `meta.contract.valid` false.
    """

    run_id: str

    @classmethod
    def of(cls, response: LLMProviderResponse, run_id: str) -> "GenerateResponse":
        """`response` with its run's id."""
        return cls.model_construct(run_id=run_id, **dict(response))


class MediaGenerateRequest(Frozen):
    """What to make a picture of. Only `task` and `prompt` are needed.

    `/v1/catalog` lists the tasks (`presets`) and workflows, `/v1/media` the models.
    """

    task: str = Field(min_length=1, max_length=64, examples=["product_image"])
    prompt: Text = Field(min_length=1, max_length=10_000)
    negative: Text = Field("", max_length=10_000, description="What should not be seen.")
    mode: Mode | None = Field(None, description="Left out: as the setting GENERATOR_MODE says.")
    media_type: Literal["image"] = "image"
    provider: str | None = Field(None, min_length=1, max_length=64)
    model: str | None = Field(
        None, min_length=1, max_length=300, description="A checkpoint, or a scenario of the mock."
    )
    workflow: str | None = Field(
        None, min_length=1, max_length=64, description="Left out: the task's own."
    )
    source_sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="A kept picture to start from."
    )
    options: ImageOptions = ImageOptions()
    language: Language = Language.KOREAN
    parent_id: str | None = Field(None, max_length=64, description="The run that this one varies.")
    user: str | None = Field(None, max_length=200, description="Who asks, kept with the run.")

    def to_image_request(self) -> ImageRequest:
        """The request as the gateway takes it."""
        values = {name: value for name, value in self if name != "media_type"}
        return ImageRequest(source="api", **values)


class MediaGenerateResponse(MediaProviderResponse):
    """The pictures, each with its address, and the id of the recorded run."""

    run_id: str

    @classmethod
    def of(cls, response: MediaProviderResponse, run_id: str) -> "MediaGenerateResponse":
        """`response` with its run's id."""
        return cls.model_construct(run_id=run_id, **dict(response))


def answer_of(gateway: Gateway, run: Run) -> GenerateResponse | MediaGenerateResponse:
    """The answer of a run that succeeded, of any kind. Raises the error it ended with."""
    if run.kind == "image":
        return MediaGenerateResponse.of(gateway.media_response(run), run.id)
    return GenerateResponse.of(gateway.response(run), run.id)


class ModelListError(Frozen):
    """Why a provider could not say what it offers."""

    code: str
    message: str

    @classmethod
    def of(cls, error: ProviderError | None) -> "ModelListError | None":
        """`error` in short, None for none."""
        return None if error is None else cls(code=error.code, message=error.message)


class ProviderModels(Frozen):
    """One provider and the models that it offers now."""

    provider: str
    mode: Mode
    configured: bool
    models: tuple[ModelInfo, ...]
    error: ModelListError | None = None


class ModelsResponse(Frozen):
    """Every provider with its models."""

    providers: tuple[ProviderModels, ...]


class MediaOffer(Frozen):
    """One picture provider: what it can do, and what it offers now."""

    provider: str
    mode: Mode
    configured: bool
    supports_source: bool
    supports_negative: bool
    supports_batch: bool
    supports_workflows: bool
    choices: MediaChoices
    error: ModelListError | None = None


class MediaResponse(Frozen):
    """Every picture provider with what it offers."""

    providers: tuple[MediaOffer, ...]


class RoleInfo(Frozen):
    """Who can write."""

    id: str
    label: Localised
    help: Localised
    options: GenerationOptions


class TaskInfo(Frozen):
    """What can be written: the fields of its payload and the contract of its answer."""

    id: str
    label: Localised
    help: Localised
    tier: Tier
    roles: tuple[str, ...]
    options: GenerationOptions
    fields: tuple[PayloadField, ...]
    contract: Contract | None


class PresetInfo(Frozen):
    """A task for pictures: its options, and help with the prompt.

    Sides are rounded to `multiple_of` pixels; the run's `meta.adjusted` says so.
    """

    id: str
    label: Localised
    help: Localised
    options: ImageOptions
    multiple_of: int
    workflow: str
    prompt_hint: Localised
    example: Localised
    negative: Localised


class WorkflowInfo(Frozen):
    """A workflow for providers that have some, and what it cannot do without."""

    id: str
    label: Localised
    help: Localised
    defaults: ImageOptions
    needs_source: bool
    needs_checkpoint: bool


class CatalogResponse(Frozen):
    """Roles and tasks of texts, presets and workflows of pictures, in both languages."""

    roles: tuple[RoleInfo, ...]
    tasks: tuple[TaskInfo, ...]
    presets: tuple[PresetInfo, ...]
    workflows: tuple[WorkflowInfo, ...]
