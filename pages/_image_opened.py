"""Which pictures the page shows: the address says it, `?batch=` or `?run=`."""

from itertools import pairwise

import streamlit as st

from core import services
from core.run import (
    RunView,
)
from pages._address import close_in_address, open_in_address, views_in_address
from pages._image_form import fill


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
    close_in_address("image")


def opened_views() -> list[RunView]:
    """The runs to show, empty when none are open. Raises RunNotFound."""
    return views_in_address("image")


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
    open_in_address("image", kind, key)
