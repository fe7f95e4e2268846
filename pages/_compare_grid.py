"""The grid of runs side by side, drawn in the browser: one row a field, one column a run.

Everything comes as data and is written as text; what is done in the grid comes back as one
action.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from pages._i18n import _

_HERE = Path(__file__).parent
_SCRIPTS = ("_image_dom.js", "_compare_cells.js", "_compare.js")
_mount = st.components.v2.component(
    "playground_compare",
    html="<div hidden></div>\n",
    css=(_HERE / "_compare.css").read_text(encoding="utf-8"),
    js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS),
)


def draw_grid(
    columns: Sequence[dict[str, Any]],
    sections: Sequence[dict[str, Any]],
    *,
    only: bool,
    on_action: Callable[[dict[str, Any]], None],
) -> None:
    """Draw the grid; `only` hides rows in which nothing differs. `on_action` is a callback."""

    def acted() -> None:
        action = st.session_state["compare_grid"].action
        if action is not None:
            on_action(dict(action))

    _mount(
        key="compare_grid",
        data={
            "columns": list(columns),
            "sections": list(sections),
            "only": only,
            "words": _words(),
        },
        on_action_change=acted,
        width="stretch",
        height="content",
    )


def _words() -> dict[str, str]:
    return {
        "grid": _("Runs side by side"),
        "field": _("Field"),
        "reference": _("Reference"),
        "make_reference": _("Compare the others with this one"),
        "remove": _("Take this column out"),
        "open": _("Open this run"),
        "removed": _("left out:"),
        "added": _("new:"),
        "other": _("another text altogether"),
        "same_for_all": _("the same for all"),
        "show_same": _("Show what is the same too"),
        "hide_same": _("Only what differs"),
        "nothing": _("Nothing differs."),
        "enlarge": _("Enlarge"),
        "error": _("Error"),
        "warning": _("Warning"),
        "note": _("Note"),
    }
