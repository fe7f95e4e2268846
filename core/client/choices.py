"""What a caller may choose, as keywords."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict

from pydantic import JsonValue

from core.types import Language, Mode


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


class Filter(TypedDict, total=False):
    """Which runs, as at `/v1/runs`: what is left out does not narrow, of several any will do."""

    q: str
    kind: Literal["text", "image"]
    mode: str | Sequence[str]
    provider: str | Sequence[str]
    model: str | Sequence[str]
    role: str | Sequence[str]
    task: str | Sequence[str]
    status: str | Sequence[str]
    finding: str | Sequence[str]
    passed: bool
    min_stars: float
    max_stars: float
    rated: bool
    user: str | Sequence[str]
    tag: str | Sequence[str]
    since: datetime
    until: datetime
    batch_id: str
    parent_id: str
    deleted: bool


def parameters(wanted: Filter) -> dict[str, Any]:
    """A filter as parameters of an address."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in wanted.items()
        if value is not None
    }
