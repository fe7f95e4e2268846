"""The process's one registry of figures, and how they are written out."""

import platform

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from core import __version__
from core.metrics.runs import RunMetrics
from core.metrics.state import State
from core.run import Run

# A series a series that says when it began: `process_start_time_seconds` says it of them all.
disable_created_metrics()


class Metrics:
    """Figures of this process since it started. Safe from any thread."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._runs = RunMetrics(self._registry)
        build = Info("playground_build", "What runs here.", registry=self._registry)
        build.info({"version": __version__, "python": platform.python_version()})
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def count(self, run: Run) -> None:
        """Take in a run that has ended."""
        self._runs.count(run)

    def watch(self, state: State) -> None:
        """Read `state` at each scrape from now on."""
        self._registry.register(state)

    def write(self, accept: str = "") -> tuple[bytes, str]:
        """All figures and their content type: OpenMetrics where `accept`, a request's header,
        asks for it, else Prometheus's own text.
        """
        try:
            encode, content_type = choose_encoder(accept)
        except (TypeError, ValueError):  # a version that is no number
            encode, content_type = choose_encoder("")
        return encode(self._registry), content_type
