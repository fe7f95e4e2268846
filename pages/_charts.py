"""Charts over the runs of a filter: how fast, how good, what fails. Mock never mixes with live."""

from collections.abc import Sequence

import streamlit as st

from core import services
from core.figures import FailureCount, Quality, Timing
from core.listing import RunFilter
from core.types import Mode
from pages._chart_shapes import failure_chart, quality_chart, speed_chart, time_chart
from pages._errors import explain
from pages._format import number, plain, seconds
from pages._history_words import status_label, task_label
from pages._i18n import _, ngettext
from pages._models import mode_label

_BY_WEEK_FROM = 45  # days from which on a point a day is too many
_FEW = 5


def draw_charts(wanted: RunFilter) -> None:
    """Draw the charts of the runs that `wanted` names, of one mode at a time."""
    stats = services.get_services().stats
    timings, failures = stats.timings(wanted), stats.failures(wanted)
    modes = _modes(timings, failures)
    if not modes:
        st.subheader(_("Nothing to draw yet"), anchor=False)
        st.caption(_("Charts appear once runs have ended. Change the filters, or run something."))
        return
    mode = _choose_mode(modes)
    grid = st.grid(2, min_column_width=420, gap="large")
    with grid.cell():
        _draw_times([one for one in timings if one.mode is mode])
    with grid.cell():
        _draw_speed([one for one in timings if one.mode is mode])
    with grid.cell(column_span=2):
        _draw_quality(wanted, mode)
    with grid.cell(column_span=2):
        _draw_failures([one for one in failures if one.mode is mode])


def _modes(timings: Sequence[Timing], failures: Sequence[FailureCount]) -> list[Mode]:
    """Those that have anything to show, live first."""
    found = {one.mode for one in timings} | {one.mode for one in failures}
    return [mode for mode in (Mode.LIVE, Mode.MOCK) if mode in found]


def _choose_mode(modes: Sequence[Mode]) -> Mode:
    names = {mode.value: mode_label(mode) for mode in modes}
    kept = st.session_state.get("charts_mode")
    if kept not in names:
        st.session_state["charts_mode"] = modes[0].value
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        chosen = st.segmented_control(
            _("Which runs"),
            list(names),
            format_func=names.__getitem__,
            key="charts_mode",
            required=True,
            label_visibility="collapsed",
            width="content",
        )
        if chosen == Mode.MOCK:
            st.caption(_("Mock times are simulated. They never enter the live charts."))
    return Mode(chosen or modes[0])


def _draw_times(timings: Sequence[Timing]) -> None:
    st.subheader(_("How long people wait"), anchor=False)
    known = [one for one in timings if one.total_p50_ms is not None]
    if not known:
        st.caption(_("No run has these figures yet."))
        return
    st.caption(_standing(sum(one.runs for one in known), _("Dot: median. Line: to 95 of 100.")))
    st.altair_chart(
        time_chart(known),
        width="stretch",
        alt=_("Time to the first character and in all, by model: median and 95th percentile."),
    )
    _table(
        "charts_times",
        {
            _("Model"): [one.model for one in known],
            _("Runs"): [number(one.runs) for one in known],
            _("First token, median"): [seconds(one.first_token_p50_ms) for one in known],
            _("First token, 95 of 100"): [seconds(one.first_token_p95_ms) for one in known],
            _("Total, median"): [seconds(one.total_p50_ms) for one in known],
            _("Total, 95 of 100"): [seconds(one.total_p95_ms) for one in known],
            _("Loading, median"): [seconds(one.load_p50_ms) for one in known],
        },
    )


def _draw_speed(timings: Sequence[Timing]) -> None:
    st.subheader(_("How fast they write"), anchor=False)
    known = [one for one in timings if one.tokens_per_second is not None]
    if not known:
        st.caption(_("No run has these figures yet."))
        return
    st.caption(_standing(sum(one.runs for one in known), _("Tokens a second, median.")))
    st.altair_chart(
        speed_chart(known), width="stretch", alt=_("Tokens a second by model, the median.")
    )
    _table(
        "charts_speed",
        {
            _("Model"): [one.model for one in known],
            _("Runs"): [number(one.runs) for one in known],
            _("Tokens a second"): [number(one.tokens_per_second, digits=1) for one in known],
        },
    )


def _draw_quality(wanted: RunFilter, mode: Mode) -> None:
    st.subheader(_("Answers without errors"), anchor=False)
    stats = services.get_services().stats
    rows = [one for one in stats.quality(wanted) if one.mode is mode]
    if not rows:
        st.caption(_("Nothing has been checked here yet."))
        return
    if len({one.period for one in rows}) > _BY_WEEK_FROM:
        rows = [one for one in stats.quality(wanted, per="week") if one.mode is mode]
    st.caption(_standing(sum(one.runs for one in rows), _("Share by day, model and task.")))
    models = sorted({one.model for one in rows})
    for task in sorted({one.task for one in rows}):
        st.markdown(f"**{plain(task_label(task))}**")
        st.altair_chart(
            quality_chart([one for one in rows if one.task == task], models),
            width="stretch",
            alt=_("Share of answers without errors over time, a line a model."),
        )
    _quality_table(rows)


def _quality_table(rows: Sequence[Quality]) -> None:
    shares = [100 * one.without_errors / one.runs for one in rows]
    _table(
        "charts_quality",
        {
            _("From"): [one.period for one in rows],
            _("Task"): [task_label(one.task) for one in rows],
            _("Model"): [one.model for one in rows],
            _("Runs"): [number(one.runs) for one in rows],
            _("Without errors"): [f"{number(share)}%" for share in shares],
            _("Mean score"): [number(one.mean_score, digits=1) for one in rows],
        },
    )


def _draw_failures(failures: Sequence[FailureCount]) -> None:
    st.subheader(_("What went wrong"), anchor=False)
    if not failures:
        st.caption(_("No run has failed or was stopped here."))
        return
    counts: dict[str, int] = {}
    for one in failures:
        counts[_kind(one)] = counts.get(_kind(one), 0) + one.runs
    st.caption(_standing(sum(counts.values()), _("By what stopped them.")))
    st.altair_chart(
        failure_chart(counts),
        width="stretch",
        alt=_("Runs without an answer, by what stopped them."),
    )
    _table(
        "charts_failures",
        {
            _("What happened"): list(counts),
            _("Runs"): [number(runs) for runs in counts.values()],
        },
    )


def _kind(one: FailureCount) -> str:
    """Why a run has no answer: its status, or in words what failed."""
    if one.status != "failed" or one.error_code is None:
        return status_label(one.status)
    return explain(one.error_code, details={"model": ""}).what


def _standing(runs: int, words: str) -> str:
    """What a chart shows and on how many runs it stands; few are said to be few."""
    stands = ngettext("Stands on {n} run.", "Stands on {n} runs.", runs)
    few = " " + _("Too few to conclude from.") if runs < _FEW else ""
    return f"{words} {stands}{few}"


def _table(key: str, columns: dict[str, list[str]]) -> None:
    """The figures behind a chart, one click away."""
    fold = st.expander(_("Show the figures"), key=key, on_change="rerun")
    if fold.open:
        with fold:
            st.dataframe(columns, hide_index=True, width="stretch")
