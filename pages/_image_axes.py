"""Grids of pictures: typed values to requests, and runs back to the table they make. Pure."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from core.media import ImageOptions, ImageRequest
from core.run import (
    Run,
)
from core.types import (
    LARGEST_SIDE,
)
from pages._i18n import N_

AXES = {
    "seed": N_("Seed"),
    "steps": N_("Steps"),
    "cfg": N_("CFG"),
    "sampler": N_("Sampler"),
    "scheduler": N_("Scheduler"),
    "checkpoint": N_("Model"),
    "size": N_("Size"),
    "prompt": N_("Words in the prompt"),
}
_SIZE = re.compile(r"(\d{1,5})\s*[x×*,]\s*(\d{1,5})", re.IGNORECASE)
_BREAKS = re.compile(r"[,\n;]")
_NUMBERS = {"seed": int, "steps": int, "cfg": float}


class BadValue(Exception):
    """A typed value that cannot be used; `value` is it, empty for none at all."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


@dataclass(frozen=True)
class Axis:
    """What changes along one side of a grid; `find` is what each value takes the place of."""

    name: str
    values: tuple[Any, ...]
    find: str = ""


@dataclass(frozen=True)
class Table:
    """Runs as a table: the heads, and what they are values of. Cells go row by row."""

    across: str
    columns: tuple[str, ...]
    down: str = ""
    rows: tuple[str, ...] = ("",)


def parse_size(typed: str) -> tuple[int, int]:
    """Width and height from "1200x630". Raises BadValue."""
    found = _SIZE.fullmatch(typed.strip())
    if found is None:
        raise BadValue(typed)
    width, height = int(found[1]), int(found[2])
    if not (16 <= width <= LARGEST_SIDE and 16 <= height <= LARGEST_SIDE):
        raise BadValue(typed)
    return width, height


def parse_axis(name: str, typed: str, *, find: str = "") -> Axis:
    """The axis whose values were typed, by comma or line; each once. Raises BadValue."""
    parts = [part.strip() for part in _BREAKS.split(typed) if part.strip()]
    values = tuple(dict.fromkeys(_value(name, part) for part in parts))
    if not values:
        raise BadValue("")
    return Axis(name, values, find.strip())


def expand(
    request: ImageRequest, columns: Axis | None, rows: Axis | None = None
) -> list[ImageRequest]:
    """`request` with every pair of values, row by row. Raises BadValue for words not found."""
    requests = [request]
    for axis in (rows, columns):
        if axis is not None:
            requests = [_with(one, axis, value) for one in requests for value in axis.values]
    return requests


def table_of(runs: Sequence[Run]) -> Table | None:
    """The table that `runs` make, None where they do not, or differ in nothing but the seed."""
    settings = [_settings(run) for run in runs]
    if not settings or any(run.image is None for run in runs):
        return None
    seen = {name: list(dict.fromkeys(one[name] for one in settings)) for name in settings[0]}
    varied = [name for name, values in seen.items() if len(values) > 1 and "" not in values]
    if varied == ["seed"] or not 1 <= len(varied) <= 2:
        return None
    # What changes from the first cell to the second goes across.
    across = next((name for name in varied if settings[0][name] != settings[1][name]), varied[0])
    down = next((name for name in varied if name != across), "")
    rows = seen[down] if down else [None]
    cells = [(row, column) for row in rows for column in seen[across]]
    if cells != [(one[down] if down else None, one[across]) for one in settings]:
        return None
    return Table(
        across=across,
        columns=_heads(across, seen[across]),
        down=down,
        rows=_heads(down, rows) if down else ("",),
    )


def distinct_parts(texts: Sequence[str]) -> tuple[str, ...]:
    """What of each text the others do not begin and end with, in whole words."""
    words = [text.split() for text in texts]
    shortest = min(map(len, words))
    begin = 0
    while begin < shortest and len({tuple(one[: begin + 1]) for one in words}) == 1:
        begin += 1
    end = 0
    while end < shortest - begin and len({tuple(one[len(one) - end - 1 :]) for one in words}) == 1:
        end += 1
    return tuple(" ".join(one[begin : len(one) - end]) or "–" for one in words)


def _value(name: str, part: str) -> Any:  # noqa: ANN401 (a number, a name or a size)
    if name == "size":
        return parse_size(part)
    if name not in _NUMBERS:
        return part
    try:
        number = _NUMBERS[name](part)
        ImageOptions.model_validate({name: number})
    except (ValueError, ValidationError):
        raise BadValue(part) from None
    return number


def _with(request: ImageRequest, axis: Axis, value: Any) -> ImageRequest:  # noqa: ANN401
    if axis.name == "checkpoint":
        return request.model_copy(update={"model": value})
    if axis.name == "prompt":
        if not axis.find or axis.find not in request.prompt:
            raise BadValue(axis.find)
        return request.model_copy(update={"prompt": request.prompt.replace(axis.find, value)})
    change = {"width": value[0], "height": value[1]} if axis.name == "size" else {axis.name: value}
    return request.model_copy(update={"options": request.options.model_copy(update=change)})


def _settings(run: Run) -> dict[str, Any]:
    options = run.image.options if run.image else ImageOptions()
    return {
        "seed": options.seed,
        "steps": options.steps,
        "cfg": options.cfg,
        "sampler": options.sampler,
        "scheduler": options.scheduler,
        "checkpoint": run.model,
        "size": (options.width, options.height),
        "prompt": str(run.payload.get("prompt", "")),
    }


def _heads(name: str, values: Sequence[Any]) -> tuple[str, ...]:
    if name == "prompt":
        return distinct_parts([str(value) for value in values])
    if name == "size":
        return tuple(f"{width} × {height}" for width, height in values)
    if name == "cfg":
        return tuple(f"{value:g}" if math.isfinite(value) else "–" for value in values)
    return tuple(str(value) for value in values)
