"""Numbers as people read them."""

import pytest

from pages._format import UNKNOWN, size


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (None, UNKNOWN),
        (0, "0 B"),
        (999, "999 B"),
        (81_300, "81 kB"),
        (8_988_124_069, "9.0 GB"),
        (512_000_000_000, "512 GB"),
        (3 * 10**21, "3,000,000 PB"),
    ],
)
def test_a_size_is_told_as_disks_are_sold(count: int | None, words: str) -> None:
    assert size(count) == words


def test_memory_is_told_in_steps_of_1024() -> None:
    assert size(24 * 1024**3, binary=True) == "24.0 GB"
