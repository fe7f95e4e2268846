"""Figures for Prometheus, counted since the process started: runs, times, lines, health."""

from core.metrics.metrics import Metrics
from core.metrics.state import State

__all__ = ["Metrics", "State"]
