"""Which runs the History page shows and how: the address says all of it.

`?q=&kind=&mode=&model=&role=&task=&status=&finding=&stars=&who=&tag=&from=&to=&batch=&deleted=`
narrow, `&sort=&show=` say how. A name that stands there several times means any of its values.
The address is the only place this is kept in, so that whoever gets it sees the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Literal

import streamlit as st

from core.listing import LONGEST_QUERY, RunFilter, Sort
from core.types import Mode, RunStatus, normalise
from pages._moments import reader_zone

Show = Literal["list", "gallery"]

VIEWS = ("charts", "parity", "vote")
STARS: dict[str, dict[str, float | bool]] = {
    "4-5": {"min_stars": 4},
    "3": {"min_stars": 2.5, "max_stars": 3.5},
    "1-2": {"max_stars": 2},
    "none": {"rated": False},
}
# Names that hold free words: whatever stands there is looked for as it is.
_WORDS = {
    "model": "models",
    "role": "roles",
    "task": "tasks",
    "finding": "findings",
    "who": "users",
    "tag": "tags",
}
NARROWING = (
    *("q", "kind", "mode", "model", "role", "task", "status", "finding", "stars", "who", "tag"),
    *("from", "to", "batch", "deleted"),
)
_OURS = (*NARROWING, "sort", "show", "view", "run", "compare", "ref", "only")
_LONGEST_WORD = 200
_YEARS = range(2000, 2101)


@dataclass(frozen=True)
class Listed:
    """What the address asks for; `ignored` are the names and values that say nothing here."""

    filter: RunFilter
    sort: Sort
    show: Show
    since: date | None = None
    until: date | None = None
    ignored: tuple[tuple[str, str], ...] = ()

    @property
    def is_narrowed(self) -> bool:
        """Whether anything narrows the list."""
        return self.filter != RunFilter()


class _Reader:
    """Takes values out of an address and notes what it cannot make sense of."""

    def __init__(self, values: Mapping[str, list[str]]) -> None:
        self._values = values
        self.ignored: list[tuple[str, str]] = []

    def words(self, name: str) -> tuple[str, ...]:
        """Every value of `name` as it stands there."""
        found = (normalise(value).strip() for value in self._values.get(name, ()))
        return tuple(dict.fromkeys(value[:_LONGEST_WORD] for value in found if value))

    def known(self, name: str, allowed: Iterable[str]) -> tuple[str, ...]:
        """The values of `name` that are among `allowed`."""
        known = set(allowed)
        found = self.words(name)
        self.ignored += [(name, value) for value in found if value not in known]
        return tuple(value for value in found if value in known)

    def one(self, name: str, allowed: Iterable[str]) -> str | None:
        """The first value of `name` that is among `allowed`."""
        return next(iter(self.known(name, allowed)), None)

    def day(self, name: str) -> date | None:
        """The day that `name` holds."""
        for value in self.words(name):
            try:
                day = date.fromisoformat(value)
            except ValueError:
                day = None
            if day and day.year in _YEARS:
                return day
            self.ignored.append((name, value))
        return None


def read_list(values: Mapping[str, list[str]], *, zone: tzinfo) -> Listed:
    """The list that `values`, an address taken apart, asks for. Days are days in `zone`."""
    read = _Reader(values)
    query = " ".join(read.words("q"))
    if len(query) > LONGEST_QUERY:
        read.ignored.append(("q", query[LONGEST_QUERY:]))
    since, until = read.day("from"), read.day("to")
    if since and until and until < since:
        since, until = until, since
    stars = read.one("stars", STARS)
    kind = read.one("kind", ("text", "image"))
    show: Show = "gallery" if read.one("show", ("list", "gallery")) == "gallery" else "list"
    runs = RunFilter.model_validate(
        {
            "q": query[:LONGEST_QUERY].strip(),
            "kind": "image" if show == "gallery" else kind,
            "modes": read.known("mode", Mode),
            "statuses": read.known("status", RunStatus),
            **{field: read.words(name) for name, field in _WORDS.items()},
            **(STARS[stars] if stars else {}),
            "since": _start(since, zone),
            "until": _start(until + timedelta(days=1), zone) if until else None,
            "batch_id": next(iter(read.words("batch")), "")[:64] or None,
            "deleted": read.one("deleted", ("1",)) is not None,
        }
    )
    sort = Sort(read.one("sort", Sort) or Sort.NEWEST)
    return Listed(runs, sort, show, since, until, tuple(read.ignored))


def listed() -> Listed:
    """The list that the page's address asks for."""
    return read_list(values_in_address(), zone=reader_zone())


def values_in_address() -> dict[str, list[str]]:
    """Every name in the address with its values."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def values_of(name: str) -> list[str]:
    """The values of one name in the address."""
    return st.query_params.get_all(name)


def change_address(**changes: str | Iterable[str] | None) -> None:
    """Set these names and leave the others; None and nothing take a name away.

    All in one go: each change is a step of the browser's Back.
    """
    values: dict[str, str | list[str]] = dict(values_in_address())
    for name, value in changes.items():
        found = [value] if isinstance(value, str) else [str(item) for item in value or ()]
        found = [item for item in found if item]
        if found:
            values[name] = found
        else:
            values.pop(name, None)
    st.query_params.from_dict(values)


def go(**opened: str) -> None:
    """Show something else of the page: only `opened`, and the language, stay in the address."""
    others = {name: v for name, v in values_in_address().items() if name not in _OURS}
    st.query_params.from_dict({**others, **opened})


def list_address() -> dict[str, list[str]]:
    """The part of the address that says which list it is, to come back to it."""
    kept = (*NARROWING, "sort", "show", "view")
    return {name: values for name, values in values_in_address().items() if name in kept}


def remember_list() -> None:
    """Keep in mind which list is shown, to come back to it."""
    st.session_state["history_list"] = list_address()


def back_to_list() -> None:
    """Show the list again that a run was opened from; for a callback."""
    others = {name: v for name, v in values_in_address().items() if name not in _OURS}
    st.query_params.from_dict({**others, **st.session_state.get("history_list", {})})


class Preset(StrEnum):
    """Stretches of days that end today."""

    TODAY = "today"
    WEEK = "7d"
    MONTH = "30d"


def preset_days(preset: Preset, today: date) -> tuple[date, date | None]:
    """The days of `preset` as seen on `today`; the last is left open."""
    back = {Preset.TODAY: 0, Preset.WEEK: 6, Preset.MONTH: 29}[preset]
    return today - timedelta(days=back), None


def _start(day: date | None, zone: tzinfo) -> datetime | None:
    return datetime.combine(day, time(), zone).astimezone(UTC) if day else None
