"""Where a page of the list ended, as text that an address can carry."""

import base64
import binascii
import json
import math
from dataclasses import dataclass

from core.errors import InvalidRequest
from core.listing import Sort

LONGEST_CURSOR = 400


@dataclass(frozen=True)
class Cursor:
    """The last line of a page: its value in the order, and its run's id.

    `text` says whether the page was one of a search: those have places of their own.
    """

    sort: Sort
    value: float | None
    run_id: str
    text: bool = False

    def __str__(self) -> str:
        text = json.dumps([self.sort, self.text, self.value, self.run_id], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, sort: Sort, *, searching: bool) -> "Cursor":
        """The cursor that `text` is. Raises InvalidRequest when it is none of this order."""
        values = _decoded(text) if len(text) <= LONGEST_CURSOR else None
        match values:
            case [name, bool() as of_search, float() | int() | None as value, str() as run_id] if (
                name == sort and of_search is searching and _is_place(value, sort, searching)
            ):
                return cls(sort, value, run_id, of_search)
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


def _is_place(value: float | None, sort: Sort, searching: bool) -> bool:
    """Whether lines of this order can have this value: searches by time count in numbers of 64
    bits, lists by time have no value.
    """
    if sort in (Sort.NEWEST, Sort.OLDEST):
        if searching:
            return type(value) is int and abs(value) < 2**62
        return value is None
    return value is None or (type(value) in (int, float) and math.isfinite(value))
