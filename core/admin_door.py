"""The administrator's password: compared in constant time, and not to be guessed by trying."""

import hmac
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from pydantic import SecretStr

from core.types import normalise

FREE_TRIES = 3
LONGEST_PAUSE_S = 300.0
FORGOTTEN_AFTER_S = 3600.0

log = logging.getLogger("playground.admin")


@dataclass(frozen=True)
class Tried:
    """Whether the password was the right one; `wait_s` is how long to wait before the next try.

    Not `looked_at`: it came during such a pause, and nothing was compared.
    """

    opened: bool
    looked_at: bool = True
    wait_s: float = 0.0


class AdminDoor:
    """One a process: wrong tries of all visitors count together, and each doubles the pause.

    Whoever tries during the pause is sent away unheard, so that trying in parallel does not
    help either. Safe from any thread.
    """

    def __init__(self, password: SecretStr, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._digest = _digest(password.get_secret_value())
        self.has_password = bool(password.get_secret_value())
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong = 0
        self._closed_until = 0.0

    def try_password(self, given: str) -> Tried:
        """Whether `given` opens the door. Without a password set, nothing does."""
        with self._lock:
            now = self._clock()
            if now < self._closed_until:
                return Tried(opened=False, looked_at=False, wait_s=self._closed_until - now)
            if hmac.compare_digest(_digest(given), self._digest) and self.has_password:
                self._wrong = 0
                return Tried(opened=True)
            if now - self._closed_until > FORGOTTEN_AFTER_S:
                self._wrong = 0
            self._wrong += 1
            pause = _pause(self._wrong)
            self._closed_until = now + pause
        log.warning("a wrong administrator's password was given", extra={"next_try_s": pause})
        return Tried(opened=False, wait_s=pause)


def _pause(wrong: int) -> float:
    """Seconds to wait after so many wrong tries: none at first, then 2, 4, 8 … up to 5 minutes."""
    if wrong < FREE_TRIES:
        return 0.0
    return min(2.0 ** min(wrong - FREE_TRIES + 1, 20), LONGEST_PAUSE_S)


def _digest(text: str) -> bytes:
    # Of the same length whatever was typed; macOS types Hangul decomposed.
    return sha256(normalise(text).encode("utf-8", "surrogatepass")).digest()
