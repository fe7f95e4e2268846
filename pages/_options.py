"""Streamlit's options are read without a queue in front of them."""

import logging
from contextlib import nullcontext

from streamlit import config

LOCK = "_config_lock"

log = logging.getLogger("playground.pages")


def read_options_at_once() -> None:
    """Take away the lock that each read of an option waits for; called once, as the app starts.

    Streamlit 1.67 reads options hundreds of times for each run of a page, in every session's
    thread and on the event loop, and locks each time. With thirty people the threads queue up
    there, each for its turn in the interpreter as well: answers took seconds while the processor
    was half idle (docs/reliability.md, Load). Nothing sets options here once the app has started,
    and a look into a dict needs no lock.
    """
    if LOCK not in vars(config):
        log.warning("this Streamlit reads its options in an unknown way; it is left as it is")
        return
    vars(config)[LOCK] = nullcontext()
