"""Pictures of many runs on one board, as on the Image page."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core import services
from core.listing import RunRow
from core.run import RunView
from pages._history_again import again
from pages._history_leave import start_from
from pages._i18n import _
from pages._image_board import draw_board
from pages._image_cards import items_of

_THUMB = 320


def draw_gallery(rows: Sequence[RunRow], *, on_open: Callable[[str], None]) -> None:
    """Draw the pictures of `rows`; `on_open` gets the id of the run that was asked for."""

    def act(action: dict[str, Any]) -> None:
        run_id = str(action.get("run", ""))
        match action.get("kind"):
            case "open" | "sent":
                on_open(run_id)
            case "again" | "seed" as kind:
                again(run_id, new_seed=kind == "seed")
            case "source" if action.get("sha256"):
                start_from(str(action["sha256"]))

    pictured = [row.id for row in rows if row.pictures]
    runs = {run.id: run for run in services.get_services().store.many(pictured)}
    items = [
        item
        for row in rows
        if row.pictures and row.id in runs
        for item in items_of(RunView(run=runs[row.id]), width=_THUMB, openable=True)
        if item["state"] == "done"
    ]
    if not items:
        st.caption(_("None of these runs has a picture."))
        return
    draw_board(
        items,
        key="history_gallery",
        on_action=act,
        gallery=True,
        own_words={"open": _("Open this run")},
    )
