"""From a log record to one line: what an event holds, masked, and in a form nobody can forge."""

import json
import logging
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from structlog.contextvars import merge_contextvars
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.typing import EventDict, WrappedLogger

from core.logs.masking import Masker

LONGEST_VALUE = 4000
FIRST = ("run_id", "request_id")  # what people look for
# Told otherwise; what servers attach for handlers of their own; what other formatters leave.
LEFT_OUT = frozenset(
    {"_record", "_from_structlog", "exc_info", "event", *FIRST}
    | {"color_message", "websocket", "message", "asctime"}
)
BESIDE = "\n  "  # what belongs to the line above begins with spaces, an event never does
_BARE = re.compile(r'[^\s="\\]+')


def formatter(masker: Masker, *, as_json: bool, words: bool) -> logging.Formatter:
    """Writes records as one event each, as text or JSON.

    Their message and their `exc_text` are masked already, as `core.logs.setup` makes records;
    `words`: the log may hold all words of errors.
    """
    render = as_json_line if as_json else as_text

    def tell(_: WrappedLogger, __: str, event: EventDict) -> str:
        record: logging.LogRecord = event["_record"]
        told: dict[str, Any] = {
            "timestamp": _moment(record.created),
            "level": record.levelname.lower(),
            "event": _words_of(record.name, str(event["event"]), all_lines=words),
        }
        told |= {name: value for name, value in _values(event, masker) if value is not None}
        told["logger"] = record.name
        if exception := event.get("exception"):
            told["exception"] = exception
        return render(told)

    return ProcessorFormatter(
        foreign_pre_chain=[ExtraAdder(), merge_contextvars, _add_traceback],
        processors=[tell],
        use_get_message=True,
    )


def _add_traceback(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """As it was described when the record was made; the formatter throws that away."""
    event["exception"] = event["_record"].exc_text
    return event


def _moment(seconds: float) -> str:
    """`seconds` since 1970 as ISO 8601 in UTC, to the millisecond."""
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat(timespec='milliseconds')[:-6]}Z"


def _words_of(logger: str, words: str, *, all_lines: bool) -> str:
    # Further lines of asyncio's show tasks with the error they ended with, and its words.
    return words if all_lines or logger != "asyncio" else words.partition("\n")[0]


def _values(event: EventDict, masker: Masker) -> Iterator[tuple[str, Any]]:
    for name in FIRST:
        if name in event:
            yield name, _plain(event[name], masker)
    for name, value in event.items():
        if name not in LEFT_OUT and name != "exception":
            yield name, _plain(value, masker)


def _plain(value: object, masker: Masker) -> Any:  # noqa: ANN401 (JSON's scalars)
    """`value` as a number, or as masked text."""
    if isinstance(value, str):
        return _cut(masker.mask(value))
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return round(value, 3)
    try:
        text = str(_masked(value, masker))
    except Exception as error:
        text = f"(not to be shown: {type(error).__name__})"
    return _cut(masker.mask(text))


def _masked(value: object, masker: Masker) -> object:
    """Masked inside, before it is shown as Python shows it, which may write a secret otherwise."""
    if isinstance(value, str):
        return masker.mask(value)
    if isinstance(value, Mapping):
        return {name: _masked(item, masker) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item, masker) for item in value]
    return value


def _cut(text: str) -> str:
    if len(text) <= LONGEST_VALUE:
        return text
    return f"{text[:LONGEST_VALUE]}… ({len(text)} characters)"


def as_json_line(told: Mapping[str, Any]) -> str:
    """One JSON object; a traceback is its field `exception`."""
    return _escaped(json.dumps(told, ensure_ascii=False))


def as_text(told: dict[str, Any]) -> str:
    """`name=value` pairs (logfmt); a traceback follows in lines that begin with spaces."""
    exception = told.pop("exception", "")
    line = " ".join([f"{name}={_pair(value)}" for name, value in told.items()])
    if not exception:
        return line
    return BESIDE.join([line, *(_escaped(part) for part in exception.split("\n") if part)])


def _pair(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if _BARE.fullmatch(text) and text.isprintable():
        return text
    return _escaped(json.dumps(text, ensure_ascii=False))


def _escaped(text: str) -> str:
    """`text` with line breaks, controls and marks of direction as JSON escapes."""
    if text.isprintable():
        return text
    return "".join(mark if mark.isprintable() else json.dumps(mark)[1:-1] for mark in text)
