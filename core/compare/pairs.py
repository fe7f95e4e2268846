"""Which runs belong together as mock and live."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from core.run import Run
from core.types import Mode, RunStatus, normalise_json


class Pair(NamedTuple):
    """A run of the mock and a live one that were asked for the same."""

    mock: Run
    live: Run


def pairs_of(runs: Iterable[Run]) -> list[Pair]:
    """Every live model's newest run beside the mock's newest for the same task and payload.

    `runs` come newest first, and so do the pairs, by their live run. A run with an answer goes
    before newer ones without; runs that have not ended are left out.
    """
    mocks: dict[str, Run] = {}
    lives: dict[tuple[str, str, str], Run] = {}
    for run in runs:
        if not run.status.is_final:
            continue
        asked = _asked(run)
        if run.mode is Mode.MOCK:
            _keep(mocks, asked, run)
        else:
            _keep(lives, (asked, run.provider, run.model), run)
    pairs = [Pair(mocks[key[0]], live) for key, live in lives.items() if key[0] in mocks]
    return sorted(pairs, key=lambda pair: pair.live.id, reverse=True)


def counterpart(run: Run, others: Iterable[Run]) -> Run | None:
    """The first of `others` that was asked for the same in the other mode and has an answer."""
    for other in others:
        same = other.mode is not run.mode and _asked(other) == _asked(run)
        if same and other.status is RunStatus.SUCCEEDED:
            return other
    return None


def _keep(kept: dict[Any, Run], key: object, run: Run) -> None:
    known = kept.get(key)
    answers = run.status is RunStatus.SUCCEEDED
    if known is None or (answers and known.status is not RunStatus.SUCCEEDED):
        kept[key] = run


def _asked(run: Run) -> str:
    payload = normalise_json(dict(run.payload))
    return json.dumps([run.kind, run.task, run.language, payload], sort_keys=True)
