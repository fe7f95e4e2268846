"""Where settings are written down: the environment over a file, each value with its origin."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dotenv import dotenv_values


class Source(StrEnum):
    """Where a setting's value comes from."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    ENV_FILE = "env_file"


@dataclass(frozen=True)
class Origin:
    """Where a value was found, and under which variable's name (it may be a deprecated one)."""

    source: Source
    variable: str


@dataclass(frozen=True)
class Given:
    """A value as it is written down; never empty."""

    value: str
    origin: Origin


def read(environment: Mapping[str, str], env_file: Path | None) -> dict[str, Given]:
    """What is set, by variable in capitals: by `environment`, else by `env_file` if it is there.

    An empty variable means "not set": that is what people get from `NAME=` in .env; in the
    environment it takes away what the file says.
    """
    values: dict[str, Given] = {}
    if env_file is not None and env_file.is_file():
        from_file = dotenv_values(env_file, encoding="utf-8-sig")
        values |= _named({name: value or "" for name, value in from_file.items()}, Source.ENV_FILE)
    values |= _named(environment, Source.ENVIRONMENT)
    return {name: given for name, given in values.items() if given.value}


def _named(variables: Mapping[str, str], source: Source) -> dict[str, Given]:
    return {
        name.upper(): Given(value.strip(), Origin(source, name.upper()))
        for name, value in variables.items()
    }
