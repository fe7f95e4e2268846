"""What every line of a task is about, such as the request that it serves."""

from contextlib import AbstractContextManager

from structlog.contextvars import bound_contextvars, get_contextvars


def about(**names: str) -> AbstractContextManager[None]:
    """Meanwhile each event of this task, and of those that it starts, has `names`."""
    return bound_contextvars(**names)


def known(name: str) -> str | None:
    """What `name` is for this task, None where nobody said."""
    return get_contextvars().get(name)
