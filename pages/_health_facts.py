"""What is known of a component, one click behind its card."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import streamlit as st
from babel.dates import format_timedelta

from core.health import (
    DatabaseHealth,
    Device,
    DiskHealth,
    Health,
    HealthState,
    LoadedModel,
    ProviderHealth,
    QueueLength,
)
from core.types import ModelInfo
from pages._format import UNKNOWN, bold, number, size, small
from pages._health_html import bar, facts, one_line, table
from pages._i18n import N_, _, language, ngettext
from pages._moments import clock

_FILTER_FROM = 12
_LONGEST_VERSION = 24
_CAPABILITIES = {
    "completion": N_("writes"),
    "vision": N_("sees pictures"),
    "thinking": N_("thinks first"),
    "tools": N_("uses tools"),
    "insert": N_("fills gaps"),
    "embedding": N_("embeds"),
    "audio": N_("hears"),
    "image": N_("makes pictures"),
}
_FOREVER_YEARS = 50
_TONES = {HealthState.DOWN: "bad", HealthState.DEGRADED: "tight"}


def draw_facts(health: Health, *, key: str) -> None:
    """Draw what a check found of a component; `key` is for the widgets in it."""
    match health:
        case ProviderHealth():
            _provider(health, key)
        case DatabaseHealth():
            checked = clock(health.checked_at) if health.checked_at else _("not yet")
            st.html(
                facts(
                    (
                        (_("File"), health.path),
                        (_("Size"), size(health.bytes)),
                        (_("Checked as a whole"), checked),
                    )
                )
            )
        case DiskHealth():
            st.html(facts(((_("Folder"), health.path), (_("Size"), size(health.total)))))


def glance(health: Health) -> str:
    """The figures people look for first, in half a line; "" where there are none."""
    match health:
        case ProviderHealth():
            parts = []
            if health.version:
                parts.append(one_line(health.version, longest=_LONGEST_VERSION))
            if health.models is not None:
                parts.append(ngettext("{n} model", "{n} models", len(health.models)))
            if health.loaded:
                parts.append(ngettext("{n} loaded", "{n} loaded", len(health.loaded)))
            if health.queue is not None:
                parts.append(queue_words(health.queue))
            return " · ".join(parts)
        case DatabaseHealth(bytes=int() as count):
            return size(count)
    return ""


def queue_words(queue: QueueLength) -> str:
    """How many jobs a server has, and how many of them are ours."""
    jobs = queue.running + queue.waiting
    if not jobs:
        return _("nothing in the queue")
    words = ngettext("{n} job in the queue", "{n} jobs in the queue", jobs)
    return words + ", " + _("{n} of them ours").format(n=number(queue.ours))


def room_bar(health: DiskHealth) -> str:
    """How full the disk is, drawn; "" where that is not known."""
    if health.free is None or not health.total:
        return ""
    used = 1 - health.free / health.total
    says = _("{free} free of {total}").format(free=size(health.free), total=size(health.total))
    return bar(used, says=says, tone=_TONES.get(health.state, ""))


def _provider(health: ProviderHealth, key: str) -> None:
    known = [
        (_("Version"), health.version),
        (_("Address"), health.address),
        (_("Round trip"), _milliseconds(health.round_trip_ms)),
    ]
    rows = [(name, value) for name, value in known if value]
    if rows:
        st.html(facts(rows))
    if health.loaded is not None:
        _heading(_("In memory now"))
        _loaded(health.loaded)
    if health.devices:
        _heading(_("Computes on"))
        st.html("".join(_device(one) for one in health.devices))
    if health.queue is not None:
        _heading(_("Queue"))
        _queue(health.queue)
    if health.models is not None and health.provider != "mock":  # its models are scenarios
        _heading(_("Models"))
        _models(health.models, key)


def _heading(words: str) -> None:
    st.markdown(small(bold(words)))


def _milliseconds(value: float | None) -> str | None:
    if value is None:
        return None
    return _("{n} ms").format(n=number(value, digits=0 if value >= 10 else 1))


def _loaded(loaded: Sequence[LoadedModel]) -> None:
    if not loaded:
        st.caption(_("No model is loaded. The first run will load one."))
    for one in loaded:
        rows = [(one.name, time_left(one.expires_at))]
        if one.context_tokens:
            rows.append((_("Context"), _("{n} tokens").format(n=number(one.context_tokens))))
        if one.memory is not None:
            rows.append((_("Memory"), size(one.memory)))
        st.html(facts(rows, led=True) + _gpu_bar(one))


def _gpu_bar(one: LoadedModel) -> str:
    """How much of a model is on the graphics card, drawn."""
    if one.gpu_memory is None or not one.memory:
        return ""
    share = min(one.gpu_memory / one.memory, 1.0)
    says = _("{n}% on the graphics card").format(n=number(share * 100))
    if share < 1:
        says += " · " + _("slower than if all of it fit")
    return bar(share, says=says, tone="" if share >= 1 else "tight")


def time_left(expires_at: datetime | None) -> str:
    """When a model is let go of, in words; "" where that is not known."""
    if expires_at is None:
        return ""
    left = expires_at - datetime.now(UTC)
    if left.days > 365 * _FOREVER_YEARS:
        return _("stays loaded")
    if left.total_seconds() < 60:
        return _("unloads within a minute")
    words = format_timedelta(left, locale=language().value, format="short", threshold=1.5)
    return _("unloads in {time}").format(time=words)


def _device(device: Device) -> str:
    # ComfyUI's names mostly begin with the kind: "cpu", "cuda:0 NVIDIA …".
    is_told = device.name.casefold().startswith(device.kind.casefold())
    rows = facts([(device.name, "" if is_told else device.kind)], led=True)
    if device.memory_free is None or not device.memory_total:
        return rows
    used = device.memory_total - device.memory_free
    says = _("{used} of {total} in use").format(
        used=size(used, binary=True), total=size(device.memory_total, binary=True)
    )
    return rows + bar(used / device.memory_total, says=says)


def _queue(queue: QueueLength) -> None:
    jobs = queue.running + queue.waiting
    if not jobs:
        st.caption(_("Nothing is running or waiting."))
        return
    says = _("{running} running, {waiting} waiting, {ours} of all ours").format(
        running=number(queue.running), waiting=number(queue.waiting), ours=number(queue.ours)
    )
    st.html(bar(queue.ours / jobs, says=says))


def _abilities(model: ModelInfo) -> str:
    words = (_(_CAPABILITIES[one]) if one in _CAPABILITIES else one for one in model.capabilities)
    return ", ".join(words) or UNKNOWN


class _Column(NamedTuple):
    """What is told of a model beside its name. What a server tells of none has no column."""

    head: str
    of: Callable[[ModelInfo], str]
    is_number: bool = False


_COLUMNS = (
    _Column(N_("Parameters"), lambda model: model.parameters or UNKNOWN, is_number=True),
    _Column(N_("Size"), lambda model: size(model.size), is_number=True),
    _Column(N_("Can do"), _abilities),
)


def _models(models: Sequence[ModelInfo], key: str) -> None:
    if not models:
        st.caption(_("The server has no model yet."))
        return
    shown = models
    if len(models) > _FILTER_FROM:
        asked = st.text_input(
            _("Filter the models"),
            key=f"{key}_filter",
            type="search",
            placeholder=_("Part of a name"),
            label_visibility="collapsed",
            persist_state="session",
        )
        wanted = (asked or "").casefold().split()
        shown = [one for one in models if all(part in one.name.casefold() for part in wanted)]
        st.caption(_("{shown} of {all}").format(shown=number(len(shown)), all=number(len(models))))
    if not shown:
        st.caption(_("No model's name has that in it."))
        return
    columns = [one for one in _COLUMNS if any(one.of(model) != UNKNOWN for model in models)]
    head = (_("Name"), *(_(one.head) for one in columns))
    rows = [(model.name, *(one.of(model) for one in columns)) for model in shown]
    numbers = {at for at, one in enumerate(columns, start=1) if one.is_number}
    st.html(table(head, rows, label=_("Models"), numbers=numbers))
