"""Catalog entries in TOML files: reading them, with every fault named by file and place."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from core.catalog.audit import Fault
from core.catalog.faults import field_name
from core.catalog.locate import find_positions, position_of
from core.errors import CatalogError
from core.types import Frozen


class _Ordered(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def order(self) -> int: ...


Entry = TypeVar("Entry", bound=Frozen)
OrderedEntry = TypeVar("OrderedEntry", bound=_Ordered)


@dataclass(frozen=True)
class Source:
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


def refuse(what: str, problems: Sequence[str]) -> None:
    """Raise CatalogError with all of `problems`, one a line, where there are any."""
    if problems:
        count = "a fault" if len(problems) == 1 else f"{len(problems)} faults"
        raise CatalogError(
            "\n".join([f"{what} {count}:", *problems]), details={"problems": list(problems)}
        )


def toml_files(folder: Path) -> list[Path]:
    """The TOML files of a folder by name, without hidden ones."""
    return sorted(path for path in folder.glob("*.toml") if not path.name.startswith("."))


def in_order(entries: Iterable[OrderedEntry]) -> dict[str, OrderedEntry]:
    """The entries by id, in the order in which people see them."""
    return {entry.id: entry for entry in sorted(entries, key=lambda entry: (entry.order, entry.id))}


def read_folder(
    folder: Path, shape: type[Entry], problems: list[str]
) -> list[tuple[Entry, Source]]:
    """The entries of a folder's good files; what is wrong with the others goes to `problems`."""
    paths = toml_files(folder)
    if not paths:
        problems.append(f"{folder.name}/: no .toml file is there, at least one is needed")
    read = (
        read_entry(path, shape, problems, name=f"{folder.name}/{path.name}", entry_id=path.stem)
        for path in paths
    )
    return [found for found in read if found is not None]


def read_entry(
    path: Path, shape: type[Entry], problems: list[str], *, name: str, entry_id: str
) -> tuple[Entry, Source] | None:
    """The entry in one file, None where it is wrong: why goes to `problems`.

    `name` is the file's name as people see it, `entry_id` the id that its place gives it.
    """
    text = read_text(path, name, problems)
    if text is None:
        return None
    source = Source(name, text)
    try:
        values = tomllib.loads(text)
        entry = shape.model_validate({"id": entry_id, **values})
    except tomllib.TOMLDecodeError as error:
        problems.append(_syntax_problem(source, error))
    except ValidationError as error:
        problems += [source.told(_shape_fault(item)) for item in error.errors()]
    else:
        given = values.get("id", entry_id)
        if given == entry_id:
            return entry, source
        fault = Fault(("id",), f"is {given!r}, but must be the file's name; leave it out")
        problems.append(source.told(fault))
    return None


def read_text(path: Path, name: str, problems: list[str]) -> str | None:
    """The text of a UTF-8 file, None where it cannot be read: why goes to `problems`."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        problems.append(f"{name}: cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        problems.append(f"{name}, byte {error.start}: the file must be saved as UTF-8")
    return None


def _syntax_problem(source: Source, error: tomllib.TOMLDecodeError) -> str:
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
