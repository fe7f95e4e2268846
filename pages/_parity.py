"""Mock against live: the verdict on a pair, and a table of many."""

from typing import Any

import streamlit as st

from core import services
from core.catalog import Contract
from core.compare.pairs import Pair, pairs_of
from core.compare.parity import Parity, ParityVerdict, parity
from core.compare.reasons import Reason, Weight
from core.listing import RunFilter
from core.run import Run
from core.types import RunStatus
from pages._compare_address import compare_address
from pages._format import ago, gray, green, orange, plain, red, shortened
from pages._i18n import N_, _, language, ngettext

_READ = 400  # the newest runs among which pairs are looked for
_SHOWN = 4  # reasons that are read without a click
_VERDICTS = {
    ParityVerdict.HOLDS: N_("The live answer keeps what the mock promises"),
    ParityVerdict.DIFFERS: N_("Live keeps the rules, but differs from the mock"),
    ParityVerdict.BROKEN: N_("The live answer breaks the rules that the mock keeps"),
    ParityVerdict.CANNOT_SAY: N_("Mock and live cannot be compared"),
}
_SHORT = {
    ParityVerdict.HOLDS: N_("holds"),
    ParityVerdict.DIFFERS: N_("differs"),
    ParityVerdict.BROKEN: N_("broken"),
    ParityVerdict.CANNOT_SAY: N_("cannot say"),
}
_ICONS = {
    ParityVerdict.HOLDS: ":material/check_circle:",
    ParityVerdict.DIFFERS: ":material/difference:",
    ParityVerdict.BROKEN: ":material/cancel:",
    ParityVerdict.CANNOT_SAY: ":material/help:",
}
_COLORS = {
    ParityVerdict.HOLDS: green,
    ParityVerdict.DIFFERS: orange,
    ParityVerdict.BROKEN: red,
    ParityVerdict.CANNOT_SAY: gray,
}
_MARKS = {
    Weight.BREAKS: ":red[:material/close:]",
    Weight.DIFFERS: ":orange[:material/difference:]",
    Weight.NOTE: ":gray[:material/info:]",
}


def draw_parity(mock: Run, live: Run) -> None:
    """Draw whether `live` keeps what `mock` promises, and why."""
    found = parity(mock, live, _contract(live))
    with st.container(border=True, key="parity", gap="xsmall"):
        st.markdown(f"**{_verdict(found.verdict, _(_VERDICTS[found.verdict]))}**")
        for reason in found.reasons[:_SHOWN]:
            _draw_reason(reason)
        if rest := found.reasons[_SHOWN:]:
            words = ngettext("{n} more reason", "{n} more reasons", len(rest))
            with st.expander(words, type="compact"):
                for reason in rest:
                    _draw_reason(reason)


def draw_parity_table(filter: RunFilter) -> None:  # noqa: A002 (the name that callers give)
    """Draw every pair of mock and live among the runs of `filter`, with its verdict."""
    pairs = _pairs(filter)
    if not pairs:
        st.subheader(_("No pairs yet"), anchor=False)
        st.text(_("Run the same brief once on the mock and once live: then both stand here."))
        return
    told = [(pair, parity(pair.mock, pair.live, _contract(pair.live))) for pair in pairs]
    _draw_sum(told)
    rows = [_row(pair, found) for pair, found in told]
    chosen = st.dataframe(
        rows,
        hide_index=True,
        key="parity_table",
        on_select="rerun",
        selection_mode="single-row",
        width="stretch",
        column_config={
            _("Reasons"): st.column_config.TextColumn(width="large"),
        },
    )
    if chosen.selection.rows:
        _open(told[chosen.selection.rows[0]][0])
    st.caption(
        _(
            "Newest live run of each model beside the newest mock run of the same brief. Choose a "
            "line to see both side by side. Looked at: the newest {n} runs."
        ).format(n=_READ)
    )


def _pairs(wanted: RunFilter) -> list[Pair]:
    here = services.get_services()
    both = wanted.model_copy(update={"modes": (), "statuses": wanted.statuses or _ENDED})
    ids = here.runs.ids(both, limit=_READ)
    return pairs_of(here.gateway.view(run_id).run for run_id in ids)


_ENDED = tuple(status for status in RunStatus if status.is_final)


def _draw_sum(told: list[tuple[Pair, Parity]]) -> None:
    verdicts = [found.verdict for _pair, found in told]
    parts = [ngettext("{n} pair", "{n} pairs", len(told))]
    parts += [
        _verdict(verdict, f"{_(_SHORT[verdict])} {n}")
        for verdict in ParityVerdict
        if (n := verdicts.count(verdict))
    ]
    st.markdown(" · ".join(parts))


def _row(pair: Pair, found: Parity) -> dict[str, Any]:
    task = services.get_services().catalog.tasks.get(pair.live.task)
    told = found.verdict is ParityVerdict.CANNOT_SAY
    reasons = [one for one in found.reasons if told or one.weight is not Weight.NOTE]
    return {
        _("Verdict"): _(_SHORT[found.verdict]),
        _("Kind"): task.label.in_(language()) if task else pair.live.task,
        _("Brief"): _brief(pair.live),
        _("Live model"): pair.live.model,
        _("Mock"): pair.mock.model,
        _("Live run"): ago(pair.live.created_at),
        _("Reasons"): " / ".join(one.message.in_(language()) for one in reasons[:_SHOWN]),
    }


def _brief(run: Run) -> str:
    texts = [value for value in run.payload.values() if isinstance(value, str) and value.strip()]
    return shortened(" ".join(texts[0].split()), 40) if texts else ""


def _open(pair: Pair) -> None:
    here = {name: value for name, value in st.query_params.items() if name == "lang"}
    st.query_params.from_dict(here | compare_address([pair.mock.id, pair.live.id]))
    st.rerun()


def _draw_reason(reason: Reason) -> None:
    st.markdown(f"{_MARKS[reason.weight]} {plain(reason.message.in_(language()))}")


def _verdict(verdict: ParityVerdict, words: str) -> str:
    return _COLORS[verdict](f"{_ICONS[verdict]} {words}")


def _contract(run: Run) -> Contract | None:
    task = services.get_services().catalog.tasks.get(run.task)
    return task.contract if task else None
