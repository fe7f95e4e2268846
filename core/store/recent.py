"""How the runs of one component went lately: success, durations, the last error."""

import json
import sqlite3
import threading
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.figures import MOST_RUNS, LastError, Recent, Span, Spread, Stretch
from core.store.database import Database
from core.store.stamps import stamp
from core.store.stats import quantile
from core.types import utc_now

KEPT_S = 15.0
# A run's id is made a moment after its time was taken, or before a clock was set back.
_ID_MARGIN = timedelta(minutes=10)
_THEIRS = (
    "r.kind = ? AND r.provider = ? AND NOT EXISTS (SELECT 1 FROM deleted_runs WHERE run_id = r.id)"
)
_ENDED = (
    "SELECT r.created_at, r.status, r.first_token_ms, r.total_ms "  # noqa: S608 - our own names
    f"FROM runs r INDEXED BY runs_list WHERE r.id >= ? AND {_THEIRS} AND r.created_at >= ? "
    "AND r.status IN ('succeeded', 'failed', 'cancelled', 'interrupted') "
    "ORDER BY r.id DESC LIMIT ?"
)
_FAILED = (
    "SELECT r.id FROM runs r INDEXED BY runs_list "  # noqa: S608 - our own names
    f"WHERE r.id >= coalesce((SELECT id FROM runs ORDER BY id DESC LIMIT 1 OFFSET ?), '') "
    f"AND {_THEIRS} AND r.status = 'failed' ORDER BY r.id DESC LIMIT 1"
)
_ERROR = "SELECT id, created_at, model, error_code, error_details FROM runs WHERE id = ?"


class RecentRuns:
    """Figures of a component ("text/ollama") over the last hour, day or week. Blocks.

    What was found is kept for 15 seconds for all who ask: a hundred open pages cost no more than
    one. Runs put away are left out, and of very many the newest 100,000 are looked at.
    """

    def __init__(self, database: Database, *, kept_s: float = KEPT_S) -> None:
        self._database = database
        self._kept = _Kept(kept_s)

    def figures(self, component: str, span: Span) -> Recent:
        """How the component's runs went in the `span` that ends now."""
        return self._kept.get(
            (component, span), lambda: self.figures_until(utc_now(), component, span)
        )

    def figures_until(self, now: datetime, component: str, span: Span) -> Recent:
        """`figures` as they were at `now`, read from the database each time."""
        kind, _, provider = component.partition("/")
        since = now - span.parts * span.part
        values = [_lowest_id(since - _ID_MARGIN), kind, provider, stamp(since), MOST_RUNS + 1]
        with self._database.read() as connection:
            rows = connection.execute(_ENDED, values).fetchall()
        return _recent(rows[:MOST_RUNS], span, since, now, complete=len(rows) <= MOST_RUNS)

    def last_error(self, component: str) -> LastError | None:
        """The component's newest failed run, among the newest 100,000 runs of all."""
        return self._kept.get((component, "error"), lambda: self._last_error(component))

    def _last_error(self, component: str) -> LastError | None:
        kind, _, provider = component.partition("/")
        with self._database.read() as connection:
            found = connection.execute(_FAILED, [MOST_RUNS - 1, kind, provider]).fetchone()
            row = connection.execute(_ERROR, [found["id"]]).fetchone() if found else None
        if row is None:
            return None
        return LastError(
            run_id=row["id"],
            created_at=row["created_at"],
            model=row["model"],
            code=row["error_code"] or "",
            details=json.loads(row["error_details"] or "{}"),
        )


class _Kept:
    """What was found, for a while; of several who ask at once, one looks and all get it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._found: dict[Hashable, tuple[float, Any]] = {}
        self._locks: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, look: Callable[[], Any]) -> Any:  # noqa: ANN401
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            found = self._found.get(key)
            if found is None or time.monotonic() - found[0] > self._seconds:
                found = self._found[key] = (time.monotonic(), look())
            return found[1]


def _lowest_id(moment: datetime) -> str:
    """What no run's id (a UUIDv7) from `moment` on is smaller than."""
    digits = f"{max(int(moment.timestamp() * 1000), 0):012x}"
    return f"{digits[:8]}-{digits[8:]}"


@dataclass
class _Tally:
    """How the runs of a stretch of time ended, and how long those that succeeded took."""

    ends: Counter[str] = field(default_factory=Counter)
    first_token: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)

    def add(self, other: "_Tally") -> None:
        """Add all that `other` has."""
        self.ends.update(other.ends)
        self.first_token += other.first_token
        self.total += other.total

    def told(self) -> dict[str, Any]:
        """What a span and its parts have in common."""
        return {
            "succeeded": self.ends["succeeded"],
            "failed": self.ends["failed"],
            "first_token": _spread(self.first_token),
            "total": _spread(self.total),
        }


def _recent(
    rows: Sequence[sqlite3.Row], span: Span, since: datetime, until: datetime, *, complete: bool
) -> Recent:
    starts = [since + number * span.part for number in range(span.parts)]
    parts, whole = _tallies(rows, [str(stamp(start)) for start in starts]), _Tally()
    for part in parts:
        whole.add(part)
    return Recent(
        span=span,
        since=since,
        until=until,
        **whole.told(),
        cancelled=whole.ends["cancelled"],
        interrupted=whole.ends["interrupted"],
        parts=tuple(
            Stretch(start=start, **part.told()) for start, part in zip(starts, parts, strict=True)
        ),
        complete=complete,
    )


def _tallies(rows: Sequence[sqlite3.Row], starts: Sequence[str]) -> list[_Tally]:
    """A tally for each part; a run of a clock that ran ahead belongs to the last."""
    tallies = [_Tally() for _ in starts]
    for created_at, status, first_token, total in rows:
        tally = tallies[max(bisect_right(starts, created_at) - 1, 0)]
        tally.ends[status] += 1
        if status != "succeeded":
            continue
        if first_token is not None:
            tally.first_token.append(first_token)
        if total is not None:
            tally.total.append(total)
    return tallies


def _spread(values: Sequence[float]) -> Spread:
    known = sorted(values)
    return Spread(runs=len(known), p50_ms=quantile(known, 0.5), p95_ms=quantile(known, 0.95))
