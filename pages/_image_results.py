"""What is being made and what was made before. One fragment moves while something is under way."""

import threading
from html import escape
from typing import Any

import streamlit as st

from core import services
from core.run import (
    RunView,
)
from pages._before import draw_before
from pages._i18n import _, ngettext
from pages._image_address import zip_address
from pages._image_axes import table_of
from pages._image_board import draw_board, draw_pulse
from pages._image_cards import items_of, live_state
from pages._image_opened import close, open_run
from pages._image_run import again_request, submit
from pages._image_source import use_source
from pages._scroll import scroll_here

_TICK = 0.25
_SLOW_TICK = 0.6
_MANY = 12
_EARLIER = 60
_THUMB = 320
_WIDE = 640
_MOST_IN_ZIP = 100


def draw_results(views: list[RunView]) -> None:
    """Draw the opened runs; those under way keep moving."""
    live = [view for view in views if not view.run.status.is_final]
    if live:
        scroll_here(views[0].run.id)
    _header(views, live)
    width = _THUMB if len(views) > _MANY else _WIDE
    draw_board(
        [item for view in views for item in items_of(view, width=width)],
        key="image_results",
        on_action=_act,
        table=table_of([view.run for view in views]),
    )


def keep_live(views: list[RunView]) -> None:
    """Keep the runs on the board moving until they end.

    Called in every run of the script, at the same place, also when nothing is under way: a
    tick on its way then still finds its fragment.
    """
    live = [view.run.id for view in views if not view.run.status.is_final]
    tick = None if not live else _SLOW_TICK if len(live) > _MANY else _TICK
    st.fragment(_feed, run_every=tick, key="image_live")(live)


def draw_earlier(shown: list[RunView]) -> None:
    """Draw the pictures of earlier runs, newest first."""
    here = {view.run.id for view in shown}
    runs = services.get_services().gateway.recent(limit=_EARLIER, kind="image")
    items = [
        item
        for run in runs
        if run.id not in here and run.image and run.image.pictures
        for item in items_of(RunView(run=run), width=_THUMB, openable=True)
        if item["state"] == "done"
    ]
    if items:
        st.caption(_("Made before"))
        draw_board(items, key="image_earlier", on_action=_act, gallery=True)


def act_on_wish() -> None:
    """Do what was asked for on a board: where the script may draw and rerun."""
    wish = st.session_state.pop("image_wish", None)
    if wish is None:
        return
    kind, run_id = wish
    run = services.get_services().gateway.view(run_id).run
    if submit([again_request(run, new_seed=kind == "seed")]):
        st.rerun()


def _header(views: list[RunView], live: list[RunView]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = ngettext("{n} picture", "{n} pictures", len(views))
        if live:
            words += " · " + ngettext("{n} under way", "{n} under way", len(live))
        st.caption(words, width="stretch")
        if len(live) > 1:
            st.button(
                _("Stop all"),
                key="image_stop_all",
                icon=":material/stop_circle:",
                on_click=_stop,
                args=([view.run.id for view in live],),
            )
        made = [view.run.id for view in views if view.run.image and view.run.image.pictures]
        if made and not live:
            address = escape(zip_address(made[:_MOST_IN_ZIP]))
            label = escape(_("Download all"))
            with st.container(key="image_zip", width="content"):
                st.html(f'<a href="{address}" download>{label}</a>', width="content")
        draw_before(views, key="image_before")
        st.button(_("Clear"), key="image_close", type="tertiary", on_click=close)


def _feed(run_ids: list[str]) -> None:
    gateway = services.get_services().gateway
    views = [gateway.view(run_id) for run_id in run_ids]
    draw_pulse({view.run.id: live_state(view) for view in views})
    if any(view.run.status.is_final for view in views):
        st.rerun()


def _act(action: dict[str, Any]) -> None:
    """Take in what was done on a board; for a callback."""
    run_id = str(action.get("run", ""))
    match action.get("kind"):
        case "stop":
            _stop([run_id])
        case "again" | "seed" as kind:
            st.session_state["image_wish"] = (kind, run_id)
        case "source" if action.get("sha256"):
            use_source(str(action["sha256"]))
        case "sent":
            st.session_state["image_sent"] = run_id
        case "open":
            open_run(run_id)


def _stop(run_ids: list[str]) -> None:
    """Have these runs stopped, without waiting for it: meanwhile they say that they are."""
    gateway = services.get_services().gateway
    for run_id in reversed(run_ids):
        threading.Thread(target=gateway.cancel, args=(run_id,), daemon=True).start()
