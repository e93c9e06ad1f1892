"""What each group of features is worth: the model without it, on the years before the test period.

Whether a feature stays is decided here, so that the test years do not choose the model that they measure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from training import metrics
from training.config import timestamp
from training.dataset import DAY, Dataset
from training.evaluate import CLASSIC_SOURCE, Split, enough, untold
from training.fit import Recipe, fit
from training.recipe import MEMBERS, recipe

BLOCK_DAYS = 730
"""How much of the time before the test period is tested on."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ablation:
    """A group that was left out (empty: none), and the figures without and with an issue tracker's word."""

    group: str
    features: int
    plain: tuple[float, float, float]
    told: tuple[float, float, float]


def ablations(data: Dataset, prepared: Recipe, say: Say) -> list[Ablation]:
    """Train on what was written up to two years before ``test_from``, without one group after another; test on these two years.

    Only mined histories take part: tables of classic features lack most groups anyway.
    """
    end = timestamp(prepared.config.periods.test_from)
    mined = data.where((data.source != CLASSIC_SOURCE) & (data.at < end))
    train, test = mined.where(mined.at < end - BLOCK_DAYS * DAY), mined.where(mined.at >= end - BLOCK_DAYS * DAY)
    enough(Split(train, test))
    found = []
    for group in ("", *(name for name in MEMBERS if set(MEMBERS[name]) & set(data.names))):
        say(f"without {group or 'nothing'} …")
        left_out = tuple(name for name in MEMBERS.get(group, ()) if name in data.names)
        config = replace(prepared.config, exclude=(*prepared.config.exclude, *left_out))
        chosen, without = recipe(train, config)
        model = fit(chosen, without, rounds=config.trees.rounds)
        shown = test.only(chosen.names)
        plain, told = model.probabilities(untold(shown, without).features), model.probabilities(shown.features)
        found.append(Ablation(group, len(left_out), _figures(shown, plain), _figures(shown, told)))
    return found


def _figures(test: Dataset, p: metrics.Floats) -> tuple[float, float, float]:
    return (metrics.auc(test.harm, p), metrics.average_precision(test.harm, p),
            metrics.mean_within(test.repository, test.harm, p))


def table(found: Sequence[Ablation]) -> str:
    """Show the whole model's figures, and what is lost without each group (in thousandths), as Markdown."""
    whole = found[0]
    head = ("without", "features", "AUC", "PR-AUC", "within", "AUC, tracker", "PR-AUC, tracker", "within, tracker")
    cells = [["nothing", "—", *(f"{x:.4f}" for x in (*whole.plain, *whole.told))]]
    for one in found[1:]:
        lost = (1000 * (x - y) for x, y in zip((*one.plain, *one.told), (*whole.plain, *whole.told), strict=True))
        cells.append([one.group, str(one.features), *(f"{x:+.1f}" for x in lost)])
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *cells))
