"""Errors on the wire: one JSON shape for every fault, whoever noticed it first."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from pydantic_core import to_jsonable_python
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from core.api.request_id import current_request_id
from core.errors import InvalidRequest, NotFound, PlaygroundError, ProviderError, RequestTooLarge
from core.types import normalise, normalise_json

log = logging.getLogger("playground.api")

MAX_PROBLEMS = 20
MAX_FIELD_CHARS = 100
METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


class ErrorInfo(BaseModel):
    """What went wrong: a stable code, a sentence that says what to do next, and facts."""

    code: str = Field(examples=["unknown_role"])
    message: str
    details: dict[str, Any] = Field(default_factory=dict)


class ErrorBody(BaseModel):
    """The body of every answer that is not a success."""

    error: ErrorInfo


def documented_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses` for these statuses."""
    return {status: {"model": ErrorBody} for status in statuses}


def error_body(error: Exception) -> dict[str, Any]:
    """The shape of `error`; of one nobody foresaw it says nothing but that it happened."""
    if not isinstance(error, PlaygroundError):
        log.error("request failed unexpectedly", exc_info=error)
        error = PlaygroundError(
            "Something went wrong in the playground; its log says what, under this request's id.",
            details={"request_id": current_request_id()},
        )
    details = dict(error.details)
    if isinstance(error, ProviderError):
        details = {"provider": error.provider, "status": error.status} | details
    # Details may hold whatever a server sent: NaN, objects, half a surrogate pair.
    plain = to_jsonable_python(details, inf_nan_mode="null", serialize_unknown=True)
    return _shape(error.code, normalise(error.message), normalise_json(plain))


def error_response(error: Exception) -> Response:
    """`error_body` as a response with the error's own status."""
    status = error.status_code if isinstance(error, PlaygroundError) else 500
    return _respond(status, error_body(error))


def refusal(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """A fault of HTTP itself (method, origin, path) in the same shape."""
    return _respond(status, _shape(code, message, {}), headers)


def add_error_handlers(api: FastAPI) -> None:
    """Teach `api` the one shape for our errors, FastAPI's and Starlette's."""

    @api.exception_handler(PlaygroundError)
    async def _ours(_: Request, error: PlaygroundError) -> Response:
        return error_response(error)

    @api.exception_handler(RequestValidationError)
    async def _malformed(_: Request, error: RequestValidationError) -> Response:
        return error_response(_invalid(error.errors()))

    @api.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return _from_http(request, error)


def _from_http(request: Request, error: HTTPException) -> Response:
    match error.status_code:
        case 404:
            return error_response(NotFound(f"There is nothing at {request.scope['path'][:200]}."))
        case 405:
            message = f"{request.method} is not allowed here."
            return refusal(405, "method_not_allowed", message, {"Allow": _allowed(request)})
        case 413:
            return error_response(RequestTooLarge(str(error.detail)))
        case 400:  # FastAPI could not read the body: not UTF-8, nested too deep, absurd numbers
            return error_response(InvalidRequest("The body is not JSON that can be read."))
        case status:
            return refusal(status, "http_error", str(error.detail), error.headers)


def _allowed(request: Request) -> str:
    """The methods of the path; Starlette names only those of the first of its routes."""
    return ", ".join(
        method
        for method in METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    )


def _invalid(problems: Sequence[Mapping[str, Any]]) -> InvalidRequest:
    first = problems[0]
    if first["type"] == "json_invalid":
        position = first["loc"][-1]
        return InvalidRequest(f"The body is not valid JSON (at character {position}).")
    if tuple(first["loc"]) == ("body",):
        return InvalidRequest("Send a JSON object, with the content type application/json.")
    fields = {_field(problem["loc"]): _problem(problem) for problem in problems[:MAX_PROBLEMS]}
    sentences = "; ".join(f"{name}: {problem}" for name, problem in fields.items())
    return InvalidRequest(f"The request is not right. {sentences}.", details={"fields": fields})


def _field(location: Sequence[str | int]) -> str:
    """Where the problem is, as "options.temperature"; a hostile name is cut short."""
    place = location[1:] if location[0] in ("body", "query", "path", "header") else location
    return normalise(".".join(str(part) for part in place))[:MAX_FIELD_CHARS]


def _problem(problem: Mapping[str, Any]) -> str:
    if problem["type"] == "extra_forbidden":
        return "there is no such field"
    return normalise(str(problem["msg"]).removeprefix("Value error, "))[:300]


def _shape(code: str, message: str, details: object) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "details": details}}


def _respond(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    content = json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    return Response(content, status, dict(headers or {}), media_type="application/json")
