"""The rules that are data: dated TOML files in core/checks/rules, each with its source.

A mistake in one refuses the start, in words that name the file and the place in it.
"""

import re
import tomllib
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from core.errors import CatalogError

FOLDER = Path(__file__).parent / "rules"


class Rules(dict[str, Any]):
    """One file's rules by key. A key that is not there is a mistake in the file."""

    def __init__(self, name: str, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.name = name

    def __missing__(self, key: str) -> NoReturn:
        raise refused(self.name, f"{key} is missing")

    def words(self, key: str) -> list[str]:
        """The list of texts at `key`. Raises CatalogError for anything else."""
        value = self[key]
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise refused(self.name, f"{key} must be a list of texts")
        if "" in value:
            raise refused(self.name, f"{key} has an empty text, which would be found everywhere")
        return value

    def pattern(self, key: str) -> re.Pattern[str]:
        """One pattern that finds any of the regular expressions at `key`, whatever the case.

        Raises CatalogError that names the expression which cannot be read.
        """
        expressions = self.words(key)
        for expression in expressions:
            try:
                re.compile(expression)
            except re.error as error:
                raise refused(self.name, f"{key}: {expression!r}: {error}") from error
        return re.compile("|".join(f"(?:{one})" for one in expressions), re.IGNORECASE)


def refused(name: str, problem: str) -> CatalogError:
    """The error that names a mistake in the file of rules `name`."""
    return CatalogError(f"The rules in core/checks/rules/{name}.toml have a fault: {problem}.")


@cache
def rules(name: str) -> Rules:
    """The rules of the file `name`.toml. Raises CatalogError when it cannot be read."""
    return read_rules(FOLDER / f"{name}.toml")


def read_rules(path: Path) -> Rules:
    """The rules in the file at `path`. Raises CatalogError when they cannot be read."""
    name = path.stem
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise refused(name, str(error)) from error
    found = Rules(name, values)
    if not isinstance(found["updated"], date):
        raise refused(name, "updated must be a date like 2026-11-24")
    return found


def any_of(phrases: Iterable[str], *, ignore_case: bool = True) -> re.Pattern[str]:
    """A pattern that finds any of `phrases`, whatever its spaces, and its case unless told so.

    A phrase is plain text: what follows it may be any ending. Latin phrases are whole words.
    """
    loose = "|".join(map(_loose, sorted(phrases, key=len, reverse=True)))
    return re.compile(loose, re.IGNORECASE if ignore_case else re.NOFLAG)


def _loose(phrase: str) -> str:
    if phrase.isascii():
        return r"\b" + r"\s+".join(map(re.escape, phrase.split())) + r"\b"
    return r"\s*".join(map(re.escape, phrase.split()))
