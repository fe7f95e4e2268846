"""Items of lists beside those they are like."""

from collections.abc import Sequence

from core.compare.diff import likeness

_ALIKE = 0.6
_MOST_PAIRS = 10_000  # items times items, up to which likeness is looked at

Line = list[int | None]


def paired(lists: Sequence[Sequence[str]], *, reference: int) -> list[Line]:
    """Lines of a table: each names, list by list, the item that stands in it, or None.

    Every item stands in exactly one line. Those of the reference keep their order; the most
    alike find each other first, wherever they stand; what is like nothing fills the free
    places in order, and comes in lines of its own when there are none.
    """
    lines: list[Line] = []
    order = sorted(range(len(lists)), key=lambda place: place != reference)
    for place in order:
        _join(lines, lists, place)
    return lines


def _join(lines: list[Line], lists: Sequence[Sequence[str]], place: int) -> None:
    items = lists[place]
    found = _alike(lines, lists, place)
    taken = set(found.values())
    free = [number for number in range(len(lines)) if number not in taken]
    for item in range(len(items)):
        if item not in found and free:
            found[item] = free.pop(0)
    for item, number in found.items():
        lines[number][place] = item
    lines[:] = _with_own(lines, found, len(items), place, len(lists))


def _with_own(
    lines: list[Line], found: dict[int, int], items: int, place: int, lists: int
) -> list[Line]:
    """`lines` with one more for each item without a line, behind that of the item before it."""
    own: dict[int, list[Line]] = {}
    after = -1
    for item in range(items):
        if item in found:
            after = found[item]
        else:
            own.setdefault(after, []).append([item if at == place else None for at in range(lists)])
    joined = own.get(-1, [])
    for number, line in enumerate(lines):
        joined += [line, *own.get(number, [])]
    return joined


def _alike(lines: list[Line], lists: Sequence[Sequence[str]], place: int) -> dict[int, int]:
    """The line that each item of list `place` is most like, where it is alike at all."""
    items = lists[place]
    if len(items) * len(lines) > _MOST_PAIRS:
        return {}
    told = [_text(line, lists) for line in lines]
    pairs = [
        (likeness(text, item), -abs(number - at), at, number)
        for at, item in enumerate(items)
        for number, text in enumerate(told)
    ]
    found: dict[int, int] = {}
    taken: set[int] = set()
    for alike, _, at, number in sorted(pairs, reverse=True):
        if alike >= _ALIKE and at not in found and number not in taken:
            found[at] = number
            taken.add(number)
    return found


def _text(line: Line, lists: Sequence[Sequence[str]]) -> str:
    return next(items[item] for items, item in zip(lists, line, strict=True) if item is not None)
