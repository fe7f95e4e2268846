"""Which runs a page shows: the address says it, `?batch=` or `?run=`; the session remembers.

`page` is the page's prefix in the session: "text" or "image".
"""

import streamlit as st

from core import services
from core.errors import PlaygroundError
from core.run import (
    RunView,
)

_KINDS = ("batch", "run")


def open_in_address(page: str, kind: str, key: str) -> None:
    """Show the batch or run `key` from now on."""
    st.session_state[f"{page}_opened"] = (kind, key)
    _show_in_address({kind: key})


def close_in_address(page: str) -> None:
    """Show nothing from now on."""
    st.session_state.pop(f"{page}_opened", None)
    _show_in_address({})


def views_in_address(page: str) -> list[RunView]:
    """The runs to show, empty when none are open. Raises RunNotFound."""
    _follow_address(page)
    opened = st.session_state.get(f"{page}_opened")
    if opened is None:
        return []
    kind, key = opened
    gateway = services.get_services().gateway
    return gateway.batch(key) if kind == "batch" else [gateway.view(key)]


def opened_run(page: str, task: str) -> str | None:
    """The run that is open by itself, where it is one of `task`: what is run next is its child."""
    kind, key = st.session_state.get(f"{page}_opened") or (None, None)
    if kind != "run" or not key:
        return None
    try:
        run = services.get_services().gateway.view(key).run
    except PlaygroundError:
        return None
    return key if run.task == task else None


def _show_in_address(opened: dict[str, str]) -> None:
    # In one go: each change is a step of the browser's Back.
    others = {name: value for name, value in st.query_params.items() if name not in _KINDS}
    st.query_params.from_dict(others | opened)


def _follow_address(page: str) -> None:
    for kind in _KINDS:
        if key := st.query_params.get(kind):
            st.session_state[f"{page}_opened"] = (kind, key)
            return
    opened = st.session_state.get(f"{page}_opened")
    if opened and st.session_state.get("page_changed"):
        _show_in_address({opened[0]: opened[1]})
    else:
        st.session_state.pop(f"{page}_opened", None)
