"""A picture while it emerges, and the run it becomes."""

import asyncio
from typing import Any

from core.draft import Draft
from core.errors import BrokenAnswer, InvalidRequest, RequestTooLarge
from core.media import MediaCompleted, MediaEvent, MediaOutput, Preview, Progress, QueuePlace
from core.pictures import PictureFolder, with_parameters
from core.run import (
    ImageDetails,
    ImageRecord,
    Run,
)
from core.types import (
    Phase,
    PhaseChanged,
    RunStatus,
)

PARAMETERS = (
    *("id", "created_at", "mode", "provider", "model", "task", "payload"),
    *("language", "parent_id", "user"),
)


class ImageDraft(Draft):
    """Follows one job and keeps its pictures in `folder` when they are there."""

    def __init__(self, run: Run, folder: PictureFolder) -> None:
        super().__init__(run)
        self._folder = folder
        self._first_preview_ms: float | None = None
        self._completed: MediaCompleted | None = None

    def add(self, event: MediaEvent) -> None:
        """Take in one event."""
        match event:
            case PhaseChanged():
                self.phase = event.phase
            case QueuePlace():
                self.phase, self.ahead = Phase.QUEUED, event.ahead
            case Progress():
                self.progress = event
            case Preview():
                self.preview = event
                self._first_preview_ms = self._first_preview_ms or self.elapsed_ms()
            case MediaCompleted():
                self._completed = event

    async def succeeded(self) -> Run:
        """The run with its pictures on disk. Raises BrokenAnswer where none came, StoreError."""
        completed = self._completed
        if completed is None or not completed.outputs:
            raise BrokenAnswer(
                f"{self._run.provider} ended the job without a picture. Run it again.",
                provider=self._run.provider,
            )
        records = await asyncio.to_thread(self._keep, completed.outputs)
        details = self._run.image or ImageDetails()
        problems: dict[str, Any] = (
            {"problems": list(completed.problems)} if completed.problems else {}
        )
        served = completed.meta.get("checkpoint")
        return self._ended(
            RunStatus.SUCCEEDED,
            image=details.model_copy(update={"pictures": records}),
            model=served if isinstance(served, str) and served else self._run.model,
            load_ms=completed.load_ms,
            meta={**self._run.meta, **completed.meta, **problems},
        )

    def _arrived(self) -> dict[str, Any]:
        return {"first_token_ms": self._first_preview_ms}

    def _keep(self, outputs: tuple[MediaOutput, ...]) -> tuple[ImageRecord, ...]:
        return tuple(self._kept(index, output) for index, output in enumerate(outputs))

    def _kept(self, index: int, output: MediaOutput) -> ImageRecord:
        parameters = parameters_of(self._run, index=index, seed=output.seed)
        try:
            kept = self._folder.keep(with_parameters(output.data, parameters))
        except (InvalidRequest, RequestTooLarge) as error:
            raise BrokenAnswer(
                f"{self._run.provider} sent a picture that cannot be kept: {error.message} Run it "
                "again.",
                provider=self._run.provider,
            ) from error
        return ImageRecord(
            run_id=self._run.id,
            index=index,
            sha256=kept.sha256,
            width=kept.width,
            height=kept.height,
            format=kept.format,
            bytes=kept.bytes,
            node=output.node,
            seed=output.seed,
        )


def parameters_of(run: Run, *, index: int, seed: int | None) -> dict[str, Any]:
    """What is kept inside picture `index` of `run`, and beside it in a ZIP."""
    values = run.model_dump(mode="json", include=set(PARAMETERS))
    options = (run.image or ImageDetails()).options.model_dump(exclude_none=True)
    return {**values, "options": options, "index": index, "seed": seed}
