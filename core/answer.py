"""The response of a finished run in the one shape of all providers (R2), or its error."""

from typing import Any

from core import errors
from core.errors import PlaygroundError, ProviderError
from core.finding import CheckReport
from core.media import MediaOutputInfo, MediaProviderResponse, picture_url
from core.run import (
    Run,
)
from core.types import (
    LLMProviderResponse,
    RunStatus,
    Usage,
    utc_now,
)


def response(run: Run) -> LLMProviderResponse:
    """The answer of a run that succeeded.

    `output` is the parsed object where the contract is kept, else the raw text: an answer
    that breaks its contract is never dressed up. Raises the error that a run without an
    answer ended with, `details` holding `run_id` and the `partial` text.
    """
    if run.status is not RunStatus.SUCCEEDED:
        raise error_of(run)
    kept = run.contract is not None and run.contract.valid
    return LLMProviderResponse(
        provider=run.provider,
        model=run.model,
        usage=Usage(
            prompt_tokens=run.prompt_tokens,
            completion_tokens=run.completion_tokens,
            total_tokens=run.total_tokens,
        ),
        output=run.output_json if kept else run.output,
        meta=_meta(run),
        timestamp=run.finished_at or utc_now(),
    )


def media_response(run: Run) -> MediaProviderResponse:
    """The pictures of a run that succeeded. Raises as `response`."""
    if run.status is not RunStatus.SUCCEEDED or run.image is None:
        raise error_of(run)
    return MediaProviderResponse(
        provider=run.provider,
        model=run.model,
        outputs=tuple(
            MediaOutputInfo(
                format=picture.format,
                width=picture.width,
                height=picture.height,
                sha256=picture.sha256,
                url=picture_url(picture.sha256),
            )
            for picture in run.image.pictures
        ),
        meta=_media_meta(run),
        timestamp=run.finished_at or utc_now(),
    )


def _media_meta(run: Run) -> dict[str, Any]:
    return {
        **{name: value for name, value in run.meta.items() if name != "graph"},
        "run_id": run.id,
        "mode": run.mode,
        "task": run.task,
        "status": run.status,
        "options": run.image.options.model_dump(exclude_none=True) if run.image else {},
        "seeds": [picture.seed for picture in run.image.pictures] if run.image else [],
        "timings": {
            "queued_ms": run.queued_ms,
            "load_ms": run.load_ms,
            "first_preview_ms": run.first_token_ms,
            "total_ms": run.total_ms,
        },
    }


def error_of(run: Run) -> PlaygroundError:
    """The error that `run` ended with, as the class its code names."""
    kind = _BY_CODE.get(run.error_code or "", PlaygroundError)
    message = run.error_message or f"The run ended as {run.status} without an answer."
    details: dict[str, Any] = {**run.error_details, "run_id": run.id}
    if run.output:
        details["partial"] = run.output
    if issubclass(kind, ProviderError):
        status = details.get("provider_status")
        return kind(message, provider=run.provider, status=status, details=details)
    return kind(message, details=details)


def _meta(run: Run) -> dict[str, Any]:
    return {
        **run.meta,
        "run_id": run.id,
        "mode": run.mode,
        "role": run.role,
        "task": run.task,
        "status": run.status,
        "language": run.language,
        "format": run.format,
        "finish_reason": run.finish_reason,
        "timings": {
            "queued_ms": run.queued_ms,
            "load_ms": run.load_ms,
            "first_token_ms": run.first_token_ms,
            "total_ms": run.total_ms,
            "tokens_per_second": run.tokens_per_second,
        },
        "contract": run.contract.model_dump(mode="json") if run.contract else None,
        "scores": _scores(run.report) if run.report else None,
        "findings": _findings(run.report) if run.report else None,
        "thinking": run.thinking or None,
    }


def _scores(report: CheckReport) -> dict[str, Any]:
    """The scores in short: `/v1/runs/{id}/findings` says what each deduction is for."""
    scores = report.scores
    fields = {name: part.score for name, part in scores.fields.items()}
    return {"overall": scores.overall, "passed": scores.passed, "fields": fields}


def _findings(report: CheckReport) -> list[dict[str, str]]:
    return [
        {
            "code": finding.code,
            "severity": finding.severity.value,
            "field": finding.field,
            "message": finding.message.en,
        }
        for finding in report.findings
    ]


def _errors() -> dict[str, type[PlaygroundError]]:
    kinds = (kind for kind in vars(errors).values() if isinstance(kind, type))
    return {kind.code: kind for kind in kinds if issubclass(kind, PlaygroundError)}


_BY_CODE = _errors()
