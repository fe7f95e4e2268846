"""The search box, the filters and what of them is active. All of it lives in the address."""

from collections.abc import Callable, Iterable
from functools import partial

import streamlit as st

from core import services
from core.finding import Severity
from core.listing import Facets, Sort
from core.types import Mode, RunStatus
from pages._finding_names import finding_label
from pages._history_address import (
    STARS,
    Listed,
    Preset,
    change_address,
    preset_days,
    values_of,
)
from pages._history_chips import draw_chips, draw_ignored
from pages._history_words import (
    kind_label,
    role_label,
    sort_label,
    stars_label,
    status_label,
    task_label,
)
from pages._i18n import _
from pages._models import mode_label
from pages._moments import today

_KINDS = ("text", "image")


def draw_bar(shown: Listed, *, with_order: bool = True) -> None:
    """Draw search, filters and order; `with_order` also how the runs are shown."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _search()
        with st.popover(_("Filters"), icon=":material/tune:", key="history_filters"):
            _fields(shown)
        if with_order:
            _order(shown)
    draw_ignored(shown)
    draw_chips(shown)


@st.cache_data(ttl=10, max_entries=2, show_spinner=False)
def _facets() -> Facets:
    return services.get_services().runs.facets()


def _search() -> None:
    key = "history_q"
    _show(key, " ".join(values_of("q")))
    st.text_input(
        _("Search"),
        key=key,
        type="search",
        placeholder=_("A product, a word of the brief or of the answer"),
        label_visibility="collapsed",
        on_change=lambda: change_address(q=st.session_state[key]),
    )


def _order(shown: Listed) -> None:
    sorts = {str(sort): sort_label(sort) for sort in Sort}
    _show("history_sort", str(shown.sort))
    st.selectbox(
        _("Order"),
        list(sorts),
        format_func=lambda name: sorts.get(name, name),
        key="history_sort",
        label_visibility="collapsed",
        width=170,
        on_change=_one("sort", usual=str(Sort.NEWEST)),
    )
    shows = {"list": _("List"), "gallery": _("Gallery")}
    icons = {"list": ":material/table_rows:", "gallery": ":material/grid_view:"}
    labels = {name: f"{icons[name]} {words}" for name, words in shows.items()}
    _show("history_show", shown.show)
    st.segmented_control(
        _("Show as"),
        list(labels),
        format_func=lambda name: labels.get(name, name),
        key="history_show",
        required=True,
        label_visibility="collapsed",
        on_change=_one("show", usual="list"),
    )


def _fields(shown: Listed) -> None:
    facets, runs = _facets(), shown.filter
    left, right = st.columns(2, gap="medium")
    with left:
        _pills("kind", _("Kind"), {kind: kind_label(kind) for kind in _KINDS}, single=True)
        _pills("mode", _("Mode"), {str(mode): mode_label(mode) for mode in Mode})
        _pills("status", _("Status"), {str(one): status_label(one) for one in RunStatus})
        _pills("stars", _("Stars"), {name: stars_label(name) for name in STARS}, single=True)
        _days(shown)
    with right:
        _choice("task", _("What was asked for"), facets.tasks, runs.tasks, label_of=task_label)
        _choice("role", _("Role"), facets.roles, runs.roles, label_of=role_label)
        _choice("model", _("Model"), facets.models, runs.models)
        severities = (str(Severity.ERROR), str(Severity.WARNING))
        codes = (*severities, *facets.findings)
        _choice("finding", _("Finding"), codes, runs.findings, label_of=finding_label)
        _choice("who", _("Person"), facets.users, runs.users)
        _choice("tag", _("Tag"), facets.tags, runs.tags)
        _deleted(shown)


def _days(shown: Listed) -> None:
    labels = {
        str(Preset.TODAY): _("Today"),
        str(Preset.WEEK): _("7 days"),
        str(Preset.MONTH): _("30 days"),
    }
    spans = {name: preset_days(Preset(name), today()) for name in labels}
    here = (shown.since, shown.until)
    _show("history_days", next((name for name, span in spans.items() if span == here), None))
    st.pills(
        _("Date"),
        list(labels),
        format_func=lambda name: labels.get(name, name),
        key="history_days",
        wrap=True,
        on_change=_preset_chosen,
    )
    _day("from", _("From"), shown)
    _day("to", _("Up to and including"), shown)


def _day(name: str, label: str, shown: Listed) -> None:
    key = f"history_{name}"
    _show(key, shown.since if name == "from" else shown.until)

    def changed() -> None:
        chosen = st.session_state[key]
        change_address(**{name: chosen.isoformat() if chosen else None})

    st.date_input(label, value=None, key=key, format="YYYY-MM-DD", on_change=changed)


def _preset_chosen() -> None:
    chosen = st.session_state["history_days"]
    since, until = preset_days(Preset(chosen), today()) if chosen else (None, None)
    change_address(
        **{
            "from": since.isoformat() if since else None,
            "to": until.isoformat() if until else None,
        }
    )


def _deleted(shown: Listed) -> None:
    _show("history_deleted", shown.filter.deleted)
    st.toggle(
        _("Only what was deleted"),
        key="history_deleted",
        on_change=lambda: change_address(
            deleted="1" if st.session_state["history_deleted"] else None
        ),
    )


def _pills(name: str, label: str, labels: dict[str, str], *, single: bool = False) -> None:
    key = f"history_{name}"
    chosen = [value for value in values_of(name) if value in labels]
    _show(key, (chosen[0] if chosen else None) if single else chosen)
    draw = partial(
        st.pills,
        label,
        list(labels),
        format_func=lambda value: labels.get(value, value),
        key=key,
        wrap=True,
    )
    if single:
        draw(on_change=_one(name))
    else:
        draw(selection_mode="multi", on_change=_many(name))


def _choice(
    name: str,
    label: str,
    offered: Iterable[str],
    chosen: tuple[str, ...],
    *,
    label_of: Callable[[str], str] | None = None,
) -> None:
    # What the address asks for can be chosen although no run has it.
    options = list(dict.fromkeys((*offered, *chosen)))
    labels = {value: label_of(value) if label_of else value for value in options}
    key = f"history_{name}"
    _show(key, list(chosen))
    st.multiselect(
        label,
        options,
        format_func=lambda value: labels.get(value, value),
        key=key,
        placeholder=_("Any"),
        select_all=False,
        on_change=_many(name),
    )


def _one(name: str, *, usual: str | None = None) -> Callable[[], None]:
    def changed() -> None:
        chosen = st.session_state[f"history_{name}"]
        change_address(**{name: None if chosen == usual else chosen})

    return changed


def _many(name: str) -> Callable[[], None]:
    return lambda: change_address(**{name: st.session_state[f"history_{name}"]})


def _show(key: str, value: object) -> None:
    """Have the widget show what the address says; untouched where it does, for its reader types."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
