"""A verdict without a stored plan: gates and limits alone become the smallest plan that can be judged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from riskml.document import read
from riskml.errors import PlanError
from riskml.plan import ALL_BP, NO_COMMIT, Analysis, Gate, Plan, Risk, Rollback, Rule, Stage, Subject

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ALONE = 60


def plan_of_gates(gates: object, rules: object = (), *, stage: str = "stage", min_duration_s: int = 0,
                  traffic_bp: int | None = None, interval_s: int = _ALONE, alpha: float | None = None) -> Plan:
    """Make a plan of one judged stage from gates and rollback rules as parsed JSON; ``PlanError`` names what is wrong.

    ``traffic_bp`` is the canary's share, against which the observed one is checked; without it nothing is checked.

    >>> gate = {"id": "err", "metric": "error_rate", "op": "<", "value": 1, "unit": "percent"}
    >>> [s.name for s in plan_of_gates([gate]).stages], plan_of_gates([gate]).gates[0].id
    (['stage'], 'err')
    """
    found = tuple(read(Gate, g, error=PlanError, where=f"gates[{i}]") for i, g in enumerate(_listed(gates, "gates")))
    limits = tuple(read(Rule, r, error=PlanError, where=f"rules[{i}]") for i, r in enumerate(_listed(rules, "rules")))
    share = traffic_bp if traffic_bp is not None and 0 < traffic_bp < ALL_BP else ALL_BP
    judged = Stage(stage, share, min_duration_s, gates=tuple(g.id for g in found))
    rest = () if share == ALL_BP else (Stage("all" if stage != "all" else "everybody", ALL_BP, 0),)
    return Plan(
        plan_id="p-adhoc", created_at=_EPOCH, subject=Subject("service", NO_COMMIT), risk=Risk(0.0, "none"),
        strategy="canary" if rest else "full", initial_traffic_bp=share, stages=(judged, *rest), gates=found,
        analysis=Analysis(interval_s, 1, method="anytime-valid", alpha=alpha), rollback=Rollback(limits),
    ).validate()


def _listed(values: object, where: str) -> list[Mapping[str, Any]]:
    if not isinstance(values, (list, tuple)):
        raise PlanError("not a list", where=where, got=values, expected="a list of objects")
    return list(values)
