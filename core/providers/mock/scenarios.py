"""What the mock's models do wrong: each one fault that the QA team has met, see requirements.

A scenario is chosen as a model is, by its name. `mock-perfect` is what the others start from.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.providers.mock.draft import Draft
from core.providers.mock.faults import as_prose, made_too_long, with_filler, with_foreign_sentence
from core.providers.mock.pacing import Pace

SLOW = Pace(tokens_per_second=8, loading=3.0, longest=15.0)
SLOW_AT_ONCE = Pace(tokens_per_second=1, loading=0.5, first_token=0.1, longest=0.9)


def _unspoilt(draft: Draft) -> str:
    return draft.text()


def _usual(tokens_per_second: float) -> Pace:
    return Pace(tokens_per_second)


def _slow(tokens_per_second: float) -> Pace:
    return SLOW if tokens_per_second else SLOW_AT_ONCE


@dataclass(frozen=True)
class Scenario:
    """One way of answering.

    `write` makes the answer's text, `stops_at` is the part of it that arrives (1 is all),
    `fails` whether it then breaks off with an error instead of saying "length", `pace` how
    fast it comes, from the setting.
    """

    name: str
    write: Callable[[Draft], str] = _unspoilt
    stops_at: float = 1.0
    fails: bool = False
    pace: Callable[[float], Pace] = field(default=_usual)


_ALL = (
    Scenario("mock-perfect"),
    Scenario("mock-filler", write=with_filler),
    Scenario("mock-mixed-language", write=with_foreign_sentence),
    Scenario("mock-too-long", write=made_too_long),
    Scenario("mock-not-json", write=as_prose),
    Scenario("mock-cut-off", stops_at=0.55),
    Scenario("mock-slow", pace=_slow),
    Scenario("mock-error", stops_at=0.34, fails=True),
)

SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _ALL}
DEFAULT_SCENARIO = _ALL[0].name
