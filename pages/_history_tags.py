"""Tags and the note of runs."""

from collections.abc import Iterable, Sequence

import streamlit as st
from pydantic import TypeAdapter, ValidationError

from core import services
from core.errors import PlaygroundError
from core.opinion import Note, Tag
from core.types import utc_now
from pages._format import plain
from pages._i18n import _
from pages._moments import clock
from pages._who import who

_TAG: TypeAdapter[str] = TypeAdapter(Tag)
_LONGEST_TAG = 40
_LONGEST_NOTE = 5000


def draw_tag_form(ids: Sequence[str]) -> None:
    """Draw where a tag for all of `ids` is typed."""
    key = f"history_new_tag_{st.session_state.get('history_tag_round', 0)}"
    st.selectbox(
        _("Tag"),
        services.get_services().runs.facets().tags,
        index=None,
        key=key,
        placeholder=_("Choose, or type your own"),
        accept_new_options=True,
        on_change=_add,
        args=(key, tuple(ids)),
    )


def draw_tags(run_id: str, tags: Sequence[str]) -> None:
    """Draw the tags of a run: a click on one takes it away, and there is a place for more."""
    if tags:
        with st.container(horizontal=True, gap="xsmall", key="history_run_tags"):
            for tag in tags:
                st.button(
                    plain(tag),
                    key=f"history_tag_{tag}",
                    icon=":material/close:",
                    icon_position="right",
                    help=_("Take this tag away"),
                    on_click=_remove,
                    args=(run_id, tag),
                )
    draw_tag_form([run_id])


def draw_note(run_id: str) -> None:
    """Draw the note of a run, to be changed, and who wrote it when."""
    note = services.get_services().opinions.notes(run_id)
    key = f"history_note_{run_id}"
    st.session_state.setdefault(key, note.text if note else "")
    st.text_area(
        _("Memo"),
        key=key,
        height=100,
        max_chars=_LONGEST_NOTE,
        placeholder=_("What should not be forgotten about this run"),
        on_change=_write,
        args=(run_id, key),
    )
    if note and note.text:
        known = (note.user or "", clock(note.changed_at))
        st.caption(plain(" · ".join(part for part in known if part)))


def tag_all(ids: Iterable[str], tag: str) -> None:
    """Give every one of these runs a tag. Raises PlaygroundError."""
    opinions = services.get_services().opinions
    for waiting in [opinions.tag(run_id, tag) for run_id in ids]:
        waiting.result()


def _add(key: str, ids: Sequence[str]) -> None:
    try:
        tag = _TAG.validate_python(st.session_state[key] or "")
    except ValidationError:
        words = _("A tag has 1 to {n} characters.").format(n=_LONGEST_TAG)
        st.toast(words, icon=":material/error:")
        return
    st.session_state["history_tag_round"] = st.session_state.get("history_tag_round", 0) + 1
    try:
        tag_all(ids, tag)
    except PlaygroundError as error:
        st.session_state["history_error"] = error


def _remove(run_id: str, tag: str) -> None:
    try:
        services.get_services().opinions.untag(run_id, tag).result()
    except PlaygroundError as error:
        st.session_state["history_error"] = error


def _write(run_id: str, key: str) -> None:
    note = Note(run_id=run_id, text=st.session_state[key], user=who(), changed_at=utc_now())
    try:
        services.get_services().opinions.note(note).result()
    except PlaygroundError as error:
        st.session_state["history_error"] = error
