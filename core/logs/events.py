"""From a log record to one line: what an event holds, masked, and in a form nobody can forge."""

import json
import logging
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from structlog.contextvars import merge_contextvars
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from core.logs.masking import Masker
from core.logs.tracebacks import describe

LONGEST_VALUE = 4000
FIRST = ("timestamp", "level", "event", "run_id", "request_id")
LAST = ("logger",)
# What servers attach for handlers of their own, and what other formatters leave behind.
NOISE = ("color_message", "websocket", "message", "asctime")
BESIDE = "\n  "  # what belongs to the line above begins with spaces, an event never does


def formatter(masker: Masker, *, as_json: bool, words: bool) -> logging.Formatter:
    """Writes each record as one event, as text or JSON; `words`: with all words of errors."""

    def add_basics(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        record: logging.LogRecord = event["_record"]
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        event["timestamp"] = moment.replace("+00:00", "Z")
        event["level"] = record.levelname.lower()
        event["logger"] = record.name
        for name in NOISE:
            event.pop(name, None)
        if record.name == "asyncio" and not words:
            # Further lines show tasks with the error they ended with, and its words.
            event["event"] = str(event["event"]).partition("\n")[0]
        return event

    def add_traceback(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        error = _error(event.pop("exc_info", None))
        if error is not None:
            event["exception"] = describe(error, words=words)
        return event

    def mask(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {name: _plain(value, masker) for name, value in event.items()}

    before: list[Processor] = [ExtraAdder(), merge_contextvars, add_basics, add_traceback]
    return ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[
            ProcessorFormatter.remove_processors_meta,
            mask,
            in_order,
            as_json_line if as_json else as_text,
        ],
        use_get_message=True,
    )


def _error(exc_info: object) -> BaseException | None:
    """The error of what `logging` hands over as `exc_info`."""
    match exc_info:
        case (_, BaseException() as error, TracebackType() | None):
            return error
        case BaseException():
            return exc_info
    return None


def _plain(value: object, masker: Masker) -> Any:  # noqa: ANN401 (JSON's scalars)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return round(value, 3)
    try:
        text = str(_masked(value, masker))
    except Exception as error:
        text = f"(not to be shown: {type(error).__name__})"
    return masker.mask(text)


def _masked(value: object, masker: Masker) -> object:
    """Masked inside, before it is shown as Python shows it, which may write a secret otherwise."""
    if isinstance(value, str):
        return masker.mask(value)
    if isinstance(value, Mapping):
        return {name: _masked(item, masker) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item, masker) for item in value]
    return value


def in_order(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """What everybody looks for first, then the event's own, then where it comes from."""
    names = [name for name in FIRST if name in event]
    names += [name for name in event if name not in FIRST + LAST]
    names += [name for name in LAST if name in event]
    return {name: event[name] for name in names if event[name] is not None}


def as_json_line(_: WrappedLogger, __: str, event: EventDict) -> str:
    """One JSON object; a traceback is its field `exception`."""
    fields = {name: _cut(name, value) for name, value in event.items()}
    return _escaped(json.dumps(fields, ensure_ascii=False))


def as_text(_: WrappedLogger, __: str, event: EventDict) -> str:
    """`name=value` pairs (logfmt); a traceback follows in lines that begin with spaces."""
    told = str(event.pop("exception", ""))
    line = " ".join(f"{name}={_pair(_cut(name, value))}" for name, value in event.items())
    return BESIDE.join([line, *(_escaped(part) for part in told.split("\n") if part)])


def _cut(name: str, value: object) -> Any:  # noqa: ANN401 (JSON's scalars)
    if name != "exception" and isinstance(value, str) and len(value) > LONGEST_VALUE:
        return f"{value[:LONGEST_VALUE]}… ({len(value)} characters)"
    return value


def _pair(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    bare = text and text.isprintable() and not any(mark in text for mark in ' ="\\')
    return text if bare else _escaped(json.dumps(text, ensure_ascii=False))


def _escaped(text: str) -> str:
    """`text` with line breaks, controls and marks of direction as JSON escapes."""
    if text.isprintable():
        return text
    return "".join(mark if mark.isprintable() else json.dumps(mark)[1:-1] for mark in text)
