"""Choices that look random and are the same on every machine: a hash of what is asked."""

import hashlib
import json
from collections.abc import Sequence
from typing import TypeVar

from core.types import ProviderRequest

Item = TypeVar("Item")


class Dice:
    """Choices that depend on `key` and on the name of each choice, and on nothing else."""

    def __init__(self, key: str) -> None:
        self._hash = hashlib.blake2b(key.encode("utf-8", "surrogatepass"))

    @classmethod
    def of(cls, request: ProviderRequest) -> "Dice":
        """The dice of a request: its role, task, words and seed, but not its model.

        So the scenarios can be compared: they spoil the same answer, each in its own way.
        """
        asked = [
            request.options.seed,
            request.role,
            request.task,
            request.language,
            request.payload,
            [message.content for message in request.messages],
        ]
        return cls(json.dumps(asked, sort_keys=True))

    def roll(self, name: str, sides: int) -> int:
        """A number from 0 to `sides` - 1."""
        return int.from_bytes(self._digest(name)[:8], "big") % sides

    def _digest(self, name: str) -> bytes:
        choice = self._hash.copy()
        choice.update(name.encode())
        return choice.digest()

    def pick(self, name: str, items: Sequence[Item]) -> Item:
        """One of `items`."""
        return items[self.roll(name, len(items))]

    def order(self, name: str, items: Sequence[Item]) -> list[Item]:
        """All of `items`, shuffled."""
        digest = self._digest(name)
        ranks = [digest[index % len(digest)] for index in range(len(items))]
        return [items[index] for index in sorted(range(len(items)), key=ranks.__getitem__)]
