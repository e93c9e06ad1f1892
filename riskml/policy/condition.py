"""Conditions of ``when``: ``{score: "> 0.7", tier: 1, coverage_changed_lines: unknown}``. All keys of one ``when`` must hold.

A value is a number (equal), ``true`` (above 0) or ``false`` (is 0), the word ``unknown`` or ``known``, or comparisons joined by
commas: ``"> 0.4, <= 0.7"``. What is unknown satisfies no comparison; the plan then says which rule could not be judged.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import inf, isfinite

from riskml.errors import PolicyError
from riskml.policy.facts import OTHER_KEYS, RISK_KEYS, Facts

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt,
}
_COMPARISON = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*\Z")
_LEGAL = "a comparison such as \"> 0.7\" or \"> 0.4, <= 0.7\", a number, true, false, known or unknown"


@dataclass(frozen=True, slots=True)
class Condition:
    """One key of a ``when``: comparisons, or whether the key is known, or (``unknown``) names of which one is unknown."""

    key: str
    comparisons: tuple[tuple[str, float], ...] = ()
    known: bool | None = None
    names: tuple[str, ...] = ()

    def holds(self, facts: Facts) -> bool | None:
        """Return whether the condition holds; ``None`` when that is unknown."""
        if self.key == "unknown":
            return any(name in facts.unknown or facts.value(name) is None for name in self.names)
        value = facts.value(self.key)
        if self.known is not None:
            return (value is not None) == self.known
        if value is None:
            return None
        return all(OPERATORS[op](value, limit) for op, limit in self.comparisons)

    @property
    def span(self) -> tuple[float, float]:
        """The closed hull of the values that can satisfy the comparisons."""
        low, high = -inf, inf
        for op, limit in self.comparisons:
            if op in (">", ">=", "=="):
                low = max(low, limit)
            if op in ("<", "<=", "=="):
                high = min(high, limit)
        return low, high

    def __str__(self) -> str:
        if self.key == "unknown":
            return f"unknown: {' or '.join(self.names)}"
        if self.known is not None:
            return f"{self.key} is {'known' if self.known else 'unknown'}"
        return " and ".join(f"{self.key} {op} {limit:g}" for op, limit in self.comparisons)


def read_when(value: object, *, where: str, features: Collection[str] | None) -> tuple[Condition, ...]:
    """Parse a ``when``; ``features`` are the known feature names (``None``: any identifier is taken for one).

    >>> [str(c) for c in read_when({"score": "> 0.4, <= 0.7", "tests_failed": True}, where="when", features=None)]
    ['score > 0.4 and score <= 0.7', 'tests_failed > 0']
    """
    if not isinstance(value, Mapping) or not value:
        raise PolicyError("empty or no mapping", where=where, got=value, expected='conditions such as {score: "> 0.7"}')
    return tuple(_read_condition(key, condition, f"{where}.{key}", features) for key, condition in value.items())


def _read_condition(key: object, value: object, where: str, features: Collection[str] | None) -> Condition:
    _known_key(key, where, features)
    name = str(key)
    if name == "unknown":
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, (list, tuple)) or not names:
            raise PolicyError("no names", where=where, got=value, expected="a feature name or a list of them")
        for n in names:
            _known_key(n, where, features)
        return Condition(name, names=tuple(str(n) for n in names))
    if value in ("known", "unknown"):
        return Condition(name, known=value == "known")
    if isinstance(value, bool):
        return Condition(name, ((">", 0.0),) if value else (("==", 0.0),))
    if isinstance(value, (int, float)) and isfinite(value):
        return Condition(name, (("==", float(value)),))
    if not isinstance(value, str):
        raise PolicyError("not a condition", where=where, got=value, expected=_LEGAL)
    comparisons = []
    for part in value.split(","):
        found = _COMPARISON.match(part)
        if found is None:
            raise PolicyError("not a condition", where=where, got=value, expected=_LEGAL)
        comparisons.append((found[1], float(found[2])))
    return Condition(name, tuple(comparisons))


def _known_key(key: object, where: str, features: Collection[str] | None) -> None:
    own = (*RISK_KEYS, *OTHER_KEYS)
    if key in own:
        return
    if features is None:
        if isinstance(key, str) and re.fullmatch(r"[a-z][a-z0-9_]*", key):
            return
        raise PolicyError("not a name", where=where, got=key, expected="a fact or feature name in lower case")
    if key not in features:
        near = get_close_matches(str(key), [*own, *features], n=1)
        legal = f"one of: {', '.join(own)}, or a feature's name" + (f"; did you mean {near[0]}?" if near else "")
        raise PolicyError("unknown condition", where=where, got=key, expected=legal)
