"""What can be done to the runs that are ticked, and how it is undone."""

from collections.abc import Callable, Sequence

import streamlit as st

from core import services
from core.errors import PlaygroundError
from pages._errors import error_card
from pages._format import bold
from pages._history_address import Listed, go, remember_list, values_of
from pages._history_again import in_other_mode, other_mode, run_in_other_mode
from pages._history_export import draw_export
from pages._history_table import select_nothing, selected
from pages._history_tags import draw_tag_form
from pages._i18n import _, ngettext
from pages._models import mode_label
from pages._who import who

FEWEST, MOST = 2, 6


def draw_selection(shown: Listed) -> None:
    """Draw what can be done to the ticked runs."""
    ids = selected()
    words = ngettext("{n} selected", "{n} selected", len(ids))
    st.markdown(bold(words), width="content")
    st.button(_("Clear"), key="history_select_none", type="tertiary", on_click=select_nothing)
    st.space("stretch")
    if shown.filter.deleted:
        st.button(
            _("Restore"),
            key="history_restore",
            icon=":material/restore_from_trash:",
            on_click=restore,
            args=(ids,),
        )
        return
    fits = FEWEST <= len(ids) <= MOST
    st.button(
        _("Compare"),
        key="history_compare",
        icon=":material/compare_arrows:",
        type="primary",
        disabled=not fits,
        help=None if fits else _("Select 2 to 6 runs to see them side by side."),
        on_click=compare,
        args=(ids,),
    )
    if len(ids) == 1:
        st.button(
            _("Mock against live"),
            key="history_parity",
            icon=":material/rule:",
            on_click=compare_with_other_mode,
            args=(ids[0],),
        )
    with st.popover(_("Tag"), icon=":material/label:", key="history_tag_menu"):
        draw_tag_form(ids)
    draw_export(None, key="history_export_ids", ids=ids)
    st.button(
        _("Delete"),
        key="history_delete",
        icon=":material/delete:",
        on_click=delete,
        args=(ids,),
    )


def draw_undo() -> None:
    """Say what was just deleted, with the way back; and what else there is to answer."""
    if error := st.session_state.pop("history_error", None):
        error_card(error)
    if ids := st.session_state.get("history_undo"):
        words = ngettext("{n} run deleted.", "{n} runs deleted.", len(ids))
        with _strip("history_undo_bar"):
            st.markdown(words, width="stretch")
            st.button(
                _("Undo"),
                key="history_undo_button",
                icon=":material/undo:",
                type="tertiary",
                on_click=restore,
                args=(ids,),
            )
            _close("history_undo")
    if offered := st.session_state.get("history_offer"):
        _draw_offer(offered)


def compare(ids: Sequence[str]) -> None:
    """Show these runs side by side; for a callback."""
    if not values_of("run"):
        remember_list()
    go(compare=",".join(ids))


def compare_with_other_mode(run_id: str) -> None:
    """Show a run beside its like in the other mode, or offer to run it; for a callback."""
    run = services.get_services().store.get(run_id)
    other = in_other_mode(run)
    if other is None:
        st.session_state["history_offer"] = run_id
    else:
        compare([run_id, other])


def delete(ids: Sequence[str]) -> None:
    """Put these runs away, so that it can be undone; for a callback."""
    if _done(lambda: services.get_services().opinions.delete(list(ids), who()).result()):
        st.session_state["history_undo"] = list(ids)
        select_nothing()


def restore(ids: Sequence[str]) -> None:
    """Bring deleted runs back; for a callback."""
    if _done(lambda: services.get_services().opinions.restore(list(ids)).result()):
        st.session_state.pop("history_undo", None)
        select_nothing()


def _draw_offer(run_id: str) -> None:
    other = mode_label(other_mode(services.get_services().store.get(run_id).mode))
    with _strip("history_offer_bar"):
        words = _("Nothing like it has run in the mode “{mode}” yet.")
        st.markdown(words.format(mode=other), width="stretch")
        st.button(
            _("Run it now: {mode}").format(mode=other),
            key="history_offer_run",
            icon=":material/play_arrow:",
            on_click=_accept_offer,
            args=(run_id,),
        )
        _close("history_offer")


def _accept_offer(run_id: str) -> None:
    st.session_state.pop("history_offer", None)
    run_in_other_mode(run_id)


def _strip(key: str) -> st.delta_generator.DeltaGenerator:
    return st.container(
        border=True, horizontal=True, vertical_alignment="center", gap="small", key=key
    )


def _close(name: str) -> None:
    st.button(
        _("Close"),
        key=f"{name}_close",
        icon=":material/close:",
        type="tertiary",
        on_click=lambda: st.session_state.pop(name, None),
    )


def _done(act: Callable[[], object]) -> bool:
    """Whether it could be done; what went wrong is told above the list."""
    try:
        act()
    except PlaygroundError as error:
        st.session_state["history_error"] = error
        return False
    return True
