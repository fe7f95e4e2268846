"""The brief: what is to be written, by whom, in which language, and the task's own fields."""

from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st
from pydantic import JsonValue

from core.catalog import Catalog, PayloadField, Task
from core.types import Language
from pages._format import gray
from pages._i18n import NAMES, _, language


@dataclass(frozen=True)
class Brief:
    """What a person asks for, before it is known what it is run on."""

    role: str
    task: str
    language: Language
    payload: dict[str, JsonValue]


def draw_choices(catalog: Catalog) -> Task:
    """Draw task, role and language; returns the task."""
    st.session_state.setdefault("text_language", language())
    tasks = {name: task.label.in_(language()) for name, task in catalog.tasks.items()}
    roles = {name: role.label.in_(language()) for name, role in catalog.roles.items()}
    task_id = st.selectbox(
        _("Task"),
        list(tasks),
        format_func=tasks.__getitem__,
        key="text_task",
        persist_state="session",
    )
    task = catalog.tasks[str(task_id)]
    st.caption(task.help.in_(language()))
    if st.session_state.get("text_role_for") != task.id:  # another task: its usual role
        choose_role(task, task.roles[0])
    left, right = st.columns(2)
    with left:
        st.selectbox(
            _("Written by"),
            task.roles,
            format_func=roles.__getitem__,
            key="text_role",
            persist_state="session",
        )
    with right:
        st.segmented_control(
            _("Answer in"),
            list(Language),
            format_func=NAMES.__getitem__,
            key="text_language",
            required=True,
            width="stretch",
            persist_state="session",
        )
    return task


def choose_role(task: Task, role: str) -> None:
    """Choose who writes `task`; before the choice is drawn."""
    st.session_state["text_role_for"] = task.id
    st.session_state["text_role"] = role if role in task.roles else task.roles[0]


def draw_fields(task: Task, *, rerun: bool) -> None:
    """Draw the task's fields. `rerun` redraws the page at each change, else only a click does."""
    for field in task.fields:
        _field(field, on_change="rerun" if rerun else "ignore")


def brief(task: Task) -> Brief:
    """The brief as it stands in the session."""
    payload: dict[str, JsonValue] = {}
    for field in task.fields:
        value = _value(field)
        if value not in (None, "", []):
            payload[field.name] = value
    return Brief(
        role=st.session_state["text_role"],
        task=task.id,
        language=Language(st.session_state["text_language"]),
        payload=payload,
    )


def fill_example(task: Task) -> None:
    """Put the catalog's example into the task's fields; for a callback."""
    fill(task, task.example_payload(Language(st.session_state["text_language"])))


def fill(task: Task, payload: dict[str, JsonValue]) -> None:
    """Put `payload` into the task's fields, emptying those it does not have."""
    for field in task.fields:
        st.session_state[_key(field)] = _shown(field, payload.get(field.name))


def _key(field: PayloadField) -> str:
    # Fields of one name and kind are one field to a person: the value stays when the task changes.
    return f"text_field_{field.type}_{field.name}"


def _shown(field: PayloadField, value: JsonValue) -> JsonValue:
    if field.type in ("number", "choice"):
        return value
    if isinstance(value, list):
        return "\n".join(str(item) for item in value)
    return "" if value is None else str(value)


def _value(field: PayloadField) -> JsonValue:
    value = st.session_state.get(_key(field))
    if field.type == "list":
        return [line.strip() for line in (value or "").splitlines() if line.strip()]
    return value.strip() if isinstance(value, str) else value


def _field(field: PayloadField, *, on_change: Literal["ignore", "rerun"]) -> None:
    label = field.label.in_(language())
    if not field.required:
        label += " " + gray(_("(optional)"))
    common: dict[str, Any] = {
        "key": _key(field),
        "help": field.help.in_(language()) if field.help else None,
        "on_change": on_change,
        "persist_state": "session",
    }
    example = str(_shown(field, field.example.in_(language())))
    match field.type:
        case "text":
            st.text_input(label, placeholder=example, **common)
        case "long_text":
            st.text_area(label, placeholder=example, height=140, **common)
        case "list":
            common["help"] = common["help"] or _("One per line")
            st.text_area(label, placeholder=example, height=100, **common)
        case "number":
            whole = isinstance(field.example.in_(language()), int)
            step = 1 if whole else 0.1
            st.number_input(label, value=None, step=step, placeholder=example, **common)
        case "choice":
            labels = {choice.value: choice.label.in_(language()) for choice in field.choices}
            st.selectbox(
                label,
                list(labels),
                index=None,
                format_func=lambda value: labels.get(value, value),
                placeholder=_("Choose, or type your own") if field.open else _("Choose"),
                accept_new_options=field.open,
                **common,
            )
