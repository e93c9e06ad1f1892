"""Objects that hold one stage at a time, and the ladder beside them: a ConfigMap with the object of every stage.

Applying the stream puts the stage in force and stores the others; to go on, apply the ladder's next entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from riskml.plan import Plan, Stage
from riskml.render.manifest import dump, metadata, one_stage_notes, resource, stream
from riskml.render.stages import ROLLBACK, in_force, label

Make = Callable[[int, Stage | None], Mapping[str, Any]]
"""Gives the ``spec`` of a stage by its place, or, for ``None``, of the state in which nobody is served."""


def staged(plan: Plan, target: str, kind: tuple[str, str], make: Make, *, stage: str | None,
           before: tuple[Mapping[str, Any], ...] = ()) -> str:
    """Write the object of the stage in force, after what must exist ``before`` it, and the ladder.

    With a ``stage`` given by name, the ladder is left out. ``kind`` is (apiVersion, kind).
    """
    name = label(target, plan.subject.service)
    now = in_force(plan, stage)

    def made(i: int, s: Stage | None) -> dict[str, Any]:
        return resource(plan, kind, name, make(i, s), one_stage_notes(plan, s, ROLLBACK))

    all_made = {f"{i}-{s.name}.yaml": made(i, s) for i, s in enumerate(plan.stages, start=1)}
    undone = made(0, None)
    current = next((all_made[f"{i}-{s.name}.yaml"] for i, s in enumerate(plan.stages, start=1) if s is now), undone)
    remarks = [f"In force: {now.name if now else ROLLBACK}."]
    if stage is not None:
        return stream(plan, target, [*before, current], remarks)
    remarks.append(f"The ConfigMap holds the {kind[1]} of every stage, and of the way back ({ROLLBACK}.yaml).")
    if now is None:
        remarks.append(f"Stage {plan.stages[0].name} waits for approval, so nothing is started by applying this.")
    data = {f: dump(d) for f, d in all_made.items()} | {f"{ROLLBACK}.yaml": dump(undone)}
    ladder = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(plan, f"{name}-riskml-stages"), "data": data}
    return stream(plan, target, [*before, ladder, current], remarks)
