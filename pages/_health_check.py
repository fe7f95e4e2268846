"""Whether all that is kept is whole: looked at on demand, and mended where it can be."""

import streamlit as st

from core import services
from core.data_care import Fault, IntegrityReport, Mended, Problem
from pages._chores import draw_done, draw_failure, draw_progress, find_chore, is_busy, start_chore
from pages._format import bold, number, seconds, size
from pages._i18n import N_, _, ngettext
from pages._moments import clock

_DEEP = "health_check_deep"
# What it is, and what to do about it.
_WORDS: dict[Fault, tuple[str, str]] = {
    Fault.DATABASE_DAMAGED: (
        N_("The database is damaged."),
        N_("Make a copy of the data folder, then restore the last backup."),
    ),
    Fault.PICTURE_MISSING: (
        N_("Pictures are gone that runs have made."),
        N_("Their runs are still there. Restore a backup to get the pictures back."),
    ),
    Fault.PICTURE_DAMAGED: (
        N_("Pictures are damaged."),
        N_("Restore a backup to get them back."),
    ),
    Fault.ROWS_WITHOUT_RUN: (
        N_("There are notes, ratings or findings of runs that are gone."),
        N_("Repairing moves them into a file of their own."),
    ),
    Fault.RUNS_NOT_FINDABLE: (
        N_("The list does not show all runs."),
        N_("Repairing puts them into the list again."),
    ),
    Fault.SEARCH_INDEX_DAMAGED: (
        N_("The search does not find all that it should."),
        N_("Repairing fills it anew, in the background."),
    ),
    Fault.ORPHAN_PICTURE: (
        N_("There are pictures that belong to no run."),
        N_("Repairing moves them into a folder of their own."),
    ),
    Fault.STALE_INCOMING: (
        N_("There are files that were never finished."),
        N_("Repairing removes them."),
    ),
    Fault.ORPHAN_THUMBNAIL: (
        N_("There are thumbnails of pictures that are gone."),
        N_("Repairing removes them."),
    ),
}


def draw_check() -> None:
    """Draw the buttons, how far a check or a repair is, and what was found last."""
    st.caption(
        _("Looks whether the database is whole and every picture is there. Changes nothing.")
    )
    checking, mending = find_chore("check"), find_chore("mend")
    busy = is_busy() or (checking is not None and checking.running)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.button(
            _("Check now"),
            key="health_check_data",
            icon=":material/fact_check:",
            disabled=busy,
            on_click=_check,
        )
        st.checkbox(
            _("Read every picture as well (takes longer)"), key=_DEEP, persist_state="session"
        )
    if checking is not None and checking.running:
        draw_progress(checking, _("Checking …"))
        return
    if mending is not None and mending.running:
        draw_progress(mending, _("Repairing …"))
        return
    if checking is not None and checking.error is not None:
        draw_failure(_("The check could not be finished."), checking.error)
    if mending is not None and mending.error is not None:
        draw_failure(_("The repair could not be finished."), mending.error)
    elif mending is not None and isinstance(mending.result, Mended):
        _draw_mended(mending.result)
    report = services.get_services().care.last_check
    if report is None:
        st.caption(_("Nothing has been checked yet."))
    else:
        _draw_report(report, busy=busy)


def _check() -> None:
    care, deep = services.get_services().care, bool(st.session_state.get(_DEEP))
    start_chore("check", lambda told: care.check(deep=deep, told=told))


def _mend() -> None:
    start_chore("mend", services.get_services().care.mend)


def _draw_report(report: IntegrityReport, *, busy: bool) -> None:
    seen = _("{runs} and {pictures} looked at, {time}, in {took}.").format(
        runs=ngettext("{n} run", "{n} runs", report.runs),
        pictures=ngettext("{n} picture", "{n} pictures", report.pictures),
        time=clock(report.checked_at),
        took=seconds(report.took_s * 1000),
    )
    if report.ok and report.complete:
        draw_done(_("All is whole.") + " " + seen)
        return
    st.caption(seen)
    if not report.complete:
        st.markdown(
            ":orange[:material/warning:] "
            + _("The check ran out of time before it had seen everything. Check once more.")
        )
    for problem in report.problems:
        _draw_problem(problem)
    if report.mendable:
        st.button(
            _("Repair what can be repaired"),
            key="health_mend",
            icon=":material/build:",
            help=_("Nothing that a person made is deleted: it is moved aside."),
            disabled=busy,
            on_click=_mend,
        )


def _draw_problem(problem: Problem) -> None:
    what, advice = _WORDS[problem.fault]
    count = ngettext("{n} found", "{n} found", problem.count)
    if problem.bytes:
        count += ", " + size(problem.bytes)
    with st.container(border=True, gap="xsmall"):
        st.markdown(f":orange[:material/warning:] {bold(_(what))} {count}")
        st.text(_(advice))
        if problem.samples:
            st.code("\n".join(problem.samples), language=None, wrap_lines=True)


def _draw_mended(mended: Mended) -> None:
    lines = []
    if mended.orphans_moved:
        lines.append(
            _("{n} pictures ({size}) were moved into the folder images/orphans.").format(
                n=number(mended.orphans_moved), size=size(mended.orphan_bytes)
            )
        )
    if mended.rows_removed:
        lines.append(
            _("{n} rows without a run were moved into a file.").format(
                n=number(mended.rows_removed)
            )
        )
    if mended.files_removed:
        lines.append(
            _("{n} unfinished files and thumbnails were removed.").format(
                n=number(mended.files_removed)
            )
        )
    if mended.runs_made_findable:
        lines.append(
            _("{n} runs are in the list again.").format(n=number(mended.runs_made_findable))
        )
    if mended.search_index_emptied:
        lines.append(_("The search is being filled anew."))
    draw_done(" ".join(lines) or _("There was nothing to repair."))
    if mended.rows_kept_in is not None:
        st.code(str(mended.rows_kept_in), language=None, wrap_lines=True)
