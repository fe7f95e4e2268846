"""What was done, how long it took and what went wrong, by the name of the action."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from statistics import quantiles


class Tally:
    """Milliseconds by action, complaints, clicks that had to be repeated, and the ids of what was
    submitted.
    """

    def __init__(self) -> None:
        self.took: dict[str, list[float]] = {}
        self.complaints: list[str] = []
        self.repeated: list[str] = []
        self.runs: list[str] = []
        self.batches: list[str] = []
        self.began = time.perf_counter()
        self.seconds = 0.0

    def note(self, action: str, milliseconds: float) -> None:
        """`action` took so long."""
        self.took.setdefault(action, []).append(milliseconds)

    def complain(self, what: str) -> None:
        """Something went wrong that the load test must not see."""
        self.complaints.append(what)

    @contextmanager
    def timed(self, action: str) -> Generator[None]:
        """Note how long the block took; an exception in it is not noted."""
        began = time.perf_counter()
        yield
        self.note(action, (time.perf_counter() - began) * 1000)

    def finish(self) -> None:
        """Nothing more is done: throughput counts until here."""
        self.seconds = time.perf_counter() - self.began


def p50_p95(values: list[float]) -> tuple[float, float]:
    """Median and 95th percentile; of a single value that value twice."""
    if len(values) < 2:
        return values[0], values[0]
    cuts = quantiles(values, n=20, method="inclusive")
    return cuts[9], cuts[18]
