"""Let people and programs use the app at once and tell what they met."""

import argparse
import asyncio
import os
import platform
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.bench.load.tally import Tally, p50_p95
from tests.bench.load.trial import Crowd, Trial, trial
from tests.bench.load.vitals import busy

USUAL = Crowd()


def main() -> None:
    asked = _arguments()
    crowd = Crowd(**vars(asked))
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"load before: {os.getloadavg()[0]:.1f}\n"
        f"{crowd.people} people and {crowd.clients} REST clients for {crowd.seconds:g} s, "
        f"one of each alone for {crowd.alone:g} s before",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        made = asyncio.run(trial(Path(folder), crowd))
    print("\n".join(report(made)))
    sys.exit(1 if made.errors else 0)


def report(made: Trial) -> list[str]:
    """The trial as lines: errors, latencies, throughput, the app's vitals."""
    return [*_errors(made), "", *_latencies(made), "", *_throughput(made), "", *_vitals(made)]


def _errors(made: Trial) -> list[str]:
    counted = Counter(made.errors)
    runs = sum(len(tally.runs) + len(tally.batches) for tally in (made.alone, made.together))
    lines = [f"errors: {counted.total()}; runs asked for: {runs}, each ended once"]
    if counted:
        lines[0] = f"ERRORS: {counted.total()}; runs asked for: {runs}"
    repeated = Counter([*made.alone.repeated, *made.together.repeated])
    lines += [f"clicks that had to be repeated: {repeated.total()} {dict(repeated) or ''}".rstrip()]
    return lines + [f"  {count} x {what}" for what, count in counted.most_common(20)]


def _latencies(made: Trial) -> list[str]:
    alone, together = made.alone.took, made.together.took
    lines = [f"{'':32}{'alone, ms':^21}{'together, ms':^21}{'ratio':^15}"]
    lines.append(f"{'':32}" + f"{'n':>5}{'p50':>8}{'p95':>8}" * 2 + f"{'p50':>7}{'p95':>8}")
    actions = sorted(together, key=lambda name: (name.startswith("REST"), name))
    return lines + [f"{action:32}{_cell(together, alone, action)}" for action in actions]


def _cell(together: dict[str, list[float]], alone: dict[str, list[float]], action: str) -> str:
    p50, p95 = p50_p95(together[action])
    ours = f"{len(together[action]):>5}{p50:>8,.0f}{p95:>8,.0f}"
    if action not in alone:
        return f"{'-':>5}{'-':>8}{'-':>8}{ours}{'-':>7}{'-':>8}"
    low, high = p50_p95(alone[action])
    floor = f"{len(alone[action]):>5}{low:>8,.0f}{high:>8,.0f}"
    return f"{floor}{ours}{p50 / low:>7.2f}{p95 / high:>8.2f}"


def _throughput(made: Trial) -> list[str]:
    return [
        f"{name}: {_rate(tally, None):.1f} actions/s, of them {_rate(tally, 'REST'):.1f} over REST"
        for name, tally in (("alone", made.alone), ("together", made.together))
    ]


def _rate(tally: Tally, prefix: str | None) -> float:
    counts = [len(took) for name, took in tally.took.items() if name.startswith(prefix or "")]
    return sum(counts) / tally.seconds


def _vitals(made: Trial) -> list[str]:
    lines = [f"{'the app':20}{'RSS, MB':>9}{'cores':>7}{'files':>7}{'threads':>9}"]
    before = None
    for moment, seen in made.vitals.items():
        cores = "" if before is None else f"{busy(before, seen):.2f}"
        lines.append(f"{moment:20}{seen.rss_mb:>9.1f}{cores:>7}{seen.files:>7}{seen.threads:>9}")
        before = seen
    return [*lines, f"the load itself kept {busy(*made.own):.2f} cores busy"]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load", description=__doc__)
    for name, help_text in (
        ("people", "sessions like a browser's"),
        ("clients", "REST clients"),
    ):
        parser.add_argument(f"--{name}", type=int, default=getattr(USUAL, name), help=help_text)
    for name, help_text in (
        ("seconds", "how long they are there together"),
        ("alone", "how long one of each is alone before"),
        ("quiet", "how long nobody is there afterwards"),
        ("haste", "what thinking is divided by: 1 is people, 10 is people in a hurry"),
    ):
        parser.add_argument(f"--{name}", type=float, default=getattr(USUAL, name), help=help_text)
    return parser.parse_args()


if __name__ == "__main__":
    main()
