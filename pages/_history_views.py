"""The views of the History page, and which of them the address asks for."""

import streamlit as st

from pages._history_address import VIEWS, change_address, values_of
from pages._i18n import _

RUNS = "runs"


def draw_views() -> str:
    """Draw the switch; returns the view that is open, "runs" unless the address names another."""
    labels = {
        RUNS: _("Runs"),
        "charts": _("Charts"),
        "parity": _("Mock against live"),
        "vote": _("Blind vote"),
    }
    asked = next((value for value in values_of("view") if value in VIEWS), RUNS)
    if st.session_state.get("history_view") != asked:
        st.session_state["history_view"] = asked
    st.segmented_control(
        _("View"),
        list(labels),
        format_func=lambda name: labels.get(name, name),
        key="history_view",
        required=True,
        label_visibility="collapsed",
        on_change=_chosen,
    )
    return asked


def _chosen() -> None:
    chosen = st.session_state["history_view"]
    change_address(view=None if chosen == RUNS else chosen)
