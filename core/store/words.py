"""Text as it is searched: what of a run, in which form, and what people typed as words."""

import json
import re
from collections.abc import Iterator

from pydantic import JsonValue

from core.types import normalise

_TYPED = re.compile(r'["“”„]([^"“”„]+)["“”„]|(\S+)')
_QUOTES = '"“”„'
_BETWEEN = "\n"  # stands between two texts, and in none: no phrase reaches from one to the next


def fold(text: str) -> str:
    """`text` without what does not matter: composed, without case, every gap a single space."""
    return " ".join(normalise(text).casefold().split())


def needles(query: str) -> tuple[str, ...]:
    """What must all be found: the words of `query`, and what stands in quotes as it stands.

    Quotes without a partner are dropped. Empty when there is nothing to look for.
    """
    found = [fold(quoted or word.strip(_QUOTES)) for quoted, word in _TYPED.findall(query)]
    return tuple(dict.fromkeys(needle for needle in found if needle))


def document(payload: str, output: str, output_json: str | None) -> str:
    """The searched text of a row of `runs`: the brief's values and the answer's.

    An answer that could be parsed is searched without its field names and escapes.
    """
    texts = list(_texts(json.loads(payload)))
    texts.extend(_texts(json.loads(output_json)) if output_json is not None else [output])
    return _BETWEEN.join(fold(text) for text in texts)


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
