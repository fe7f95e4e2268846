"""The table of runs: HTML drawn in the browser, for a canvas can be read by no screen reader.

What is ticked stays ticked from page to page; a click on a line opens its run.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core.listing import RunRow
from core.types import Mode, RunStatus
from pages._format import UNKNOWN, number, seconds, shortened
from pages._history_words import excerpt, findings_in_short, status_label, task_label
from pages._i18n import _, language
from pages._image_address import picture_address
from pages._models import mode_label
from pages._moments import clock, full_clock

_HERE = Path(__file__).parent
_SCRIPTS = ("_image_dom.js", "_history_table.js")
_mount = st.components.v2.component(
    "playground_run_table",
    html="<div></div>\n",
    css=(_HERE / "_history_table.css").read_text(encoding="utf-8"),
    js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS),
)
_KEY = "history_table"
_LONGEST = 160


def draw_table(rows: Sequence[RunRow], *, on_open: Callable[[str], None]) -> None:
    """Draw `rows`; `on_open` gets the id of the run whose line was clicked, in a callback."""

    def opened() -> None:
        if run_id := st.session_state[_KEY].open:
            on_open(str(run_id))

    _mount(
        key=_KEY,
        data={
            "rows": [_line(row) for row in rows],
            "selected": selected(),
            "cleared": st.session_state.get("history_cleared", 0),
            "words": _words(),
        },
        on_open_change=opened,
        on_selected_change=_ticked,
        width="stretch",
        height="content",
    )


def selected() -> list[str]:
    """The ids of the runs that are ticked, in the order they were ticked in."""
    return list(st.session_state.get("history_selected", ()))


def select_nothing() -> None:
    """Take all ticks away; for a callback."""
    st.session_state["history_selected"] = []
    st.session_state["history_cleared"] = st.session_state.get("history_cleared", 0) + 1


def _ticked() -> None:
    told = st.session_state[_KEY].selected or ()
    st.session_state["history_selected"] = [str(run_id) for run_id in told]


def _line(row: RunRow) -> dict[str, Any]:
    picture = row.pictures[0] if row.pictures else None
    about = " · ".join(part for part in (task_label(row.task), row.user) if part)
    return {
        "id": row.id,
        "href": f"?run={row.id}&lang={language()}",
        "when": clock(row.created_at),
        "whenFull": full_clock(row.created_at),
        "title": shortened(row.title, _LONGEST) or task_label(row.task),
        "excerpt": shortened(excerpt(row), _LONGEST),
        "about": about,
        "tags": list(row.tags),
        "thumb": picture_address(picture.sha256, width=160) if picture else None,
        "more": len(row.pictures) - 1 if len(row.pictures) > 1 else 0,
        "mode": mode_label(row.mode),
        "isLive": row.mode is Mode.LIVE,
        "model": row.model or UNKNOWN,
        "status": status_label(row.status),
        "state": _state(row),
        "score": number(row.score, digits=1) if row.score is not None else UNKNOWN,
        "passed": row.passed,
        "findings": findings_in_short(row.errors, row.warnings),
        "hasErrors": bool(row.errors),
        "stars": number(row.stars, digits=1) if row.stars is not None else UNKNOWN,
        "raters": row.raters,
        "total": seconds(row.total_ms),
    }


def _state(row: RunRow) -> str:
    if not row.status.is_final:
        return "live"
    return "failed" if row.status is RunStatus.FAILED else str(row.status)


def _words() -> dict[str, str]:
    return {
        "table": _("Runs"),
        "all": _("Select all on this page"),
        "select": _("Select"),
        "when": _("When"),
        "what": _("What"),
        "by": _("Answered by"),
        "status": _("Status"),
        "score": _("Score"),
        "stars": _("Stars"),
        "total": _("Time"),
    }
