"""What people think of a run: stars, reasons and a comment, each person their own."""

from collections.abc import Sequence
from statistics import fmean

import streamlit as st

from core import services
from core.opinion import Rating, Reason
from core.run import Run
from pages._format import ago, number, plain
from pages._i18n import N_, _, ngettext
from pages._who import ask_who, who

_REASONS = {
    Reason.TONE: N_("Tone"),
    Reason.FACTS: N_("Facts"),
    Reason.LENGTH: N_("Length"),
    Reason.BRAND: N_("Brand"),
    Reason.SPELLING: N_("Spelling"),
    Reason.LANGUAGE: N_("Language"),
    Reason.IDEA: N_("Idea"),
    Reason.LOOK: N_("Look"),
}
_OF_TEXT = tuple(reason for reason in Reason if reason is not Reason.LOOK)
_OF_PICTURES = (Reason.LOOK, Reason.BRAND, Reason.IDEA)
_LONGEST_COMMENT = 2000
_PARTS = ("stars", "reasons", "comment")  # of the widgets' keys


def draw_rating_button(run: Run) -> None:
    """Draw a button that opens the rating of `run`: one click away, and not in the way."""
    fold = st.popover(
        _("Rate"), key=f"rate_{run.id}", type="tertiary", on_change="rerun", width="content"
    )
    if fold.open:
        with fold:
            draw_rating(run)


def draw_rating(run: Run) -> None:
    """Draw one's own rating of `run`, saved at each change, and what others say."""
    ratings = services.get_services().opinions.ratings(run.id)
    with st.container(gap="small", key=f"rating_{run.id}"):
        user = who()
        if user is None:
            ask_who(f"rating_{run.id}")
        else:
            own = next((rating for rating in ratings if rating.user == user), None)
            _draw_own(run, user, own)
        _draw_others([rating for rating in ratings if rating.user != user], ratings)


def _draw_own(run: Run, user: str, own: Rating | None) -> None:
    # The name is part of the keys: at a shared browser the next person starts anew.
    stars, reasons, comment = (f"rating_{part}_{run.id}_{user}" for part in _PARTS)
    st.session_state.setdefault(stars, own.stars - 1 if own else None)
    st.caption(_("Your rating"))
    st.feedback("stars", key=stars, on_change=_save, args=(run, user))
    # There from the start: a popover that grows later opens where it has no room.
    offered = _OF_TEXT if run.kind == "text" else _OF_PICTURES
    given = own.reasons if own else ()
    labels = {reason: _(_REASONS[reason]) for reason in (*offered, *given)}
    st.session_state.setdefault(reasons, list(given))
    st.session_state.setdefault(comment, own.comment if own else "")
    st.pills(
        _("Because of"),
        list(labels),
        selection_mode="multi",
        format_func=lambda reason: labels.get(reason, reason),
        key=reasons,
        disabled=own is None,
        on_change=_save,
        args=(run, user),
    )
    st.text_area(
        _("Comment"),
        key=comment,
        max_chars=_LONGEST_COMMENT,
        height=80,
        placeholder=_("What should be known about it?"),
        disabled=own is None,
        on_change=_save,
        args=(run, user),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        told = ":material/check: " + _("Saved") if own else _("Saved at once")
        st.caption(told, width="stretch")
        st.button(
            _("Take back"),
            key=f"rating_undo_{run.id}",
            type="tertiary",
            disabled=own is None,
            on_click=_take_back,
            args=(run, user),
        )


def _save(run: Run, user: str) -> None:
    stars, reasons, comment = (
        st.session_state.get(f"rating_{part}_{run.id}_{user}") for part in _PARTS
    )
    if stars is None:  # a second click on the same star takes it away
        _take_back(run, user)
        return
    rating = Rating(
        run_id=run.id,
        user=user,
        stars=stars + 1,
        reasons=tuple(reasons or ()),
        comment=comment or "",
    )
    services.get_services().opinions.rate(rating).result()


def _take_back(run: Run, user: str) -> None:
    services.get_services().opinions.unrate(run.id, user).result()
    for part in _PARTS:
        st.session_state.pop(f"rating_{part}_{run.id}_{user}", None)


def _draw_others(others: Sequence[Rating], everybody: Sequence[Rating]) -> None:
    if not others:
        return
    mean = number(fmean(rating.stars for rating in everybody), digits=1)
    people = ngettext("from {n} person", "from {n} people", len(everybody))
    with st.container(gap="xsmall"):
        st.markdown(f":material/star: **{mean}** {people}")
        for rating in others:
            _draw_other(rating)


def _draw_other(rating: Rating) -> None:
    reasons = ", ".join(_(_REASONS[reason]) for reason in rating.reasons)
    told = [plain(rating.user), _stars(rating.stars), reasons, ago(rating.created_at)]
    with st.container(gap=None):
        st.caption(" · ".join(part for part in told if part))
        if rating.comment:
            st.text(rating.comment, width="stretch")


def _stars(stars: int) -> str:
    return "★" * stars + "☆" * (5 - stars)
