"""The columns as they are drawn: one quiet line each, the settings behind it."""

from dataclasses import replace

import streamlit as st

from core import services
from core.catalog import Task
from core.errors import PlaygroundError
from core.types import GenerationOptions, Mode, TextRequest
from pages._columns import MOST, MOST_VARIANTS, Column, add_column, column_of, columns
from pages._errors import explain, provider_name
from pages._format import plain, red, short_number, small
from pages._i18n import N_, _, language
from pages._models import Offer, mode_label, model_label, offers

_ADD = {
    "other_mode": N_("Live beside this"),
    "model": N_("Another model"),
    "temperature": N_("Another temperature"),
    "same": N_("Same again"),
}


def draw_columns(task: Task, *, role: str, default: Mode) -> list[str]:
    """Draw one quiet line a column, its settings behind it, and the menu that adds one.

    Returns the model of each column, chosen or automatic; "" where none is set.
    """
    shown = columns(default)
    defaults = services.get_services().catalog.default_options(role, task.id)
    models: list[str] = []
    st.caption(_("Runs on"))
    with st.container(gap="xsmall"):
        for column_id, column in zip(st.session_state["text_columns"], shown, strict=True):
            automatic = _automatic_model(column, task, role)
            models.append(column.model or automatic)
            _fold(column_id, plain(_summary(column, defaults, automatic)))
            if st.session_state.get(f"col{column_id}_open"):
                with st.container(border=True):
                    _settings(column_id, column, defaults, automatic)
        st.menu_button(
            _("Add column"),
            list(_ADD),
            format_func={kind: _add_label(kind, shown[-1]) for kind in _ADD}.__getitem__,
            key="text_add_column",
            icon=":material/add:",
            type="tertiary",
            on_click=_add,
            disabled=len(shown) >= MOST,
            help=_("Six columns at most") if len(shown) >= MOST else None,
        )
    return models


def _fold(column_id: int, summary: str) -> None:
    """The line that opens and closes a column's settings.

    Not an expander: one whose label changes closes, and the label is what is being changed.
    """
    is_open = bool(st.session_state.get(f"col{column_id}_open"))
    st.button(
        summary,
        key=f"col{column_id}_fold",
        icon=":material/expand_more:" if is_open else ":material/chevron_right:",
        type="tertiary",
        wrap=False,
        on_click=_turn,
        args=(column_id,),
    )


def _turn(column_id: int) -> None:
    key = f"col{column_id}_open"
    st.session_state[key] = not st.session_state.get(key)


def _automatic_model(column: Column, task: Task, role: str) -> str:
    """The model that role, task and settings choose where the column chooses none."""
    example = task.example_payload(language())
    request = TextRequest(
        role=role, task=task.id, payload=example, mode=column.mode, provider=column.provider
    )
    try:
        return services.get_services().gateway.preview(request).model
    except PlaygroundError:  # no model is set: the run says so
        return ""


def _summary(column: Column, defaults: GenerationOptions, automatic: str) -> str:
    model = column.model or automatic or _("no model")
    temperature = column.temperature if column.temperature is not None else defaults.temperature
    parts = [mode_label(column.mode), model]
    if temperature is not None:
        parts.append(short_number(temperature))
    if column.variants > 1:
        parts.append(_("× {n}").format(n=column.variants))
    return " · ".join(parts)


def _settings(column_id: int, column: Column, defaults: GenerationOptions, automatic: str) -> None:
    key = f"col{column_id}_"
    st.segmented_control(
        _("Mode"),
        list(Mode),
        format_func={mode: mode_label(mode) for mode in Mode}.__getitem__,
        key=key + "mode",
        required=True,
        persist_state="session",
    )
    with st.skeleton(height=80):
        known = {name: offer for name, offer in offers().items() if offer.mode is column.mode}
    _provider_and_model(key, column, known, automatic)
    left, right = st.columns(2)
    with left:
        _number(_("Temperature"), key + "temperature", defaults.temperature, 0.0, 2.0, 0.1)
        _number(_("Top p"), key + "top_p", defaults.top_p, 0.05, 1.0, 0.05)
    with right:
        _number(_("Max tokens"), key + "max_tokens", defaults.max_tokens, 1, 32_768, 100)
        _number(_("Seed"), key + "seed", None, 0, 2**31 - 1, 1)
    st.segmented_control(
        _("Form of the answer"),
        ["task", "text"],
        format_func={"task": _("As the task asks"), "text": _("Plain text")}.__getitem__,
        key=key + "format",
        required=True,
        persist_state="session",
    )
    st.number_input(
        _("Variants"),
        min_value=1,
        max_value=MOST_VARIANTS,
        step=1,
        key=key + "variants",
        help=_("The same request with so many different seeds."),
        persist_state="session",
    )
    if len(st.session_state["text_columns"]) > 1:
        st.button(
            _("Remove column"),
            key=key + "remove",
            icon=":material/delete:",
            type="tertiary",
            on_click=_remove,
            args=(column_id,),
        )


def _provider_and_model(key: str, column: Column, known: dict[str, Offer], automatic: str) -> None:
    usable = [name for name, offer in known.items() if offer.configured]
    if len(usable) > 1:
        servers = {"": _("Automatic"), **{name: provider_name(name) for name in usable}}
        st.selectbox(
            _("Server"),
            list(servers),
            format_func=servers.__getitem__,
            key=key + f"provider_{column.mode}",
            persist_state="session",
        )
    chosen = [column.provider] if column.provider in usable else usable
    models = [model for name in chosen for model in known[name].models]
    if column.model and column.model not in models:
        models.insert(0, column.model)
    labels = {name: model_label(name, automatic=automatic) for name in ("", *models)}
    st.selectbox(
        _("Model"),
        list(labels),
        format_func=lambda name: labels.get(name, name),
        key=key + f"model_{column.mode}",
        accept_new_options=True,
        placeholder=_("Automatic, or type a name"),
        help=_("Automatic takes the model that the settings name for this task."),
        persist_state="session",
    )
    for name in chosen:
        error = known[name].error
        if error:
            explanation = explain(error, provider=name)
            advice = f"`{explanation.command}`" if explanation.command else explanation.next_step
            st.markdown(small(red(explanation.what) + " " + advice))


def _number(
    label: str, key: str, default: float | None, lowest: float, highest: float, step: float
) -> None:
    placeholder = _("auto") if default is None else short_number(default)
    st.number_input(
        label,
        value=None,
        min_value=lowest,
        max_value=highest,
        step=step,
        key=key,
        placeholder=placeholder,
        persist_state="session",
    )


def _add_label(kind: str, last: Column) -> str:
    if kind == "other_mode" and last.mode is Mode.LIVE:
        return _("Mock beside this")
    return _(_ADD[kind])


def _add() -> None:
    kind = st.session_state["text_add_column"]
    ids: list[int] = st.session_state["text_columns"]
    column = column_of(ids[-1])
    match kind:
        case "other_mode":
            other = Mode.MOCK if column.mode is Mode.LIVE else Mode.LIVE
            column = replace(column, mode=other, provider=None, model=None)
        case "model":
            column = replace(column, model=None)
        case "temperature":
            now = column.temperature if column.temperature is not None else 0.8
            column = replace(column, temperature=round(now - 0.4 if now > 0.7 else now + 0.4, 2))
    column_id = add_column(column)
    st.session_state["text_columns"] = [*ids, column_id]
    if kind in ("model", "temperature"):
        st.session_state[f"col{column_id}_open"] = True


def _remove(column_id: int) -> None:
    ids = st.session_state["text_columns"]
    st.session_state["text_columns"] = [other for other in ids if other != column_id]
