"""A memory with an end: what was asked for last stays, the rest is forgotten."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Lately(OrderedDict[Key, Value], Generic[Key, Value]):
    """The values of the keys that were asked for last, at most so many.

    >>> lately = Lately(2)
    >>> [lately.ask(key, str.upper) for key in "aba"], lately.ask("c", str.upper), list(lately)
    (['A', 'B', 'A'], 'C', ['a', 'c'])
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def ask(self, key: Key, make: Callable[[Key], Value]) -> Value:
        """Return the value of a key, making it if it is not there."""
        if key not in self:
            self[key] = make(key)
        self.move_to_end(key)
        self.trim()
        return self[key]

    def trim(self) -> None:
        """Forget what was not asked for the longest."""
        while len(self) > self._most:
            self.popitem(last=False)
