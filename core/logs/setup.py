"""One stream for everything that is logged in this process, whoever logs it."""

import logging
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, TextIO

from core.logs.events import formatter
from core.logs.masking import Masker
from core.logs.tracebacks import describe
from core.settings import LegacySettingWarning, Settings

# They tell of each request or frame at info; ours are told by the playground's own events.
CHATTY = ("httpx", "httpcore", "websockets", "PIL", "watchdog")
# Its lines hold whole addresses, with what people searched for.
REPLACED = "uvicorn.access"
log = logging.getLogger("playground")


def set_up(settings: Settings, stream: TextIO | None = None) -> Callable[[], None]:
    """Log to `stream` (stderr) as `settings` want it; returns what undoes that.

    Loggers that write to the console themselves are led here. Handlers that libraries add
    later keep their own form, but get records without secrets and without local variables.
    """
    words = settings.playground_log_level == "debug"
    level = settings.playground_log_level.upper()
    masker = Masker(settings)
    handler = logging.StreamHandler(stream)
    handler.setLevel(level)
    handler.setFormatter(
        formatter(masker, as_json=settings.playground_log_format == "json", words=words)
    )
    undo = ExitStack()
    _lead_here(undo)
    root = logging.getLogger()
    _set_level(root, level, undo)
    root.addHandler(handler)
    undo.callback(root.removeHandler, handler)
    for name in () if words else CHATTY:
        _set_level(logging.getLogger(name), "WARNING", undo)
    _set_level(logging.getLogger(REPLACED), "CRITICAL", undo)
    _mask_records(masker, words, undo)
    _catch_warnings(words, undo)
    _catch_errors(undo)
    return undo.close


def _lead_here(undo: ExitStack) -> None:
    """Take the console from loggers that have it, so that their records come to the root."""
    known = [logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    for logger in known:
        for handler in [item for item in logger.handlers if _is_console(item)]:
            undo.callback(setattr, logger, "propagate", logger.propagate)
            undo.callback(logger.addHandler, handler)
            logger.removeHandler(handler)
            logger.propagate = True


def _is_console(handler: logging.Handler) -> bool:
    console = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    return isinstance(handler, logging.StreamHandler) and handler.stream in console


def _set_level(logger: logging.Logger, level: str, undo: ExitStack) -> None:
    undo.callback(logger.setLevel, logger.level)
    logger.setLevel(level)


def _mask_records(masker: Masker, words: bool, undo: ExitStack) -> None:
    """Mask each record as it is made: then no handler, whosever it is, can write a secret."""
    make = logging.getLogRecordFactory()

    def make_masked(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        try:
            record.msg = masker.mask(record.getMessage())
        except Exception as error:  # the caller's words and values do not fit each other
            record.msg = f"(log call broken: {type(error).__name__}) {record.msg}"
        record.args = ()
        if record.exc_info and (error := record.exc_info[1]) is not None:
            # What a plain formatter writes instead of a traceback of its own.
            record.exc_text = masker.mask(describe(error, words=words))
        return record

    logging.setLogRecordFactory(make_masked)
    undo.callback(logging.setLogRecordFactory, make)


def _catch_warnings(words: bool, undo: ExitStack) -> None:
    before = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        # Pydantic's warnings quote the value that they are about.
        quotes = "pydantic" in filename or category.__module__.startswith("pydantic")
        text = "a value did not fit its type" if quotes and not words else str(message)
        where = {"category": category.__name__, "at": f"{filename}:{lineno}"}
        log.warning(text, extra=where)

    warnings.showwarning = show  # ty: ignore[invalid-assignment]
    undo.callback(setattr, warnings, "showwarning", before)
    warnings.filterwarnings("always", category=LegacySettingWarning)


def _catch_errors(undo: ExitStack) -> None:
    """What nobody caught, in the main thread or another, is an event too."""
    main, thread = sys.excepthook, threading.excepthook

    def on_error(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if not issubclass(kind, Exception):  # Ctrl+C
            main(kind, error, trace)
            return
        log.critical("nobody caught an error", exc_info=(kind, error, trace))

    def on_thread_error(hooked: threading.ExceptHookArgs) -> None:
        if hooked.exc_value is None or not isinstance(hooked.exc_value, Exception):
            thread(hooked)
            return
        where = {"thread_name": hooked.thread.name if hooked.thread else None}
        log.critical("nobody caught an error", exc_info=hooked.exc_value, extra=where)

    sys.excepthook, threading.excepthook = on_error, on_thread_error
    undo.callback(setattr, sys, "excepthook", main)
    undo.callback(setattr, threading, "excepthook", thread)
