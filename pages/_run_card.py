"""One run as a card: who answers, what it is doing, the answer, the numbers, what can be done."""

import json

import streamlit as st

from core import services
from core.catalog import Contract
from core.run import (
    Run,
    RunView,
)
from core.types import (
    Mode,
    Phase,
    RunStatus,
)
from pages._answer import draw_answer
from pages._copy_button import copy_button
from pages._errors import explain, provider_name, show
from pages._faults import fault_in_words
from pages._findings import draw_report, findings_count
from pages._format import UNKNOWN, gray, green, number, plain, red, seconds, short_number, small
from pages._i18n import _, ngettext
from pages._models import mode_label
from pages._opened import open_batch, rerun_request
from pages._picture_prompt import hand_over
from pages._rating import draw_rating_button
from pages._sent import sent_dialog

SHORTEST_LOAD_MS = 100  # less is a model that was loaded already


def mode_badge(mode: Mode) -> None:
    """MOCK or LIVE, in a word and a colour of its own."""
    color = "gray" if mode is Mode.MOCK else "primary"
    st.badge(mode_label(mode), color=color)


def draw_card(view: RunView) -> st.delta_generator.DeltaGenerator:
    """Draw the card of a run without its body; returns the container of the body."""
    run = view.run
    with st.container(border=True, key=f"run_{run.id}"):
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
            mode_badge(run.mode)
            st.markdown(f"**{plain(run.model)}**", width="stretch")
            if not run.status.is_final:
                st.button(
                    _("Stop"),
                    key=f"stop_{run.id}",
                    icon=":material/stop_circle:",
                    on_click=_stop,
                    args=(run.id,),
                )
            else:  # of the same height, so that nothing moves when a run ends
                st.button(
                    _("Run again"),
                    key=f"again_{run.id}",
                    type="tertiary",
                    on_click=_again,
                    args=(run.id,),
                )
        body = st.container()
        if run.status.is_final:
            _actions(run)
    return body


def draw_body(view: RunView) -> None:
    """Draw what changes while the run is under way, and stays when it is over."""
    run = view.run
    contract = services.get_services().gateway.catalog.tasks.get(run.task)
    schema = contract.contract if contract else None
    with st.container(gap=None):
        st.caption(_settings_line(run))
        st.markdown(_state_line(view))
    if run.status is RunStatus.FAILED:
        _failed(run)
    if run.thinking:
        with st.expander(_("What the model thought")):
            st.text(run.thinking)
    if not (run.status.is_final and not run.output):
        with st.container(key=f"answer_{run.id}"):
            draw_answer(run, schema)
    if run.status is RunStatus.SUCCEEDED:
        _judged(run, schema)
    _numbers(run)


def _judged(run: Run, schema: Contract | None) -> None:
    """What is wrong with a whole answer: the checks' findings, or for a run from before there
    were any, the faults against its contract.
    """
    if run.report is not None:
        draw_report(run, schema)
    elif run.contract and not run.contract.valid:
        with st.container(gap="xxsmall"):
            for fault in run.contract.errors:
                st.markdown(small(red(plain(fault_in_words(fault, schema)))))


def _state_line(view: RunView) -> str:
    run = view.run
    if not run.status.is_final:
        return gray(f"{_phase(view)} · {seconds(view.elapsed_ms)}")
    if run.status is RunStatus.CANCELLED:
        return gray(":material/stop_circle: " + _("Stopped. What had arrived is kept."))
    if run.status is RunStatus.INTERRUPTED:
        words = _("Interrupted: the playground stopped meanwhile. What had arrived is kept.")
        return gray(":material/power_off: " + words)
    if run.status is RunStatus.FAILED:
        return red(":material/error: " + _("Failed"))
    if run.finish_reason == "length":
        return red(":material/content_cut: " + _("Cut off at the token limit"))
    counted = findings_count(run.report) if run.report else ""
    if counted:
        return counted
    if run.contract is None:
        return gray(":material/check: " + _("Done"))
    if run.contract.valid:
        return green(":material/check: " + _("Keeps every rule"))
    faults = ngettext("{n} fault", "{n} faults", len(run.contract.errors))
    return red(":material/close: " + faults)


def _phase(view: RunView) -> str:
    match view.phase:
        case Phase.CONNECTING:
            return _("Waiting for the first word")
        case Phase.LOADING:
            return _("Loading the model")
        case Phase.THINKING:
            return _("Thinking")
        case Phase.WRITING:
            return _("Writing")
        case Phase.CANCELLING:
            return _("Stopping")
        case Phase.SAVING:
            return _("Waiting to be saved: the disk is full or the database in use")
    if view.ahead:
        return ngettext("Waiting, {n} run ahead", "Waiting, {n} runs ahead", view.ahead)
    return _("Waiting")


def _settings_line(run: Run) -> str:
    parts = [] if run.mode is Mode.MOCK else [plain(provider_name(run.provider))]
    if run.options.temperature is not None:
        parts.append(_("temperature {n}").format(n=short_number(run.options.temperature)))
    if run.options.seed is not None:
        parts.append(_("seed {n}").format(n=run.options.seed))
    return " · ".join(parts) or UNKNOWN


def _failed(run: Run) -> None:
    details = {"model": run.model, **run.error_details}
    explanation = explain(run.error_code or "", provider=run.provider, details=details)
    show(explanation, detail=f"{run.error_code}\n{run.error_message}", border=False)


def _numbers(run: Run) -> None:
    speed = run.tokens_per_second
    per_second = UNKNOWN if speed is None else _("{n}/s").format(n=number(speed, digits=1))
    with st.container(horizontal=True, gap="small"):
        st.metric(gray(_("First token")), seconds(run.first_token_ms), width="content")
        st.metric(gray(_("Speed")), per_second, width="content")
        st.metric(gray(_("Tokens")), _tokens(run), width="content")
        st.metric(gray(_("Total")), seconds(run.total_ms), width="content")
    notes = []
    if run.load_ms and run.load_ms >= SHORTEST_LOAD_MS:
        notes.append(_("loading the model {time} of it").format(time=seconds(run.load_ms)))
    if run.mode is Mode.MOCK:
        notes.append(_("simulated numbers"))
    if notes:
        st.caption(" · ".join(notes))


def _tokens(run: Run) -> str:
    if run.prompt_tokens is None and run.completion_tokens is None:
        return UNKNOWN
    return f"{number(run.prompt_tokens)} → {number(run.completion_tokens)}"


def _actions(run: Run) -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        if run.output:
            copy_button(copy_text(run), key=f"copy_{run.id}")
            is_json = run.output_json is not None
            st.download_button(
                _("Download"),
                data=_file(run),
                file_name=f"{run.task}-{run.id}.{'json' if is_json else 'txt'}",
                mime="application/json" if is_json else "text/plain",
                key=f"download_{run.id}",
                on_click="ignore",
                type="tertiary",
            )
        if st.button(_("What was sent"), key=f"sent_{run.id}", type="tertiary"):
            sent_dialog(run)
        if run.output and st.button(
            _("Make a picture of this"), key=f"picture_{run.id}", type="tertiary"
        ):
            hand_over(run)
        if run.output:
            draw_rating_button(run)


def copy_text(run: Run) -> str:
    """The answer as it is pasted: parsed JSON well set out, anything else as it came."""
    if run.output_json is None:
        return run.output
    return json.dumps(run.output_json, ensure_ascii=False, indent=2)


def _file(run: Run) -> bytes:
    return copy_text(run).encode()


def _stop(run_id: str) -> None:
    services.get_services().gateway.cancel(run_id)


def _again(run_id: str) -> None:
    gateway = services.get_services().gateway
    open_batch(gateway.submit_batch([rerun_request(gateway.view(run_id).run)]).id)
