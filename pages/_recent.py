"""The last runs, in the sidebar; a click opens one."""

import streamlit as st

from core import services
from core.catalog import Catalog
from core.types import Run, RunStatus
from pages._format import ago, plain, shortened
from pages._i18n import _, language
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


def draw_recent(catalog: Catalog) -> None:
    """Draw the last runs, newest first."""
    st.caption(_("Recent runs"))
    runs = services.get_services().gateway.recent(limit=15)
    if not runs:
        st.caption(_("Nothing has run yet."))
    for run in runs:
        with st.container(gap=None, key=f"recent_card_{run.id}"):
            st.button(
                plain(shortened(_title(run, catalog), 40)),
                key=f"recent_{run.id}",
                icon=_ICONS[run.status],
                type="tertiary",
                wrap=False,
                on_click=open_run,
                args=(run.id,),
            )
            st.caption(f"{mode_label(run.mode)} · {plain(run.model)} · {ago(run.created_at)}")


def _title(run: Run, catalog: Catalog) -> str:
    for name in ("product_name", "brand_name", "prompt"):
        if isinstance(text := run.payload.get(name), str) and text.strip():
            return text
    for value in run.payload.values():
        if isinstance(value, str) and value.strip():
            return value
    task = catalog.tasks.get(run.task)
    return task.label.in_(language()) if task else run.task
