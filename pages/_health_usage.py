"""What runs and pictures take, by age, as administrators see it."""

from itertools import pairwise
from typing import Any

import streamlit as st

from core import services
from core.chores import Chore
from core.data_care import AgeShare, Usage
from pages._chores import EXCLUSIVE, draw_failure, find_chore, start_chore
from pages._format import number, size
from pages._health_html import facts
from pages._i18n import _, ngettext
from pages._timings import draw_parts

_TONES = ("work", "wait", "load", "queue")
_FRESH_S = 60.0
_KEPT = "health_usage"


def keep_counted() -> None:
    """Count in the background what takes room, where the last count has grown old."""
    chore = find_chore("usage")
    if chore is None or (not chore.running and _is_old(chore)):
        care = services.get_services().care
        start_chore("usage", lambda _told: care.usage())


def draw_usage() -> None:
    """Draw what takes room, as counted last."""
    chore = find_chore("usage")
    if chore is not None and isinstance(chore.result, Usage):
        st.session_state[_KEPT] = chore.result  # shown until there is a newer one
    elif chore is not None and chore.error is not None:
        draw_failure(_("What takes room could not be counted."), chore.error)
        return
    usage = st.session_state.get(_KEPT)
    if usage is None:
        st.caption(_("Counting what takes room …"))
        return
    _draw(usage)


def _is_old(counted: Chore) -> bool:
    """Whether a minute has gone by, or something has changed what there is."""
    ends = [chore.ended_at for name in EXCLUSIVE if (chore := find_chore(name))]
    changed = any(end is not None and end > counted.started_at for end in ends)
    return changed or counted.elapsed_s > _FRESH_S


def _draw(usage: Usage) -> None:
    parts = age_parts(usage)
    if parts:
        told = ", ".join(f"{part['name']} {part['time']}" for part in parts)
        draw_parts(
            parts, label=_("Runs and their pictures by age") + ": " + told, key="health_ages"
        )
    st.html(facts(_facts(usage)))


def age_parts(usage: Usage) -> list[dict[str, Any]]:
    """Runs by age, the newest first, as parts of a bar: by the bytes of their pictures, or where
    there are none by their number.
    """
    older = {one.older_than_days: one for one in usage.by_age}
    everything = AgeShare(
        older_than_days=0,
        runs=usage.runs,
        pictures=usage.pictures,
        picture_bytes=usage.picture_bytes,
    )
    nothing = AgeShare(older_than_days=0, runs=0, pictures=0, picture_bytes=0)
    edges = [everything, *(older.get(days, nothing) for days in (30, 90, 365)), nothing]
    names = (
        _("last 30 days"),
        _("30 to 90 days"),
        _("90 days to a year"),
        _("older than a year"),
    )
    return [
        _part(tone, name, newer, after, by_runs=not usage.picture_bytes)
        for tone, name, (newer, after) in zip(_TONES, names, pairwise(edges), strict=True)
        if newer.picture_bytes > after.picture_bytes or newer.runs > after.runs
    ]


def _part(
    tone: str, name: str, newer: AgeShare, after: AgeShare, *, by_runs: bool
) -> dict[str, Any]:
    taken, count = newer.picture_bytes - after.picture_bytes, newer.runs - after.runs
    runs = ngettext("{n} run", "{n} runs", count)
    words = runs if by_runs else f"{runs}, {size(taken)}"
    return {"kind": tone, "name": name, "time": words, "share": count if by_runs else taken}


def _facts(usage: Usage) -> list[tuple[str, str]]:
    runs = ngettext("{n} run", "{n} runs", usage.runs)
    if usage.runs_put_away:
        runs += ", " + _("{n} of them put away").format(n=number(usage.runs_put_away))
    rows = [
        (_("Database"), f"{size(usage.database_bytes)} ({runs})"),
        (_("Room in it for new runs"), size(usage.database_free_bytes)),
        (_("Pictures made"), _counted(usage.picture_bytes, usage.pictures)),
        (_("Pictures sent by people"), _counted(usage.upload_bytes, usage.uploads)),
        (_("Thumbnails"), size(usage.thumbnail_bytes)),
        (_("Backups"), _counted(usage.backup_bytes, usage.backups)),
    ]
    if usage.orphan_bytes:
        rows.append((_("Pictures set aside by repairs"), size(usage.orphan_bytes)))
    return rows


def _counted(taken: int, count: int) -> str:
    return f"{size(taken)} ({number(count)})"
