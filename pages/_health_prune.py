"""Taking old runs away for good: a rule, a preview, a confirmation that names the numbers."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import services
from core.data_care import Pruned, PrunePlan, PruneRule
from core.errors import PlaygroundError
from pages._admin import is_admin
from pages._chores import draw_done, draw_failure, draw_progress, find_chore, is_busy, start_chore
from pages._format import bold, number, size
from pages._health_html import table
from pages._history_words import task_label
from pages._i18n import _, ngettext
from pages._moments import clock, day, reader_zone

_GB = 10**9
_BY, _DAYS, _KEEP = "health_prune_by", "health_prune_days", "health_prune_gb"
_KINDS, _SPARE, _AWAY = "health_prune_kinds", "health_prune_spare", "health_prune_away"
_PLAN, _ERROR, _SURE = "health_prune_plan", "health_prune_error", "health_prune_sure"
_AWAY_DAYS = 30
_USUAL: dict[str, Any] = {
    _BY: "age",
    _DAYS: 180,
    _KEEP: 10.0,
    _KINDS: ["text", "image"],
    _SPARE: True,
    _AWAY: True,
}


def draw_prune() -> None:
    """Draw the rule, the preview of what it takes, and what came of the last one."""
    chore = find_chore("prune")
    if chore is not None and chore.running:
        draw_progress(chore, _("Removing …"))
        return
    if chore is not None and chore.error is not None:
        draw_failure(_("The runs were not removed."), chore.error)
    elif chore is not None and isinstance(chore.result, Pruned):
        draw_done(_pruned(chore.result))
    st.caption(
        _("Removes runs and their pictures for good. You see what would go before anything does.")
    )
    rule = _draw_rule()
    st.button(
        _("Show what would go"),
        key="health_prune_preview",
        icon=":material/preview:",
        disabled=rule is None or is_busy(),
        on_click=_preview,
        args=(rule,),
    )
    if error := st.session_state.get(_ERROR):
        draw_failure(_("What would go could not be found out."), error)
    plan = st.session_state.get(_PLAN)
    if not isinstance(plan, PrunePlan):
        return
    if plan.rule != rule:
        st.caption(_("You have changed the rule. Look at a new preview."))
    elif plan.empty:
        st.caption(_("Nothing would go: no run is old or large enough."))
    else:
        _draw_plan(plan)


def _draw_rule() -> PruneRule | None:
    """The widgets of the rule, and the rule that they say; None where they say none."""
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
            st.number_input(
                _("Keep the newest pictures, up to (GB)"),
                min_value=0.0,
                max_value=100_000.0,
                step=1.0,
                key=_KEEP,
                width=260,
                persist_state="session",
            )
        else:
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


def _preview(rule: PruneRule) -> None:
    for key in (_PLAN, _ERROR, _SURE):
        st.session_state.pop(key, None)
    if not is_admin():
        return
    try:
        st.session_state[_PLAN] = services.get_services().care.plan_prune(rule)
    except PlaygroundError as error:
        st.session_state[_ERROR] = error


def _draw_plan(plan: PrunePlan) -> None:
    with st.container(border=True, gap="small"):
        st.markdown(bold(_takes(plan)))
        st.text(_frees(plan))
        if stays := _stays(plan):
            st.text(stays)
        if plan.samples:
            st.caption(_("Some of them, the oldest and the newest:"))
            head = (_("Made"), _("Kind"), _("Purpose"), _("Model"))
            kinds = {"text": _("Text"), "image": _("Pictures")}
            rows = [
                (clock(one.created_at), kinds[one.kind], task_label(one.task), one.model)
                for one in plan.samples
            ]
            st.html(table(head, rows, label=_("Runs that would go")))
        st.caption(_("They cannot be brought back, except from a backup made before."))
        words = _("Yes, remove {what} for good.").format(what=_counted(plan))
        sure = st.checkbox(words, key=_SURE)
        st.button(
            _("Remove {what}").format(what=_counted(plan)),
            key="health_prune_now",
            icon=":material/delete_forever:",
            type="primary",
            disabled=not sure or is_busy(),
            on_click=_remove,
        )


def _remove() -> None:
    plan, sure = st.session_state.pop(_PLAN, None), st.session_state.pop(_SURE, False)
    if isinstance(plan, PrunePlan) and sure:
        care = services.get_services().care
        start_chore("prune", lambda told: care.prune(plan, told), what=plan.fingerprint)


def _counted(plan: PrunePlan) -> str:
    parts = []
    if plan.runs:
        parts.append(ngettext("{n} run", "{n} runs", plan.runs))
    if plan.pictures:
        pictures = ngettext("{n} picture", "{n} pictures", plan.pictures)
        parts.append(f"{pictures} ({size(plan.picture_bytes)})")
    return ", ".join(parts)


def _takes(plan: PrunePlan) -> str:
    words = _("Would go: {what}.").format(what=_counted(plan))
    if plan.oldest is not None and plan.newest is not None:
        zone = reader_zone()
        first, last = (day(moment.astimezone(zone)) for moment in (plan.oldest, plan.newest))
        words += " " + _("From {first} to {last}.").format(first=first, last=last)
    return words


def _frees(plan: PrunePlan) -> str:
    parts = []
    if plan.picture_bytes:
        parts.append(_("{size} become free on the disk.").format(size=size(plan.picture_bytes)))
    if plan.database_bytes:
        inside = _("About {size} inside the database are used again by new runs.")
        parts.append(inside.format(size=size(plan.database_bytes)))
    return " ".join(parts)


def _stays(plan: PrunePlan) -> str:
    parts = []
    if plan.spared_judged:
        parts.append(
            ngettext(
                "{n} run stays because somebody judged it.",
                "{n} runs stay because somebody judged them.",
                plan.spared_judged,
            )
        )
    if plan.spared_parents:
        parts.append(
            ngettext(
                "{n} run stays because a kept run repeats it.",
                "{n} runs stay because kept runs repeat them.",
                plan.spared_parents,
            )
        )
    return " ".join(parts)


def _pruned(pruned: Pruned) -> str:
    words = [
        _("Removed: {runs} and {pictures}. {size} are free again.").format(
            runs=ngettext("{n} run", "{n} runs", pruned.runs),
            pictures=ngettext("{n} picture", "{n} pictures", pruned.pictures),
            size=size(pruned.picture_bytes),
        )
    ]
    if pruned.spared:
        words.append(
            ngettext(
                "{n} run was judged or repeated meanwhile and stays.",
                "{n} runs were judged or repeated meanwhile and stay.",
                pruned.spared,
            )
        )
    if pruned.pictures_left:
        words.append(
            _("{n} pictures were just made and stay for now.").format(
                n=number(pruned.pictures_left)
            )
        )
    return " ".join(words)
