"""Care for what is kept, for administrators: room, backups, checks, old runs."""

import streamlit as st

from core import services
from pages._admin import is_admin
from pages._chores import CARE
from pages._health_backup import draw_backups
from pages._health_check import draw_check
from pages._health_prune import draw_prune
from pages._health_usage import draw_usage, keep_counted
from pages._i18n import _

_TICK = 1.0


def draw_data_care() -> None:
    """Draw the section; nothing for whoever is no administrator."""
    if not is_admin():
        return
    st.subheader(_("What is kept"), anchor=False)
    keep_counted()
    tick = _TICK if _is_at_work() else None
    st.fragment(_draw, run_every=tick, key="health_care")(tick is not None)


def _is_at_work() -> bool:
    return services.get_services().chores.any_running(*CARE)


def _draw(is_live: bool) -> None:
    """All of it; comes round again while something is under way."""
    if not is_admin():
        return
    draw_usage()
    folds = (
        (_("Backups"), "health_fold_backups", draw_backups),
        (_("Is all of it whole?"), "health_fold_check", draw_check),
        (_("Remove old runs"), "health_fold_prune", draw_prune),
    )
    for name, key, draw in folds:
        fold = st.expander(name, key=key, on_change="rerun")
        if fold.open:
            with fold:
                draw()
    if _is_at_work() is not is_live:  # the pace of the fragment changes
        st.rerun()
