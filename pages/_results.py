"""The runs side by side. One fragment redraws what is under way; the rest stands still."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import services
from core.run import (
    RunView,
)
from pages._before import draw_before
from pages._compare_address import MOST, compare_address
from pages._i18n import _, ngettext
from pages._opened import close, grouped
from pages._run_card import draw_body, draw_card
from pages._scroll import scroll_here

_TICK = 0.15  # s; batches of tokens, and still faster than anybody reads
_SLOW_TICK = 0.5
_MANY = 8
_A_RUN = 0.02  # s for each run under way: all pages together refresh fifty times a second at most
_SLOWEST = 1.0


def draw_results(views: list[RunView]) -> dict[str, DeltaGenerator]:
    """Draw the runs in their columns; returns where the answers of those under way go."""
    live = [view for view in views if not view.run.status.is_final]
    # A place of its own: what follows is then drawn over what stood there while runs were live,
    # also where the browser never hears that the script has ended.
    first = st.container(gap=None)
    if live:
        with first:
            scroll_here(views[0].run.id)
    _header(views, live)
    groups = grouped(views)
    bodies: dict[str, DeltaGenerator] = {}
    # Three and more are scrolled sideways, with the first that does not fit peeking in.
    grid = st.grid(len(groups), min_column_width=300, wrap=len(groups) < 3, gap="small")
    for group in groups:
        with grid.cell():
            for view in group:
                body = draw_card(view)
                if view.run.status.is_final:
                    with body:
                        draw_body(view)
                else:
                    bodies[view.run.id] = body
    return bodies


def keep_live(bodies: dict[str, DeltaGenerator]) -> None:
    """Keep the runs of `draw_results` moving until they end.

    Called in every run of the script, at the same place, also when nothing is under way: a
    tick on its way then still finds its fragment.
    """
    tick = _SLOW_TICK if len(bodies) > _MANY else _TICK
    tick = min(max(tick, _A_RUN * services.get_services().gateway.under_way), _SLOWEST)
    st.fragment(_feed, run_every=tick if bodies else None)(bodies)


def _header(views: list[RunView], live: list[RunView]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = ngettext("{n} run", "{n} runs", len(views))
        if live:
            words += " · " + ngettext("{n} under way", "{n} under way", len(live))
        st.caption(words, width="stretch")
        if len(live) > 1:
            st.button(
                _("Stop all"),
                key="text_stop_all",
                icon=":material/stop_circle:",
                on_click=_stop_all,
                args=([view.run.id for view in live],),
            )
        ended = [view.run.id for view in views if view.run.status.is_final]
        if 2 <= len(ended) <= MOST and st.button(
            _("Compare side by side"),
            key="text_compare",
            icon=":material/splitscreen_right:",
            type="tertiary",
        ):
            st.switch_page("history.py", query_params=_comparison(ended))
        draw_before(views, key="text_before")
        st.button(_("Clear"), key="text_close", type="tertiary", on_click=close)


def _comparison(run_ids: list[str]) -> dict[str, str]:
    asked = st.query_params.get("lang")
    return compare_address(run_ids) | ({"lang": asked} if asked else {})


def _stop_all(run_ids: list[str]) -> None:
    gateway = services.get_services().gateway
    for run_id in run_ids:
        gateway.cancel(run_id)


def _feed(bodies: dict[str, DeltaGenerator]) -> None:
    gateway = services.get_services().gateway
    ended = False
    for run_id, body in bodies.items():
        view = gateway.view(run_id)
        ended = ended or view.run.status.is_final
        with body:
            draw_body(view)
    if ended:
        st.rerun()
