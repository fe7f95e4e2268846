"""Runs as JSON Lines: everything recorded, one run a line."""

from collections.abc import Iterable, Iterator, Sequence

from core.export.record import ExportedRun

# JSON escapes the others itself; many readers split lines at these too (Python's do).
_LINE_BREAKS = [(mark.encode(), b"\\u%04x" % ord(mark)) for mark in "\x85\u2028\u2029"]


def export_jsonl(runs: Iterable[Sequence[ExportedRun]]) -> Iterator[bytes]:
    """`runs`, which come in batches, as lines of `ExportedRun`, a batch a piece."""
    for batch in runs:
        yield b"".join(_line(run) + b"\n" for run in batch)


def _line(run: ExportedRun) -> bytes:
    line = run.model_dump_json().encode()
    for raw, escaped in _LINE_BREAKS:
        line = line.replace(raw, escaped)
    return line
