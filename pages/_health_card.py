"""A component's card: its state in words, what to do about it, and everything known behind."""

import streamlit as st

from core import services
from core.errors import PlaygroundError
from core.health import DiskHealth, HealthState, Seen
from pages._errors import explain
from pages._format import bold, gray, plain, small
from pages._health_facts import draw_facts, glance, room_bar
from pages._health_figures import draw_figures, draw_span_switch
from pages._health_html import one_line
from pages._health_state import Card, component_name, component_purpose, look, vendor_of
from pages._health_tools import draw_tools
from pages._health_words import words_of
from pages._i18n import _
from pages._moments import clock

_LONGEST = 1000
_BAD = (HealthState.DOWN, HealthState.DEGRADED)


def draw_card(card: Card) -> None:
    """Draw the card; may be called again at any time and changes nothing a reader has open."""
    worst = card.worst
    with st.container(border=True, gap="xsmall", key=f"health_{card.key}"):
        _head(worst)
        if worst.state is HealthState.NOT_CONFIGURED:
            words = words_of(worst)
            st.markdown(small(gray(plain(f"{words.what} {words.next_step}"))))
            return
        st.markdown(small(gray(_standing(worst))))
        if worst.state in _BAD:
            _trouble(worst)
        if isinstance(worst.health, DiskHealth) and (room := room_bar(worst.health)):
            st.html(room)
        _fold(card)


def _head(seen: Seen) -> None:
    seems = look(seen.state)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(plain(component_name(seen.component)), anchor=False, width="stretch")
        st.badge(seems.word, icon=seems.icon, color=seems.color)


def _standing(seen: Seen) -> str:
    """What it is for, since when it is as it is, and the figures people look for first."""
    parts = [component_purpose(seen.component)]
    if seen.health is None:
        return " · ".join((*parts, _("The first check is under way.")))
    if seen.since:
        parts.append(_("since {time}").format(time=clock(seen.since)))
    if vendor_of(seen.component) != "mock" and (figures := glance(seen.health)):
        parts.append(plain(figures))
    return " · ".join(parts)


def _trouble(seen: Seen) -> None:
    words = words_of(seen)
    with st.container(gap="xsmall"):
        st.text(words.what)
        st.text(words.next_step)
        if words.command:
            st.code(words.command, language=None, wrap_lines=True)


def _fold(card: Card) -> None:
    fold = st.expander(_("Details"), key=card.fold_key, type="compact", on_change="rerun")
    if not fold.open:
        return
    with fold, st.container(gap="xsmall"):
        for part in card.parts:
            _behind(part, named=len(card.parts) > 1)


def _behind(seen: Seen, *, named: bool) -> None:
    """Everything known of one part; `named` where the card has another one."""
    component = seen.component
    if vendor_of(component):  # a queue moves faster than the background looks
        services.get_services().health.keep_fresh(component)
    if seen.health is None:
        st.caption(_("The first check is under way."))
    else:
        if seen.state in _BAD and seen.health.reason:
            reason = one_line(seen.health.reason, longest=_LONGEST)
            st.caption(_("What the check found"))
            st.code(reason, language=None, wrap_lines=True)
        draw_facts(seen.health, key=f"health_{component.replace('/', '_')}")
    if vendor_of(component):
        kind = _("Text") if component.startswith("text/") else _("Pictures")
        _figures(component, kind if named else _("Lately"))
        draw_tools(component)


def _figures(component: str, heading: str) -> None:
    """How it did lately; the record of runs may be what cannot be read now."""
    with st.container(gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(small(bold(heading)), width="stretch")
            draw_span_switch(component)
        try:
            draw_figures(component)
        except PlaygroundError as error:
            st.caption(explain(error.code, details=error.details).what)
