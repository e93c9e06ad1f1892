"""The risk of a release from the risks of its changes: combined, bounded, and shared out among them.

The combination takes the changes to do harm independently of each other, which nobody can know. The bounds hold however they
depend on each other (Fréchet 1935, Boole): with full dependence a release is as risky as its riskiest change, and it is never
riskier than the sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import expm1, fsum, inf, isinf, log1p


def combined(probabilities: Iterable[float]) -> float:
    """Return the probability that at least one of some independent changes does harm: ``1 − Π(1 − p)``.

    The order does not matter, and one more change never lowers it. No change at all does no harm.

    >>> round(combined([0.1, 0.2]), 3), combined([]), combined([0.3, 1.0])
    (0.28, 0.0, 1.0)
    """
    return -expm1(-fsum(map(weight, probabilities)))


def weight(probability: float) -> float:
    """Return what a change adds to the sum behind ``combined``: ``−log(1 − p)``, infinite where harm is certain.

    >>> weight(0.0), weight(1.0)
    (0.0, inf)
    """
    return inf if probability >= 1 else -log1p(-probability)


def expected(probabilities: Iterable[float]) -> float:
    """Return how many of the changes do harm on average: the sum, which holds without independence.

    >>> expected([0.5, 0.25])
    0.75
    """
    return fsum(probabilities)


def bounds(probabilities: Sequence[float]) -> tuple[float, float]:
    """Return the least and the greatest probability of harm that any dependence between the changes allows.

    >>> bounds([0.125, 0.25]), bounds([0.5, 0.75])
    ((0.25, 0.375), (0.75, 1.0))
    """
    return max(probabilities, default=0.0), min(1.0, fsum(probabilities))


def shares(probabilities: Sequence[float]) -> list[float]:
    """Return the part of the combined risk that each change carries: its weight among all weights; they add up to 1.

    Where harm is certain of some, these carry all of it. Where no change has any risk, all carry alike.

    >>> [round(share, 3) for share in shares([0.0, 0.5, 0.75])]
    [0.0, 0.333, 0.667]
    >>> shares([0.5, 1.0]), shares([0.0, 0.0])
    ([0.0, 1.0], [0.5, 0.5])
    """
    weights = [weight(p) for p in probabilities]
    if any(isinf(w) for w in weights):
        weights = [float(isinf(w)) for w in weights]
    total = fsum(weights)
    return [w / total if total else 1 / len(weights) for w in weights]
