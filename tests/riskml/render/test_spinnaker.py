"""A Spinnaker pipeline goes on only after good verdicts, and back after a bad one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from riskml.plan import from_json
from riskml.render import render

PLANS = Path(__file__).parents[2] / "golden" / "plans"


def stages(name: str) -> dict[str, dict]:
    """Return a rendered pipeline's stages by name."""
    plan = from_json(json.loads((PLANS / f"{name}.json").read_text()))
    return {s["name"]: s for s in json.loads(render(plan, "spinnaker"))["stages"]}


def test_a_verdict_runs_beside_the_wait():
    """Both begin when the stage is open, and the next stage opens after both."""
    made = stages("canary")
    opened, wait, verdict, following = (made[n] for n in ("open p1", "wait p1", "verdict p1", "open p10"))
    assert wait["requisiteStageRefIds"] == verdict["requisiteStageRefIds"] == [opened["refId"]]
    assert following["requisiteStageRefIds"] == [wait["refId"], verdict["refId"]]


def test_only_good_verdicts_open_the_next_stage():
    """Every later stage asks for all verdicts before it; the way back asks for the opposite; the end fails the pipeline."""
    made = stages("canary")
    good = made["open p50"]["stageEnabled"]["expression"]
    assert "'verdict p1'" in good
    assert "'verdict p10'" in good
    assert "'verdict p50'" not in good
    assert made["rollback"]["stageEnabled"]["expression"].startswith("${!(")
    assert made["outcome"]["preconditions"][0]["failPipeline"] is True


def test_hold_means_still_running():
    """Only promote and rollback end the polling."""
    verdict = stages("canary")["verdict p1"]
    assert (verdict["successStatuses"], verdict["terminalStatuses"]) == ("promote", "rollback")
    assert verdict["waitForCompletion"] is True


@pytest.mark.parametrize("name", ["canary", "blue-green", "dark", "rolling", "canary-held"])
def test_the_graph_has_no_loose_ends(name):
    """Every stage waits for stages that exist, and comes after them."""
    seen: set[str] = set()
    for stage in stages(name).values():
        assert set(stage["requisiteStageRefIds"]) <= seen
        seen.add(stage["refId"])
