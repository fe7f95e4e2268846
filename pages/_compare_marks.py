"""A text with what differs from the reference marked, for pages/_compare.js."""

from collections.abc import Sequence

from core.compare.diff import Segment, same_share

_WHOLLY = 0.3  # share of a text that must be the same for its words to be marked one by one


def marked(text: str, segments: Sequence[Segment]) -> list[list[str]]:
    """`text` as pairs of kind and words, with what the reference has instead struck out.

    A text that is another altogether comes as one piece: marks on every word say nothing.
    """
    if not segments:
        return [["same", text]]
    if same_share(segments) < _WHOLLY:
        return [["other", text]]
    pieces: list[list[str]] = []
    for segment in segments:
        if segment.kind == "same":
            pieces.append(["same", segment.right])
            continue
        if segment.left:
            pieces.append(["removed", segment.left])
        if segment.right:
            pieces.append(["added", segment.right])
    return pieces
