"""Taking old runs away for good: a rule, a preview, a confirmation that names the numbers."""

import streamlit as st

from core import services
from core.data_care import Pruned, PrunePlan, PruneRule
from core.errors import PlaygroundError
from pages._admin import is_admin
from pages._chores import draw_done, draw_failure, draw_progress, find_chore, is_busy, start_chore
from pages._format import bold, number, size
from pages._health_html import table
from pages._health_prune_rule import draw_rule
from pages._history_words import task_label
from pages._i18n import _, ngettext
from pages._moments import clock, day, reader_zone

_PLAN, _ERROR, _SURE = "health_prune_plan", "health_prune_error", "health_prune_sure"


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
    rule = draw_rule()
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
