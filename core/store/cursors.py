"""Where a page of the list ended, as text that an address can carry."""

import base64
import binascii
import json
from dataclasses import dataclass

from core.errors import InvalidRequest
from core.listing import Sort

LONGEST_CURSOR = 400


@dataclass(frozen=True)
class Cursor:
    """The last line of a page: its value in the order, and its run's id."""

    sort: Sort
    value: float | None
    run_id: str

    def __str__(self) -> str:
        text = json.dumps([self.sort, self.value, self.run_id], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, sort: Sort) -> "Cursor":
        """The cursor that `text` is. Raises InvalidRequest when it is none of this order."""
        values = _decoded(text) if len(text) <= LONGEST_CURSOR else None
        match values:
            case [name, float() | int() | None as value, str() as run_id] if (
                name == sort and not isinstance(value, bool)
            ):
                return cls(sort, value, run_id)
        raise InvalidRequest(
            "This place in the list does not exist. Start from the first page again.",
            details={"cursor": text[:LONGEST_CURSOR]},
        )


def _decoded(text: str) -> object:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return json.loads(raw)
    except (binascii.Error, ValueError):  # ValueError: not ASCII, not UTF-8, not JSON
        return None
