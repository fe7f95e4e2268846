"""Being written."""

from collections.abc import Iterator

from core.checks.subject import Subject
from core.finding import Finding


def check_cut(_subject: Subject) -> Iterator[Finding]:
    """Being written."""
    yield from ()
