"""From the history to the pages where runs are made."""

import streamlit as st

from pages._image_source import use_source

_PAGES = {"text": "text.py", "image": "image.py"}


def start_from(sha256: str) -> None:
    """Start the next picture from this one, on the Image page; for a callback."""
    use_source(sha256)
    leave_for("image")


def leave_for(page: str, **opened: str) -> None:
    """Have the script go to a page at its next run; for a callback."""
    st.session_state["history_leaving"] = (page, opened)


def leave_if_asked() -> None:
    """Go where `leave_for` said; called before anything is drawn."""
    if leaving := st.session_state.pop("history_leaving", None):
        page, opened = leaving
        switch_to(page, **opened)


def switch_to(page: str, **opened: str) -> None:
    """Go to a page now; its address keeps the language."""
    if asked := st.query_params.get("lang"):
        opened["lang"] = asked
    st.switch_page(_PAGES[page], query_params=opened)
