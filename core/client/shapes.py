"""What a playground answers with, beyond what `core` has shapes for."""

from dataclasses import dataclass
from typing import Any

from core.media import MediaProviderResponse
from core.types import LLMProviderResponse


class Answer(LLMProviderResponse):
    """An answer (R2) and the id of its recorded run."""

    run_id: str


class Pictures(MediaProviderResponse):
    """The pictures of a run, each with its address, and the run's id."""

    run_id: str


@dataclass(frozen=True)
class StreamEvent:
    """One event of a run: "run", "phase", "thinking", "text", "progress", "preview" or, last,
    "end".

    `cursor` is where to go on from; the data of "end" is that of an `Answer`, or of `Pictures`.
    """

    kind: str
    data: dict[str, Any]
    cursor: str | None = None
