"""A run's page: all that is known of it, what people say of it, and where to go from it."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import services
from core.listing import RunRow
from core.run import Run, RunView
from core.types import Mode
from pages._copy_button import copy_button
from pages._format import plain, shortened
from pages._history_actions import (
    compare,
    compare_with_other_mode,
    delete,
    draw_undo,
    restore,
)
from pages._history_address import back_to_list
from pages._history_again import again
from pages._history_family import draw_family, family_choices
from pages._history_leave import leave_for, start_from
from pages._history_tags import draw_note, draw_tags
from pages._history_words import role_label, status_label, task_label
from pages._i18n import NAMES, _
from pages._image_address import page_address
from pages._image_board import draw_board, draw_pulse
from pages._image_cards import items_of, live_state
from pages._image_sent import draw_sent as draw_sent_picture
from pages._moments import full_clock
from pages._rating import draw_rating
from pages._run_card import draw_body, mode_badge
from pages._sent import draw_sent
from pages._timings import draw_timings

_TICK = 0.25
_WIDE = 640


def draw_run_page(run_id: str) -> None:
    """Draw the page of a run. Raises RunNotFound."""
    here = services.get_services()
    view = here.gateway.view(run_id)
    rows = here.runs.rows([run_id])
    row = rows[0] if rows else None
    st.button(
        _("Back to the list"),
        key="history_to_list",
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=back_to_list,
    )
    draw_undo()
    if row and row.deleted_at:
        _deleted(row)
    _heading(view.run, row)
    lineage = here.runs.lineage(run_id)
    _buttons(view.run, family_choices(lineage))
    page = st.grid(3, min_column_width=290, gap="medium")
    with page.cell(column_span=2):
        body = _answer(view)
    with page.cell(), st.container(gap="medium"):
        if view.run.status.is_final:
            draw_rating(view.run)
        _facts(view.run)
        draw_tags(run_id, row.tags if row else ())
        draw_note(run_id)
        draw_family(view.run, lineage)
    _keep_live(view, body)


def _heading(run: Run, row: RunRow | None) -> None:
    title = row.title if row and row.title else task_label(run.task)
    with st.container(gap="xxsmall"):
        st.subheader(plain(shortened(title, 120)), anchor=False)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            mode_badge(run.mode)
            known = [plain(run.model), status_label(run.status), task_label(run.task)]
            known += [role_label(run.role)] if run.kind == "text" else []
            known += [full_clock(run.created_at), plain(run.user or "")]
            st.caption(" · ".join(part for part in known if part), width="stretch")


def _buttons(run: Run, relatives: dict[str, str]) -> None:
    is_image = run.kind == "image"
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if run.status.is_final:
            _button("again", _("Run again"), ":material/replay:", again, run.id)
        else:
            _button("stop", _("Stop"), ":material/stop_circle:", _stop, run.id)
        words = _("Change and run in Image") if is_image else _("Change and run in Text")
        icon = ":material/image:" if is_image else ":material/edit_note:"
        _button("change", words, icon, _open_elsewhere, run)
        other = _("Mock against live")
        _button("parity", other, ":material/rule:", compare_with_other_mode, run.id)
        if relatives:
            st.menu_button(
                _("Compare with…"),
                list(relatives),
                key="history_run_compare",
                icon=":material/compare_arrows:",
                format_func=lambda run_id: relatives.get(run_id, run_id),
                on_click=_compare_with,
                args=(run.id,),
            )
        copy_button(
            f"{page_address()}?run={run.id}", key="history_copy_address", label=_("Copy address")
        )
        _button("delete", _("Delete"), ":material/delete:", delete, [run.id])


def _button(name: str, words: str, icon: str, act: Callable[..., None], *args: object) -> None:
    st.button(
        words,
        key=f"history_run_{name}",
        icon=icon,
        type="tertiary" if name == "delete" else "secondary",
        on_click=act,
        args=args,
    )


def _compare_with(run_id: str) -> None:
    if other := st.session_state["history_run_compare"]:
        compare([other, run_id])


def _open_elsewhere(run: Run) -> None:
    leave_for(run.kind, run=run.id)


def _stop(run_id: str) -> None:
    services.get_services().gateway.cancel(run_id)


def _deleted(row: RunRow) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(_("This run was deleted. It is kept, and left out of every list."))
        st.button(
            _("Restore"),
            key="history_run_restore",
            icon=":material/restore_from_trash:",
            on_click=restore,
            args=([row.id],),
        )


def _answer(view: RunView) -> DeltaGenerator | None:
    """Draw the answer or the pictures; where those of a text under way go."""
    run = view.run
    if run.kind == "image":
        draw_board(items_of(view, width=_WIDE), key="history_pictures", on_action=_act_on_picture)
        _sent(run)
        return None
    with st.container(border=True):
        body = st.container()
        if run.status.is_final:
            with body:
                draw_body(view)
    _sent(run)
    return None if run.status.is_final else body


def _sent(run: Run) -> None:
    fold = st.expander(_("What was sent"), key="history_sent", on_change="rerun")
    if fold.open:
        with fold:
            (draw_sent_picture if run.kind == "image" else draw_sent)(run)


def _facts(run: Run) -> None:
    with st.container(gap="small"):
        if run.status.is_final:
            st.caption(_("Where the time went"))
            draw_timings(run)
        known = [NAMES[run.language]] if run.kind == "text" else []
        known += [_("simulated numbers")] if run.mode is Mode.MOCK else []
        known += [_("started over REST")] if run.source == "api" else []
        if known:
            st.caption(" · ".join(known))


def _act_on_picture(action: dict[str, object]) -> None:
    run_id = str(action.get("run", ""))
    match action.get("kind"):
        case "stop":
            _stop(run_id)
        case "again" | "seed" as kind:
            again(run_id, new_seed=kind == "seed")
        case "source" if action.get("sha256"):
            start_from(str(action["sha256"]))


def _keep_live(view: RunView, body: DeltaGenerator | None) -> None:
    """Keep a run under way moving; at the same place in every run of the script."""
    tick = None if view.run.status.is_final else _TICK
    st.fragment(_feed, run_every=tick, key="history_run_live")(view.run.id, body, tick is not None)


def _feed(run_id: str, body: DeltaGenerator | None, is_live: bool) -> None:
    if not is_live:
        return
    view = services.get_services().gateway.view(run_id)
    if body is not None:
        with body:
            draw_body(view)
    else:
        draw_pulse({run_id: live_state(view)})
    if view.run.status.is_final:
        st.rerun()
