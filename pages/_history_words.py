"""Words of the History page: statuses, tasks, roles and counts as people read them."""

from pydantic import JsonValue
from pydantic_core import from_json

from core import services
from core.listing import RunRow, Sort
from core.localised import Localised
from core.types import RunStatus
from pages._errors import explain
from pages._i18n import N_, _, language, ngettext

_STATUSES = {
    RunStatus.QUEUED: N_("Waiting"),
    RunStatus.RUNNING: N_("Under way"),
    RunStatus.SUCCEEDED: N_("Done"),
    RunStatus.FAILED: N_("Failure"),
    RunStatus.CANCELLED: N_("Stopped"),
    RunStatus.INTERRUPTED: N_("Interrupted"),
}
_SORTS = {
    Sort.NEWEST: N_("Newest first"),
    Sort.OLDEST: N_("Oldest first"),
    Sort.SLOWEST: N_("Slowest first"),
    Sort.LOWEST_SCORE: N_("Lowest score first"),
}
_STARS = {
    "4-5": N_("★ 4 and more"),
    "3": N_("★ about 3"),
    "1-2": N_("★ 2 and fewer"),
    "none": N_("Not rated"),
}


def status_label(status: RunStatus | str) -> str:
    """A status in a word."""
    return _(_STATUSES[RunStatus(status)])


def task_label(task: str) -> str:
    """A task's or picture preset's name; one that is gone from the catalog as it was written."""
    here = services.get_services()
    known = here.catalog.tasks.get(task) or here.presets.get(task)
    return _named(known.label if known else None, task)


def role_label(role: str) -> str:
    """A role's name; one that is gone from the catalog as it was written."""
    known = services.get_services().catalog.roles.get(role)
    return _named(known.label if known else None, role)


def kind_label(kind: str) -> str:
    """Text or picture."""
    return _("Pictures") if kind == "image" else _("Texts")


def sort_label(sort: Sort) -> str:
    """What comes first, in words."""
    return _(_SORTS[sort])


def stars_label(name: str) -> str:
    """A range of stars as the address names it, in words."""
    return _(_STARS[name]) if name in _STARS else name


def excerpt(row: RunRow) -> str:
    """What came of a run, in a line: its answer without the brackets, or why it has none."""
    if row.status is RunStatus.FAILED and row.error_code:
        details = {"model": row.model}
        return explain(row.error_code, provider=row.provider, details=details).what
    return " ".join(" · ".join(_texts(_read(row.excerpt))).split())


def findings_in_short(errors: int | None, warnings: int | None) -> str:
    """How many errors and warnings, in words; empty where nothing was checked or found."""
    parts = []
    if errors:
        parts.append(ngettext("{n} error", "{n} errors", errors))
    if warnings:
        parts.append(ngettext("{n} warning", "{n} warnings", warnings))
    return ", ".join(parts)


def _read(text: str) -> JsonValue:
    """The beginning of an answer as far as it is JSON, else as it stands."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return from_json(text, allow_partial="trailing-strings")
    except ValueError:
        return text


def _texts(value: JsonValue) -> list[str]:
    """Every text in `value`, in order."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) and value.strip() else []


def _named(label: Localised | None, name: str) -> str:
    return label.in_(language()) if label else name
