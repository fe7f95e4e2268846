"""Backups: making one, where they are, and how to go back to one."""

from collections.abc import Sequence

import streamlit as st

from core import services
from core.data_care import Backup
from core.errors import PlaygroundError
from pages._chores import draw_done, draw_failure, draw_progress, find_chore, is_busy, start_chore
from pages._format import bold, number, size
from pages._health_html import table
from pages._i18n import _
from pages._moments import clock


def draw_backups() -> None:
    """Draw the button, how far a backup is, what came of the last, and those there are."""
    st.caption(
        _(
            "A backup holds the database, all pictures and the workflows. Runs go on meanwhile. "
            "Pictures that an earlier backup has are not copied again."
        )
    )
    st.button(
        _("Back up now"),
        key="health_backup",
        icon=":material/save:",
        disabled=is_busy(),
        on_click=_back_up,
    )
    chore = find_chore("backup")
    if chore is not None and chore.running:
        draw_progress(chore, _("Making a backup …"))
        return
    if chore is not None and chore.error is not None:
        draw_failure(_("The backup was not made."), chore.error)
    elif chore is not None and isinstance(chore.result, Backup):
        _draw_result(chore.result)
    try:
        _draw_list(services.get_services().care.backups())
    except PlaygroundError as error:
        draw_failure(_("The backups could not be listed."), error)


def restore_command(backup: Backup) -> str:
    """What to run in the playground's folder to go back to `backup`."""
    return f"python -m core.care restore {backup.id} --replace"


def _back_up() -> None:
    start_chore("backup", services.get_services().care.backup)


def _draw_result(backup: Backup) -> None:
    words = _("Backup made: {new} of new files, {whole} in all.").format(
        new=size(backup.database_bytes + backup.new_picture_bytes),
        whole=size(backup.database_bytes + backup.picture_bytes),
    )
    draw_done(words)
    st.code(str(backup.path), language=None, wrap_lines=True)
    if backup.missing_pictures:
        st.markdown(
            ":orange[:material/warning:] "
            + _("{n} pictures were missing or damaged already, so they are not in it.").format(
                n=number(backup.missing_pictures)
            )
        )


def _draw_list(backups: Sequence[Backup]) -> None:
    if not backups:
        st.caption(_("There is no backup yet."))
        return
    st.markdown(bold(_("Backups there are")))
    head = (_("Made"), _("Runs"), _("Pictures"), _("Size"), _("Name"))
    rows = [
        (
            clock(one.created_at),
            number(one.runs),
            number(one.pictures),
            size(one.database_bytes + one.picture_bytes),
            one.id,
        )
        for one in backups
    ]
    st.html(table(head, rows, label=_("Backups there are"), numbers={1, 2, 3}))
    st.caption(
        _(
            "To go back to one, stop the playground and run this in its folder. What is there now "
            "is kept beside it."
        )
    )
    st.code(restore_command(backups[0]), language=None, wrap_lines=True)
