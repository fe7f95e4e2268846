"""The two sides of a blind vote: the brief, and the answers in the same order and form."""

import json

import streamlit as st
from pydantic import JsonValue

from core.catalog import Task
from core.run import Run
from pages._faults import field_label
from pages._format import UNKNOWN, plain
from pages._i18n import _, language
from pages._image_address import picture_address

_WIDE = 640
_SHORT = 60  # characters that fit beside each other in the brief


def draw_brief(run: Run, task: Task | None) -> None:
    """What both were asked for."""
    labels = {field.name: field.label.in_(language()) for field in task.fields} if task else {}
    labels |= {"prompt": _("What should be seen"), "negative": _("What should not be seen")}
    known = [(name, _words(value)) for name, value in run.payload.items() if name in labels]
    with st.container(border=True, gap="small", key="vote_brief"):
        st.caption(task.label.in_(language()) if task else _("Picture"))
        with st.container(horizontal=True, gap="medium"):
            for name, words in known:
                if words and len(words) <= _SHORT:
                    _told(labels[name], words, width="content")
        for name, words in known:
            if len(words) > _SHORT:
                _told(labels[name], words, width="stretch")


def draw_sides(left: Run, right: Run, task: Task | None) -> None:
    """The two answers beside each other, under each other where there is no room."""
    names = _names(left, right, task)
    sides = st.grid(2, min_column_width=200, gap="medium")
    for place, title, run in (("left", _("Left"), left), ("right", _("Right"), right)):
        with sides.cell(), st.container(border=True, key=f"answer_{place}", height="stretch"):
            st.subheader(title, anchor=False)
            if run.image is not None:
                _pictures(run, title)
            elif names and isinstance(run.output_json, dict):
                _fields(run.output_json, names, task)
            else:
                st.text(run.output, width="stretch")


def _names(left: Run, right: Run, task: Task | None) -> list[str]:
    """The fields of both answers in the contract's order; none where one is only text.

    One that came as fields and one that did not would be told apart by their form, but that is
    also how good they are.
    """
    if task is None or task.contract is None:
        return []
    known = list(task.contract.schema.get("properties", {}))
    for run in (left, right):
        if isinstance(run.output_json, dict):
            known += sorted(name for name in run.output_json if name not in known)
    return known


def _fields(answer: dict[str, JsonValue], names: list[str], task: Task | None) -> None:
    contract = task.contract if task else None
    for name in names:
        label = field_label(name, contract) if contract else name
        _told(plain(label), _words(answer.get(name)) or UNKNOWN, width="stretch")


def _pictures(run: Run, title: str) -> None:
    # Thumbnails are made anew: a kept PNG has its parameters, and with them the model, inside.
    for number, picture in enumerate(run.image.pictures if run.image else (), 1):
        address = picture_address(picture.sha256, width=_WIDE)
        st.html(f'<img src="{address}" alt="{title} {number}" style="max-width:100%">')


def _told(label: str, words: str, *, width: str) -> None:
    with st.container(gap=None, width=width):  # ty: ignore[invalid-argument-type]
        st.caption(label)
        st.text(words, width=width)  # ty: ignore[invalid-argument-type]


def _words(value: JsonValue) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(f"· {_words(item)}" for item in value)
    return json.dumps(value, ensure_ascii=False)
