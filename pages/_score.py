"""A score as people read it: a number, a bar, a word, and one click away where it comes from."""

from collections.abc import Iterable, Iterator

import streamlit as st

from core.catalog import Contract
from core.checks.score import BAR_FIELD, BAR_OVERALL
from core.finding import CheckReport, Deduction, Finding, Scores
from pages._faults import field_label
from pages._format import gray, green, number, orange, plain, short_number, small
from pages._i18n import _, language


def score_line(report: CheckReport) -> str:
    """The score and its word as one line of markdown, for lists and cards."""
    score = number(report.scores.overall, digits=1)
    return f"{_verdict(report.scores)} · **{score}**\u00a0/\u00a010"  # never broken over two lines


def draw_score(report: CheckReport, contract: Contract | None, *, key: str) -> None:
    """Draw the score of `report` in one row, and behind a button how it came about."""
    scores = report.scores
    with st.container(gap=None):
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
            st.markdown(score_line(report), width="stretch")
            with st.popover(_("Why"), type="tertiary", key=f"why_{key}"):
                _draw_reasons(report, contract)
        st.progress(min(max(scores.overall / 10, 0.0), 1.0))


def top_field(path: str) -> str:
    """The top-level field that a finding's place belongs to: "bullets" of "bullets[0]"."""
    return path.split("[", 1)[0].split(".", 1)[0]


def _verdict(scores: Scores) -> str:
    if scores.passed:
        return green(":material/check_circle: " + _("Passes the bar"))
    return orange(":material/build_circle: " + _("Needs work"))


def _draw_reasons(report: CheckReport, contract: Contract | None) -> None:
    scores = report.scores
    known = list(scores.fields)
    with st.container(gap="small"):
        for name, part in scores.fields.items():
            own = [one for one in report.findings if top_field(one.field) == name]
            weight = _("weight {n} %").format(n=short_number(round(part.weight * 100, 1)))
            words = f"**{plain(field_label(name, contract))}** {_points(part.score)}"
            _draw_part(f"{words} {small(gray(weight))}", part.deductions, own, contract)
        whole = [one for one in report.findings if top_field(one.field) not in known]
        if scores.deductions:
            _draw_part("**" + _("The whole answer") + "**", scores.deductions, whole, contract)
        st.caption(_rule(scores))


def _draw_part(
    heading: str,
    deductions: tuple[Deduction, ...],
    findings: Iterable[Finding],
    contract: Contract | None,
) -> None:
    with st.container(gap=None):
        st.markdown(heading)
        for line in _costs(deductions, findings, contract):
            st.caption(line)


def _costs(
    deductions: tuple[Deduction, ...], findings: Iterable[Finding], contract: Contract | None
) -> Iterator[str]:
    """A line for each deduction, in the words of the finding that it is for."""
    waiting = list(findings)
    for deduction in deductions:
        finding = next((one for one in waiting if one.code == deduction.code), None)
        words = [f"−{short_number(deduction.points)}"]
        if finding is None:
            words.append(plain(deduction.code))
        else:
            waiting.remove(finding)
            if finding.field != top_field(finding.field):
                words.append(plain(field_label(finding.field, contract)))
            words.append(plain(finding.in_(language())))
        yield " · ".join(words)


def _rule(scores: Scores) -> str:
    words = _("The bar: no errors, at least {overall} in all, and no field under {field}.").format(
        overall=number(BAR_OVERALL, digits=1), field=number(BAR_FIELD, digits=1)
    )
    if scores.fields:
        words = _("The score is the fields' mean by weight.") + " " + words
    return words


def _points(score: float) -> str:
    return f"{short_number(round(score, 1))} / 10"
