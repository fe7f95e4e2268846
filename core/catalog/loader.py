"""Reading the catalog from its files, with every fault named by file and place."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from core.catalog.audit import Fault, audit_task
from core.catalog.catalog import Catalog
from core.catalog.faults import field_name
from core.catalog.locate import find_positions, position_of
from core.catalog.models import Role, Task
from core.errors import CatalogError

SHIPPED = Path(__file__).parent

Entry = TypeVar("Entry", Role, Task)


@dataclass(frozen=True)
class _Source:
    """One file: its name as people see it ("tasks/sns.toml") and its text."""

    name: str
    text: str

    def told(self, fault: Fault) -> str:
        """The fault with file, line and dotted key."""
        position = position_of(fault.place, find_positions(self.text))
        where = [self.name]
        if position is not None:
            inside = fault.line is not None
            line = position.value_line + fault.line - 1 if inside else position.line  # type: ignore[operator]
            where.append(f"line {line}")
        if fault.place:
            where.append(field_name(fault.place))
        return f"{', '.join(where)}: {fault.message}"


def load_catalog(directory: Path | None = None) -> Catalog:
    """The catalog in `directory` (default: the one shipped), from its `roles/` and `tasks/`.

    An entry's id is its file's name; entries are ordered by their key `order`, then by id.
    Raises CatalogError with all faults of all files, one a line.
    """
    directory = SHIPPED if directory is None else directory
    problems: list[str] = []
    roles = _read_folder(directory / "roles", Role, problems)
    tasks = _read_folder(directory / "tasks", Task, problems)
    role_ids = [path.stem for path in _files(directory / "roles")]
    for task, source in tasks:
        problems += [source.told(fault) for fault in audit_task(task, role_ids=role_ids)]
    if problems:
        count = "a fault" if len(problems) == 1 else f"{len(problems)} faults"
        raise CatalogError(
            "\n".join([f"The catalog in {directory} has {count}:", *problems]),
            details={"problems": problems},
        )
    return Catalog(roles=_in_order(role for role, _ in roles), tasks=_in_order(t for t, _ in tasks))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.toml") if not path.name.startswith("."))


def _in_order(entries: Iterable[Entry]) -> dict[str, Entry]:
    return {entry.id: entry for entry in sorted(entries, key=lambda entry: (entry.order, entry.id))}


def _read_folder(
    folder: Path, shape: type[Entry], problems: list[str]
) -> list[tuple[Entry, _Source]]:
    """The entries of a folder's good files; what is wrong with the others goes to `problems`."""
    paths = _files(folder)
    if not paths:
        problems.append(f"{folder.name}/: no .toml file is there, at least one is needed")
    entries = []
    for path in paths:
        name = f"{folder.name}/{path.name}"
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            problems.append(f"{name}: cannot be read: {error.strerror or error}")
        except UnicodeDecodeError as error:
            problems.append(f"{name}, byte {error.start}: the file must be saved as UTF-8")
        else:
            source = _Source(name, text)
            entry = _read_entry(source, path.stem, shape, problems)
            if entry is not None:
                entries.append((entry, source))
    return entries


def _read_entry(
    source: _Source, stem: str, shape: type[Entry], problems: list[str]
) -> Entry | None:
    try:
        entry = shape.model_validate({"id": stem, **tomllib.loads(source.text)})
    except tomllib.TOMLDecodeError as error:
        problems.append(_syntax_problem(source, error))
    except ValidationError as error:
        problems += [source.told(_shape_fault(item)) for item in error.errors()]
    else:
        if entry.id == stem:
            return entry
        fault = Fault(("id",), f"is {entry.id!r}, but must be the file's name; leave it out")
        problems.append(source.told(fault))
    return None


def _syntax_problem(source: _Source, error: tomllib.TOMLDecodeError) -> str:
    reason, _, where = str(error).partition(" (at ")
    found = re.match(r"line (\d+), column (\d+)", where)
    if found:
        return f"{source.name}, line {found[1]}, column {found[2]}: {reason}"
    last = source.text.count("\n") + 1
    return f"{source.name}, line {last}, column 1: {reason} (at the end of the file)"


def _shape_fault(item: ErrorDetails) -> Fault:
    place = item["loc"]
    match item["type"]:
        case "missing":
            message = "is missing"
        case "extra_forbidden":
            message = "is not a key that is known here"
        case _:
            shown = repr(item["input"])
            shown = shown if len(shown) <= 80 else shown[:79] + "…"
            message = f"{item['msg'].removeprefix('Value error, ')} (now {shown})"
    return Fault(place, message)
