"""The board of pictures: drawn in the browser, so that two hundred of them stay light.

Pictures come by address, words as text. What is done to a picture comes back as one action.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from pages._i18n import _
from pages._image_axes import AXES, Table
from pages._image_cards import Item, words

_HERE = Path(__file__).parent
_SCRIPTS = ("_image_dom.js", "_image_large.js", "_image_compare.js", "_image_board.js")
_mount = st.components.v2.component(
    "playground_image_board",
    html="<div hidden></div>\n",
    css=(_HERE / "_image_board.css").read_text(encoding="utf-8"),
    js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS),
)
# Small, because it is sent again at every tick, and the board with its script is not.
_PULSE = """
export default function ({ data }) {
  window.dispatchEvent(new CustomEvent("playground-pictures", { detail: data }))
}
"""
_mount_pulse = st.components.v2.component("playground_image_pulse", html="<i></i>", js=_PULSE)


def draw_pulse(states: Mapping[str, Item]) -> None:
    """Tell the boards what the runs with these ids are doing now."""
    _mount_pulse(key="image_pulse", data=dict(states), width="stretch", height=1)


def draw_board(
    items: Sequence[Item],
    *,
    key: str,
    on_action: Callable[[dict[str, Any]], None],
    table: Table | None = None,
    gallery: bool = False,
    own_words: Mapping[str, str] | None = None,
) -> None:
    """Draw `items`, as a labelled table where there is one; `on_action` is a callback.

    `own_words` say something else than usual, see `words`.
    """

    def acted() -> None:
        action = st.session_state[key].action
        if action is not None:
            on_action(dict(action))

    _mount(
        key=key,
        data={
            "items": list(items),
            "kind": "gallery" if gallery else "results",
            "table": _told(table) if table and len(items) == _cells(table) else None,
            "words": words() | dict(own_words or {}),
        },
        on_action_change=acted,
        width="stretch",
        height="content",
    )


def _cells(table: Table) -> int:
    return len(table.columns) * len(table.rows)


def _told(table: Table) -> dict[str, Any]:
    return {
        "across": _(AXES[table.across]),
        "columns": table.columns,
        "down": _(AXES[table.down]) if table.down else "",
        "rows": table.rows,
    }
