"""What differs between two texts, in words that suit Korean.

Words are compared first (an eojeol is one); a word that became a similar one is marked only
where it differs, so that 커피를 and 커피는 differ in their particle. The matching of words is
a longest common subsequence, bit-parallel in rapidfuzz: difflib needs seconds for texts that
this does in milliseconds, and leaves frequent words out of account.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rapidfuzz.distance import Indel, LCSseq

from core.compare.words import Unit, common_ends, letters, lines, units

Kind = Literal["same", "removed", "added", "changed"]
# The one text times the other, up to which they are compared: in words that is 20 MB and 50 ms,
# in characters what about as many words have.
_MOST_CELLS = 100_000_000
_MOST_CHARS = 3_600_000_000
_MOST_PAIRS = 144  # words of a replaced stretch times its new ones, up to which they are paired
_LONGEST_ITEM = 500  # characters by which two items of a list are told apart
_ALIKE = 0.5  # share of letters at both ends from which on two words are one that changed


@dataclass(frozen=True)
class Segment:
    """A stretch of two texts: `left` in the one stands where `right` stands in the other."""

    kind: Kind
    left: str
    right: str


class _Block(NamedTuple):
    same: bool
    left: slice
    right: slice


def diff(left: str, right: str) -> tuple[Segment, ...]:
    """The segments from `left` to `right`; each side joined gives that text again, exactly.

    Texts are compared as they are: normalise them first. Up to about ten thousand words each
    are compared word by word. Longer ones by lines, whose changed stretches are compared by
    words where they are short enough and are one changed stretch where they are not.
    """
    return tuple(_joined(_by_words(left, right)))


def is_same(segments: Sequence[Segment]) -> bool:
    """Whether nothing differs."""
    return all(segment.kind == "same" for segment in segments)


def _by_words(left: str, right: str) -> Iterator[Segment]:
    if left == right:
        yield from _segment(left, right)
        return
    found = _units_of(left, right)
    if found is None:
        yield from _by_lines(left, right)
        return
    ours, theirs = found
    for block in _blocks([unit.word for unit in ours], [unit.word for unit in theirs]):
        before, after = ours[block.left], theirs[block.right]
        if block.same:
            for one, other in zip(before, after, strict=True):
                yield from _segment(one.space, other.space)
                yield from _segment(one.word, other.word)
        else:
            yield from _replaced(before, after)


def _by_lines(left: str, right: str) -> Iterator[Segment]:
    ours, theirs = lines(left), lines(right)
    head, tail = common_ends(ours, theirs)
    beginning, end = "".join(ours[:head]), "".join(ours[len(ours) - tail :])
    yield from _segment(beginning, beginning)
    ours, theirs = ours[head : len(ours) - tail], theirs[head : len(theirs) - tail]
    if _is_too_much(ours, theirs):
        yield from _segment("".join(ours), "".join(theirs))
    else:
        for block in _blocks(ours, theirs):
            before, after = "".join(ours[block.left]), "".join(theirs[block.right])
            short = not block.same and _units_of(before, after) is not None
            yield from _by_words(before, after) if short else _segment(before, after)
    yield from _segment(end, end)


def _is_too_much(left: Sequence[object], right: Sequence[object]) -> bool:
    return len(left) * len(right) > _MOST_CELLS


def _units_of(left: str, right: str) -> tuple[list[Unit], list[Unit]] | None:
    """The words of both; None where they are too many to compare."""
    if len(left) * len(right) > _MOST_CHARS:
        return None
    ours, theirs = units(left), units(right)
    return None if _is_too_much(ours, theirs) else (ours, theirs)


def _blocks(left: Sequence[Hashable], right: Sequence[Hashable]) -> Iterator[_Block]:
    """Stretches that both have and stretches that differ, in turn."""
    numbers: dict[Hashable, int] = {}
    ours = [numbers.setdefault(item, len(numbers)) for item in left]
    theirs = [numbers.setdefault(item, len(numbers)) for item in right]
    at_left = at_right = 0
    for code in LCSseq.opcodes(ours, theirs):
        if code.tag != "equal":
            continue
        if code.src_start > at_left or code.dest_start > at_right:
            yield _Block(False, slice(at_left, code.src_start), slice(at_right, code.dest_start))
        at_left, at_right = code.src_end, code.dest_end
        yield _Block(True, slice(code.src_start, at_left), slice(code.dest_start, at_right))
    if at_left < len(left) or at_right < len(right):
        yield _Block(False, slice(at_left, len(left)), slice(at_right, len(right)))


def _replaced(left: list[Unit], right: list[Unit]) -> Iterator[Segment]:
    """A stretch of words that became another; words that changed a little are found in it."""
    before, after = _text(left), _text(right)
    if len(left) * len(right) > _MOST_PAIRS:
        yield from _stretch(left, right)
    elif left and right and "".join(before.split()) == "".join(after.split()):
        yield from _letter_by_letter(before, after)
    else:
        at_left = at_right = 0
        for one, other in _pairs(left, right):
            yield from _stretch(left[at_left:one], right[at_right:other])
            yield from _segment(left[one].space, right[other].space)
            yield from _by_ends(left[one].word, right[other].word)
            at_left, at_right = one + 1, other + 1
        yield from _stretch(left[at_left:], right[at_right:])


def _stretch(left: list[Unit], right: list[Unit]) -> Iterator[Segment]:
    """Words that became others; the space before them both is not part of it."""
    space = left[0].space if left and right and left[0].space == right[0].space else ""
    yield from _segment(space, space)
    yield from _segment(_text(left)[len(space) :], _text(right)[len(space) :])


def _text(stretch: list[Unit]) -> str:
    return "".join(unit.text for unit in stretch)


def _pairs(left: list[Unit], right: list[Unit]) -> list[tuple[int, int]]:
    """Which words became which: the pairs, in order, that are most alike together."""
    best: list[list[tuple[float, tuple[tuple[int, int], ...]]]] = [
        [(0.0, ())] * (len(right) + 1) for _ in range(len(left) + 1)
    ]
    for one, ours in enumerate(left):
        for other, theirs in enumerate(right):
            skip = max(best[one][other + 1], best[one + 1][other], key=lambda found: found[0])
            alike = _likeness(ours.word, theirs.word)
            weight, pairs = best[one][other]
            paired = (weight + alike, (*pairs, (one, other)))
            best[one + 1][other + 1] = paired if alike >= _ALIKE and paired[0] > skip[0] else skip
    return list(best[-1][-1][1])


def _likeness(left: str, right: str) -> float:
    """How much of the shorter word both share at their ends, 0 to 1."""
    if not left or not right or (left[0] != right[0] and left[-1] != right[-1]):
        return 0.0
    ours, theirs = letters(left), letters(right)
    return sum(common_ends(ours, theirs)) / min(len(ours), len(theirs))


def _by_ends(left: str, right: str) -> Iterator[Segment]:
    ours, theirs = letters(left), letters(right)
    head, tail = common_ends(ours, theirs)
    beginning, end = "".join(ours[:head]), "".join(ours[len(ours) - tail :])
    yield from _segment(beginning, beginning)
    yield from _segment(
        "".join(ours[head : len(ours) - tail]), "".join(theirs[head : len(theirs) - tail])
    )
    yield from _segment(end, end)


def _letter_by_letter(left: str, right: str) -> Iterator[Segment]:
    """For texts that differ in their spaces alone."""
    ours, theirs = letters(left), letters(right)
    for block in _blocks(ours, theirs):
        yield from _segment("".join(ours[block.left]), "".join(theirs[block.right]))


def _segment(left: str, right: str) -> Iterator[Segment]:
    if not left and not right:
        return
    if left == right:
        yield Segment("same", left, right)
    elif not left:
        yield Segment("added", left, right)
    elif not right:
        yield Segment("removed", left, right)
    else:
        yield Segment("changed", left, right)


def _joined(segments: Iterator[Segment]) -> Iterator[Segment]:
    """Neighbours of one kind as one."""
    held: Segment | None = None
    for segment in segments:
        if held is not None and held.kind == segment.kind:
            held = Segment(held.kind, held.left + segment.left, held.right + segment.right)
            continue
        if held is not None:
            yield held
        held = segment
    if held is not None:
        yield held


def likeness(left: str, right: str) -> float:
    """How alike two texts are, 0 to 1; for pairing the items of two lists."""
    return Indel.normalized_similarity(left[:_LONGEST_ITEM], right[:_LONGEST_ITEM])


def same_share(segments: Sequence[Segment]) -> float:
    """The share of the longer text that both have, 0 to 1."""
    same = sum(len(segment.left) for segment in segments if segment.kind == "same")
    longer = max(sum(len(one.left) for one in segments), sum(len(one.right) for one in segments))
    return same / longer if longer else 1.0
