"""The mock's answer: any JSON Schema written out with the phrases of its task.

A field takes the first phrase that fits its lengths whole, so nothing is ever cut. Fields
without phrases of their own (a task that somebody added) take common ones, and where even
those do not fit, a text is put together to the length.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from core.providers.mock.dice import Dice
from core.providers.mock.phrases import Phrase, Tree, first_fitting
from core.providers.mock.words import Words

Schema = Mapping[str, Any]
Fits = Callable[[str], bool]

USUAL_ITEMS = 2
MOST_ITEMS = 6
USUAL_LONGEST = 400
BEGINNING = 10  # shorter texts may begin alike
NAMES = ("product_name", "brand_name")


class Writer:
    """Writes one answer: `copy` is the language's phrase tree, `words` the payload's.

    `given` is the payload: a field with a fixed choice of values repeats the one given there.
    `examples` are texts known to keep the contract, for patterns that no phrase has.
    """

    def __init__(
        self,
        *,
        copy: Tree,
        words: Words,
        given: Mapping[str, JsonValue],
        dice: Dice,
        role: str,
        task: str,
        examples: Sequence[str] = (),
    ) -> None:
        self._copy = copy
        self._given = given
        self._examples = examples
        self._words = words
        self._dice = dice
        self._role = role
        self._task = copy.get(task, {})
        self._names = {word for field in NAMES for word in words.get(field, ())}
        self._written: list[str] = []
        self._spent: set[Phrase] = set()

    def write(self, schema: Schema) -> dict[str, Any]:
        """An answer that keeps `schema`, which is one of an object.

        Conditions (if/then) between fields are not looked at.
        """
        return self._object(schema, "answer", self._task)

    def _value(self, schema: Schema, path: str, phrases: Tree) -> JsonValue:
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return self._value(self._dice.pick(path, schema[keyword]), path, phrases)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            given = self._given.get(path.rpartition(".")[2])
            return given if given in schema["enum"] else self._dice.pick(path, schema["enum"])
        match _type_of(schema):
            case "object":
                return self._object(schema, path, phrases)
            case "array":
                return self._list(schema, path, phrases)
            case "integer" | "number" as kind:
                return self._number(schema, path, whole=kind == "integer")
            case "boolean":
                return self._dice.pick(path, (True, False))
            case "null":
                return None
        return self._text(schema, path, phrases)

    def _object(self, schema: Schema, path: str, phrases: Tree) -> dict[str, Any]:
        properties: Mapping[str, Schema] = schema.get("properties", {})
        return {
            name: self._value(part, f"{path}.{name}", self._phrases_of(name, phrases))
            for name, part in properties.items()
        }

    def _phrases_of(self, name: str, phrases: Tree) -> Tree:
        known = phrases.get(name) or self._copy["common"].get(name)
        return known if isinstance(known, Mapping) else {}

    def _list(self, schema: Schema, path: str, phrases: Tree) -> JsonValue:
        items: list[JsonValue] = []
        part: Schema = schema.get("items", {"type": "string"})
        count = self._item_count(schema, path, phrases)
        if "enum" in part:
            return self._dice.order(path, part["enum"])[:count]
        around = self._words
        for index in range(count):
            told = json.dumps(items, ensure_ascii=False)
            self._words = _unsaid(around, told)
            items.append(self._value(part, f"{path}[{index}]", phrases))
        self._words = around
        return items

    def _item_count(self, schema: Schema, path: str, phrases: Tree) -> int:
        least = schema.get("minItems", 1)
        most = schema.get("maxItems", max(least, MOST_ITEMS))
        for field in phrases.get("each_of", ()):
            # One item for each word of a payload field, where there are any.
            if named := self._words.get(field.literal):
                return min(max(len(named), least), most)
        lowest = min(max(least, USUAL_ITEMS), most)
        return lowest + self._dice.roll(f"{path}#", min(2, most - lowest + 1))

    def _number(self, schema: Schema, path: str, *, whole: bool) -> JsonValue:
        least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        least = math.ceil(least) if whole else least
        most = schema.get("maximum", schema.get("exclusiveMaximum", least + 10))
        step = schema.get("multipleOf", 1 if whole or most - least > 20 else 0.1)
        steps = max(1, int((most - least) / step))
        # Never the border itself, which may be excluded, where there is a choice.
        taken = 1 + self._dice.roll(path, steps - 1) if steps > 1 else 0
        number = least + taken * step
        return int(number) if whole else round(number, 6)

    def _text(self, schema: Schema, path: str, phrases: Tree) -> str:
        fits = self._fits(schema)
        start = self._dice.roll(f"{path} words", 1000)
        for tier in self._tiers(phrases, path):
            for phrase in self._dice.order(path, tier):
                if text := first_fitting(phrase, self._words, start=start, fits=fits):
                    self._spent.add(phrase)
                    self._written.append(text)
                    return text
        text = self._assembled(schema, path)
        if not re.search(schema.get("pattern", ""), text):
            text = next((example for example in self._examples if fits(example)), text)
        self._written.append(text)
        return text

    def _tiers(self, phrases: Tree, path: str) -> Iterator[tuple[Phrase, ...]]:
        """The phrases to try, best first, those that this answer has not used yet before others.

        A role speaks in its own phrases two times out of three.
        """
        names = ["phrases", "loose", "fallback"]
        names.insert(0 if self._dice.roll(f"{path} role", 3) else 1, self._role)
        for node in (phrases, self._copy["common"]["text"]):
            tiers = [node[name] for name in names if name in node]
            for tier in tiers:
                yield tuple(
                    phrase for phrase in tier if phrase not in self._spent or phrase.is_quote
                )
            yield from tiers

    def _fits(self, schema: Schema) -> Fits:
        least, most = _lengths(schema)
        pattern = re.compile(schema.get("pattern", ""))
        return lambda text: (
            least <= len(text) <= most and bool(pattern.search(text)) and self._is_new(text)
        )

    def _is_new(self, text: str) -> bool:
        """Whether `text` is no name, and neither it nor another text is the other's beginning."""
        return text not in self._names and not any(
            text == other or (min(len(text), len(other)) >= BEGINNING and _begins(text, other))
            for other in self._written
        )

    def _assembled(self, schema: Schema, path: str) -> str:
        """A text of a length that no phrase has: sentences to the least, else words."""
        least, most = _lengths(schema)
        sentences = [phrase.literal for phrase in self._copy["common"]["text"]["fallback"]]
        text = ""
        for sentence in list(self._dice.order(path, sentences)) * (least // 20 + 1):
            longer = f"{text} {sentence}".strip()
            if len(text) >= least or len(longer) > most:
                continue
            text = longer
        words = [phrase.literal for phrase in self._copy["common"]["words"]]
        while len(text) < least:
            text = _with_word(text, words, least=least)
        return text


def _with_word(text: str, words: list[str], *, least: int) -> str:
    """`text` and one more word, the longest that still lets it end exactly at `least`."""
    room = least - len(text) - (1 if text else 0)
    fitting = [word for word in words if len(word) == room or len(word) <= room - 2]
    word = max(fitting, key=len, default="·" * max(room, 1))
    return f"{text} {word}" if text and room > 0 else text + word


def _begins(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _unsaid(words: Words, told: str) -> Words:
    """The words that are not in the text told already."""
    kept = {
        field: tuple(word for word in choice if word not in told) for field, choice in words.items()
    }
    return {field: choice for field, choice in kept.items() if choice}


def _lengths(schema: Schema) -> tuple[int, int]:
    least = schema.get("minLength", 1)
    return least, schema.get("maxLength", max(USUAL_LONGEST, least * 2))


def _type_of(schema: Schema) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    return kind if isinstance(kind, str) else next(name for name in kind if name != "null")
