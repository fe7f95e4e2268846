"""A run's family: what it repeats, what repeats it, what was made together with it."""

from collections.abc import Sequence

import streamlit as st

from core.listing import Lineage, RunRow
from core.run import Run
from pages._format import number, plain, shortened
from pages._history_actions import compare
from pages._history_address import go
from pages._history_words import status_label
from pages._i18n import _, ngettext
from pages._models import mode_label
from pages._moments import clock

_MOST = 6
_MOST_COMPARED = 6


def draw_family(run: Run, lineage: Lineage) -> None:
    """Draw the relatives of `run` as links."""
    if lineage.parent:
        _group(_("Repeats this run"), [lineage.parent])
        st.button(
            _("Compare both"),
            key="history_compare_both",
            icon=":material/compare_arrows:",
            on_click=compare,
            args=([lineage.parent.id, run.id],),
        )
    if lineage.children:
        _group(_("Repeated by"), lineage.children[::-1])
    if lineage.batch:
        _group(_("Made together with"), lineage.batch)
        ids = [run.id, *(row.id for row in lineage.batch)]
        if len(ids) <= _MOST_COMPARED:
            st.button(
                _("Compare all {n}").format(n=number(len(ids))),
                key="history_compare_batch",
                icon=":material/compare_arrows:",
                on_click=compare,
                args=(ids,),
            )


def family_choices(lineage: Lineage) -> dict[str, str]:
    """Relatives to compare with: their ids and what to call them."""
    found: dict[str, str] = {}
    if lineage.parent:
        found[lineage.parent.id] = _("The run it repeats")
    for row in lineage.children[-_MOST:][::-1]:
        found[row.id] = " · ".join((_("A repetition"), _name(row)))
    for row in lineage.batch[:_MOST]:
        found[row.id] = " · ".join((_("Made together"), _name(row)))
    return found


def _group(words: str, rows: Sequence[RunRow]) -> None:
    with st.container(gap=None):
        st.caption(words)
        for row in rows[:_MOST]:
            st.button(
                plain(f"{_name(row)} · {status_label(row.status)}"),
                key=f"history_relative_{row.id}",
                type="tertiary",
                wrap=False,
                on_click=_open,
                args=(row.id,),
            )
        if len(rows) > _MOST:
            more = len(rows) - _MOST
            st.caption(ngettext("and {n} more", "and {n} more", more))


def _name(row: RunRow) -> str:
    parts = (mode_label(row.mode), shortened(row.model, 40), clock(row.created_at))
    return " · ".join(part for part in parts if part)


def _open(run_id: str) -> None:
    go(run=run_id)
