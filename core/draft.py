"""An answer while it arrives, and the run it becomes."""

import time
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from core.errors import PlaygroundError, ProviderError
from core.media import Preview, Progress
from core.run import (
    Run,
)
from core.types import (
    Phase,
    RunStatus,
    scrub_json,
    utc_now,
)


class Draft(ABC):
    """Takes in the events of one answer. Times are milliseconds since it was made.

    `text` and `thinking` are saved and shown while they grow; `phase`, `ahead` (jobs that the
    server does first), `progress` and `preview` are only shown.
    """

    ahead: int = 0
    progress: Progress | None = None
    preview: Preview | None = None
    first_phase: ClassVar[Phase] = Phase.CONNECTING

    def __init__(self, run: Run) -> None:
        self._run = run
        self._began = time.monotonic()
        self.phase = self.first_phase

    @property
    def text(self) -> str:
        """The text so far."""
        return ""

    @property
    def thinking(self) -> str:
        """What the model thought so far."""
        return ""

    @abstractmethod
    def add(self, event: Any) -> None:  # noqa: ANN401 (each kind has its own events)
        """Take in one event. Raises AnswerTooLong for an answer without end."""

    @abstractmethod
    async def succeeded(self) -> Run:
        """The run of an answer that came whole. Raises PlaygroundError when it did not."""

    def failed(self, error: PlaygroundError) -> Run:
        """The run of an answer that could not be had, with what had arrived."""
        status = error.status if isinstance(error, ProviderError) else None
        return self._ended(
            RunStatus.FAILED,
            error_code=error.code,
            error_message=error.message,
            error_details={**error.details, **({"provider_status": status} if status else {})},
        )

    def stopped(self, status: RunStatus, *, code: str, message: str) -> Run:
        """The run that a person or the end of the app cut short, with what had arrived."""
        return self._ended(status, error_code=code, error_message=message)

    def elapsed_ms(self) -> float:
        """Milliseconds since the run left the queue."""
        return (time.monotonic() - self._began) * 1000

    def _arrived(self) -> dict[str, Any]:
        """What of the run's row has arrived so far, also when it ends badly."""
        return {}

    def _ended(self, status: RunStatus, **values: Any) -> Run:
        """The final run. What servers call things is made fit for the record and for JSON."""
        return self._run.model_copy(
            update={
                "status": status,
                # The clock may have been put back since.
                "finished_at": max(utc_now(), self._run.started_at or self._run.created_at),
                "total_ms": self.elapsed_ms(),
                **self._arrived(),
                **{name: scrub_json(value) for name, value in values.items()},
            }
        )
