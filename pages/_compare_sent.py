"""What was sent for runs beside each other, for pages/_compare.js."""

from collections.abc import Sequence
from typing import Any

from core import services
from core.compare.diff import Segment, is_same
from core.compare.fields import against
from core.compare.options import Parameter, compare_parameters
from core.compare.shown import as_text
from core.run import Run
from pages._compare_marks import marked
from pages._errors import provider_name
from pages._format import short_number
from pages._i18n import N_, _, language
from pages._models import mode_label

_NAMES = {
    "mode": N_("Mode"),
    "provider": N_("Provider"),
    "model": N_("Model"),
    "role": N_("Role"),
    "task": N_("Kind"),
    "language": N_("Language"),
    "format": N_("Form of the answer"),
    "workflow": N_("Workflow"),
    "temperature": N_("Temperature"),
    "max_tokens": N_("Most tokens"),
    "top_p": N_("Top p"),
    "seed": N_("Seed"),
    "width": N_("Width"),
    "height": N_("Height"),
    "steps": N_("Steps"),
    "cfg": N_("CFG"),
    "sampler": N_("Sampler"),
    "scheduler": N_("Scheduler"),
    "denoise": N_("Left the source by"),
    "batch": N_("Pictures"),
    "prompt": N_("Prompt"),
    "negative": N_("What to keep out"),
    "system": N_("Instructions"),
    "user": N_("Brief"),
    "assistant": N_("Answer"),
}
_LANGUAGES = {"ko": N_("Korean"), "en": N_("English")}


def sent_section(runs: Sequence[Run], *, reference: int) -> dict[str, Any]:
    """The section: what differs first, what is the same for all behind one click."""
    parameters = compare_parameters(runs)
    rows = [_row(one, runs, reference) for one in parameters]
    rows.sort(key=lambda row: not row["differs"])
    return {"title": _("What was sent"), "rows": rows, "folded": True}


def _row(parameter: Parameter, runs: Sequence[Run], reference: int) -> dict[str, Any]:
    texts = [_shown(parameter, value) for value in parameter.values]
    segments: list[tuple[Segment, ...]] = [()] * len(runs)
    if parameter.differs and parameter.group in ("payload", "prompt"):
        segments = against(texts, reference=reference)
    cells = [
        {"missing": "–"}
        if text is None
        else {"pieces": marked(text, () if is_same(one) else one), "quiet": True}
        for text, one in zip(texts, segments, strict=True)
    ]
    return {
        "label": _label(parameter, runs[0].task),
        "differs": parameter.differs,
        "cells": cells,
        "one": not parameter.differs,
    }


def _label(parameter: Parameter, task_id: str) -> str:
    task = services.get_services().catalog.tasks.get(task_id)
    if parameter.group == "payload" and task:
        labels = {field.name: field.label.in_(language()) for field in task.fields}
        if parameter.name in labels:
            return labels[parameter.name]
    name, _space, behind = parameter.name.partition(" ")
    known = _(_NAMES[name]) if name in _NAMES else name
    return f"{known} {behind}".strip()


def _shown(parameter: Parameter, value: Any) -> str | None:  # noqa: ANN401 (JSON)
    if parameter.group == "run" and isinstance(value, str):
        return _way_shown(parameter.name, value)
    if isinstance(value, float):
        return short_number(value)
    return as_text(value)


def _way_shown(name: str, value: str) -> str:
    catalog = services.get_services().catalog
    if name == "mode":
        return mode_label(value)
    if name == "provider":
        return provider_name(value)
    if name == "language" and value in _LANGUAGES:
        return _(_LANGUAGES[value])
    if name == "role" and value in catalog.roles:
        return catalog.roles[value].label.in_(language())
    if name == "task" and value in catalog.tasks:
        return catalog.tasks[value].label.in_(language())
    return value
