"""How runs end that were not answered: stopped, interrupted, or broken by a fault of our own."""

import logging

from core.draft import Draft
from core.errors import PlaygroundError
from core.run import Run
from core.store.runs import INTERRUPTED_MESSAGE
from core.types import RunStatus, utc_now

CANCELLED_MESSAGE = "The run was stopped. What had arrived is kept."

log = logging.getLogger("playground.runner")


def stopped(draft: Draft, status: RunStatus | None) -> Run:
    """The run that somebody stopped, or else the end of the app, with what had arrived."""
    if status is RunStatus.CANCELLED:
        return draft.stopped(status, code="run_cancelled", message=CANCELLED_MESSAGE)
    return draft.stopped(RunStatus.INTERRUPTED, code="run_interrupted", message=INTERRUPTED_MESSAGE)


def own_fault(error: Exception) -> PlaygroundError:
    """What people are told of `error`, which nobody foresaw; the log says more."""
    return PlaygroundError(
        f"The playground itself failed ({type(error).__name__}). Run it again; if it happens "
        "again, show this run to whoever looks after the playground."
    )


def broken(run: Run, error: Exception) -> Run:
    """`run` as it ends where not even its draft is there to say what had arrived."""
    told = own_fault(error)
    return run.model_copy(
        update={
            "status": RunStatus.FAILED,
            "finished_at": max(utc_now(), run.started_at or run.created_at),
            "error_code": told.code,
            "error_message": told.message,
        }
    )


def log_start(run: Run) -> None:
    """Say that `run` has left the queue."""
    made_by = {"kind": run.kind, "mode": run.mode, "provider": run.provider, "model": run.model}
    log.info("run started", extra=run.named | made_by | {"queued_ms": run.queued_ms})


def log_end(run: Run) -> None:
    """Say how `run` ended."""
    ended = {"status": run.status, "total_ms": run.total_ms, "error_code": run.error_code}
    log.info("run ended", extra=run.named | ended)
