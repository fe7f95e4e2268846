"""The benches run and give numbers; how large those are is for docs/performance.md."""

import asyncio
import math
import re
from pathlib import Path

import pytest

from tests.bench.__main__ import BENCHES, line, measure
from tests.bench.gallery import CHROMIUM
from tests.bench.memory import STATM
from tests.bench.pairing import Figure, Size

DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"


@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_runs_and_every_figure_is_a_number(name: str) -> None:
    if name == "memory" and not STATM.exists():
        pytest.skip("reads memory from /proc, which only Linux has")
    if name == "gallery" and not Path(CHROMIUM).exists():
        pytest.skip(f"no browser at {CHROMIUM}: install Debian's chromium")
    figures = asyncio.run(measure(name, Size.SMOKE))
    assert figures
    for figure in figures:
        assert figure.ours
        assert len(figure.ours) == len(figure.floor)
        assert all(math.isfinite(value) and value >= 0 for value in figure.ours)
        assert all(math.isfinite(value) and value > 0 for value in figure.floor)
        assert line(figure).startswith(figure.name)


def test_a_ratio_is_the_median_of_the_pairs_not_of_the_sides() -> None:
    figure = Figure("thing", "ms", floor=[1, 2, 10], ours=[2, 2, 30], aim=1.5)
    assert figure.ratio == 2
    assert figure.spread == (1.5, 2.5)
    assert figure.met is False
    assert line(figure).endswith("<= 1.5: MISSED")


def test_an_aim_may_bound_our_own_figure_or_be_a_least_one() -> None:
    assert Figure("updates", "/s", [200], [20], 30, bounds="ours").met is True
    assert Figure("answers", "/s", [100], [40], 0.45, larger_is_better=True).met is False
    assert Figure("told", "ms", [1], [1]).met is None


def test_the_document_describes_every_bench() -> None:
    described = re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(described) == sorted(BENCHES)
