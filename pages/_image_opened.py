"""Which pictures the page shows: the address says it, `?batch=` or `?run=`."""

from itertools import pairwise

import streamlit as st

from core import services
from core.types import RunView
from pages._image_form import fill

_KINDS = ("batch", "run")


def open_batch(batch_id: str) -> None:
    """Show this batch from now on."""
    _open("batch", batch_id)
    st.session_state["image_taken_over"] = ("batch", batch_id)


def open_run(run_id: str) -> None:
    """Show the batch of this run, or it alone, and take over how it was made; for a callback."""
    run = services.get_services().gateway.view(run_id).run
    _open(*(("batch", run.batch_id) if run.batch_id else ("run", run_id)))
    st.session_state.pop("image_taken_over", None)


def close() -> None:
    """Show nothing but what was made before; for a callback."""
    st.session_state.pop("image_opened", None)
    _show_in_address({})


def opened_views() -> list[RunView]:
    """The runs to show, empty when none are open. Raises RunNotFound."""
    _follow_address()
    opened = st.session_state.get("image_opened")
    if opened is None:
        return []
    kind, key = opened
    gateway = services.get_services().gateway
    return gateway.batch(key) if kind == "batch" else [gateway.view(key)]


def take_over(views: list[RunView]) -> None:
    """Fill the composer from runs opened by address, once; before it is drawn."""
    opened = st.session_state.get("image_opened")
    if not views or st.session_state.get("image_taken_over") == opened:
        return
    st.session_state["image_taken_over"] = opened
    seeds = [view.run.image.options.seed for view in views if view.run.image]
    follow = all(b == a + 1 for a, b in pairwise(seeds) if a is not None)
    fill(views[0].run, count=len(views) if follow else 1)


def _open(kind: str, key: str) -> None:
    st.session_state["image_opened"] = (kind, key)
    _show_in_address({kind: key})


def _show_in_address(opened: dict[str, str]) -> None:
    # In one go: each change is a step of the browser's Back.
    others = {name: value for name, value in st.query_params.items() if name not in _KINDS}
    st.query_params.from_dict(others | opened)


def _follow_address() -> None:
    for kind in _KINDS:
        if key := st.query_params.get(kind):
            st.session_state["image_opened"] = (kind, key)
            return
    opened = st.session_state.get("image_opened")
    if opened and st.session_state.get("page_changed"):
        _show_in_address({opened[0]: opened[1]})
    else:
        st.session_state.pop("image_opened", None)
