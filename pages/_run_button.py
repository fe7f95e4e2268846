"""The button that runs the brief on every column, and the question before a large run."""

import secrets
import time

import streamlit as st

from core import services
from core.errors import PlaygroundError
from core.types import TextRequest
from pages._address import opened_run
from pages._brief import Brief
from pages._columns import Column
from pages._errors import error_card
from pages._i18n import _, ngettext
from pages._opened import open_batch
from pages._who import who

LARGE = 12
DOUBLE_PRESS_S = 1.0


def requests_for(brief: Brief, columns: list[Column]) -> list[TextRequest]:
    """One request a column and variant; variants get seeds that follow each other.

    They have the run that is open as their parent: the brief was taken over from it.
    """
    requests: list[TextRequest] = []
    for column in columns:
        first = column.seed
        if first is None and column.variants > 1:
            first = secrets.randbelow(1_000_000)
        for variant in range(column.variants):
            seed = None if first is None else first + variant
            requests.append(
                TextRequest(
                    role=brief.role,
                    task=brief.task,
                    payload=brief.payload,
                    language=brief.language,
                    mode=column.mode,
                    provider=column.provider,
                    model=column.model,
                    format="text" if column.format == "text" else None,
                    options=column.options.model_copy(update={"seed": seed}),
                    parent_id=opened_run("text", brief.task),
                    source="page",
                    user=who(),
                )
            )
    return requests


def draw_run_button(brief: Brief, columns: list[Column]) -> None:
    """Draw the button; a press submits at once, or asks first when the run is large."""
    count = sum(column.variants for column in columns)
    pressed = st.button(
        ngettext("Run", "Run {n}", count),
        key="text_run",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        shortcut="Mod+Enter",
    )
    if pressed and count > LARGE:
        st.session_state["text_confirm"] = count
    elif pressed:
        _submit(brief, columns)
    if st.session_state.get("text_confirm") == count:
        _ask(brief, columns, count)


def _ask(brief: Brief, columns: list[Column], count: int) -> None:
    st.warning(
        _("These are {n} requests. A single graphics card runs them one by one.").format(n=count)
    )
    with st.container(horizontal=True):
        if st.button(_("Run all {n}").format(n=count), key="text_confirm_run", type="primary"):
            _forget()
            _submit(brief, columns)
        st.button(_("Cancel"), key="text_confirm_cancel", on_click=_forget)


def _is_double_press(brief: Brief, columns: list[Column]) -> bool:
    """Whether the same was submitted a moment ago: a double click is meant once."""
    before, at = st.session_state.get("text_submitted", (None, 0.0))
    return before == (brief, columns) and time.monotonic() - at < DOUBLE_PRESS_S


def _forget() -> None:
    st.session_state.pop("text_confirm", None)


def _submit(brief: Brief, columns: list[Column]) -> None:
    if _is_double_press(brief, columns):
        return
    try:
        batch = services.get_services().gateway.submit_batch(requests_for(brief, columns))
    except PlaygroundError as error:
        error_card(error)
        return
    st.session_state["text_submitted"] = ((brief, columns), time.monotonic())
    open_batch(batch.id)
    st.rerun()
