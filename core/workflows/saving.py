"""Saving an imported workflow into the data folder."""

import hashlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

from core.errors import InvalidRequest
from core.localised import Localised
from core.types import normalise
from core.workflows.bindings import BINDINGS, Bindings, Target, find_binding_faults
from core.workflows.graph import Graph
from core.workflows.importing import Draft
from core.workflows.loading import GRAPH_FILE, MANIFEST_FILE, SHIPPED, read_workflow
from core.workflows.workflow import Workflow

LONGEST_ID = 64
LONGEST_LABEL = 100
HELP = Localised(
    ko="직접 올린 ComfyUI 워크플로입니다.", en="A ComfyUI workflow that was uploaded here."
)


def save_workflow(
    folder: Path,
    draft: Draft,
    *,
    id: str,  # noqa: A002 (the word people know it by)
    label: str | Localised,
    bindings: Bindings,
    help: Localised = HELP,  # noqa: A002
    replace: bool = False,
) -> Workflow:
    """Write the workflow to `folder/<id>/` and return it; both files are there, or neither.

    `id` is made a plain name ("Café, 2nd try" is "caf_2nd_try"). Raises InvalidRequest where
    it is a shipped workflow's, or taken and not to be replaced, or where `bindings` do not
    fit the graph (`details["problems"]`).
    """
    name = slug(id)
    _check_name(folder, name, replace=replace)
    faults = find_binding_faults(draft.graph, bindings)
    told = [f"{binding}: {why}." for binding, _, why in faults]
    if told:
        raise InvalidRequest("\n".join(told), details={"reason": "bindings", "problems": told})
    manifest = manifest_text(_label(label), help, bindings)
    folder.mkdir(parents=True, exist_ok=True)
    # Built beside its place on the same disk: moving a folder there is one step.
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as workshop:
        built = Path(workshop) / name
        built.mkdir()
        _write(built / MANIFEST_FILE, manifest)
        _write(built / GRAPH_FILE, _graph_text(draft.graph))
        problems: list[str] = []
        workflow = read_workflow(built, problems)
        if workflow is None:
            raise InvalidRequest("\n".join(problems), details={"problems": problems})
        _move(built, folder / name, Path(workshop) / ".old")
    return workflow


def slug(text: str) -> str:
    """`text` as a folder's name: a letter, then letters, digits and underscores.

    Text without a Latin letter or digit gets a name from its hash, the same each time.
    """
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[: LONGEST_ID - 9].strip("_")
    if not plain:
        digest = hashlib.sha256(normalise(text).encode()).hexdigest()[:8]
        return f"workflow_{digest}"
    return plain if plain[0].isalpha() else f"w_{plain}"


def manifest_text(label: Localised, help: Localised, bindings: Bindings) -> str:  # noqa: A002
    """A manifest as TOML."""
    lines = [f"label = {_localised(label)}", f"help = {_localised(help)}", "", "[bindings]"]
    for name in BINDINGS:
        targets = bindings.of(name)
        if targets:
            lines.append(f"{name} = [{', '.join(_target(target) for target in targets)}]")
    return "\n".join([*lines, ""])


def _check_name(folder: Path, name: str, *, replace: bool) -> None:
    if (SHIPPED / name).exists():
        raise InvalidRequest(
            f"{name!r} is a workflow that comes with the playground. Choose another name.",
            details={"reason": "shipped", "workflow": name},
        )
    if (folder / name).exists() and not replace:
        raise InvalidRequest(
            f"There is a workflow {name!r} already. Choose another name, or replace it.",
            details={"reason": "taken", "workflow": name},
        )


def _label(label: str | Localised) -> Localised:
    if isinstance(label, Localised):
        return label
    text = " ".join(normalise(label).split())
    if not 0 < len(text) <= LONGEST_LABEL:
        raise InvalidRequest(
            f"Give the workflow a name of 1 to {LONGEST_LABEL} characters.",
            details={"reason": "label"},
        )
    return Localised(ko=text, en=text)


def _localised(text: Localised) -> str:
    return f"{{ ko = {_quoted(text.ko)}, en = {_quoted(text.en)} }}"


def _target(target: Target) -> str:
    parts = [f"node = {_quoted(target.node)}", f"input = {_quoted(target.input)}"]
    if target.maximum is not None:
        parts.append(f"maximum = {target.maximum}")
    if target.spread:
        parts.append("spread = true")
    return f"{{ {', '.join(parts)} }}"


def _quoted(text: str) -> str:
    """`text` as a TOML string: that of JSON, but for the one character TOML wants escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _graph_text(graph: Graph) -> str:
    return json.dumps(graph, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _move(built: Path, place: Path, aside: Path) -> None:
    """Put `built` in its place; what was there goes `aside`, and back if that fails."""
    if place.exists():
        place.rename(aside)
    try:
        built.rename(place)
    except OSError:
        if aside.exists():
            shutil.rmtree(place, ignore_errors=True)
            aside.rename(place)
        raise
