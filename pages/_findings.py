"""What the checks say of an answer: its score, and its findings field by field.

Words of a model are quoted through `plain`, with the place that a finding is about marked.
"""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.catalog import Contract
from core.checks.families import CODES
from core.checks.subject import Subject
from core.finding import CheckReport, Finding, Severity
from core.run import Run
from core.types import normalise
from pages._faults import field_label
from pages._format import gray, orange, plain, red, shortened, small
from pages._i18n import N_, _, language, ngettext
from pages._score import draw_score, score_line, top_field

__all__ = ["draw_report", "findings_count", "score_line"]

_AROUND = 24  # characters quoted before and behind the place
_LONGEST_MARK = 80
_LOOKS = {
    Severity.ERROR: ("red", ":material/error:", N_("Error")),
    Severity.WARNING: ("orange", ":material/warning:", N_("Warning")),
    Severity.NOTE: ("gray", ":material/info:", N_("Note")),
}


def draw_report(run: Run, contract: Contract | None) -> None:
    """Draw what the checks say of `run`, whose task has `contract`; nothing without a report."""
    report = run.report
    if report is None:
        return
    with st.container(key=f"report_{run.id}", gap="small"):
        draw_score(report, contract, key=run.id)
        if not report.findings:
            words = _("No findings. {n} checks looked at it.").format(n=len(CODES))
            st.markdown(small(gray(words)))
            return
        texts = _texts(run, contract)
        for name, findings in _by_field(report, contract).items():
            _draw_field(name, findings, texts, contract)


def findings_count(report: CheckReport) -> str:
    """How many errors and warnings there are, as markdown; empty where there are none."""
    errors, warnings = report.count(Severity.ERROR), report.count(Severity.WARNING)
    parts = []
    if errors:
        words = ngettext("{n} error", "{n} errors", errors)
        parts.append(red(f":material/error: {words}"))
    if warnings:
        words = ngettext("{n} warning", "{n} warnings", warnings)
        parts.append(orange(f":material/warning: {words}"))
    return " · ".join(parts)


def _texts(run: Run, contract: Contract | None) -> Mapping[str, str]:
    """The texts that findings point into, by the name of their place."""
    subject = Subject.of(run, contract)
    return {text.name: text.text for text in subject.texts} | {"": normalise(run.output)}


def _by_field(report: CheckReport, contract: Contract | None) -> dict[str, list[Finding]]:
    """The findings by top-level field: the whole answer first, then in the contract's order."""
    order = list(contract.schema.get("properties", {})) if contract else []
    groups: dict[str, list[Finding]] = {}
    for finding in report.findings:
        groups.setdefault(top_field(finding.field), []).append(finding)
    places = {"": -1} | {name: place for place, name in enumerate(order)}
    return dict(sorted(groups.items(), key=lambda item: places.get(item[0], len(order))))


def _draw_field(
    name: str, findings: Sequence[Finding], texts: Mapping[str, str], contract: Contract | None
) -> None:
    with st.container(gap="xsmall"):
        st.caption(plain(field_label(name, contract)) if name else _("The whole answer"))
        for finding in findings:
            _draw_finding(finding, texts, contract)


def _draw_finding(finding: Finding, texts: Mapping[str, str], contract: Contract | None) -> None:
    color, icon, word = _LOOKS[finding.severity]
    place = ""
    if finding.field != top_field(finding.field):
        place = small(gray(plain(field_label(finding.field, contract)))) + " "
    said = plain(finding.in_(language()))
    with st.container(gap=None):
        st.markdown(f":{color}[{icon} {_(word)}] {place}{said}")
        quoted = _quote(finding, texts.get(finding.field, ""))
        if quoted:
            st.markdown(small(quoted))


def _quote(finding: Finding, text: str) -> str:
    """The evidence as markdown, marked within the words around it; empty where there is none."""
    start, end = finding.start, finding.end
    if start is None or end is None or not start < end <= len(text):
        return _marked(shortened(finding.evidence, _LONGEST_MARK)) if finding.evidence else ""
    return _run_up(text[:start]) + _marked(_middle_out(text[start:end])) + _run_out(text[end:])


def _run_up(text: str) -> str:
    """The end of `text` in gray, with the space before what comes next kept."""
    if not text.strip():
        return ""
    more = "…" if len(text) > _AROUND else ""
    return gray(more + plain(text[-_AROUND:])) + (" " if text[-1].isspace() else "")


def _run_out(text: str) -> str:
    """The beginning of `text` in gray, with the space behind what came before kept."""
    if not text.strip():
        return ""
    more = "…" if len(text) > _AROUND else ""
    return (" " if text[0].isspace() else "") + gray(plain(text[:_AROUND]) + more)


def _middle_out(text: str) -> str:
    """`text` with its middle left out where it is long."""
    half = _LONGEST_MARK // 2
    return text if len(text) <= _LONGEST_MARK else f"{text[:half]} … {text[-half:]}"


def _marked(found: str) -> str:
    words = plain(found)
    return f":gray-background[{words}]" if words else ""
