"""Maps from paths to versions of files, one for each open branch, that share what they have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

V = TypeVar("V")


class Layer(Generic[V]):
    """A map that lies on another one and holds only what differs from it; ``None`` hides a path of the one below.

    A fork costs nothing, however large the map. When a layer is the only one left on the map below, the two become one: the
    smaller moves into the larger, so that look-ups stay short.

    >>> trunk: Layer[int] = Layer()
    >>> trunk.put("a", 1)
    >>> left, right = trunk.fork(), trunk.fork()
    >>> left.put("a", 2); right.drop("a")
    >>> left.get("a"), right.get("a"), trunk.get("a")
    (2, None, 1)
    """

    __slots__ = ("below", "own", "users")

    def __init__(self, below: Layer[V] | None = None) -> None:
        self.below = below
        self.own: dict[str, V | None] = {}
        self.users = 1

    def fork(self) -> Layer[V]:
        """Return a map that starts as this one, which must not change any more unless its other users are gone."""
        self.users += 1
        return Layer(self)

    def release(self) -> None:
        """Give up one use of this map."""
        self.users -= 1
        if self.users == 0 and self.below is not None:
            self.below.release()

    @property
    def shared(self) -> bool:
        """Whether somebody else uses this map."""
        return self.users > 1

    def get(self, path: str) -> V | None:
        """Return the version at a path; ``None`` if there is none."""
        layer: Layer[V] | None = self
        while layer is not None:
            if path in layer.own:
                return layer.own[path]
            layer = layer.below
        return None

    def put(self, path: str, version: V) -> None:
        """Set the version at a path."""
        self.own[path] = version

    def drop(self, path: str) -> None:
        """Take a path away."""
        if self.below is None:
            self.own.pop(path, None)
        else:
            self.own[path] = None

    def settle(self) -> None:
        """Join with the maps below that nobody else uses."""
        while self.below is not None and self.below.users == 1:
            below = self.below
            bottom = below.below is None
            if len(below.own) < len(self.own):
                self.own = {**below.own, **self.own}
                if bottom:
                    self.own = {path: version for path, version in self.own.items() if version is not None}
            else:
                for path, version in self.own.items():
                    if version is None and bottom:
                        below.own.pop(path, None)
                    else:
                        below.own[path] = version
                self.own = below.own
            self.below = below.below

    def items(self) -> Iterator[tuple[str, V]]:
        """Yield every path and its version."""
        hidden: set[str] = set()
        layer: Layer[V] | None = self
        while layer is not None:
            for path, version in layer.own.items():
                if path not in hidden:
                    hidden.add(path)
                    if version is not None:
                        yield path, version
            layer = layer.below
