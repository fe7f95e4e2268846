"""docs/health.md tells every code of a health check, as the code knows it."""

import re
from pathlib import Path

from core.health import CODES, HealthState

PAGE = (Path(__file__).parent.parent / "docs" / "health.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| [^|]+ \|([^|]*)\|$", re.MULTILINE)


def test_every_code_is_in_the_table_with_its_details_and_no_other_is():
    told = {code: tuple(re.findall(r"`(\w+)`", details)) for code, _, details in ROW.findall(PAGE)}
    assert told == dict(CODES)


def test_the_states_in_the_table_are_those_there_are():
    assert {state for _, state, _ in ROW.findall(PAGE)} <= set(HealthState)
    assert all(f"`{state}`" in PAGE for state in HealthState)
