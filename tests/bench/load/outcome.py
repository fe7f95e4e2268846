"""Whether every run that was asked for is there once, and ended once."""

import re
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from tests.bench.load.tally import Tally

FINAL = {"succeeded", "failed", "cancelled", "interrupted"}
_ENDED = re.compile(r"run ended.*?([0-9a-f]{8}-[0-9a-f-]{27})")


def lost_runs(database: Path, log: str, tallies: list[Tally]) -> list[str]:
    """What is wrong with the runs in the file at `database` and the log's lines of their ends."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT id, batch_id, status FROM runs").fetchall()
    statuses = {run: status for run, _, status in rows}
    ends = Counter(_ENDED.findall(log))
    asked = [run for tally in tallies for run in tally.runs]
    batches = Counter(batch for _, batch, _ in rows if batch)
    pressed = [batch for tally in tallies for batch in tally.batches]
    wrong = [f"{run} was answered and is not on record" for run in asked if run not in statuses]
    wrong += [
        f"batch {batch} has {batches[batch]} runs" for batch in pressed if batches[batch] != 1
    ]
    wrong += [f"{run} is still {status}" for run, status in statuses.items() if status not in FINAL]
    wrong += [f"{run} ended {ends[run]} times" for run in statuses if ends[run] != 1]
    if len(rows) != len(asked) + len(pressed):
        wrong.append(f"{len(asked) + len(pressed)} runs were asked for, {len(rows)} are on record")
    failed = [run for run, status in statuses.items() if status == "failed"]
    return wrong + [f"{run} failed" for run in failed]
