"""Health: what works, since when, and what to do about what does not."""

from collections.abc import Mapping

import streamlit as st

from core import services
from core.health import HealthState, Seen
from core.types import utc_now
from pages._admin import draw_admin_door
from pages._format import gray, plain, small
from pages._health_card import draw_card
from pages._health_data import draw_data_care
from pages._health_settings import draw_settings
from pages._health_state import cards, look
from pages._health_verdict import verdict
from pages._i18n import _
from pages._moments import exact_clock

# Seconds between two looks into the monitor's memory: somebody waits for something, or nobody.
_BRISK, _CALM = 2, 5


def _live(tick: int) -> None:
    """The verdict and the cards, drawn again and again from what the monitor knows."""
    seen = services.get_services().health.all()
    _draw_verdict(seen)
    grid = st.grid(2, min_column_width=400, gap="small", key="health_cards")
    for column in cards(seen):
        with grid.cell(), st.container(gap="small"):
            for card in column:
                draw_card(card)
    if _tick(seen) != tick:
        st.rerun()


def _tick(seen: Mapping[str, Seen]) -> int:
    """How often to draw: briskly before all is known, after Check now, and beside open details."""
    is_open = any(st.session_state.get(card.fold_key) for column in cards(seen) for card in column)
    is_brisk = is_open or _is_asked(seen) or any(one.health is None for one in seen.values())
    return _BRISK if is_brisk else _CALM


def _is_asked(seen: Mapping[str, Seen]) -> bool:
    """Whether this reader asked for a check that is under way."""
    asked = st.session_state.get("health_asked")
    return bool(asked) and any(
        one.checking and (one.checked_at or asked) <= asked for one in seen.values()
    )


def _draw_verdict(seen: Mapping[str, Seen]) -> None:
    found = verdict(seen)
    seems = look(found.state)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(key="health_verdict", gap=None, width="stretch"):
            st.markdown(f":{seems.color}[{seems.icon}] {plain(found.words)}")
            # A blank in its place at first, so that nothing moves when there is something.
            st.markdown(small(gray(_last_check(seen) or "&nbsp;")))
        st.button(
            _("Check now"),
            key="health_check",
            icon=":material/refresh:",
            type="tertiary",
            on_click=_check,
        )


def _last_check(seen: Mapping[str, Seen]) -> str:
    """When the part that was looked at longest ago was looked at; "" before the first check."""
    used = [one for one in seen.values() if one.state is not HealthState.NOT_CONFIGURED]
    moments = [one.checked_at for one in used if one.checked_at]
    if _is_asked(seen):
        return _("Checking …")
    if not moments:
        return ""
    return _("Last checked {time}").format(time=exact_clock(min(moments)))


def _check() -> None:
    st.session_state["health_asked"] = utc_now()
    services.get_services().health.check()


_now = _tick(services.get_services().health.all())
st.fragment(_live, run_every=_now, key="health_live")(_now)
st.space("small")
with st.container(key="health_below", gap="medium"):
    draw_data_care()
    draw_settings()
    draw_admin_door()
