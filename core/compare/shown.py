"""JSON values as texts that can be read and compared."""

import json

from pydantic import JsonValue

from core.types import normalise


def as_text(value: JsonValue) -> str | None:
    """`value` as a text in NFC: strings as they are, lists of them a line each, else JSON."""
    if value is None:
        return None
    if isinstance(value, str):
        return normalise(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return normalise("\n".join(str(item) for item in value))
    indent = 2 if isinstance(value, dict | list) else None
    return normalise(json.dumps(value, ensure_ascii=False, indent=indent))
