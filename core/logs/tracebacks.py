"""What a log may tell of an unexpected error: where it happened, and only safe words.

The words of an error often quote what it was about: a prompt, an answer, a payload. So they
are written only where they cannot, or at the log level debug. Local variables never are.
"""

import traceback
from collections.abc import Iterator

from core.errors import CatalogError, SettingsError, StoreError

# Their words are names, numbers, types and files.
TELLING = (
    OSError,
    AttributeError,
    NameError,
    TypeError,
    ImportError,
    ArithmeticError,
    MemoryError,
    RecursionError,
    StoreError,
    SettingsError,
    CatalogError,
)
TELLING_MODULES = ("sqlite3",)
WITHHELD = "(words not logged: they may quote a text; the log level debug writes them)"
INDENT = "    "


def describe(error: BaseException, *, words: bool) -> str:
    """`error`, where it came from and what led to it, as many lines; all words with `words`."""
    return "\n".join(_lines(error, words=words, seen=set()))


def is_telling(error: BaseException) -> bool:
    """Whether the words of `error` cannot hold anybody's text."""
    return isinstance(error, TELLING) or type(error).__module__ in TELLING_MODULES


def _lines(error: BaseException, *, words: bool, seen: set[int]) -> Iterator[str]:
    if id(error) in seen:
        return
    seen.add(id(error))
    cause = error.__cause__
    context = None if error.__suppress_context__ else error.__context__
    if cause is not None:
        yield from _lines(cause, words=words, seen=seen)
        yield "That was the direct cause of:"
    elif context is not None:
        yield from _lines(context, words=words, seen=seen)
        yield "While that was handled, this happened:"
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):"
        for entry in traceback.format_tb(error.__traceback__):
            yield from entry.rstrip("\n").split("\n")
    yield _headline(error, words=words)
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from (INDENT + line for line in _lines(inner, words=words, seen=seen))


def _headline(error: BaseException, *, words: bool) -> str:
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ not in ("builtins", "__main__"):
        name = f"{kind.__module__}.{name}"
    if not (words or is_telling(error)):
        return f"{name}: {WITHHELD}"
    said = _said(error)
    return f"{name}: {said}" if said else name


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as broken:  # its own __str__ fails
        return f"(no words: {type(broken).__name__})"
