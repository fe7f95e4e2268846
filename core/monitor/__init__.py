"""How every part of the playground is, looked at in the background for all viewers together."""

from core.monitor.database import DatabaseCheck
from core.monitor.disk import DiskCheck
from core.monitor.monitor import Check, HealthMonitor

__all__ = ["Check", "DatabaseCheck", "DiskCheck", "HealthMonitor"]
