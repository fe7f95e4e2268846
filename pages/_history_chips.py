"""What narrows the list right now, as pills that a click takes away."""

from collections.abc import Callable

import streamlit as st

from pages._finding_names import finding_label
from pages._format import plain, shortened
from pages._history_address import NARROWING, Listed, change_address, go, values_of
from pages._history_words import (
    kind_label,
    role_label,
    stars_label,
    status_label,
    task_label,
)
from pages._i18n import _, ngettext
from pages._models import mode_label
from pages._moments import day

_LONGEST = 40
_MOST_IGNORED = 3
_LABELS: dict[str, Callable[[str], str]] = {
    "kind": kind_label,
    "mode": mode_label,
    "role": role_label,
    "task": task_label,
    "status": status_label,
    "finding": finding_label,
    "stars": stars_label,
}


def draw_chips(shown: Listed) -> None:
    """Draw a pill for each active filter, and one button for all of them."""
    chips = _chips(shown)
    if not chips:
        return
    with st.container(horizontal=True, gap="xsmall", key="history_chips"):
        for name, value, words in chips:
            st.button(
                plain(shortened(words, _LONGEST)),
                key=f"history_chip_{name}_{value}",
                icon=":material/close:",
                icon_position="right",
                help=_("Take this filter away"),
                on_click=_take_away,
                args=(name, value),
            )
        st.button(_("Clear filters"), key="history_clear", type="tertiary", on_click=clear)


def draw_ignored(shown: Listed) -> None:
    """Say what of the address could not be understood."""
    if not shown.ignored:
        return
    told = [f"{name}={shortened(value, _LONGEST)}" for name, value in shown.ignored]
    words = ngettext(
        "Part of the address says nothing here and was left aside:",
        "Parts of the address say nothing here and were left aside:",
        len(told),
    )
    st.caption(f"{words} {plain(', '.join(told[:_MOST_IGNORED]))}")


def clear() -> None:
    """Take every filter away, and leave the view that is open; for a callback."""
    view = values_of("view")
    show = values_of("show")
    go(**{name: found[0] for name, found in (("view", view), ("show", show)) if found})


def _chips(shown: Listed) -> list[tuple[str, str, str]]:
    """Name, value and words of each active filter."""
    ignored = set(shown.ignored)
    return [
        (name, value, _words(name, value, shown))
        for name in NARROWING
        for value in dict.fromkeys(values_of(name))
        if value.strip() and (name, value) not in ignored
    ]


def _words(name: str, value: str, shown: Listed) -> str:
    match name:
        case "q":
            return f"“{value.strip()}”"
        case "from":
            return _("from {day}").format(day=day(shown.since) if shown.since else value)
        case "to":
            return _("up to {day}").format(day=day(shown.until) if shown.until else value)
        case "who" | "tag":
            return (_("by {name}") if name == "who" else _("tag {name}")).format(name=value)
        case "batch":
            return _("made together")
        case "deleted":
            return _("Deleted")
    return _LABELS[name](value) if name in _LABELS else value


def _take_away(name: str, value: str) -> None:
    change_address(**{name: [kept for kept in values_of(name) if kept != value]})
