"""The runs of a filter: how many, the table or the gallery, and its pages."""

import time
from collections.abc import Sequence

import streamlit as st

from core import services
from core.errors import InvalidRequest
from core.listing import RunCount, RunFilter, RunPage
from pages._format import bold, number
from pages._history_actions import draw_selection, draw_undo
from pages._history_address import Listed, go, remember_list
from pages._history_chips import clear
from pages._history_export import draw_export
from pages._history_gallery import draw_gallery
from pages._history_table import draw_table, selected
from pages._i18n import _, ngettext

_LINES = 50
_PICTURES = 200  # runs; each has one picture or a few
_BOUND = 10_000
_TICK = 2.0  # s, how often runs under way are looked at, at most
_A_RUN = (
    0.25  # s for each run under way: where many end all the time, the list stands still a while
)


def draw_list(shown: Listed) -> None:
    """Draw the runs that the address asks for."""
    page = _page(shown)
    draw_undo()
    if not page.items:
        _draw_nothing(shown, page)
        _keep_live(())
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="history_bar"):
        if shown.show == "list" and selected():
            draw_selection(shown)
        else:
            st.markdown(bold(runs_in_words(_count(shown.filter))), width="stretch")
            draw_export(shown.filter, key="history_export_all")
    if not page.complete:
        st.caption(_("Looking through all of them took too long. Narrow it down to see the rest."))
    if shown.show == "gallery":
        draw_gallery(page.items, on_open=open_run)
    else:
        draw_table(page.items, on_open=open_run)
    _draw_pager(shown, page)
    _keep_live([row.id for row in page.items if not row.status.is_final])


def open_run(run_id: str) -> None:
    """Show a run's page, and keep in mind which list to come back to; for a callback."""
    remember_list()
    go(run=run_id)


def runs_in_words(count: RunCount) -> str:
    """How many runs there are, as people say it."""
    if count.more:
        return _("{n} runs or more").format(n=number(count.runs))
    words = ngettext("{n} run", "{n} runs", count.runs)
    return words.replace(str(count.runs), number(count.runs))


@st.cache_data(ttl=5, max_entries=64, show_spinner=False)
def _counted(wanted: str, changes: int) -> tuple[int, bool]:
    runs = RunFilter.model_validate_json(wanted)
    found = services.get_services().runs.count(runs, bound=_BOUND)
    return found.runs, found.more


def _count(wanted: RunFilter) -> RunCount:
    # What this session deleted or restored counts at once.
    changes = st.session_state.get("history_cleared", 0)
    runs, more = _counted(wanted.model_dump_json(), changes)
    return RunCount(runs=runs, more=more)


def _page(shown: Listed) -> RunPage:
    cursors = _cursors(shown)
    limit = _PICTURES if shown.show == "gallery" else _LINES
    runs = services.get_services().runs
    try:
        page = runs.page(shown.filter, sort=shown.sort, cursor=cursors[-1], limit=limit)
    except InvalidRequest:  # a cursor of before the playground was updated
        _turn(shown, [None])
        return runs.page(shown.filter, sort=shown.sort, limit=limit)
    if not page.items and len(cursors) > 1:  # what stood here was deleted
        _turn(shown, [None])
        return runs.page(shown.filter, sort=shown.sort, limit=limit)
    return page


def _cursors(shown: Listed) -> list[str | None]:
    """Where each page up to this one begins; another filter or order begins at its first."""
    key, cursors = st.session_state.get("history_pages", (None, [None]))
    return cursors if key == _key(shown) else [None]


def _turn(shown: Listed, cursors: list[str | None]) -> None:
    st.session_state["history_pages"] = (_key(shown), cursors)


def _key(shown: Listed) -> str:
    return f"{shown.sort} {shown.show} {shown.filter.model_dump_json()}"


def _draw_pager(shown: Listed, page: RunPage) -> None:
    cursors = _cursors(shown)
    if len(cursors) == 1 and page.next is None:
        return
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center"):
        st.button(
            _("Back a page"),
            key="history_back",
            icon=":material/chevron_left:",
            type="tertiary",
            disabled=len(cursors) == 1,
            on_click=_turn,
            args=(shown, cursors[:-1]),
        )
        st.caption(_("Page {n}").format(n=number(len(cursors))), width="content")
        st.button(
            _("Next page"),
            key="history_next",
            icon=":material/chevron_right:",
            icon_position="right",
            type="tertiary",
            disabled=page.next is None,
            on_click=_turn,
            args=(shown, [*cursors, page.next]),
        )


def _draw_nothing(shown: Listed, page: RunPage) -> None:
    with st.container(border=True, gap="small"):
        if not page.complete:
            st.markdown(_("Looking through all of them took too long."))
            st.caption(_("Narrow it down: by date, model or task."))
        elif shown.filter.deleted and shown.filter == RunFilter(deleted=True):
            st.markdown(_("Nothing is deleted."))
        elif shown.is_narrowed:
            st.markdown(bold(_("No run is like this.")))
            st.caption(_("Try fewer words or filters. Search looks at briefs and answers."))
            st.button(_("Clear filters"), key="history_clear_all", on_click=clear)
        else:
            st.markdown(bold(_("Nothing has run yet.")))
            st.caption(_("Whatever you run on Text or Image is kept here, answer and all."))
            with st.container(horizontal=True):
                st.page_link("text.py", label=_("Write something"), icon=":material/edit_note:")
                st.page_link("image.py", label=_("Make a picture"), icon=":material/image:")


def _keep_live(run_ids: Sequence[str]) -> None:
    """Draw the list anew once a run on it has ended; at the same place in every run."""
    under_way = services.get_services().gateway.under_way
    tick = max(_TICK, _A_RUN * under_way) if run_ids else None
    not_before = time.monotonic() + (tick or 0) / 2
    st.fragment(_look, run_every=tick, key="history_live")(tuple(run_ids), not_before)


def _look(run_ids: tuple[str, ...], not_before: float) -> None:
    """Have the list drawn anew, but not while it is being drawn: where many runs are under way,
    one of them ends in every such moment, and the page would never be done.
    """
    if time.monotonic() < not_before:
        return
    gateway = services.get_services().gateway
    if any(gateway.view(run_id).run.status.is_final for run_id in run_ids):
        st.rerun()
