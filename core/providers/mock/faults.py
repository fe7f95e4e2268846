"""How the scenarios spoil a draft: each one fault, everything else as it should be."""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from core.providers.mock.draft import Draft
from core.providers.mock.phrases import Phrase, first_fitting
from core.providers.mock.writer import Schema

UNLIMITED_TOO_LONG = 600
ROOM_BESIDE_FOREIGN = 12
_NO_QUOTES = str.maketrans("", "", "“”")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Leaf:
    """A text of an answer that may be worded freely: where it stands and its schema."""

    holder: Any
    key: str | int
    name: str
    schema: Schema
    listed: bool

    @property
    def text(self) -> str:
        """The text as it stands."""
        return self.holder[self.key]

    @property
    def most(self) -> int | None:
        """The most characters it may have, None without a limit."""
        return self.schema.get("maxLength")

    def put(self, text: str) -> None:
        """Replace the text."""
        self.holder[self.key] = text

    def allows(self, text: str) -> bool:
        """Whether `text` keeps the limits."""
        return self.schema.get("minLength", 0) <= len(text) <= (self.most or len(text))


def leaves(content: dict[str, Any] | list[Any], schema: Schema) -> list[Leaf]:
    """Every freely worded text of `content`, in order."""
    return list(_leaves(content, schema, name="", listed=False))


def _leaves(
    content: dict[str, Any] | list[Any], schema: Schema, *, name: str, listed: bool
) -> Iterator[Leaf]:
    parts: list[tuple[Any, Any, str, Schema]]
    if isinstance(content, dict):
        properties = schema.get("properties", {})
        parts = [(key, value, key, properties.get(key, {})) for key, value in content.items()]
    else:
        item = schema.get("items", {})
        parts = [(index, value, name, item) for index, value in enumerate(content)]
        listed = True
    for key, value, part_name, part in parts:
        if isinstance(value, dict | list):
            yield from _leaves(value, part, name=part_name, listed=listed)
        elif isinstance(value, str) and not {"enum", "const", "pattern"} & part.keys():
            yield Leaf(content, key, part_name, part, listed)


def with_filler(draft: Draft) -> str:
    """The product's name as the headline, and the filler that stands in every answer."""
    content = draft.content()
    filler = draft.copy["faults"]["filler"]
    texts = leaves(content, draft.schema)
    named = {leaf.name: leaf for leaf in reversed(texts) if leaf.name in filler}
    for leaf in named.values() or texts[:1]:
        fitting = (
            first_fitting(phrase, draft.words, start=0, fits=leaf.allows)
            for phrase in filler.get(leaf.name, filler["any"])
        )
        leaf.put(next(filter(None, fitting), leaf.text))
    return draft.told(content)


def with_foreign_sentence(draft: Draft) -> str:
    """A sentence in another language in the middle of the longest text; lengths are kept."""
    schema = copy.deepcopy(draft.schema)
    widest = _widest(leaves(draft.content(), schema))
    if widest is None:
        return draft.text()
    foreign = _foreign(draft, widest)
    if widest.most is not None:
        # Written anew with less room, so that the foreign sentence fits in as well.
        widest.schema["maxLength"] = widest.most - len(foreign) - 1  # ty: ignore
    content = draft.content(schema=schema)
    target = next(leaf for leaf in leaves(content, schema) if leaf.name == widest.name)
    target.put(_inserted(target.text, foreign))
    return draft.told(content)


def _widest(texts: list[Leaf]) -> Leaf | None:
    return max(
        texts,
        key=lambda leaf: (not leaf.listed, leaf.most or UNLIMITED_TOO_LONG),
        default=None,
    )


def _foreign(draft: Draft, leaf: Leaf) -> str:
    """The longest foreign sentence that leaves room for words beside it."""
    choice = [phrase.literal for phrase in draft.copy["faults"]["foreign"]]
    room = (leaf.most or UNLIMITED_TOO_LONG) - 1
    least = max(leaf.schema.get("minLength", 0), min(ROOM_BESIDE_FOREIGN, room // 2))
    return next((text for text in choice if room - len(text) >= least), choice[-1])


def _inserted(text: str, foreign: str) -> str:
    sentences = _SENTENCE_END.split(text)
    parts = sentences if len(sentences) > 1 else text.split(" ")
    middle = max(1, len(parts) // 2)
    return " ".join([*parts[:middle], foreign, *parts[middle:]])


def made_too_long(draft: Draft) -> str:
    """The first text and every item of the first list over their lengths, in whole words."""
    content = draft.content()
    texts = leaves(content, draft.schema)
    limited = [leaf for leaf in texts if leaf.most is not None]
    first = [leaf for leaf in limited if not leaf.listed][:1]
    lists = [leaf.name for leaf in limited if leaf.listed][:1]
    listed = [leaf for leaf in limited if leaf.name in lists]
    tail = [phrase.literal for phrase in draft.copy["faults"]["tail"]]
    for leaf in [*first, *listed] or texts[:1]:
        leaf.put(_stretched(leaf.text, tail, over=leaf.most or UNLIMITED_TOO_LONG))
    return draft.told(content)


def _stretched(text: str, tail: list[str], *, over: int) -> str:
    for words in cycle(tail):
        if len(text) > over:
            break
        text = f"{text.rstrip('.')}, {words}"
    return text


def as_prose(draft: Draft) -> str:
    """The answer as chat: every text told in passing, and no JSON anywhere."""
    content = draft.content()
    said = [leaf.text for leaf in leaves(content, draft.schema)]
    prose = draft.copy["faults"]["prose"]
    linked = [
        _filled_with(phrase, text)
        for phrase, text in zip(cycle(prose["parts"]), said, strict=False)
    ]
    opening, closing = (
        draft.dice.pick(name, prose[name]).literal for name in ("opening", "closing")
    )
    return re.sub(r"[{}\[\]]", "", "\n\n".join([opening, " ".join(linked), closing]))


def _filled_with(phrase: Phrase, text: str) -> str:
    return next(phrase.filled({"text": (text.translate(_NO_QUOTES),)}))
