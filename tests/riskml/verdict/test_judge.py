"""A stage is promoted on proof, rolled back on proof, and held otherwise."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from riskml.errors import UsageError
from riskml.plan import Plan, from_json
from riskml.verdict import Observation, judge_stage, to_wire

PLANS = Path(__file__).parents[2] / "golden" / "plans"


@pytest.fixture
def plan() -> Plan:
    """Return a canary of 1, 10, 50 and 100 %: errors under 1 % and at most twice the baseline's."""
    return from_json(json.loads((PLANS / "canary.json").read_text()))


def minute(stage: str, i: int, total: float, bad: float, share: float, base: float = 0.005, slow: float = 0.0
           ) -> list[Observation]:
    """Make what one minute of a stage shows: errors of both arms, and requests slower than 500 ms and 1000 ms of the canary."""
    old = total * (1 - share) / share
    span = {"stage": stage, "start_s": 60 * i, "window_s": 60}
    made = [Observation(metric="error_rate", arm="canary", total=total, bad=bad, **span),
            Observation(metric="error_rate", arm="baseline", total=old, bad=old * base, **span)]
    late = {"metric": "latency_p99", "arm": "canary", "total": total, "bad": total * slow, **span}
    return [*made, *(Observation(over=o, **late) for o in (500, 1000))]


def minutes(stage: str, count: int, total: float, bad: float, share: float = 0.01, **more: float) -> list[Observation]:
    """Make the same minute many times over."""
    return [o for i in range(count) for o in minute(stage, i, total, bad, share, **more)]


def test_a_healthy_stage_is_promoted_when_its_length_and_sample_are_reached(plan):
    """Healthy for 69 minutes at 60 requests a minute: every gate is proven, nothing is missing."""
    verdict = judge_stage(plan, "p1", minutes("p1", 80, 60, 0))
    assert (verdict.decision, verdict.missing_requests) == ("promote", None)
    assert [(e.gate, e.healthy) for e in verdict.evidence] == [("err", True), ("p99", True)]


def test_a_short_stage_is_held_with_what_is_missing(plan):
    """Before its length and sample are reached a stage is held, and the reason says how much it lacks."""
    verdict = judge_stage(plan, "p1", minutes("p1", 10, 60, 0))
    assert verdict.decision == "hold"
    assert "3,000 s of its minimal length" in verdict.reason
    assert "3,560 canary requests" in verdict.reason
    assert verdict.missing_requests == 3_560


def test_what_is_missing_is_about_right(plan):
    """After a third more requests than the verdict asked for, at the same rates, the gate is proven; after half of them not."""
    easy = replace(plan, stages=(replace(plan.stages[0], min_duration_s=0, min_requests=None), *plan.stages[1:]))
    seen = minutes("p1", 4, 200, 1)
    missing = judge_stage(easy, "p1", seen).missing_requests
    assert missing is not None
    early = seen + minute("p1", 4, 0.5 * missing, 0.0025 * missing, 0.01)
    enough = seen + minute("p1", 4, 1.3 * missing, 0.0065 * missing, 0.01)
    assert judge_stage(easy, "p1", early).decision == "hold"
    assert judge_stage(easy, "p1", enough).decision == "promote"


def test_a_worse_canary_is_rolled_back(plan):
    """Four times the baseline's errors are proven worse, although they stay under the hard limit."""
    verdict = judge_stage(plan, "p1", minutes("p1", 30, 100, 2))
    assert verdict.decision == "rollback"
    assert "proven" in verdict.reason
    assert verdict.evidence[0].healthy is False


def test_a_difference_within_the_tolerated_ratio_is_not_rolled_back(plan):
    """A canary that is certainly worse, but by less than the gate tolerates, stays."""
    busy = minutes("p50", 30, 100_000, 600, share=0.5, base=0.005)
    assert judge_stage(plan, "p50", busy).decision != "rollback"


def test_slow_answers_are_proven_by_count(plan):
    """5 % of requests over 1000 ms break "the 99th percentile under 1000 ms"."""
    verdict = judge_stage(plan, "p1", minutes("p1", 10, 100, 0, slow=0.05))
    assert verdict.decision == "rollback"
    assert "latency_p99 > 1000" in verdict.reason


def test_a_disaster_needs_no_proof(plan):
    """A hard limit passed in two windows in a row rolls back at once, in one it does not."""
    value = [Observation("p1", "latency_p99", "canary", 60 * i, 60, value=2_000) for i in (1, 2)]
    errors = minutes("p1", 1, 40, 0) + minute("p1", 1, 40, 40, 0.01) + minute("p1", 2, 40, 40, 0.01)
    assert judge_stage(plan, "p1", value).decision == "rollback"
    assert judge_stage(plan, "p1", errors).decision == "rollback"
    assert judge_stage(plan, "p1", value[:1]).decision == "hold"


def test_a_gate_that_may_only_hold_never_rolls_back(plan):
    """The latency gate has severity hold: proof that it is broken holds the release."""
    seen = [o for o in minutes("p1", 80, 60, 0, slow=0.05) if o.over != 1000]
    verdict = judge_stage(plan, "p1", seen)
    assert verdict.decision == "hold"
    assert verdict.evidence[1].healthy is False


def test_the_first_minute_does_not_count(plan):
    """Errors of the warm-up are left out, and so is its good service."""
    seen = minute("p1", 0, 1_000, 900, 0.01) + [o for i in range(1, 80) for o in minute("p1", i, 60, 0, 0.01)]
    assert judge_stage(plan, "p1", seen).decision == "promote"
    assert judge_stage(plan, "p1", seen, warm_up_s=0).decision == "rollback"


def test_no_data_holds_whatever_the_time(plan):
    """Without observations a stage is held after any length of time, and the unknown gates are named."""
    verdict = judge_stage(plan, "p1", [], elapsed_s=1_000_000)
    assert (verdict.decision, verdict.unknown) == ("hold", ("err", "p99"))


def test_data_that_stopped_is_no_data(plan):
    """A canary that was healthy and then went silent is not promoted on what it once showed."""
    seen = minutes("p1", 80, 60, 0)
    assert judge_stage(plan, "p1", seen, elapsed_s=80 * 60).decision == "promote"
    assert judge_stage(plan, "p1", seen, elapsed_s=90 * 60).decision == "hold"


def test_no_data_rolls_back_where_the_plan_says_so(plan):
    """``on_no_data: rollback`` counts silence as failure, after the warm-up and three intervals."""
    strict = replace(plan, analysis=replace(plan.analysis, on_no_data="rollback"))
    assert judge_stage(strict, "p1", [], elapsed_s=120).decision == "hold"
    assert judge_stage(strict, "p1", [], elapsed_s=240).decision == "rollback"


def test_a_wrong_share_is_held_and_named(plan):
    """When the router gives 1.7 % instead of 1 %, no comparison is made; but a proven limit still rolls back."""
    seen = minutes("p1", 80, 60, 0, share=0.0166)
    verdict = judge_stage(plan, "p1", seen)
    assert verdict.decision == "hold"
    assert "1.66 % of the requests, not 1 %" in verdict.reason
    assert judge_stage(plan, "p1", minutes("p1", 80, 60, 30, share=0.0166)).decision == "rollback"


def test_evidence_is_carried_over_the_ramp(plan):
    """What the stages before have shown counts, so a later stage needs less; observations of later stages do not."""
    before = minutes("p1", 80, 60, 0)
    alone = judge_stage(plan, "p10", minutes("p10", 3, 60, 0, share=0.1))
    after = judge_stage(plan, "p10", before + minutes("p10", 3, 60, 0, share=0.1))
    assert alone.evidence[0].healthy is None
    assert after.evidence[0].healthy is True
    assert after.decision == "hold"
    assert judge_stage(plan, "p1", before + minutes("p10", 3, 60, 50, share=0.1)).decision == "promote"


def test_the_next_stage_waits_for_approval(plan):
    """A stage in front of a manual one is promoted only with that approval, and never because its time is over."""
    asked = replace(plan.stages[1], approval="manual")
    first = replace(plan.stages[0], max_duration_s=3_600, on_inconclusive="promote")
    manual = replace(plan, stages=(first, asked, *plan.stages[2:]))
    seen = minutes("p1", 80, 60, 0)
    assert judge_stage(manual, "p1", seen).decision == "hold"
    assert judge_stage(manual, "p1", seen, approved={"p10"}).decision == "promote"


@pytest.mark.parametrize("said", ["hold", "promote", "rollback"])
def test_after_its_maximal_length_an_undecided_stage_does_what_it_says(plan, said):
    """``on_inconclusive`` decides when time is over and evidence is not enough."""
    short = replace(plan.stages[0], min_duration_s=60, max_duration_s=600, min_requests=100_000, on_inconclusive=said)
    timed = replace(plan, stages=(short, *plan.stages[1:]))
    assert judge_stage(timed, "p1", minutes("p1", 9, 60, 0)).decision == "hold"
    assert judge_stage(timed, "p1", minutes("p1", 10, 60, 0)).decision == said


def test_a_stage_without_gates_is_a_matter_of_time(plan):
    """The last stage has nothing to prove."""
    assert judge_stage(plan, "all", []).decision == "promote"


def test_bursts_are_deflated(plan):
    """With a design effect of 20 the same errors are no proof any more."""
    seen = minutes("p1", 20, 100, 2)
    assert judge_stage(plan, "p1", seen).decision == "rollback"
    assert judge_stage(plan, "p1", seen, design_effect=20).decision == "hold"


def test_the_threshold_method_counts_failed_checks(plan):
    """``method: threshold`` is Flagger's rule: the fifth bad minute rolls back, and time promotes."""
    plain = replace(plan, analysis=replace(plan.analysis, method="threshold"))
    bad = [o for i in range(1, 6) for o in minute("p50", i, 100, 2, 0.5, base=0.02)]
    assert judge_stage(plain, "p50", bad).decision == "rollback"
    assert judge_stage(plain, "p50", [o for o in bad if o.start_s < 300]).decision == "hold"
    assert judge_stage(plain, "p50", minutes("p50", 31, 50, 0, share=0.5)).decision == "promote"


def test_the_wire_form_has_what_deploy_tools_read(plan):
    """Tools read ``verdict`` and show ``reason``; everything is JSON without infinities."""
    wire = to_wire(judge_stage(plan, "p1", minutes("p1", 10, 60, 0)))
    assert wire["verdict"] == "hold"
    assert list(wire) == ["verdict", "reason", "stage", "evidence", "missing", "next_check_s"]
    assert wire["missing"]["requests"] > 0
    json.dumps(wire, allow_nan=False)
    assert wire["evidence"]["err"]["total"] == 540


def test_unknown_stages_are_refused(plan):
    """A stage that the plan does not have is an error that names those it has."""
    with pytest.raises(UsageError, match="p1, p10, p50, all"):
        judge_stage(plan, "p2", [])
