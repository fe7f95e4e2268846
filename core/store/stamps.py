"""Times as the database keeps them."""

from datetime import UTC, datetime


def stamp(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds, "2026-11-23T02:17:20.123Z": sorts as text."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
