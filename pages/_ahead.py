"""What History draws its charts with is loaded before anybody goes there.

It takes most of a second, and while thirty people are at work and several of them go to History
first, all of them wait for it: half a minute was seen. So it is loaded behind the first page that
anybody opens; who only uses the API does without.
"""

import importlib
import logging
import threading

CHARTS = "pages._charts"

log = logging.getLogger("playground.pages")
_begun = threading.Lock()  # taken once, never given back


def load_ahead() -> None:
    """Begin to load it in a thread of its own; from the second call on nothing."""
    if _begun.acquire(blocking=False):
        threading.Thread(target=_load, name="load-ahead", daemon=True).start()


def _load() -> None:
    try:
        importlib.import_module(CHARTS)
    except Exception:
        # History imports it again and shows what is wrong, to who can read it.
        log.exception("charts not loaded ahead")
