"""How things are at the moment of a scrape: lines, readers, bytes, health."""

import logging
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core.health import HealthState, Seen
from core.lane import Depth

DATABASE_ENDINGS = ("", "-wal", "-shm")
UNKNOWN = "unknown"
log = logging.getLogger("playground.metrics")


class Runs(Protocol):
    """What is asked of the runner."""

    @property
    def active(self) -> int:
        """Runs under way."""
        ...

    @property
    def readers(self) -> int:
        """Readers that follow them."""
        ...

    def depths(self) -> Mapping[tuple[str, str], Depth]:
        """Each provider's line, by kind and name."""
        ...


class Components(Protocol):
    """What is asked of the health monitor."""

    def all(self) -> Mapping[str, Seen]:
        """Every component as last seen, from memory."""
        ...


class State(Collector):
    """Gauges that are read when they are asked for. What cannot be read is left out and said."""

    def __init__(self, runs: Runs, health: Components, database: Path) -> None:
        """`database` is the SQLite file; the disk it is on is the disk that matters."""
        self._runs = runs
        self._health = health
        self._database = database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges as they are now."""
        yield from self._lines()
        yield GaugeMetricFamily(
            "playground_active_runs", "Runs under way, in line or being made.", self._runs.active
        )
        yield GaugeMetricFamily(
            "playground_open_feeds", "Readers that follow a run under way.", self._runs.readers
        )
        yield self._components()
        try:
            yield _bytes("playground_database", "The SQLite file and its log.", self._size())
            free = shutil.disk_usage(self._database.parent).free
            yield _bytes("playground_disk_free", "Room left where the data are.", free)
        except OSError as error:
            log.warning("sizes not read for a scrape", extra={"error": type(error).__name__})

    def _lines(self) -> Iterator[GaugeMetricFamily]:
        labels = ("kind", "provider")
        waiting = GaugeMetricFamily(
            "playground_queue_depth", "Runs that wait in a provider's line.", labels=labels
        )
        running = GaugeMetricFamily(
            "playground_running_runs", "Runs that a provider makes now.", labels=labels
        )
        for place, depth in self._runs.depths().items():
            waiting.add_metric(place, depth.waiting)
            running.add_metric(place, depth.running)
        yield waiting
        yield running

    def _components(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "playground_health",
            "1 for the state that a component is in, 0 for the others.",
            labels=("component", "state"),
        )
        for component, seen in self._health.all().items():
            for state in (*HealthState, UNKNOWN):
                family.add_metric((component, state), float(state == (seen.state or UNKNOWN)))
        return family

    def _size(self) -> int:
        files = [self._database.with_name(self._database.name + end) for end in DATABASE_ENDINGS]
        return sum(file.stat().st_size for file in files if file.exists())


def _bytes(name: str, meaning: str, value: int) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{name}_bytes", meaning, value)
