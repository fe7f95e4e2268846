"""How the charts are drawn: Vega-Altair specifications from plain rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from core.figures import Quality, Timing
from pages._i18n import _

_ROW = 30  # px a bar with its air
_PAIR = 44  # px a model with two marks
_AROUND = 90  # px for axis, its title and a legend
_PANEL = 190
_LONGEST_LABEL = 260

Chart = Any  # altair's classes are made at run time


def time_chart(timings: Sequence[Timing]) -> Chart:
    """First token and total by model: a dot at the median, a line to the 95th percentile."""
    first, total = _("First token"), _("Total")
    rows = [
        {
            "model": _with_runs(one.model, one.runs),
            "what": what,
            "p50": p50 / 1000,
            "p95": p95 / 1000,
        }
        for one in timings
        for what, p50, p95 in (
            (first, one.first_token_p50_ms, one.first_token_p95_ms),
            (total, one.total_p50_ms, one.total_p95_ms),
        )
        if p50 is not None and p95 is not None
    ]
    base: Chart = alt.Chart(alt.Data(values=rows)).encode(
        y=_models(),
        yOffset=alt.YOffset("what:N", sort=[first, total]),
        color=alt.Color("what:N", sort=[first, total], title=None, legend=alt.Legend(orient="top")),
        tooltip=[
            alt.Tooltip("model:N", title=_("Model")),
            alt.Tooltip("what:N", title=_("Measured")),
            alt.Tooltip("p50:Q", title=_("Median, s"), format=".2f"),
            alt.Tooltip("p95:Q", title=_("95 of 100, s"), format=".2f"),
        ],
    )
    line = base.mark_rule(strokeWidth=2).encode(x=_from_zero("p50", _("Seconds")), x2="p95:Q")
    end = base.mark_tick(thickness=2, size=10).encode(x="p95:Q")
    dot = base.mark_point(filled=True, size=70, opacity=1).encode(x="p50:Q")
    return (line + end + dot).properties(height=_height(len(timings), row=_PAIR))


def speed_chart(timings: Sequence[Timing]) -> Chart:
    """Tokens a second by model."""
    rows = [
        {"model": _with_runs(one.model, one.runs), "speed": one.tokens_per_second}
        for one in timings
    ]
    tooltip = [
        alt.Tooltip("model:N", title=_("Model")),
        alt.Tooltip("speed:Q", title=_("Tokens a second"), format=".1f"),
    ]
    base: Chart = alt.Chart(alt.Data(values=rows)).encode(
        x=_from_zero("speed", _("Tokens a second")), y=_models(), tooltip=tooltip
    )
    return base.mark_bar(size=14, cornerRadiusEnd=3).properties(height=_height(len(rows)))


def quality_chart(quality: Sequence[Quality], models: Sequence[str]) -> Chart:
    """The share of one task's answers without errors over time, a line a model.

    `models` are all that the page shows: a model has the same colour in every chart.
    """
    rows = [
        {
            "day": one.period,
            "model": one.model,
            "share": one.without_errors / one.runs,
            "runs": one.runs,
        }
        for one in quality
    ]
    base: Chart = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("day:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        y=alt.Y(
            "share:Q",
            title=None,
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format="%", values=[0, 0.5, 1]),
        ),
        color=alt.Color(
            "model:N",
            title=None,
            scale=alt.Scale(domain=list(models)),
            legend=alt.Legend(orient="top", labelLimit=300),
        ),
        tooltip=[
            alt.Tooltip("day:N", title=_("From")),
            alt.Tooltip("model:N", title=_("Model")),
            alt.Tooltip("share:Q", title=_("Without errors"), format=".0%"),
            alt.Tooltip("runs:Q", title=_("Runs")),
        ],
    )
    line = base.mark_line(strokeWidth=2)
    dot = base.mark_point(filled=True, opacity=1).encode(
        size=alt.Size("runs:Q", legend=None, scale=alt.Scale(range=[40, 240]))
    )
    return (line + dot).properties(height=_PANEL)


def failure_chart(counts: Mapping[str, int]) -> Chart:
    """Runs without an answer, by what stopped them, the most frequent first."""
    rows = [{"kind": kind, "runs": runs} for kind, runs in counts.items()]
    axis = alt.Axis(labelLimit=_LONGEST_LABEL, title=None)
    base: Chart = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("runs:Q", title=_("Runs"), axis=alt.Axis(tickMinStep=1, format="d")),
        y=alt.Y("kind:N", sort=list(counts), axis=axis),
        tooltip=[
            alt.Tooltip("kind:N", title=_("What happened")),
            alt.Tooltip("runs:Q", title=_("Runs")),
        ],
    )
    return base.mark_bar(size=14, cornerRadiusEnd=3).properties(height=_height(len(rows)))


def _with_runs(model: str, runs: int) -> str:
    return f"{model} ({runs:,})"


def _models() -> Chart:
    return alt.Y("model:N", axis=alt.Axis(labelLimit=_LONGEST_LABEL, title=None))


def _from_zero(name: str, title: str) -> Chart:
    return alt.X(f"{name}:Q", title=title, scale=alt.Scale(zero=True))


def _height(rows: int, *, row: int = _ROW) -> int:
    return row * max(rows, 1) + _AROUND
