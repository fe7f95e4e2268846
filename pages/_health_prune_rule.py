"""Which old runs go: by age or by size, and what is spared."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.data_care import PruneRule
from pages._i18n import _, ngettext

_GB = 10**9
_BY, _DAYS, _KEEP = "health_prune_by", "health_prune_days", "health_prune_gb"
_KINDS, _SPARE, _AWAY = "health_prune_kinds", "health_prune_spare", "health_prune_away"
_AWAY_DAYS = 30
_USUAL: dict[str, Any] = {
    _BY: "age",
    _DAYS: 180,
    _KEEP: 10.0,
    _KINDS: ["text", "image"],
    _SPARE: True,
    _AWAY: True,
}


def draw_rule() -> PruneRule | None:
    """Draw the widgets of the rule; the rule that they say, None where they say none."""
    for key, value in _USUAL.items():
        st.session_state.setdefault(key, value)
    by = {"age": _("By age"), "size": _("By size")}
    st.segmented_control(
        _("What is removed"),
        list(by),
        format_func=lambda name: by.get(name, name),
        key=_BY,
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        if st.session_state[_BY] == "size":
            _draw_size()
        else:
            _draw_age()
    st.checkbox(
        _("Keep what people rated, voted on, tagged or wrote a note on"),
        key=_SPARE,
        persist_state="session",
    )
    away = ngettext(
        "Also remove what was put away more than {n} day ago",
        "Also remove what was put away more than {n} days ago",
        _AWAY_DAYS,
    )
    st.checkbox(away, key=_AWAY, persist_state="session")
    return rule_of({key: st.session_state[key] for key in _USUAL})


def _draw_size() -> None:
    st.number_input(
        _("Keep the newest pictures, up to (GB)"),
        min_value=0.0,
        max_value=100_000.0,
        step=1.0,
        key=_KEEP,
        width=260,
        persist_state="session",
    )


def _draw_age() -> None:
    st.number_input(
        _("Runs older than (days)"),
        min_value=1,
        max_value=36_500,
        key=_DAYS,
        width=200,
        persist_state="session",
    )
    kinds = {"text": _("Text"), "image": _("Pictures")}
    st.pills(
        _("Kinds"),
        list(kinds),
        format_func=lambda name: kinds.get(name, name),
        selection_mode="multi",
        key=_KINDS,
        persist_state="session",
    )


def rule_of(said: Mapping[str, Any]) -> PruneRule | None:
    """The rule that the widgets' values say; None where they leave nothing to remove."""
    values: dict[str, Any] = {
        "spare_judged": bool(said[_SPARE]),
        "put_away_after_days": _AWAY_DAYS if said[_AWAY] else None,
    }
    if said[_BY] == "size":
        if said[_KEEP] is None:
            return None
        values["keep_picture_bytes"] = round(said[_KEEP] * _GB)
    else:
        if not said[_KINDS] or said[_DAYS] is None:
            return None
        values["older_than_days"] = int(said[_DAYS])
        values["kinds"] = tuple(kind for kind in ("text", "image") if kind in said[_KINDS])
    return PruneRule(**values)
