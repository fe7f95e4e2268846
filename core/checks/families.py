"""The one visible table of checks. Adding a check is adding one here.

A check is a pure function from a `Subject` to findings; it never raises, whatever the text.
"""

from collections.abc import Callable, Iterable

from core.checks.subject import Subject
from core.finding import Finding

CHECKS: tuple[Callable[[Subject], Iterable[Finding]], ...] = ()
