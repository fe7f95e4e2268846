"""What ended runs add up to: how many, how long, how many tokens."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from core.metrics.labels import Capped
from core.run import Run

# Seconds. A mock answers in milliseconds, a large model that is loaded first in minutes.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600)
WHERE = ("kind", "mode", "provider")


class RunMetrics:
    """Counters and histograms of runs. `count` may be called from any thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._models = Capped()
        self._runs = Counter(
            "playground_runs",
            "Runs that ended, by how they ended.",
            ("status", *WHERE, "model"),
            registry=registry,
        )
        self._tokens = Counter(
            "playground_tokens",
            "Tokens as the servers counted them: those of prompts and those of answers.",
            ("type", *WHERE, "model"),
            registry=registry,
        )
        self._queue = _histogram(
            registry, "queue", "From submitting a run to its leaving the line, or its end in it."
        )
        self._first_token = _histogram(
            registry,
            "first_token",
            "From leaving the line to the first character, or the first sign of a picture.",
        )
        self._load = _histogram(registry, "load", "A server's loading of the model, where it says.")
        self._total = Histogram(
            "playground_run_duration_seconds",
            "From leaving the line to the end of the run, loading included.",
            ("status", *WHERE),
            buckets=BUCKETS,
            registry=registry,
        )

    def count(self, run: Run) -> None:
        """Take in a run that has ended."""
        where = (run.kind, run.mode, run.provider)
        model = self._models.label(run.model)
        self._runs.labels(run.status, *where, model).inc()
        for name, tokens in (("prompt", run.prompt_tokens), ("completion", run.completion_tokens)):
            if tokens:
                self._tokens.labels(name, *where, model).inc(tokens)
        for histogram, milliseconds in (
            (self._queue, run.queued_ms),
            (self._first_token, run.first_token_ms),
            (self._load, run.load_ms),
        ):
            if milliseconds is not None:
                histogram.labels(*where).observe(milliseconds / 1000)
        # A run that was stopped in line took no time to make, which says nothing of its server.
        if run.started_at is not None and run.total_ms is not None:
            self._total.labels(run.status, *where).observe(run.total_ms / 1000)


def _histogram(registry: CollectorRegistry, part: str, meaning: str) -> Histogram:
    name = f"playground_run_{part}_seconds"
    return Histogram(name, meaning, WHERE, buckets=BUCKETS, registry=registry)
