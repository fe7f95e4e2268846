"""Label values from people's words, of which a scrape can only carry so many."""

import threading

from core.types import scrub

MOST_MODELS = 50
LONGEST_LABEL = 120
OTHER = "other"


class Capped:
    """The first `most` different names as they are, all later ones as "other".

    Each name is a time series for as long as the process lives, and who may start a run may
    make names up.
    """

    def __init__(self, most: int = MOST_MODELS) -> None:
        self._most = most
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def label(self, name: str) -> str:
        """The label of `name`; half characters, which UTF-8 cannot write, are replaced."""
        name = scrub(name)[:LONGEST_LABEL]
        if name in self._known:
            return name
        with self._lock:
            if len(self._known) >= self._most and name not in self._known:
                return OTHER
            self._known.add(name)
        return name
