"""What the votes say: strengths with their intervals, sides, agreement, and how sure it is.

Imports what loads SciPy: see `draw_vote`.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt
import streamlit as st

from core import services
from core.judgement import Ballot, Contender
from core.judgement.agreement import Accord, agreement
from core.judgement.enough import FEWEST_VOTERS, FEWEST_VOTES, Lack, Warned, lacking
from core.judgement.ranking import Standing, rank
from core.judgement.votes import DECIDED, left_wins
from core.types import Mode
from pages._format import number, plain
from pages._i18n import _, ngettext

_ROW = 34
_AROUND = 60
_LINE = "#8b8d98"  # to be seen on light and on dark
_LINE = "#8b8d98"  # seen on white and on black


def draw_ranking(task: str | None) -> None:
    """Draw the ranking of live models, and that of mock models apart from it."""
    opinions = services.get_services().opinions
    by_settings = st.toggle(
        _("Settings apart"),
        key="vote_by_settings",
        help=_("One place for each model with its options and its prompt, not one for a model."),
    )
    shown = False
    for mode, title in ((Mode.LIVE, _("Live models")), (Mode.MOCK, _("Simulated models"))):
        ballots = opinions.ballots(mode=mode, task=task)
        if any(ballot.choice in DECIDED for ballot in ballots):
            shown = True
            with st.container(gap="small", key=f"ranking_{mode}"):
                st.subheader(title, anchor=False)
                _draw_mode(ballots, by_settings=by_settings)
    if not shown:
        st.subheader(_("No votes yet"), anchor=False)
        st.markdown(_("The ranking appears with the first vote."))


def _draw_mode(ballots: Sequence[Ballot], *, by_settings: bool) -> None:
    with st.spinner(_("Counting"), show_time=False):
        ranking = rank(ballots, name=_with_settings if by_settings else _model)
    voters = len({ballot.user for ballot in ballots if ballot.choice in DECIDED})
    if not ranking.groups:
        st.markdown(_("All votes were between settings of one model: set them apart to see them."))
        return
    _draw_warnings(lacking(ranking.groups, voters=voters))
    for group in ranking.groups:
        st.altair_chart(_chart(group), width="stretch")
        _draw_table(group)
    _draw_quality(ballots, voters)


def _model(contender: Contender) -> str:
    return contender.model


def _with_settings(contender: Contender) -> str:
    return " · ".join(part for part in (contender.model, contender.settings) if part)


def _chart(group: Sequence[Standing]) -> Any:  # noqa: ANN401 - altair's classes are made late
    title = _("Chance to win against another of these")
    rows = [
        {"name": one.name, "strength": one.strength, "low": one.low, "high": one.high}
        for one in group
    ]
    base: Any = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("name:N", sort=[one.name for one in group], title=None).axis(labelLimit=260),
        tooltip=[
            alt.Tooltip("name:N", title=_("Model")),
            alt.Tooltip("strength:Q", title=title, format=".0%"),
            alt.Tooltip("low:Q", title=_("At least"), format=".0%"),
            alt.Tooltip("high:Q", title=_("At most"), format=".0%"),
        ],
    )
    scale = alt.Scale(domain=[0, 1])
    line = base.mark_rule(strokeWidth=2, color=_LINE).encode(
        x=alt.X("low:Q", title=title, scale=scale).axis(format="%", values=[0, 0.25, 0.5, 0.75, 1]),
        x2="high:Q",
    )
    point = base.mark_point(filled=True, size=90, opacity=1).encode(x="strength:Q")
    return (line + point).properties(height=_ROW * len(group) + _AROUND)


def _draw_table(group: Sequence[Standing]) -> None:
    rows = [
        {
            _("Model"): one.name,
            _("Strength"): f"{_percent(one.strength)} ({_percent(one.low)}–{_percent(one.high)})",
            _("Won"): one.wins,
            _("Lost"): one.losses,
            _("Ties"): one.ties,
            _("Both bad"): one.both_bad,
            _("Votes"): one.votes,
            _("Voters"): one.voters,
        }
        for one in group
    ]
    st.dataframe(rows, hide_index=True, width="stretch")


def _draw_warnings(found: Sequence[Warned]) -> None:
    if not found:
        return
    lines = "\n".join(f"- {_warning(warned)}" for warned in found)
    title = _("Too little to conclude from")
    st.warning(f"**{title}**\n\n{lines}")


def _warning(warned: Warned) -> str:
    names = ", ".join(plain(name) for name in warned.names)
    match warned.lack:
        case Lack.FEW_VOTES:
            words = _("Fewer than {n} votes each: {names}. A share of so few is a guess.")
            return words.format(n=FEWEST_VOTES, names=names)
        case Lack.FEW_VOTERS:
            return _("Fewer than {n} people have voted: it is their taste.").format(n=FEWEST_VOTERS)
        case Lack.OVERLAP:
            return _("The intervals overlap, either may be ahead: {names}.").format(names=names)
        case Lack.ONE_SIDED:
            words = _("Won or lost every vote, so that how far apart is not known: {names}.")
            return words.format(names=names)
        case Lack.UNLINKED:
            return _("Not all were compared, even over others: each chart stands for itself.")


def _draw_quality(ballots: Sequence[Ballot], voters: int) -> None:
    counted = sum(ballot.choice in DECIDED for ballot in ballots)
    left = left_wins(ballots)
    agreed = agreement(ballots)
    votes = ngettext("{n} vote", "{n} votes", counted)
    people = ngettext("{n} person", "{n} people", voters)
    lines = [f"{votes}, {people}"]
    if left.total:
        shares = {"n": _percent(left.value), "low": _percent(left.low), "high": _percent(left.high)}
        words = _("The left side won {n} of the decided votes ({low}–{high}).").format(**shares)
        balanced = left.low <= 0.5 <= left.high
        meaning = _("Sides do not matter.") if balanced else _("People lean to one side.")
        lines.append(f"{words} {meaning}")
    alpha = "" if agreed.alpha is None else f" (Krippendorff α {number(agreed.alpha, digits=2)})"
    pairs = ngettext(
        "on {n} pair that several judged", "on {n} pairs that several judged", agreed.pairs
    )
    lines.append(f"{_accord(agreed.accord)}{alpha}, {pairs}.")
    for line in lines:
        st.caption(line)


def _accord(accord: Accord) -> str:
    return {
        Accord.UNKNOWN: _("How far people agree is not known yet"),
        Accord.NONE: _("People do not agree more than by chance"),
        Accord.SLIGHT: _("People agree a little"),
        Accord.FAIR: _("People agree fairly well"),
        Accord.GOOD: _("People agree well"),
    }[accord]


def _percent(share: float) -> str:
    return f"{round(share * 100)}%"
