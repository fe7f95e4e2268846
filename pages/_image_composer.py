"""The composer of the Image page: what for, what is seen, from which picture, how many."""

import streamlit as st

from core import services
from core.catalog.presets import ImagePreset
from pages._format import gray, small
from pages._i18n import _, language
from pages._image_form import MOST, preset


def draw_preset() -> ImagePreset:
    """Draw the presets; returns the chosen one."""
    presets = services.get_services().presets
    labels = {name: one.label.in_(language()) for name, one in presets.items()}
    st.pills(
        _("What is it for?"),
        list(labels),
        format_func=labels.__getitem__,
        key="image_preset",
        required=True,
        persist_state="session",
    )
    chosen = preset()
    size = f"{chosen.options.width} × {chosen.options.height}"
    st.caption(f"{size} · {chosen.help.in_(language())}")
    return chosen


def draw_prompt(chosen: ImagePreset, *, rerun: bool) -> None:
    """Draw the prompt, and behind one click what is to be kept out."""
    on_change = "rerun" if rerun else "ignore"
    with st.container(key="image_prompt_box"):
        st.text_area(
            _("What should be seen?"),
            placeholder=chosen.example.in_(language()),
            help=chosen.prompt_hint.in_(language()),
            height=150,
            max_chars=10_000,
            key="image_prompt",
            on_change=on_change,
            persist_state="session",
        )
    _follow_negative(chosen)
    with st.expander(_("What to keep out"), type="compact"):
        st.text_area(
            _("What to keep out"),
            key="image_negative",
            height=90,
            on_change=on_change,
            label_visibility="collapsed",
            persist_state="session",
        )
        st.caption(_("The preset's own words stand here; change them as you like."))


def draw_count(*, disabled: bool) -> None:
    """Draw how many variations are wanted; a grid says itself how many pictures it has."""
    st.segmented_control(
        _("Variations"),
        list(range(1, MOST + 1)),
        key="image_count",
        required=True,
        disabled=disabled,
        width="stretch",
        help=_("The same request with seeds that follow each other, each a run of its own."),
        persist_state="session",
    )


def tell(words: str) -> None:
    """A quiet remark beneath a field."""
    st.markdown(small(gray(words)))


def _follow_negative(chosen: ImagePreset) -> None:
    """Take the preset's words while a person has not written their own."""
    given = st.session_state.get("image_negative_given")
    words = chosen.negative.in_(language())
    if st.session_state.get("image_negative", given) in (None, given):
        st.session_state["image_negative"] = words
    st.session_state["image_negative_given"] = words
