"""What a server says when it refuses, as one readable line whatever form it came in."""

import asyncio
import base64
import binascii
import html
import json
import re
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from core.types import scrub

MAX_BODY_BYTES = 64 * 1024
MAX_TEXT_CHARS = 600
MAX_TITLE_CHARS = 2_000


@dataclass(frozen=True)
class ErrorBody:
    """The body of a refusal.

    `text` is one line for people, without markup or secrets, "" when there is nothing to say.
    `data` is the innermost JSON object that describes the error ({} when none): it holds
    `type`, `code`, `n_prompt_tokens` and the like where the server sent them. `title` is that
    of a web page.
    """

    kind: Literal["json", "text", "html", "empty"]
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    title: str = ""


async def read_error_body(response: httpx.Response, *, timeout_s: float = 3.0) -> ErrorBody:
    """The body of `response`, opened as a stream: at most 64 KiB, at most `timeout_s` seconds.

    Never raises for what the server does: a body that breaks off counts as far as it came.
    """
    raw = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            async for chunk in response.aiter_bytes():
                raw += chunk
                if len(raw) >= MAX_BODY_BYTES:
                    break
    except (TimeoutError, httpx.HTTPError):
        pass
    body = bytes(raw[:MAX_BODY_BYTES]).decode("utf-8", "replace")
    return parse_error_body(redact(body, response.request))


def parse_error_body(body: str) -> ErrorBody:
    """`body` by what it is, not by what its Content-Type says it is."""
    body = body.strip()
    if not body:
        return ErrorBody("empty")
    if body.startswith("<") or "<html" in body[:1000].lower():
        title = _title(body)
        page = "a web page instead of an API"
        return ErrorBody("html", f"{page}: “{title}”" if title else page, title=title)
    value = _json(body)
    if isinstance(value, dict):
        text, data = error_of(value)
        return ErrorBody("json", text, data)
    return ErrorBody("text", one_line(body))


def error_of(value: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The readable line of an error object and the innermost object that describes it.

    Takes Ollama's `{"error": "text"}`, the same with JSON inside the text (llama-server's
    errors, passed on), OpenAI's `{"error": {"message", …}}` and FastAPI's `{"detail": …}`.
    """
    inner = next((value[key] for key in ("error", "message", "detail") if value.get(key)), None)
    for _ in range(4):
        if isinstance(inner, str):
            parsed = _json(inner)
            if not isinstance(parsed, dict):
                return one_line(inner), value
            inner = parsed
        elif isinstance(inner, dict):
            value = inner
            inner = next((inner[key] for key in ("error", "message") if inner.get(key)), None)
        else:
            break
    return one_line(json.dumps(value if inner is None else inner, ensure_ascii=False)), value


def stand_in(status: int, body: ErrorBody, *, location: str = "") -> dict[str, str]:
    """What answered in place of the API, as details of an error; {} where the API itself did.

    `why` is one of the words of `core.health.CODES`.
    """
    if 300 <= status < 400:
        return {"why": "redirected", "location": one_line(location)}
    if status in (502, 504) or (status == 503 and body.kind == "html"):
        return {"why": "proxy_answer"}
    if status not in (401, 403, 429) and body.kind == "html":
        return {"why": "web_page", "title": body.title}
    if status in (200, 404, 405):
        return {"why": "wrong_api"}
    return {}


def redact(text: str, request: httpx.Request) -> str:
    """`text` without the credentials that `request` carried: some servers echo them."""
    for secret in _secrets(request.headers.get("Authorization", "")):
        text = text.replace(secret, "***")
    return text


def one_line(text: str) -> str:
    """`text` with its white space folded, cut at 600 characters, without half characters."""
    start = text[: 10 * MAX_TEXT_CHARS]  # texts of megabytes come, too
    line = " ".join(scrub(start).split())
    is_whole = len(line) <= MAX_TEXT_CHARS and not text[len(start) :].strip()
    return line if is_whole else line[:MAX_TEXT_CHARS] + "…"


def _secrets(authorization: str) -> list[str]:
    scheme, _, value = authorization.partition(" ")
    found = [value]
    if scheme == "Basic":
        try:
            user_and_password = base64.b64decode(value).decode("utf-8", "replace")
        except binascii.Error:
            user_and_password = ""
        found += [user_and_password, user_and_password.partition(":")[2]]
    return [secret for secret in found if len(secret) >= 4]


def _title(body: str) -> str:
    """The page's first title, as one line. Looked for step by step: one pattern for all of it
    takes seconds where a page begins thousands of titles and ends none.
    """
    lower = body.lower()
    opened = lower.find("<title")
    begin = lower.find(">", opened) + 1
    end = lower.find("</title>", begin)
    # A letter that is two in lower case moves all that is behind it.
    if len(lower) != len(body) or opened < 0 or not 0 < begin <= end:
        return ""
    return one_line(html.unescape(re.sub(r"<[^<>]*>", " ", body[begin:end][:MAX_TITLE_CHARS])))


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
