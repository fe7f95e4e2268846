"""Taking runs away as files: those ticked, or all that a filter finds."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core import services
from core.export import MIME, MOST_RUNS, ExportFormat, file_name
from core.listing import RunFilter
from pages._format import number
from pages._i18n import _

_MOST_IN_ZIP = 500


def draw_export(wanted: RunFilter | None, *, key: str, ids: Sequence[str] | None = None) -> None:
    """Draw the menu of formats for the runs of a filter, or for those with `ids`.

    Files are written when one is asked for, not before.
    """
    with st.popover(_("Export"), icon=":material/download:", key=key):
        labels = {
            ExportFormat.CSV: (_("Table for Excel (CSV)"), ":material/table:"),
            ExportFormat.JSONL: (_("For programs (JSON Lines)"), ":material/data_object:"),
            ExportFormat.ZIP: (_("Everything with pictures (ZIP)"), ":material/folder_zip:"),
        }
        for form, (words, icon) in labels.items():
            most = _MOST_IN_ZIP if form is ExportFormat.ZIP else MOST_RUNS
            st.download_button(
                words,
                data=partial(_written, form, wanted, tuple(ids or ()), most),
                file_name=file_name(form),
                mime=MIME[form],
                key=f"{key}_{form}",
                icon=icon,
                type="tertiary",
                on_click="ignore",
            )
        if ids is None:
            words = _("All runs found, newest first: at most {most}, in a ZIP {zip}.")
            st.caption(words.format(most=number(MOST_RUNS), zip=number(_MOST_IN_ZIP)))


def _written(
    form: ExportFormat, wanted: RunFilter | None, ids: tuple[str, ...], most: int
) -> bytes:
    exports = services.get_services().exports
    chosen = exports.select(wanted, limit=most).ids if wanted is not None else ids
    return b"".join(exports.stream(form, chosen))
