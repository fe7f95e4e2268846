"""The last runs, in the sidebar; a click opens one, on the page of its kind."""

from collections.abc import Callable
from typing import Literal, NoReturn

import streamlit as st

from core import services
from core.catalog import Catalog
from core.listing import RunFilter, RunRow
from core.run import Run
from core.types import RunStatus
from pages._format import ago, plain, shortened
from pages._i18n import _, language
from pages._image_address import picture_address
from pages._models import mode_label
from pages._opened import open_run

_ICONS = {
    RunStatus.QUEUED: ":material/schedule:",
    RunStatus.RUNNING: ":material/more_horiz:",
    RunStatus.SUCCEEDED: ":material/check:",
    RunStatus.FAILED: ":material/error:",
    RunStatus.CANCELLED: ":material/stop_circle:",
    RunStatus.INTERRUPTED: ":material/power_off:",
}
_AT_ONCE = 25
_LOOKED_AT = 100
_SHOWN = 15
_PAGES = {"text": "text.py", "image": "image.py"}


def draw_recent(
    catalog: Catalog,
    *,
    kind: Literal["text", "image"] = "text",
    open_here: Callable[[str], None] = open_run,
) -> None:
    """Draw the last runs, newest first; those of `kind` are opened on this page."""
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        st.caption(_("Recent runs"), width="content")
        st.page_link("history.py", label=_("All runs"), query_params=_same_language())
    runs = _last()
    if not runs:
        st.caption(_("Nothing has run yet."))
    for run in runs:
        with st.container(gap=None, key=f"recent_card_{run.id}"):
            title = plain(shortened(_title(run, catalog), 40))
            thumb = _thumbnail(run)
            clicked = st.button(
                f"{thumb} {title}" if thumb else title,
                key=f"recent_{run.id}",
                icon=None if thumb else _ICONS[run.status],
                type="tertiary",
                wrap=False,
                on_click=open_here if run.kind == kind else None,
                args=(run.id,) if run.kind == kind else None,
            )
            if clicked and run.kind != kind:
                go_to_run(run)
            known = (mode_label(run.mode), plain(run.model), ago(run.created_at))
            st.caption(" · ".join(part for part in known if part))


def _last() -> list[RunRow]:
    """The last runs as lines, a batch of pictures as one: opening it opens them all.

    As lines, and no more of them than are needed: this is read in every run of the page.
    """
    runs = services.get_services().runs
    shown: dict[str, RunRow] = {}
    cursor: str | None = None
    for _round in range(_LOOKED_AT // _AT_ONCE):
        page = runs.page(RunFilter(), cursor=cursor, limit=_AT_ONCE)
        for row in page.items:
            shown[row.batch_id if row.kind == "image" and row.batch_id else row.id] = row
        cursor = page.next
        if cursor is None or len(shown) > _SHOWN:
            break
    return list(shown.values())[:_SHOWN]


def go_to_run(run: Run | RunRow) -> NoReturn:
    """Open `run` on the page of its kind, a picture with those made together with it."""
    opened = {"run": run.id}
    if run.kind == "image" and run.batch_id:
        opened = {"batch": run.batch_id}
    st.switch_page(_PAGES[run.kind], query_params=opened | _same_language())


def _same_language() -> dict[str, str]:
    """What keeps the language of the address on another page."""
    asked = st.query_params.get("lang")
    return {"lang": asked} if asked else {}


def _thumbnail(run: RunRow) -> str:
    """The first picture of a run, small, as markdown; its address is ours alone."""
    if not run.pictures:
        return ""
    return f"![]({picture_address(run.pictures[0].sha256, width=160)})"


def _title(run: RunRow, catalog: Catalog) -> str:
    if run.title:
        return run.title
    task = catalog.tasks.get(run.task)
    return task.label.in_(language()) if task else run.task
