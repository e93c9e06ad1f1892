"""Gates alone are enough for a verdict."""

from __future__ import annotations

import pytest

from riskml.errors import PlanError
from riskml.verdict import Observation, judge_stage
from riskml.verdict.adhoc import plan_of_gates

GATE = {"id": "err", "metric": "error_rate", "op": "<", "value": 1, "unit": "percent"}


def minutes(share: float, bad: int = 0) -> list[Observation]:
    """Make twenty minutes in which the canary has this share of 10,000 requests."""
    return [Observation("stage", "error_rate", arm, 60 * n, 60, total=10_000 * part, bad=bad if arm == "canary" else 0)
            for n in range(1, 21) for arm, part in (("canary", share), ("baseline", 1 - share))]


def test_a_share_is_checked_only_when_it_is_given() -> None:
    """Without it nothing is known of what the split should be."""
    assert judge_stage(plan_of_gates([GATE]), "stage", minutes(0.3)).decision == "promote"
    assert "no comparison is valid" in judge_stage(plan_of_gates([GATE], traffic_bp=500), "stage", minutes(0.3)).reason
    assert judge_stage(plan_of_gates([GATE], traffic_bp=500), "stage", minutes(0.05)).decision == "promote"


def test_a_limit_alone_rolls_back() -> None:
    """Hard limits as in a plan's rollback rules."""
    rule = {"metric": "error_rate", "op": ">", "value": 5, "unit": "percent"}
    assert judge_stage(plan_of_gates([], [rule]), "stage", minutes(0.3, bad=600)).decision == "rollback"


@pytest.mark.parametrize(("gates", "rules", "where"), [
    ({"id": "err"}, [], "gates"), ([GATE | {"unit": "pct"}], [], "gates[0].unit"), ([], [{"metric": "x"}], "rules[0].op")])
def test_what_is_wrong_is_named_by_its_place(gates: object, rules: object, where: str) -> None:
    """As in a plan."""
    with pytest.raises(PlanError) as refused:
        plan_of_gates(gates, rules)
    assert refused.value.where == where
