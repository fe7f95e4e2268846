"""Runs beside each other as plain data for pages/_compare.js: columns, and sections of rows."""

from collections.abc import Sequence
from typing import Any

from core.catalog import Contract
from core.compare.fields import Cell, Row, compare_fields, findings_of
from core.finding import Finding
from core.run import Run
from core.types import Mode, RunStatus
from pages._compare_address import LETTERS
from pages._compare_marks import marked
from pages._compare_pictures import pictures_of
from pages._compare_sent import sent_section
from pages._compare_times import times_section
from pages._errors import explain, provider_name
from pages._faults import field_label
from pages._format import ago, number
from pages._i18n import _, language
from pages._image_errors import explain_picture
from pages._lengths import Stage
from pages._models import mode_label

Data = dict[str, Any]


def columns_of(runs: Sequence[Run], *, reference: int, put_away: Sequence[str]) -> list[Data]:
    """The heads of the columns."""
    return [
        {
            "id": run.id,
            "letter": LETTERS[place],
            "mode": mode_label(run.mode),
            "live": run.mode is Mode.LIVE,
            "model": run.model or "–",
            "facts": " · ".join(_facts(run, away=run.id in put_away)),
            "status": _status(run),
            "tone": "bad" if run.status is RunStatus.FAILED else "",
            "reference": place == reference,
            "open": f"?run={run.id}",
        }
        for place, run in enumerate(runs)
    ]


def sections_of(runs: Sequence[Run], contract: Contract | None, *, reference: int) -> list[Data]:
    """Everything below the heads: the answers, what was sent, times and tokens."""
    sections = [checks_section(runs, contract)]
    if runs[0].kind == "text":
        rows = compare_fields(runs, contract, reference=reference)
        told = [_answer_row(row, runs, contract, reference) for row in rows]
        sections.append({"title": _("Answer"), "rows": told})
    else:
        sections.append(pictures_section(runs))
    sections += [sent_section(runs, reference=reference), times_section(runs)]
    return [section for section in sections if section["rows"]]


def pictures_section(runs: Sequence[Run]) -> Data:
    """The pictures of each run; always shown, for every one is another."""
    cells = []
    for run in runs:
        made = pictures_of(run)
        names = ("src", "full", "alt", "width", "height")
        told = [{name: item[name] for name in names} for item in made]
        sizes = dict.fromkeys(f"{item['width']} × {item['height']}" for item in made)
        cells.append({"pictures": told, "note": ", ".join(sizes)} if told else {"missing": "–"})
    return {"title": "", "rows": [{"label": _("Pictures"), "differs": True, "cells": cells}]}


def checks_section(runs: Sequence[Run], contract: Contract | None) -> Data:
    """How each run ended: its score, what concerns the whole answer, or why there is none."""
    if not any(run.report or run.status is not RunStatus.SUCCEEDED for run in runs):
        return {"title": "", "rows": []}
    cells = [_verdict(run, contract) for run in runs]
    differs = len({str((cell["text"], cell.get("findings"))) for cell in cells}) > 1
    row = {"label": _("Score"), "differs": differs, "cells": cells}
    return {"title": "", "rows": [row]}


def _facts(run: Run, *, away: bool) -> list[str]:
    facts = [ago(run.created_at)]
    if run.mode is Mode.LIVE:
        facts.append(provider_name(run.provider))
    if away:
        facts.append(_("put away"))
    return facts


def _status(run: Run) -> str:
    known = {
        RunStatus.FAILED: _("Failed"),
        RunStatus.CANCELLED: _("Stopped"),
        RunStatus.INTERRUPTED: _("Interrupted"),
    }
    return known.get(run.status, "")


def _verdict(run: Run, contract: Contract | None) -> Data:
    if run.status is RunStatus.FAILED:
        told = explain_picture(run) if run.kind == "image" else _explained(run)
        steps = " ".join(part for part in (told.next_step, told.command) if part)
        return {"text": told.what, "note": steps, "tone": "bad"}
    if run.status is not RunStatus.SUCCEEDED:
        return {"text": _("Stopped. What had arrived is kept."), "tone": "quiet"}
    if run.report is None:
        return {"text": _("not checked"), "tone": "quiet"}
    scores = run.report.scores
    return {
        "text": f"{number(scores.overall, digits=1)} / 10",
        "strong": True,
        "note": _("Passes the bar") if scores.passed else _("Needs work"),
        "tone": "good" if scores.passed else "warn",
        "findings": [_found(one, contract) for one in findings_of(run) if _is_of_whole(one, run)],
    }


def _explained(run: Run) -> Any:  # noqa: ANN401 (an Explanation)
    details = {"model": run.model, **run.error_details}
    return explain(run.error_code or "", provider=run.provider, details=details)


def _is_of_whole(finding: Finding, run: Run) -> bool:
    """Whether no row of the answer shows this finding."""
    return run.kind == "image" or not finding.field or _is_of_list(finding)


def _is_of_list(finding: Finding) -> bool:
    return finding.code == "list.count" or finding.code == "budget.sum"


def _found(finding: Finding, contract: Contract | None) -> Data:
    words = finding.in_(language())
    if finding.field and contract:
        words = f"{field_label(finding.field, contract)}: {words}"
    return {"severity": finding.severity.value, "text": words, "code": finding.code}


def _answer_row(row: Row, runs: Sequence[Run], contract: Contract | None, reference: int) -> Data:
    label = field_label(row.name, contract) if row.name else _("The whole answer")
    cells = [
        _answer_cell(cell, row, run, contract, is_reference=place == reference)
        for place, (cell, run) in enumerate(zip(row.cells, runs, strict=True))
    ]
    note = "" if row.known else _("not asked for")
    return {"label": label, "note": note, "differs": row.differs, "cells": cells}


def _answer_cell(
    cell: Cell, row: Row, run: Run, contract: Contract | None, *, is_reference: bool
) -> Data:
    if cell.text is None:
        told: Data = {"missing": _("missing") if cell.lacking else "–", "broken": cell.lacking}
    else:
        told = {"pieces": marked(cell.text, () if is_reference else cell.segments)}
        if cell.name != row.name:  # an item of a list that stands elsewhere in this one
            told["place"] = field_label(cell.name, contract)
    told["findings"] = [
        {"severity": one.severity.value, "text": one.in_(language()), "code": one.code}
        for one in cell.findings
        if not _is_of_whole(one, run)
    ]
    if cell.length is not None and cell.text is not None:
        told |= _measured(cell, Stage.of(run))
    return told


def _measured(cell: Cell, stage: Stage) -> Data:
    length = cell.length
    if length is None or length.length is None or (length.minimum, length.maximum) == (None, None):
        return {}
    shown = number(length.length)
    if length.maximum is not None:
        shown += f" / {number(length.maximum)}"
    over = length.maximum is not None and length.length > length.maximum
    short = stage is Stage.WHOLE and length.length < (length.minimum or 0)
    return {"measure": shown, "broken": over or short}
