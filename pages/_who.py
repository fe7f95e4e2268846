"""Who is at this browser: a name, asked once, kept in a cookie; no account and no secret."""

from urllib.parse import quote, unquote

import streamlit as st

from core.types import normalise
from pages._i18n import _

COOKIE = "playground_name"
LONGEST = 100
_STATE = "who_name"
_YEAR_S = 365 * 24 * 60 * 60
_JS = """
export default function ({ data }) {
  const secure = window.location.protocol === "https:" ? "; Secure" : ""
  const age = data.value ? data.age : 0
  document.cookie =
    `${data.name}=${data.value}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`
}
"""
_mount = st.components.v2.component("playground_who", html="<i></i>", js=_JS)


def who() -> str | None:
    """The name of the person at this browser, in NFC; None while it is not known."""
    if _STATE not in st.session_state:
        kept = st.context.cookies.get(COOKIE)
        known = isinstance(kept, str)  # without a browser behind the session there is none
        st.session_state[_STATE] = cleaned(unquote(kept)) if known else ""
    return st.session_state[_STATE] or None


def cleaned(name: str) -> str:
    """`name` on one line, in NFC, without what cannot be seen, cut to what a name may be."""
    visible = "".join(char if char.isprintable() else " " for char in normalise(name))
    return " ".join(visible.split())[:LONGEST].strip()


def draw_who() -> None:
    """Draw the field for the name; once a page, in the sidebar."""
    _field("who", label=_("Your name"), hint=_("For ratings, votes and notes"))
    if "who_changed" in st.session_state:
        value = quote(who() or "", safe="")
        _mount(key="who_cookie", data={"name": COOKIE, "value": value, "age": _YEAR_S}, height=1)


def ask_who(place: str) -> None:
    """Ask for the name where it is needed; `place` tells several such fields apart."""
    _field(
        f"who_{place}",
        label=_("Your name"),
        hint=_("So that others know who says this. It is asked only once."),
    )


def _field(key: str, *, label: str, hint: str) -> None:
    if st.session_state.get(key, "") != (who() or ""):
        st.session_state[key] = who() or ""
    st.text_input(
        label, key=key, max_chars=LONGEST, placeholder=hint, on_change=_named, args=(key,)
    )


def _named(key: str) -> None:
    st.session_state[_STATE] = cleaned(st.session_state[key])
    st.session_state["who_changed"] = True
