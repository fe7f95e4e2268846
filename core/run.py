"""A run: one request and what came of it, as it is kept and as it is shown while it goes on."""

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from core.finding import CheckReport
from core.types import (
    Frozen,
    GenerationOptions,
    ImageOptions,
    Language,
    Message,
    Mode,
    Phase,
    RunStatus,
)


class FieldLength(Frozen):
    """One field of a contract answer against its limits, counted in characters of NFC text.

    `value` is the field as answered (None when missing). List items have names like
    "bullets[0]".
    """

    name: str
    value: JsonValue = None
    length: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    ok: bool = True


class ContractVerdict(Frozen):
    """Whether an answer keeps its task's contract; `errors` has one English sentence a fault."""

    valid: bool
    errors: tuple[str, ...] = ()


class ImageRecord(Frozen):
    """A kept picture: a row of the table `images`. The file is named by `sha256`."""

    run_id: str
    index: int
    sha256: str
    width: int
    height: int
    format: Literal["png", "jpeg", "webp"]
    bytes: int
    node: str = ""
    seed: int | None = None


class ImageDetails(Frozen):
    """What only a run of kind image has: its options, and the pictures it made."""

    options: ImageOptions = ImageOptions()
    pictures: tuple[ImageRecord, ...] = ()


class Run(Frozen):
    """One request and what came of it: a row of the table `runs`, see docs/database.md.

    Times are UTC; `*_ms` are milliseconds from a monotonic clock. `total_ms` runs from
    leaving the queue to the end and includes `load_ms`; `first_token_ms` from leaving the
    queue to the first character of the answer, `queued_ms` from submitting to leaving it.
    """

    id: str
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    kind: Literal["text", "image"] = "text"
    status: RunStatus = RunStatus.QUEUED
    mode: Mode
    provider: str
    model: str
    role: str
    task: str
    language: Language = Language.KOREAN
    format: Literal["json", "text"] = "text"
    batch_id: str | None = None
    parent_id: str | None = None
    source: Literal["page", "api"] = "api"
    user: str | None = None
    payload: dict[str, JsonValue] = Field(default_factory=dict)
    prompt: tuple[Message, ...] = ()
    options: GenerationOptions = GenerationOptions()
    image: ImageDetails | None = None
    output: str = ""
    output_json: JsonValue = None
    thinking: str = ""
    finish_reason: str | None = None
    contract: ContractVerdict | None = None
    report: CheckReport | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    queued_ms: float | None = None
    load_ms: float | None = None
    first_token_ms: float | None = None
    total_ms: float | None = None
    tokens_per_second: float | None = None
    error_code: str | None = None
    error_message: str | None = None
    error_details: dict[str, JsonValue] = Field(default_factory=dict)
    meta: dict[str, JsonValue] = Field(default_factory=dict)
    request_id: str | None = None

    @property
    def named(self) -> dict[str, str | None]:
        """What a line of the log says of which run it is about."""
        return {"run_id": self.id, "request_id": self.request_id}


class Progress(Frozen):
    """Step `value` of `maximum` in `node` (its title for people); 0 of 0 when not known."""

    kind: Literal["progress"] = "progress"
    value: float
    maximum: float
    node: str = ""


class RunView(Frozen):
    """A run as it is this moment: the row, and while it is not final what it is doing.

    `run.output` and `run.thinking` hold all that has arrived and is saved. `ahead` counts the
    runs that the same provider serves first; `elapsed_ms` runs from submitting. Pictures have
    `progress`, and `previews` counts the previews so far.
    """

    run: Run
    phase: Phase | None = None
    ahead: int = 0
    progress: Progress | None = None
    previews: int = 0
    elapsed_ms: float = 0
