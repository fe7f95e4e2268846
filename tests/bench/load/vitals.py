"""How a process fares, from /proc (Linux): memory, processor time, open files, threads."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Vitals:
    """One look: when (seconds of a steady clock), resident MB, processor seconds so far."""

    at: float
    rss_mb: float
    cpu_s: float
    files: int
    threads: int


def look_at(pid: int) -> Vitals:
    """The process as it is now. Raises FileNotFoundError when it is gone."""
    proc = Path(f"/proc/{pid}")
    resident = int((proc / "statm").read_text().split()[1]) * PAGE / 1e6
    # The name in brackets may hold spaces: what follows it starts with field 3.
    fields = (proc / "stat").read_text().rpartition(")")[2].split()
    return Vitals(
        at=time.monotonic(),
        rss_mb=resident,
        cpu_s=(int(fields[11]) + int(fields[12])) / TICKS,
        files=len(list((proc / "fd").iterdir())),
        threads=int(fields[17]),
    )


def busy(before: Vitals, after: Vitals) -> float:
    """Cores kept busy between two looks, 1.0 being one whole core."""
    return (after.cpu_s - before.cpu_s) / (after.at - before.at)
