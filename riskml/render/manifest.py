"""Kubernetes objects as one YAML stream: names, annotations that tie an object to its plan, no anchors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from riskml import document
from riskml.plan import Plan, Stage

PLAN_ID = "riskml.dev/plan-id"
DIGEST = "riskml.dev/plan-digest"
STAGE = "riskml.dev/stage"
STAGES = "riskml.dev/stages"
GATES = "riskml.dev/gates"


class _PlainDumper(yaml.SafeDumper):
    """Writes equal lists twice rather than as an anchor, which patches and other readers do not follow."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # the name is PyYAML's
        return True


def metadata(plan: Plan, name: str, notes: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return an object's metadata, with the plan's id and digest and what else the target has no word for."""
    made: dict[str, Any] = {"name": name}
    if plan.subject.namespace:
        made["namespace"] = plan.subject.namespace
    made["annotations"] = {PLAN_ID: plan.plan_id, DIGEST: plan.digest, **(notes or {})}
    return made


def resource(plan: Plan, kind: tuple[str, str], name: str, spec: Mapping[str, Any], notes: Mapping[str, str] | None = None
             ) -> dict[str, Any]:
    """Return a whole object; ``kind`` is (apiVersion, kind)."""
    return {"apiVersion": kind[0], "kind": kind[1], "metadata": metadata(plan, name, notes), "spec": spec}


def stage_notes(plan: Plan) -> dict[str, str]:
    """Return the stages and gates of a plan as annotations: names, lengths and gates that the object's kind cannot hold."""
    notes = {STAGES: compact([document.write(s) for s in plan.stages])}
    if plan.gates:
        notes[GATES] = compact([document.write(g) for g in plan.gates])
    return notes


def one_stage_notes(plan: Plan, stage: Stage | None, fallback: str) -> dict[str, str]:
    """Return what belongs to one stage as annotations."""
    notes = {STAGE: stage.name if stage else fallback}
    if stage:
        notes[STAGES] = compact([document.write(stage)])
        gates = [document.write(g) for g in plan.gates if g.id in stage.gates]
        if gates:
            notes[GATES] = compact(gates)
    return notes


def compact(value: object) -> str:
    """Spell a JSON value on one line."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def headline(plan: Plan, target: str) -> str:
    """Return one line of words for a comment at the top of a text. Holds only labels and hashes, so it cannot break out."""
    return f"riskml plan {plan.plan_id}: {plan.strategy}, for {target}. Digest {plan.digest}"


def stream(plan: Plan, target: str, documents: Iterable[Mapping[str, Any]], remarks: Iterable[str] = ()) -> str:
    """Write objects as a YAML stream under a comment; ``remarks`` are further comment lines."""
    top = "".join(f"# {line}\n" for line in (headline(plan, target), *remarks))
    return top + "---\n".join(dump(d) for d in documents)


def dump(value: object) -> str:
    """Write one YAML document: keys in the order given, no anchors, no line breaks inside values."""
    return yaml.dump(value, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True, width=100_000)
