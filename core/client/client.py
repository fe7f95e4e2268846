"""The client itself: a method for each thing that can be asked of a playground."""

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self, Unpack
from urllib.parse import quote, urlsplit

import httpx
from pydantic import JsonValue

from core.client.choices import Choices, Filter, PictureChoices, parameters
from core.client.shapes import Answer, Pictures, StreamEvent
from core.client.wire import (
    PlaygroundApiError,
    checked,
    error_of,
    explained,
    parse,
    request_id_of,
    stamp,
)
from core.finding import CheckReport
from core.listing import RunPage, RunRow, Sort
from core.media import MediaOutputInfo, ServedRun, picture_url
from core.opinion import Rating, Reason
from core.types import Language

DEFAULT_URL = "http://127.0.0.1:8501"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


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
            event_hooks={"request": [stamp]},
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
        with explained(self._http.base_url):
            response = self._http.get(f"/images/{quote(sha256, safe='')}", params=params)
        if not response.is_success:
            checked(response)
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

    def runs(
        self, *, sort: Sort | str = Sort.NEWEST, page: int = 100, **wanted: Unpack[Filter]
    ) -> Iterator[RunRow]:
        """Every run that fits, fetched `page` lines at a time while they are read."""
        asked = {**parameters(wanted), "sort": str(sort), "limit": page}
        while True:
            found = RunPage.model_validate(self._call("GET", "/runs", params=asked))
            yield from found.items
            if found.next is None:
                return
            asked["cursor"] = found.next

    def findings(self, run_id: str) -> CheckReport | None:
        """What the checks say of a run; None where it was not checked."""
        body = self._call("GET", f"/runs/{quote(run_id, safe='')}/findings")
        return None if body["scores"] is None else CheckReport.model_validate(body)

    def rate(
        self,
        run_id: str,
        user: str,
        stars: int,
        *,
        reasons: Sequence[Reason | str] = (),
        comment: str = "",
    ) -> Rating:
        """Rate a run with 1 to 5 stars; replaces what `user` said of it before."""
        body = {"user": user, "stars": stars, "reasons": list(reasons), "comment": comment}
        path = f"/runs/{quote(run_id, safe='')}/ratings"
        return Rating.model_validate(self._call("POST", path, json=body))

    def ratings(self, run_id: str) -> list[Rating]:
        """Everybody's rating of a run."""
        body = self._call("GET", f"/runs/{quote(run_id, safe='')}/ratings")
        return [Rating.model_validate(item) for item in body["items"]]

    def compare(self, run_ids: Sequence[str], *, reference: int = 0) -> dict[str, Any]:
        """Two to six runs beside each other, as `/v1/compare` says."""
        asked = {"ids": ",".join(run_ids), "reference": reference}
        return self._call("GET", "/compare", params=asked)

    def check(
        self,
        role: str,
        task: str,
        payload: Mapping[str, JsonValue],
        output: Mapping[str, JsonValue] | str,
        *,
        language: Language | Literal["ko", "en"] = Language.KOREAN,
    ) -> CheckReport:
        """What is wrong with an answer from anywhere; nothing is run, nothing is kept."""
        body = {"role": role, "task": task, "payload": payload, "output": output}
        checked = self._call("POST", "/check", json={**body, "language": language})
        return CheckReport.model_validate(checked)

    def export(
        self,
        format: Literal["csv", "jsonl", "zip"] = "csv",  # noqa: A002 - the API's own word
        *,
        ids: Sequence[str] | None = None,
        **wanted: Unpack[Filter],
    ) -> Iterator[bytes]:
        """A file of the runs that fit, or of those with `ids`, in pieces as they arrive."""
        named = {} if ids is None else {"ids": ",".join(ids)}
        asked = {**parameters(wanted), "format": format, **named}
        with (
            explained(self._http.base_url),
            self._http.stream("GET", "/runs/export", params=asked) as response,
        ):
            if not response.is_success:
                response.read()
                checked(response)
            yield from response.iter_bytes()

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
        with explained(self._http.base_url):
            response = self._http.request(method, path, **how)
        return checked(response)

    def _events(self, method: str, path: str, **how: Any) -> Iterator[StreamEvent]:
        with (
            explained(self._http.base_url),
            self._http.stream(method, path, **how) as response,
        ):
            if not response.is_success:
                response.read()
                checked(response)
            for event in parse(response.iter_lines()):
                if event.kind == "error":
                    raise error_of(event.data, request_id=request_id_of(response))
                yield event
                if event.kind == "end":
                    return
        raise PlaygroundApiError(
            "The stream broke off before its end.",
            code="broken_stream",
            request_id=request_id_of(response),
        )
