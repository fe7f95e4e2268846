"""Times and tokens of runs beside each other, as bars, for pages/_compare.js."""

from collections.abc import Callable, Sequence
from typing import Any

from core.run import Run
from core.types import Mode
from pages._format import number, seconds
from pages._i18n import _

SHORTEST_LOAD_MS = 100  # less is a model that was loaded already


def times_section(runs: Sequence[Run]) -> dict[str, Any]:
    """The section: first token, whole time with the loading apart, speed, tokens."""
    image = runs[0].kind == "image"
    first = _("First preview") if image else _("First token")
    rows = [
        _bars(first, runs, lambda run: run.first_token_ms, seconds),
        _bars(_("Total"), runs, lambda run: run.total_ms, seconds, part=_load),
        _bars(_("Waited in line"), runs, lambda run: run.queued_ms, seconds),
    ]
    if not image:
        speed = _("{n}/s")
        rows += [
            _bars(
                _("Speed"),
                runs,
                lambda run: run.tokens_per_second,
                lambda value: speed.format(n=number(value, digits=1)),
            ),
            _bars(_("Tokens in"), runs, lambda run: run.prompt_tokens, number),
            _bars(_("Tokens out"), runs, lambda run: run.completion_tokens, number),
        ]
    return {"title": _("Times and tokens"), "rows": [row for row in rows if row]}


def _bars(
    label: str,
    runs: Sequence[Run],
    read: Callable[[Run], float | None],
    shown: Callable[[float], str],
    part: Callable[[Run], float | None] | None = None,
) -> dict[str, Any] | None:
    values = [read(run) for run in runs]
    known = [value for value in values if value is not None]
    if not known:
        return None
    longest = max(known) or 1
    cells = []
    for run, value in zip(runs, values, strict=True):
        if value is None:
            cells.append({"missing": "–"})
            continue
        inside = part(run) if part else None
        notes = [_("simulated")] if run.mode is Mode.MOCK else []
        if inside:
            notes.insert(0, _("loading the model {time} of it").format(time=seconds(inside)))
        cells.append(
            {
                "bar": value / longest,
                "part": (inside or 0) / longest,
                "text": shown(value),
                "note": " · ".join(notes),
                "simulated": run.mode is Mode.MOCK,
            }
        )
    texts = {cell.get("text") for cell in cells}
    return {"label": label, "differs": len(texts) > 1, "cells": cells}


def _load(run: Run) -> float | None:
    return run.load_ms if run.load_ms and run.load_ms >= SHORTEST_LOAD_MS else None
