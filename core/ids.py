"""Ids that sort by the time they were given."""

import threading
from uuid import UUID

from uuid_utils.compat import uuid7

_lock = threading.Lock()
_last = UUID(int=0)


def new_id() -> str:
    """A UUIDv7 that is larger than every one given before in this process.

    Also when the clock is put back: the order of runs and of a batch is the order of their ids.
    """
    global _last
    with _lock:
        _last = max(uuid7(), UUID(int=_last.int + 1))
        return str(_last)
