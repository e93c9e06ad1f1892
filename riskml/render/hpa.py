"""HorizontalPodAutoscaler for the time of a release: room for two versions, quick up, never down while the plan runs.

Holds no stages: it stands beside the object that does.
"""

from __future__ import annotations

from math import ceil

from riskml.errors import UsageError
from riskml.plan import Plan
from riskml.render.manifest import resource, stream
from riskml.render.stages import label

TARGET = "hpa"
PERIOD_S = 60


def render(plan: Plan, *, min_replicas: int = 2, max_replicas: int = 20, cpu_percent: int = 70,
           kind: str = "Deployment") -> str:
    """Render an autoscaling/v2 object that scales ``kind`` (Deployment or Rollout) to keep ``cpu_percent`` of the request.

    It keeps between ``min_replicas`` and ``max_replicas`` pods. Scaling down is disabled, because fewer pods in the middle of a
    stage look like a worse version.
    """
    if not 1 <= min_replicas <= max_replicas:  # the schema of Kubernetes accepts it, the controller does not
        raise UsageError("no range of replicas", where="options.max_replicas", got=max_replicas,
                         expected=f"at least min_replicas ({min_replicas}), which is at least 1")
    if not 1 <= cpu_percent <= 100:
        raise UsageError("no share of the request", where="options.cpu_percent", got=cpu_percent, expected="1 to 100")
    kinds = {"Deployment": "apps/v1", "Rollout": "argoproj.io/v1alpha1"}
    if kind not in kinds:
        raise UsageError("cannot scale this kind", where="options.kind", got=kind, expected=f"one of: {', '.join(kinds)}")
    name = label(TARGET, plan.subject.service)
    up = {"stabilizationWindowSeconds": 0, "policies": [{"type": "Percent", "value": 100, "periodSeconds": PERIOD_S}]}
    spec = {
        "scaleTargetRef": {"apiVersion": kinds[kind], "kind": kind, "name": name},
        "minReplicas": min_replicas,
        "maxReplicas": max_replicas,
        "metrics": [{"type": "Resource", "resource": {
            "name": "cpu", "target": {"type": "Utilization", "averageUtilization": cpu_percent}}}],
        "behavior": {"scaleUp": up, "scaleDown": {"selectPolicy": "Disabled"}},
    }
    took = seconds_to_scale(min_replicas, max_replicas)
    remarks = [f"From {min_replicas} to {max_replicas} pods takes at least {took} s.",
               "For the time of the release: put your own autoscaler back afterwards."]
    return stream(plan, TARGET, [resource(plan, ("autoscaling/v2", "HorizontalPodAutoscaler"), name, spec)], remarks)


def seconds_to_scale(pods: int, wanted: int, percent: int = 100, period_s: int = PERIOD_S) -> int:
    """Return how long a Percent policy needs from ``pods`` to ``wanted``: the controller may add ``percent`` % a period.

    >>> seconds_to_scale(100, 5000)
    360
    """
    periods = 0
    while pods < wanted:
        pods = ceil(pods * (100 + percent) / 100)
        periods += 1
    return periods * period_s
