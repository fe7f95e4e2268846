"""Who may use the administrator's tools. There are no accounts: a password, or being at the
machine itself.
"""

import ipaddress
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

import streamlit as st

from core import services
from pages._format import number
from pages._i18n import _

_FORWARDED = (
    *("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"),
    *("x-real-ip", "via", "x-forwarded-server", "cf-connecting-ip", "true-client-ip"),
)
_OPENED = "admin_opened"
_PASSWORD = "admin_password"  # noqa: S105 - the key of a widget
_TRIED = "admin_tried"


class Access(Enum):
    """What a visitor may do."""

    ADMIN = "admin"
    LOCKED = "locked"  # the password opens the tools
    ELSEWHERE = "elsewhere"  # no password is set, and the visitor is not at this machine


@dataclass(frozen=True)
class Visitor:
    """Where a visitor's connection comes from: its address, None for loopback, and its headers."""

    ip: str | None
    headers: Mapping[str, str]


def access(*, has_password: bool, opened: bool, visitor: Visitor) -> Access:
    """What `visitor` may do; `opened` says that this session has given the right password."""
    if has_password:
        return Access.ADMIN if opened else Access.LOCKED
    return Access.ADMIN if is_at_this_machine(visitor) else Access.ELSEWHERE


def is_at_this_machine(visitor: Visitor) -> bool:
    """Whether the browser runs on the playground's own machine and came without a proxy.

    All must say so: the connection, the address that was typed (`Host`), the page that opened
    the connection (`Origin`, which a browser cannot be made to leave out), and no header that
    proxies add. A page elsewhere whose name was made to point here fails by the last two.
    """
    headers = {name.lower(): value for name, value in visitor.headers.items()}
    if any(name in headers for name in _FORWARDED):
        return False
    host = _host(f"//{headers.get('host', '')}")
    origin = _host(headers.get("origin", ""))
    return (visitor.ip is None or _is_loopback(visitor.ip)) and all(
        name == "localhost" or _is_loopback(name) for name in (host, origin)
    )


def is_admin() -> bool:
    """Whether this session may use the tools now: asked when drawing, and again when acting."""
    return _access() is Access.ADMIN


def draw_admin_door() -> None:
    """Draw how to get at the tools; nothing for whoever has them without a password."""
    match _access():
        case Access.LOCKED:
            _draw_lock()
        case Access.ELSEWHERE:
            _draw_advice()
        case Access.ADMIN if services.get_services().admin.has_password:
            st.button(
                _("Close the administrator's tools"),
                key="admin_close",
                icon=":material/lock:",
                type="tertiary",
                on_click=_close,
            )


def _draw_lock() -> None:
    row = st.form("admin_door", border=False).container(
        horizontal=True, vertical_alignment="bottom", gap="small"
    )
    with row:
        st.text_input(
            _("Administrator's password"),
            key=_PASSWORD,
            type="password",
            autocomplete="current-password",
            max_chars=200,
            width=280,
        )
        st.form_submit_button(
            _("Open the tools"), key="admin_open", icon=":material/lock_open:", on_click=_try
        )
    if words := st.session_state.get(_TRIED):
        st.error(words, icon=":material/block:")


def _draw_advice() -> None:
    words = _(
        "The administrator's tools are open on the machine that the playground runs on. To use "
        "them from here, set {setting} in .env there and restart the playground."
    )
    st.caption(words.format(setting="`PLAYGROUND_ADMIN_PASSWORD`"))


def _access() -> Access:
    return access(
        has_password=services.get_services().admin.has_password,
        opened=st.session_state.get(_OPENED) is True,
        visitor=_visitor(),
    )


def _visitor() -> Visitor:
    ip = st.context.ip_address
    # Streamlit says None for loopback; whatever is no text is nobody we know.
    return Visitor(ip if ip is None or isinstance(ip, str) else "", st.context.headers.to_dict())


def _try() -> None:
    given = st.session_state[_PASSWORD]
    st.session_state[_PASSWORD] = ""  # it stays in no state, neither here nor in the browser
    if not given:
        return
    tried = services.get_services().admin.try_password(given)
    st.session_state[_OPENED] = tried.opened
    st.session_state.pop(_TRIED, None)
    if tried.opened:
        return
    words = _("That is not the password.") if tried.looked_at else _("Too many wrong tries.")
    if tried.wait_s:
        wait = _("Wait {n} s before the next try.").format(n=number(math.ceil(tried.wait_s)))
        words = f"{words} {wait}"
    st.session_state[_TRIED] = words


def _close() -> None:
    st.session_state.pop(_OPENED, None)


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
