"""An English prompt out of a brief in any words: written by a text model, edited before use."""

import streamlit as st

from core import services
from core.errors import PlaygroundError, RunNotFound
from core.run import (
    Run,
)
from core.types import (
    Mode,
    RunStatus,
    TextRequest,
)
from pages._errors import Explanation, explain, show
from pages._i18n import _, language
from pages._image_form import form
from pages._models import mode_label
from pages._picture_prompt import picture_prompt
from pages._who import who

TASK = "image_prompt"
_TICK = 0.3


def draw_english() -> None:
    """Draw the step: its button, or what has come of it."""
    if refusal := st.session_state.pop("image_english_refused", None):
        explanation: Explanation = refusal
        show(explanation)
    run = _run()
    if run is None:
        _button()
        return
    with st.container(key="image_english_box", border=True):
        if not run.status.is_final:
            st.fragment(_writing, run_every=_TICK, key="image_english_live")(run.id)
        elif run.status is RunStatus.SUCCEEDED:
            _written(run)
        else:
            _not_written(run)


def _run() -> Run | None:
    run_id = st.session_state.get("image_english_run")
    try:
        return services.get_services().gateway.view(run_id).run if run_id else None
    except RunNotFound:
        return None


def _button() -> None:
    labels = {mode: mode_label(mode) for mode in Mode}
    st.menu_button(
        _("Write it in English for me"),
        list(Mode),
        format_func=labels.__getitem__,
        key="image_english_ask",
        icon=":material/translate:",
        type="tertiary",
        on_click=_ask,
        help=_("A text model turns your words into an English prompt; you see it before use."),
    )


def _ask() -> None:
    asked = form()
    if not asked.prompt:
        words = _("Say first what should be seen."), _("A few words in your own language will do.")
        st.session_state["image_english_refused"] = Explanation(*words)
        return
    here = services.get_services()
    request = TextRequest(
        role=here.catalog.tasks[TASK].roles[0],
        task=TASK,
        payload={"brief": asked.prompt[:3000], "purpose": asked.preset},
        language=language(),
        mode=Mode(st.session_state["image_english_ask"]),
        source="page",
        user=who(),
    )
    try:
        st.session_state["image_english_run"] = here.gateway.submit(request)
    except PlaygroundError as error:
        told = explain(error.code, details=error.details)
        st.session_state["image_english_refused"] = told


def _writing(run_id: str) -> None:
    view = services.get_services().gateway.view(run_id)
    st.caption(_("Writing the prompt"))
    if view.run.output:
        st.text(view.run.output)
    else:
        st.skeleton(height=48)
    if st.button(_("Stop"), key="image_english_stop", icon=":material/stop_circle:"):
        services.get_services().gateway.cancel(run_id)
        st.rerun()
    if view.run.status.is_final:
        st.rerun()


def _written(run: Run) -> None:
    prompt, negative = picture_prompt(run)
    st.text_area(_("Prompt in English"), value=prompt, height=150, key=f"image_english_{run.id}")
    if negative:
        st.caption(_("What to keep out"))
        st.text(negative)
    with st.container(horizontal=True):
        st.button(_("Use it"), key="image_english_use", on_click=_use, args=(run.id, negative))
        st.button(_("Discard"), key="image_english_drop", type="tertiary", on_click=_discard)


def _not_written(run: Run) -> None:
    if run.status is RunStatus.FAILED:
        details = {"model": run.model, **run.error_details}
        told = explain(run.error_code or "", provider=run.provider, details=details)
        show(told, border=False)
    else:
        st.caption(_("Stopped."))
    st.button(_("Close"), key="image_english_close", type="tertiary", on_click=_discard)


def _use(run_id: str, negative: str) -> None:
    st.session_state["image_prompt"] = st.session_state[f"image_english_{run_id}"]
    if negative:
        st.session_state["image_negative"] = negative
    _discard()


def _discard() -> None:
    st.session_state.pop("image_english_run", None)
