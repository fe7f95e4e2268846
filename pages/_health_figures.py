"""How a component did lately: success and durations over an hour, a day or a week."""

from collections.abc import Callable, Iterable

import streamlit as st

from core import services
from core.figures import LastError, Recent, Span, Spread, Stretch
from pages._errors import Explanation, explain
from pages._format import UNKNOWN, number, plain, seconds, shortened
from pages._health_strip import Bar, Part, Row, draw_strips
from pages._i18n import _, ngettext
from pages._image_errors import explain_code
from pages._moments import clock

SPAN_KEY = "health_span"
_FEW = 5
_LONGEST_ERROR = 120


def draw_span_switch(component: str) -> None:
    """Draw the switch between hour, day and week beside the figures of `component`.

    It may stand beside several: what is chosen at one holds for all figures of the page.
    """
    key = f"{SPAN_KEY}_{component.replace('/', '_')}"
    st.session_state[key] = _span().value
    labels = {
        Span.HOUR.value: _("Last hour"),
        Span.DAY.value: _("Last day"),
        Span.WEEK.value: _("Last 7 days"),
    }
    st.segmented_control(
        _("Figures of"),
        list(labels),
        format_func=lambda span: labels.get(span, span),
        key=key,
        required=True,
        label_visibility="collapsed",
        width="content",
        on_change=_choose_span,
        args=(key,),
    )


def _choose_span(key: str) -> None:
    st.session_state[SPAN_KEY] = st.session_state[key]


def draw_figures(component: str) -> None:
    """Draw the recent figures of `component` ("text/ollama") and its last error.

    They are read at most every 15 seconds, whoever looks. Raises StoreError.
    """
    recent = services.get_services().recent
    found = recent.figures(component, _span())
    error = recent.last_error(component)
    ended = found.succeeded + found.failed + found.cancelled + found.interrupted
    if not ended:
        st.caption(_nothing(found.span))
    else:
        rows = _rows(found, with_first_token=component.startswith("text/"))
        head = ["", _("Median"), _("95 of 100"), _("Runs")]
        draw_strips(rows, head=head, key=f"health_figures_{component.replace('/', '_')}")
        if note := _note(found):
            st.caption(note)
    if error is not None:
        _draw_error(component, error)


def _span() -> Span:
    chosen = st.session_state.get(SPAN_KEY)
    return Span(chosen) if chosen in list(Span) else Span.DAY


def _nothing(span: Span) -> str:
    return {
        Span.HOUR: _("No runs in the last hour."),
        Span.DAY: _("No runs in the last day."),
        Span.WEEK: _("No runs in the last 7 days."),
    }[span]


def _rows(found: Recent, *, with_first_token: bool) -> list[Row]:
    rows = [_success(found)]
    if with_first_token:
        first = _durations(_("First token"), found, lambda one: one.first_token)
        rows += [first] if first else []
    total = _durations(_("Total"), found, lambda one: one.total)
    return rows + ([total] if total else [])


def _success(found: Recent) -> Row:
    rate = _percent(found.success_rate, failed=found.failed)
    most = max((one.succeeded + one.failed for one in found.parts), default=0)
    return {
        "name": _("Succeeded"),
        "values": [rate, ""],
        "runs": number(found.succeeded + found.failed),
        "parts": [_outcome(one, most) for one in found.parts],
        "says": _("Runs over time, those that failed hatched: {share} succeeded.").format(
            share=rate
        ),
    }


def _outcome(one: Stretch, most: int) -> Part:
    shares = (("bad", one.failed), ("good", one.succeeded))
    bars: list[Bar] = [
        {"kind": kind, "share": round(runs / most, 4)} for kind, runs in shares if runs
    ]
    runs = one.succeeded + one.failed
    words = _("{done} of {runs} succeeded").format(done=number(one.succeeded), runs=number(runs))
    return {"bars": bars, "says": _at(one, words if runs else "")}


def _durations(name: str, found: Recent, which: Callable[[Recent | Stretch], Spread]) -> Row | None:
    """The line of one duration, with the median of each part in front of what 95 of 100 keep."""
    spread = which(found)
    if not spread.runs:
        return None
    longest = max(_known(which(one).p95_ms for one in found.parts), default=0.0)
    p50, p95 = seconds(spread.p50_ms), seconds(spread.p95_ms)
    return {
        "name": name,
        "values": [p50, p95],
        "runs": number(spread.runs),
        "parts": [_duration(one, which(one), longest) for one in found.parts],
        "says": _("{name} over time: median {p50}, 95 of 100 within {p95}.").format(
            name=name, p50=p50, p95=p95
        ),
    }


def _duration(one: Stretch, spread: Spread, longest: float) -> Part:
    bars: list[Bar] = []
    if spread.p50_ms is not None and spread.p95_ms is not None:
        scale = longest or 1.0
        bars = [
            {"kind": "p95", "share": round((spread.p95_ms - spread.p50_ms) / scale, 4)},
            {"kind": "p50", "share": round(spread.p50_ms / scale, 4)},
        ]
    words = _("{p50}, 95 of 100 within {p95}").format(
        p50=seconds(spread.p50_ms), p95=seconds(spread.p95_ms)
    )
    return {"bars": bars, "says": _at(one, words if bars else "")}


def _at(one: Stretch, words: str) -> str:
    told = words or _("no runs")
    return f"{clock(one.start)}: {told}"


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _percent(rate: float | None, *, failed: int) -> str:
    """The rate as people read it; 100% is said only where nothing failed."""
    if rate is None:
        return UNKNOWN
    percent = 100 * rate
    if not failed:
        return f"{number(percent)}%"
    return f"{number(min(percent, 99.9), digits=1)}%"


def _note(found: Recent) -> str:
    """What the figures leave out, and whether they stand on little."""
    parts = []
    if found.cancelled:
        parts.append(ngettext("{n} run was stopped.", "{n} runs were stopped.", found.cancelled))
    if found.interrupted:
        parts.append(
            ngettext(
                "{n} run was cut off by a restart.",
                "{n} runs were cut off by a restart.",
                found.interrupted,
            )
        )
    if not found.complete:
        parts.append(_("Only the newest 100,000 runs are counted."))
    if found.succeeded + found.failed < _FEW:
        parts.append(_("Too few to conclude from."))
    return " ".join(parts)


def _draw_error(component: str, error: LastError) -> None:
    """When the last error was and what happened, as a link to its run."""
    what = shortened(_explained(component, error).what, _LONGEST_ERROR)
    opened = {"run": error.run_id}
    if asked := st.query_params.get("lang"):
        opened["lang"] = asked
    words = _("Last error {time}").format(time=clock(error.created_at))
    st.page_link(
        "history.py",
        label=f"{words}: {plain(what)}",
        icon=":material/error:",
        query_params=opened,
        help=_("Open the run that failed"),
    )


def _explained(component: str, error: LastError) -> Explanation:
    kind, _slash, provider = component.partition("/")
    details = {"model": error.model, **error.details}
    words = explain_code if kind == "image" else explain
    return words(error.code, provider=provider, details=details)
