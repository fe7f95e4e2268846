"""Two runs of pictures against each other: slider, side by side, flip, overlay, one zoom."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.run import Run, RunView
from pages._compare_address import LETTERS
from pages._i18n import _
from pages._image_cards import Item, items_of
from pages._image_cards import words as board_words

_HERE = Path(__file__).parent
_SCRIPTS = ("_image_dom.js", "_image_compare.js", "_compare_pictures.js")
_STYLES = ("_image_board.css", "_compare_pictures.css")
_FETCHED = 640  # px a thumbnail is wide


def pictures_of(run: Run) -> list[Item]:
    """The pictures of `run` as the board of the Image page knows them."""
    items = items_of(RunView(run=run), width=_FETCHED)
    return [item for item in items if item["state"] == "done"]


_mount = st.components.v2.component(
    "playground_compare_pictures",
    html="<div hidden></div>\n",
    css="\n".join((_HERE / name).read_text(encoding="utf-8") for name in _STYLES),
    js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS),
)


def draw_pictures(runs: Sequence[Run], *, reference: int) -> None:
    """Draw the reference's pictures against those of the others, one pair at a time."""
    made = [pictures_of(run) for run in runs]
    base = made[reference]
    pairs = [
        {"a": mine, "b": theirs, "letters": [LETTERS[reference], LETTERS[place]]}
        for place, items in enumerate(made)
        if place != reference
        for mine, theirs in zip(base, items, strict=False)
    ]
    if not pairs:
        return
    _mount(
        key="compare_pictures",
        data={"pairs": pairs, "words": board_words() | _words()},
        width="stretch",
        height="content",
    )


def _words() -> dict[str, str]:
    return {
        "blend": _("Overlay"),
        "blend_help": _("Black where both are the same"),
        "pairs": _("Pair"),
        "zoom_in": _("Zoom in"),
        "zoom_out": _("Zoom out"),
        "whole": _("Whole picture"),
        "pan": _("Wheel to zoom, drag to move. In the slider and Flip hold Shift to move."),
    }
