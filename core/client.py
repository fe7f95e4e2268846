"""`PlaygroundClient`: the REST face of a running playground, for scripts and tests (R18).

A playground is asked like this, with the choices of `/v1/llm/generate` as keywords, and for
pictures with those of `/v1/media/generate`:
`PlaygroundClient().generate("copywriter", "sns", {"product_name": "…"}, model="…").output`
`PlaygroundClient().make("product_image", "…", options={"batch": 4}).outputs[0].sha256`.
"""

import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self, TypedDict, Unpack
from urllib.parse import quote, urlsplit

import httpx
from pydantic import JsonValue

from core.media import MediaOutputInfo, MediaProviderResponse, ServedRun, picture_url
from core.types import Language, LLMProviderResponse, Mode

DEFAULT_URL = "http://127.0.0.1:8501"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class PlaygroundApiError(Exception):
    """The playground answered with an error, or not at all.

    `status` is the HTTP status, None for a run that failed in mid-stream or when nothing
    answered; `code` is one of those in `core.errors`, or "unreachable".
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.details = dict(details or {})


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


class Choices(TypedDict, total=False):
    """What a request may choose; what is left out the playground decides."""

    mode: Mode | Literal["mock", "live"]
    format: Literal["json", "text"]
    provider: str
    model: str
    language: Language | Literal["ko", "en"]
    options: Mapping[str, JsonValue]
    parent_id: str
    user: str


class PictureChoices(TypedDict, total=False):
    """What a request for pictures may choose; what is left out the playground decides."""

    negative: str
    mode: Mode | Literal["mock", "live"]
    provider: str
    model: str
    workflow: str
    source_sha256: str
    language: Language | Literal["ko", "en"]
    options: Mapping[str, JsonValue]
    parent_id: str
    user: str


class PlaygroundClient:
    """A connection to a playground. Every method raises PlaygroundApiError.

    `timeout` is the longest silence in seconds: a whole answer comes only when it is written.
    """

    def __init__(self, base_url: str = DEFAULT_URL, *, timeout: float = 600) -> None:
        loopback = urlsplit(base_url).hostname in LOOPBACK
        self._http = httpx.Client(
            base_url=f"{base_url.rstrip('/')}/api/v1",
            timeout=httpx.Timeout(timeout, connect=5),
            trust_env=not loopback,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def generate(
        self,
        role: str,
        task: str,
        payload: Mapping[str, JsonValue] | None = None,
        **choices: Unpack[Choices],
    ) -> Answer:
        """The whole answer, once it is written."""
        body = {"role": role, "task": task, "payload": payload or {}, **choices}
        return Answer.model_validate(self._call("POST", "/llm/generate", json=body))

    def stream(
        self,
        role: str,
        task: str,
        payload: Mapping[str, JsonValue] | None = None,
        **choices: Unpack[Choices],
    ) -> Iterator[StreamEvent]:
        """Start a run and yield its events while it is written.

        To stop reading does not stop the run: `cancel` does, with the id in the first event.
        """
        body = {"role": role, "task": task, "payload": payload or {}, **choices}
        return self._events("POST", "/llm/generate", params={"stream": "true"}, json=body)

    def make(self, task: str, prompt: str, **choices: Unpack[PictureChoices]) -> Pictures:
        """The pictures, once they are made; `image` fetches their bytes."""
        body = {"task": task, "prompt": prompt, **choices}
        return Pictures.model_validate(self._call("POST", "/media/generate", json=body))

    def make_stream(
        self, task: str, prompt: str, **choices: Unpack[PictureChoices]
    ) -> Iterator[StreamEvent]:
        """Start a run and yield its events while the pictures emerge, as `stream` does."""
        body = {"task": task, "prompt": prompt, **choices}
        return self._events("POST", "/media/generate", params={"stream": "true"}, json=body)

    def image(self, sha256: str, *, width: int | None = None) -> bytes:
        """A kept picture as it was made, or with `width` (pixels) a WebP of about that width."""
        params = {} if width is None else {"w": width}
        with _explained(self._http.base_url):
            response = self._http.get(f"/images/{quote(sha256, safe='')}", params=params)
        if not response.is_success:
            _checked(response)
        return response.content

    def upload(self, data: bytes, *, name: str = "picture") -> MediaOutputInfo:
        """Send a PNG, JPEG or WebP to start from; its `sha256` is a `source_sha256`."""
        # Which of the three it is the playground sees for itself.
        headers = {"Content-Type": "image/png"}
        kept = self._call("POST", "/images", params={"name": name}, content=data, headers=headers)
        shown = {name: kept[name] for name in ("format", "width", "height", "sha256")}
        return MediaOutputInfo(url=picture_url(kept["sha256"]), **shown)

    def follow(self, run_id: str, cursor: str | None = None) -> Iterator[StreamEvent]:
        """Yield the events of any run, from the start or from behind `cursor`."""
        params = {} if cursor is None else {"cursor": cursor}
        return self._events("GET", f"/runs/{quote(run_id, safe='')}/events", params=params)

    def run(self, run_id: str) -> ServedRun:
        """The run as it is now, with everything recorded."""
        return ServedRun.model_validate(self._call("GET", f"/runs/{quote(run_id, safe='')}"))

    def cancel(self, run_id: str) -> ServedRun:
        """Stop a run; returns it in its final state."""
        path = f"/runs/{quote(run_id, safe='')}/cancel"
        return ServedRun.model_validate(self._call("POST", path))

    def models(self) -> list[dict[str, Any]]:
        """Each provider with its models, as `/v1/models` says."""
        return self._call("GET", "/models")["providers"]

    def media(self) -> list[dict[str, Any]]:
        """Each picture provider with what it offers, as `/v1/media` says."""
        return self._call("GET", "/media")["providers"]

    def catalog(self) -> dict[str, Any]:
        """Roles, tasks, presets and workflows, as `/v1/catalog` says."""
        return self._call("GET", "/catalog")

    def _call(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        with _explained(self._http.base_url):
            response = self._http.request(method, path, **how)
        return _checked(response)

    def _events(self, method: str, path: str, **how: Any) -> Iterator[StreamEvent]:
        with (
            _explained(self._http.base_url),
            self._http.stream(method, path, **how) as response,
        ):
            if not response.is_success:
                response.read()
                _checked(response)
            for event in _parse(response.iter_lines()):
                if event.kind == "error":
                    raise _error(event.data)
                yield event
                if event.kind == "end":
                    return
        raise PlaygroundApiError("The stream broke off before its end.", code="broken_stream")


@contextmanager
def _explained(address: httpx.URL) -> Generator[None, None, None]:
    try:
        yield
    except httpx.TimeoutException as error:
        message = f"The playground at {address} was silent for too long."
        raise PlaygroundApiError(message, code="timeout") from error
    except httpx.HTTPError as error:
        message = f"No playground answers at {address}. Start it with: streamlit run app.py"
        raise PlaygroundApiError(message, code="unreachable") from error


def _checked(response: httpx.Response) -> dict[str, Any]:
    """The JSON of a success; anything else raised."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if response.is_success and isinstance(body, dict):
        return body
    raise _error(body, response.status_code)


def _error(body: object, status: int | None = None) -> PlaygroundApiError:
    match body:
        case {"error": {"code": str(code), "message": str(message), "details": dict(details)}}:
            return PlaygroundApiError(message, code=code, status=status, details=details)
    message = "What answers at this address is not a playground's API."
    return PlaygroundApiError(message, code="not_a_playground", status=status)


def _parse(lines: Iterator[str]) -> Iterator[StreamEvent]:
    """Server-Sent Events as the playground writes them: one line of data, comments between."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield StreamEvent(fields["event"], json.loads(fields["data"]), fields.get("id"))
            fields = {}
