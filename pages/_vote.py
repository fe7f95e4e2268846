"""Blind votes: two answers to one brief, nothing that tells who wrote which, keys for all.

Nothing of a run but its brief and its answer is drawn here: no model, mode, time or id, in no
label, address or key. The ranking is a page of its own, so that nobody sees it while voting.
"""

import importlib
import time

import streamlit as st
from uuid_utils.compat import uuid7

from core import services
from core.errors import PlaygroundError
from core.judgement import Pair, Pairs
from core.opinion import Choice, Vote
from pages._errors import error_card
from pages._format import number
from pages._i18n import _, language, ngettext
from pages._vote_sides import draw_brief, draw_sides
from pages._who import ask_who, who

FASTEST_S = 0.3  # nobody judges quicker: that is a key held down
_PAIR, _CAST, _AT = "vote_pair", "vote_cast", "vote_at"


def draw_vote() -> None:
    """Draw the next pair, or the ranking where the address asks for it (`?tab=ranking`)."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        tab = _draw_tabs()
        task = _draw_task()
    if tab == "ranking":
        # Only here: what computes a ranking takes a second and 90 MB to load.
        importlib.import_module("pages._ranking").draw_ranking(task)
        return
    user = who()
    if user is None:
        _ask_name()
        return
    here = services.get_services()
    votes = [(vote.user, vote.left_run, vote.right_run) for vote in here.opinions.votes()]
    pairs = Pairs(here.opinions.candidates(task=task), votes, user)
    if not pairs.total:
        _no_pairs(narrowed=task is not None)
        return
    pair = _current(pairs)
    if pair is None:
        _all_done(pairs)
        return
    left, right = here.store.get(pair.left), here.store.get(pair.right)
    contract = here.catalog.tasks.get(left.task)
    with st.container(key="vote", gap="small"):  # buttons first: there they never move
        _draw_buttons(pair, user)
        _draw_progress(pairs)
        draw_brief(left, contract)
        draw_sides(left, right, contract)


def _draw_tabs() -> str:
    labels = {"vote": _("Vote"), "ranking": _("Ranking")}
    asked = "ranking" if st.query_params.get("tab") == "ranking" else "vote"
    st.session_state["vote_tab"] = asked
    st.segmented_control(
        _("Vote or ranking"),
        list(labels),
        format_func=lambda name: labels.get(name, name),
        key="vote_tab",
        required=True,
        label_visibility="collapsed",
        on_change=_tab_chosen,
    )
    return asked


def _tab_chosen() -> None:
    if st.session_state["vote_tab"] == "ranking":
        st.query_params["tab"] = "ranking"
    else:
        st.query_params.pop("tab", None)


def _draw_task() -> str | None:
    """Draw what to judge; returns a task, None for all."""
    here = services.get_services()
    labels = {name: task.label.in_(language()) for name, task in here.catalog.tasks.items()}
    labels |= {name: preset.label.in_(language()) for name, preset in here.presets.items()}
    return st.selectbox(
        _("What to judge"),
        list(labels),
        index=None,
        format_func=lambda name: labels.get(name, name),
        placeholder=_("All tasks"),
        key="vote_task",
        persist_state="session",
        label_visibility="collapsed",
        width=280,
    )


def _current(pairs: Pairs) -> Pair | None:
    """The pair on the page: it stays until it is voted on, also over a change of page."""
    pair = st.session_state.get(_PAIR)
    if pair is None or not pairs.has(pair):
        pair = pairs.next(str(uuid7()))
        st.session_state[_PAIR] = pair
    return pair


def _draw_buttons(pair: Pair, user: str) -> None:
    buttons = (
        (Choice.LEFT, _("Left is better"), "Left", ":material/arrow_back:"),
        (Choice.TIE, _("Equally good"), "Up", ":material/drag_handle:"),
        (Choice.BOTH_BAD, _("Both bad"), "Down", ":material/thumb_down:"),
        (Choice.RIGHT, _("Right is better"), "Right", ":material/arrow_forward:"),
    )
    places = st.grid(4, min_column_width=170, gap="small")
    for choice, words, shortcut, icon in buttons:
        with places.cell():
            st.button(
                words,
                key=f"vote_{choice}",
                icon=icon,
                shortcut=shortcut,
                width="stretch",
                type="primary" if choice in (Choice.LEFT, Choice.RIGHT) else "secondary",
                on_click=_cast,
                args=(pair, user, choice),
            )
    if problem := st.session_state.pop("vote_error", None):
        error_card(problem)


def _draw_progress(pairs: Pairs) -> None:
    cast = st.session_state.get(_CAST, [])
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        done, total = number(pairs.done), number(pairs.total)
        words = _("{done} of {total} pairs by you").format(done=done, total=total)
        st.progress(pairs.done / pairs.total, text=words, width="stretch")
        _undo_button(disabled=not cast)
        st.button(
            _("Skip"),
            key="vote_skip",
            type="tertiary",
            shortcut="S",
            on_click=_cast,
            args=(st.session_state[_PAIR], who(), Choice.SKIP),
        )


def _undo_button(*, disabled: bool) -> None:
    st.button(
        _("Undo"), key="vote_undo", type="tertiary", shortcut="U", disabled=disabled, on_click=_undo
    )


def _cast(pair: Pair, user: str, choice: Choice) -> None:
    now = time.monotonic()
    if now - st.session_state.get(_AT, 0.0) < FASTEST_S:
        return
    vote = Vote(id=pair.vote_id, user=user, left_run=pair.left, right_run=pair.right, choice=choice)
    try:
        services.get_services().opinions.vote(vote).result()
    except PlaygroundError as error:
        st.session_state["vote_error"] = error
        return
    st.session_state[_AT] = now
    st.session_state.setdefault(_CAST, []).append(pair)
    st.session_state.pop(_PAIR, None)


def _undo() -> None:
    """Take back the last vote of this session; its pair is on the page again."""
    cast = st.session_state.get(_CAST)
    if not cast:
        return
    pair = cast.pop()
    services.get_services().opinions.unvote(pair.vote_id).result()
    st.session_state[_PAIR] = pair


def _ask_name() -> None:
    st.subheader(_("Who is voting?"), anchor=False)
    with st.container(width=420):
        ask_who("vote")


def _no_pairs(*, narrowed: bool) -> None:
    st.subheader(_("Nothing to compare yet"), anchor=False)
    if narrowed:
        st.markdown(_("Choose another task above, or run a brief of this one on two models."))
        return
    steps = (
        _("Write one brief on the Text page and add a column with another model."),
        _("Run it: both answers become a pair as soon as they are there."),
        _("Come back here and say which is better, without knowing whose it is."),
    )
    st.markdown("\n".join(f"{n}. {step}" for n, step in enumerate(steps, 1)))


def _all_done(pairs: Pairs) -> None:
    words = ngettext("You have judged the only pair", "You have judged all {n} pairs", pairs.total)
    st.subheader(words, anchor=False)
    st.markdown(_("New pairs appear when a brief is run on several models."))
    with st.container(horizontal=True):
        st.button(_("See the ranking"), key="vote_to_ranking", on_click=_to_ranking)
        _undo_button(disabled=not st.session_state.get(_CAST))


def _to_ranking() -> None:
    st.query_params["tab"] = "ranking"
