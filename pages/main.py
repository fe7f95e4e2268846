"""The frame of every page: language, navigation, title, and a card for what nobody foresaw."""

import logging

import streamlit as st

from core.errors import PlaygroundError
from pages._ahead import load_ahead
from pages._errors import error_card, unexpected_card
from pages._i18n import _, language_switch, use_language
from pages._style import use_style
from pages._who import draw_who

# Drawn here, because a Material icon as the tab's icon is fetched from the internet.
TAB_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="8" fill="#4a52c7"/>'
    '<path d="M9 11h14M9 16h14M9 21h8" stroke="#fff" stroke-width="2.5" stroke-linecap="round"/>'
    "</svg>"
)

use_language()
st.set_page_config(
    page_title=_("Copy playground"),
    page_icon=TAB_ICON,
    layout="wide",
    initial_sidebar_state=248,
    menu_items={"Get help": None, "Report a bug": None, "About": None},
)
page = st.navigation(
    [
        st.Page(
            "text.py",
            title=_("Text"),
            icon=":material/edit_note:",
            default=True,
            help=_("Write a brief, run it on mock and live models, and compare the copy."),
        ),
        st.Page(
            "image.py",
            title=_("Image"),
            icon=":material/image:",
            help=_("Say what should be seen, make pictures, and compare them."),
        ),
        st.Page(
            "history.py",
            title=_("History"),
            icon=":material/history:",
            help=_("Find any run, see what is wrong with it, compare, and judge."),
        ),
        st.Page(
            "health.py",
            title=_("Health"),
            icon=":material/monitor_heart:",
            help=_("See what works, since when, and what to do about what does not."),
        ),
    ],
    position="top",
)
st.session_state["page_changed"] = st.session_state.get("page") != page.url_path
st.session_state["page"] = page.url_path

use_style()
st.title(page.title, anchor=False)
with st.sidebar:
    language_switch()
    draw_who()

try:
    page.run()
except PlaygroundError as error:
    error_card(error)
except Exception:
    logging.getLogger("playground.pages").exception("page failed", extra={"page": page.url_path})
    unexpected_card()

load_ahead()
