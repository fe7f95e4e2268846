"""Answers read off the wire; whatever is no success becomes a PlaygroundApiError."""

import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx

from core.client.shapes import StreamEvent

HEADER = "X-Request-ID"


class PlaygroundApiError(Exception):
    """The playground answered with an error, or not at all.

    `status` is the HTTP status, None for a run that failed in mid-stream or when nothing
    answered; `code` is one of those in `core.errors`, or "unreachable". `request_id` is what the
    playground's log calls the request.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int | None = None,
        details: Mapping[str, Any] | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        if request_id is not None:
            self.add_note(f"The playground's log calls this request {request_id}.")
        self.message = message
        self.code = code
        self.status = status
        self.request_id = request_id
        self.details = dict(details or {})


@contextmanager
def explained(address: httpx.URL) -> Generator[None, None, None]:
    """Silence and closed doors at `address` as a PlaygroundApiError."""
    try:
        yield
    except httpx.TimeoutException as error:
        message = f"The playground at {address} was silent for too long."
        raise PlaygroundApiError(message, code="timeout", request_id=_asked_as(error)) from error
    except httpx.HTTPError as error:
        message = f"No playground answers at {address}. Start it with: streamlit run app.py"
        raise PlaygroundApiError(
            message, code="unreachable", request_id=_asked_as(error)
        ) from error


def checked(response: httpx.Response) -> dict[str, Any]:
    """The JSON of a success; anything else raised."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if response.is_success and isinstance(body, dict):
        return body
    raise error_of(body, response.status_code, request_id_of(response))


def error_of(
    body: object, status: int | None = None, request_id: str | None = None
) -> PlaygroundApiError:
    """The error that `body` tells of."""
    known: dict[str, Any] = {"status": status, "request_id": request_id}
    match body:
        case {"error": {"code": str(code), "message": str(message), "details": dict(details)}}:
            return PlaygroundApiError(message, code=code, details=details, **known)
    message = "What answers at this address is not a playground's API."
    return PlaygroundApiError(message, code="not_a_playground", **known)


def stamp(request: httpx.Request) -> None:
    """Give `request` an id by which the playground's log can be searched."""
    request.headers.setdefault(HEADER, uuid4().hex)


def request_id_of(response: httpx.Response) -> str:
    """The id of the request that `response` answers: what was sent, if nothing was sent back."""
    return response.headers.get(HEADER) or response.request.headers[HEADER]


def _asked_as(error: httpx.HTTPError) -> str | None:
    try:
        return error.request.headers.get(HEADER)
    except RuntimeError:  # it failed before there was a request
        return None


def parse(lines: Iterator[str]) -> Iterator[StreamEvent]:
    """Server-Sent Events as the playground writes them: one line of data, comments between."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield StreamEvent(fields["event"], json.loads(fields["data"]), fields.get("id"))
            fields = {}
