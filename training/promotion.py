"""Whether a challenger takes the champion's place: the written rule, and its reasons in words. Pure.

Both are judged on the same block of changes: those written last among the mature ones, after everything that either of them was
trained on. The challenger is promoted when all of these hold, and refused with every reason that does not:

1. The block is large enough to tell: ``least_changes``, of which ``least_harmful`` did harm.
2. Among changes of about the same size it ranks better than the number of lines added does, beyond chance.
3. It does not lose to the champion in AUC, nor in the area under the precision-recall curve.
4. It is not worse calibrated: neither in Brier score nor in calibration error.

Figures are compared change by change on the same resamples of the block (a paired bootstrap, Efron & Tibshirani 1993): a
difference counts as a loss when its whole 95 % interval lies on the wrong side of 0, or when it is larger than ``tolerance``
whatever its interval. Without a champion, only the first two are asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Rule:
    """The numbers of the rule. ``block`` is the share of the mature changes, the youngest, that both are judged on."""

    block: float = 0.2
    least_changes: int = 200
    least_harmful: int = 30
    tolerance: float = 0.02
    resamples: int = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of two models on the same changes, and the 95 % interval of challenger less champion."""

    challenger: float
    champion: float
    low: float
    high: float

    @property
    def gain(self) -> float:
        """Challenger less champion."""
        return self.challenger - self.champion


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rule looks at. ``beyond_size`` compares the challenger with lines added inside strata of equal size.

    ``versus`` holds the figures against the champion by the names of :data:`FIGURES`; it is empty without a champion.
    """

    changes: int
    harmful: int
    beyond_size: Difference | None
    versus: Mapping[str, Difference]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Promote or not, and why: every reason against it, or the reasons for it."""

    promote: bool
    reasons: tuple[str, ...]

    @property
    def text(self) -> str:
        """One sentence.

        >>> Verdict(False, ("it loses in AUC", "it is worse calibrated")).text
        'refused: it loses in AUC; it is worse calibrated'
        """
        return ("promoted: " if self.promote else "refused: ") + "; ".join(self.reasons)


FIGURES: Mapping[str, tuple[str, Better]] = {
    "auc": ("AUC", "higher"),
    "average_precision": ("PR-AUC", "higher"),
    "brier": ("Brier score", "lower"),
    "ece": ("calibration error", "lower"),
}
"""What must not be lost to the champion: title, and which way is better."""


def decide(judged: Judged, rule: Rule) -> Verdict:
    """Apply the rule.

    >>> better = Difference(0.74, 0.70, 0.01, 0.07)
    >>> same = Difference(0.170, 0.171, -0.004, 0.002)
    >>> versus = {"auc": better, "average_precision": better, "brier": same, "ece": same}
    >>> decide(Judged(900, 120, better, versus), Rule()).text
    'promoted: among changes of the same size, AUC 0.740 against 0.700 by lines added (+0.040, 95 % +0.010 to +0.070); no loss \
to the champion in AUC (+0.040), PR-AUC (+0.040), Brier score (-0.001), calibration error (-0.001)'

    A block that is too small tells nothing, and nothing is no reason to change what runs:

    >>> decide(Judged(120, 9, None, {}), Rule()).reasons
    ('too few changes to tell: 120 of at least 200', 'too few harmful changes to tell: 9 of at least 30')

    A loss within noise is none, unless it is a large one:

    >>> within, large = Difference(0.69, 0.70, -0.03, 0.01), Difference(0.66, 0.70, -0.09, 0.01)
    >>> decide(Judged(900, 120, better, {"auc": within}), Rule()).promote
    True
    >>> decide(Judged(900, 120, better, {"auc": large}), Rule()).reasons
    ('it loses to the champion in AUC: 0.660 against 0.700 (-0.040, 95 % -0.090 to +0.010)',)
    >>> worse = Difference(0.20, 0.18, 0.01, 0.03)
    >>> decide(Judged(900, 120, better, {"brier": worse}), Rule()).reasons
    ('it loses to the champion in Brier score: 0.200 against 0.180 (+0.020, 95 % +0.010 to +0.030)',)
    """
    little = too_little(judged, rule, "to tell")
    if little:
        return Verdict(False, little)
    against, size = [], judged.beyond_size
    if size is None:
        against.append("no stratum of equal size holds both harmful and harmless changes")
    elif size.low <= 0:
        against.append("among changes of the same size it is not shown to rank better than lines added: AUC "
                       f"{size.challenger:.3f} against {size.champion:.3f} ({_interval(size)})")
    for name, found in judged.versus.items():
        title, better = FIGURES[name]
        if _lost(found, better, rule.tolerance):
            against.append(f"it loses to the champion in {title}: {found.challenger:.3f} against {found.champion:.3f} "
                           f"({_interval(found)})")
    if against or size is None:
        return Verdict(False, tuple(against))
    beyond = f"among changes of the same size, AUC {size.challenger:.3f} against {size.champion:.3f} by lines added"
    kept = ", ".join(f"{FIGURES[name][0]} ({found.gain:+.3f})" for name, found in judged.versus.items())
    compared = f"no loss to the champion in {kept}" if kept else "there is no champion to compare with"
    return Verdict(True, (f"{beyond} ({_interval(size)})", compared))


def too_little(judged: Judged, rule: Rule, what_for: str) -> tuple[str, ...]:
    """Say what there is too little of, if anything.

    >>> too_little(Judged(300, 9, None, {}), Rule(), "to learn from")
    ('too few harmful changes to learn from: 9 of at least 30',)
    """
    counted = (("changes", judged.changes, rule.least_changes), ("harmful changes", judged.harmful, rule.least_harmful))
    return tuple(f"too few {what} {what_for}: {found} of at least {least}" for what, found, least in counted if found < least)


def _lost(found: Difference, better: Better, tolerance: float) -> bool:
    if better == "higher":
        return found.high < 0 or found.gain < -tolerance
    return found.low > 0 or found.gain > tolerance


def _interval(found: Difference) -> str:
    return f"{found.gain:+.3f}, 95 % {found.low:+.3f} to {found.high:+.3f}"
