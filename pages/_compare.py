"""Runs side by side: the history's page for `?compare=id,id`, two to six of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core import services
from core.catalog import Contract
from core.compare.pairs import counterpart
from core.errors import RunNotFound
from core.listing import RunFilter
from core.run import Run
from core.types import Mode, RunStatus
from pages._compare_address import (
    LETTERS,
    MOST,
    is_only_differences,
    reference_of,
    set_compared,
    set_only,
    set_reference,
)
from pages._compare_data import columns_of, sections_of
from pages._compare_grid import draw_grid
from pages._compare_pictures import draw_pictures
from pages._findings import draw_report
from pages._format import plain
from pages._i18n import _, ngettext
from pages._parity import draw_parity

_TICK = 1.0  # s; runs under way are only waited for here
_LOOKED_AT = 200  # runs among which a counterpart is looked for


@dataclass
class _Asked:
    """What the address asks for, sorted by what can be done with it."""

    runs: list[Run] = field(default_factory=list)
    waiting: list[Run] = field(default_factory=list)
    other_kind: int = 0
    unknown: list[str] = field(default_factory=list)
    too_many: int = 0


def draw_compare(ids: list[str]) -> None:
    """Draw these runs side by side, and say of each that cannot be shown why."""
    asked = _read(ids)
    _say_what_is_left_out(asked)
    runs = asked.runs
    if len(runs) >= 2:
        _draw(runs)
    elif not asked.waiting:
        st.subheader(_("Two runs at least"), anchor=False)
        st.text(_("Choose two to six runs in the list of the history, then compare them."))
    waiting = [run.id for run in asked.waiting]
    st.fragment(_watch, run_every=_TICK if waiting else None, key="compare_watch")(waiting)


def _read(ids: Sequence[str]) -> _Asked:
    asked = _Asked()
    wanted = list(dict.fromkeys(part.strip() for part in ids if part.strip()))
    asked.too_many = max(0, len(wanted) - MOST)
    gateway = services.get_services().gateway
    for run_id in wanted[:MOST]:
        try:
            run = gateway.view(run_id).run
        except RunNotFound:
            asked.unknown.append(run_id)
            continue
        kinds = {known.kind for known in (*asked.runs, *asked.waiting)}
        if kinds and run.kind not in kinds:
            asked.other_kind += 1
        elif run.status.is_final:
            asked.runs.append(run)
        else:
            asked.waiting.append(run)
    return asked


def _say_what_is_left_out(asked: _Asked) -> None:
    said: list[str] = []
    if asked.too_many:
        words = _("Six runs at most fit side by side: {n} more are left out.")
        said.append(words.format(n=asked.too_many))
    if asked.unknown:
        names = ", ".join(plain(run_id[:40]) for run_id in asked.unknown)
        said.append(_("There is no run under this address: {ids}").format(ids=names))
    if asked.other_kind:
        said.append(_("Texts and pictures cannot stand side by side: the others are left out."))
    if asked.waiting:
        n = len(asked.waiting)
        words = ngettext(
            "{n} run is still under way. It joins the others when it has ended.",
            "{n} runs are still under way. They join the others when they have ended.",
            n,
        )
        said.append(words)
    for words in said:
        st.info(words)


def _watch(run_ids: list[str]) -> None:
    gateway = services.get_services().gateway
    if any(gateway.view(run_id).run.status.is_final for run_id in run_ids):
        st.rerun()


def _draw(runs: list[Run]) -> None:
    contract = _contract(runs)
    reference = reference_of([run.id for run in runs])
    pair = _pair(runs)
    if pair is not None:
        draw_parity(*pair)
    _toolbar(runs)
    if runs[0].kind == "image":
        draw_pictures(runs, reference=reference)
    draw_grid(
        columns_of(runs, reference=reference, put_away=_put_away(runs)),
        sections_of(runs, contract, reference=reference),
        only=is_only_differences(),
        on_action=_acted,
    )
    if any(run.report for run in runs):
        _reports(runs, contract)


def _contract(runs: Sequence[Run]) -> Contract | None:
    """The contract of the task, where all runs are of one."""
    tasks = {run.task for run in runs}
    task = services.get_services().catalog.tasks.get(runs[0].task)
    return task.contract if task and len(tasks) == 1 else None


def _pair(runs: Sequence[Run]) -> tuple[Run, Run] | None:
    """The mock and the live run, where there is one of each and they are of one task."""
    if len(runs) != 2 or {run.mode for run in runs} != {Mode.MOCK, Mode.LIVE}:
        return None
    if runs[0].task != runs[1].task:
        return None
    mock, live = sorted(runs, key=lambda run: run.mode is Mode.LIVE)
    return mock, live


def _put_away(runs: Sequence[Run]) -> list[str]:
    rows = services.get_services().runs.rows([run.id for run in runs])
    return [row.id for row in rows if row.deleted_at]


def _toolbar(runs: Sequence[Run]) -> None:
    st.session_state["compare_only"] = is_only_differences()
    ids = [run.id for run in runs]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(ngettext("{n} run", "{n} runs", len(runs)), width="stretch")
        st.toggle(_("Only what differs"), key="compare_only", on_change=_only_changed)
        if len(runs) == 2:
            st.button(
                _("Swap"),
                key="compare_swap",
                icon=":material/swap_horiz:",
                type="tertiary",
                on_click=set_compared,
                args=(ids[::-1],),
            )
        offered = dict(_offers(runs))
        if offered and len(runs) < MOST:
            st.menu_button(
                _("Add a run"),
                list(offered),
                format_func=offered.__getitem__,
                key="compare_add",
                icon=":material/add:",
                type="tertiary",
                on_click=_add,
            )


def _offers(runs: Sequence[Run]) -> Iterator[tuple[str, str]]:
    """What can be added: a code, and the words for it."""
    ids = {run.id for run in runs}
    modes = {run.mode for run in runs}
    for letter, run in zip(LETTERS, runs, strict=False):
        if run.parent_id and run.parent_id not in ids:
            yield f"parent:{run.id}", _("What {letter} was made from").format(letter=letter)
        if len(modes) == 1:
            live = run.mode is Mode.MOCK
            words = _("A live run like {letter}") if live else _("The mock's run like {letter}")
            yield f"counterpart:{run.id}", words.format(letter=letter)


def _add() -> None:
    kind, _colon, run_id = str(st.session_state["compare_add"]).partition(":")
    run = services.get_services().gateway.view(run_id).run
    found = run.parent_id if kind == "parent" else _counterpart(run)
    if found is None:
        st.toast(_("There is no such run yet. Run the same brief in the other mode first."))
        return
    compared = st.query_params.get("compare", "").split(",")
    set_compared([*compared, found])


def _counterpart(run: Run) -> str | None:
    here = services.get_services()
    other = Mode.LIVE if run.mode is Mode.MOCK else Mode.MOCK
    wanted = RunFilter(
        kind=run.kind, modes=(other,), tasks=(run.task,), statuses=(RunStatus.SUCCEEDED,)
    )
    batch = [row.id for row in here.runs.lineage(run.id).batch]
    ids = [*batch, *here.runs.ids(wanted, limit=_LOOKED_AT)]
    found = counterpart(run, (here.gateway.view(run_id).run for run_id in ids))
    return found.id if found else None


def _only_changed() -> None:
    set_only(st.session_state["compare_only"])


def _acted(action: dict[str, Any]) -> None:
    run_id = str(action.get("run", ""))
    compared = st.query_params.get("compare", "").split(",")
    match action.get("kind"):
        case "reference" if run_id in compared:
            set_reference(run_id)
        case "remove":
            set_compared([other for other in compared if other != run_id])


def _reports(runs: Sequence[Run], contract: Contract | None) -> None:
    fold = st.expander(_("Findings with their evidence"), key="compare_reports", on_change="rerun")
    if not fold.open:
        return
    with fold:
        grid = st.grid(len(runs), min_column_width=300, wrap=len(runs) < 3, gap="medium")
        for letter, run in zip(LETTERS, runs, strict=False):
            with grid.cell():
                st.markdown(f"**{letter}** {plain(run.model)}")
                draw_report(run, contract)
