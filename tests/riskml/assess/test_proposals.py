"""What would lower a risk: tests for lines that none reaches, a flag, each tried on the same policy before it is said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from riskml.assess import Decision, judge, to_wire
from riskml.assessment import ModelRef, Scored
from riskml.change import Change, Commit, FileDiff, Hunk
from riskml.context import ServiceContext
from riskml.policy.policy import read_policy
from riskml.render import show
from riskml.suite import FileCoverage, SuiteRun

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LADDER = [{"when": {"score": "> 0.7"}, "strategy": "canary"}, {"when": {"score": "> 0.4"}, "strategy": "blue-green"},
          {"strategy": "rolling"}]


class FlatScorer:
    """A model that says the same of every change, more without tests."""

    ref = ModelRef("flat", "1", 1, "0" * 64)
    base_rate = 0.2
    feature_names = ("la",)

    def __init__(self, probability: float, untested: float = 0.0) -> None:
        self.probability = probability
        self.untested = untested

    def score(self, vector: Any) -> Scored:
        """Score one vector."""
        p = self.probability + self.untested * vector["code_without_tests"]
        return Scored(p, 0.0, 0.0, {"la": 0.0}, p, p)

    def probabilities(self, vectors: Any) -> list[float]:
        """Score many."""
        return [self.score(v).probability for v in vectors]

    def training_percentile(self, _feature: str, _value: float) -> float | None:
        """Know nothing."""
        return None


def decided(path: str = "billing/charge.py", *, p: float = 0.3, untested: float = 0.0, **more: Any) -> Decision:
    """Judge a change of one file with nine new lines from line 10 on."""
    file = FileDiff(path, path, hunks=(Hunk(9, 0, 10, 9),), added=b"x()\n" * 9, lines_before=100)
    change = Change((file,), (Commit("a" * 40, "Charge twice"),), at=1_700_000_000, base="b" * 40, head="a" * 40)
    return judge(change, None, more.pop("suite", None), FlatScorer(p, untested), more.pop("policy", None), id="1", now=NOW,
                 repository="r", **more)


def covering(*covered: int) -> SuiteRun:
    """Return a report that knows the nine lines, with some of them run."""
    lines = frozenset(range(10, 19))
    return SuiteRun(coverage={"billing/charge.py": FileCoverage(lines & set(covered), lines - set(covered))})


GUARDED = read_policy({"version": 1, "rules": LADDER, "guardrails": [
    {"when": {"coverage_changed_lines": "< 0.8"}, "reason": "changed lines are not tested"}]})


def test_tests_that_reach_the_lines_are_proposed_where_they_lift_a_hold() -> None:
    """The places are named; score and strategy are those of the same change with those lines run."""
    found = decided(suite=covering(10, 11), policy=GUARDED)
    done = decided(suite=covering(*range(10, 19)), policy=GUARDED)

    assert found.held
    assert not done.held
    [proposal] = found.lower_it
    assert proposal.action == "add tests that reach billing/charge.py:12-18"
    assert (proposal.score, proposal.strategy) == (done.assessment.score, done.plan.strategy)


def test_what_lifts_a_hold_comes_first_and_what_does_not_says_so() -> None:
    """A lower score that is held still is worth less than one that may go."""
    tests, flag = decided(suite=covering(10, 11), policy=GUARDED, context=SLOW).lower_it

    assert (tests.action, tests.held) == ("add tests that reach billing/charge.py:12-18", False)
    assert (flag.strategy, flag.held) == ("feature-flag", True)
    wire = to_wire(decided(suite=covering(10, 11), policy=GUARDED, context=SLOW))
    assert ["hold" in proposal for proposal in wire["lower_it"]] == [False, True]
    assert f"→ {flag.score:.2f} (hold, then feature-flag, start 1 %)" in show(wire, "text")


def test_tests_that_change_nothing_are_not_proposed() -> None:
    """Neither the model nor the policy asks for coverage here."""
    assert decided(p=0.6, suite=covering(10)).lower_it == ()


def test_without_a_report_a_test_file_is_tried_as_part_of_the_change() -> None:
    """It is proposed where the model scores the change with it lower."""
    [proposal] = decided(p=0.3, untested=0.3).lower_it

    assert proposal.action == "add tests for billing/charge.py (tried with a test file of 20 lines)"
    assert (proposal.score, proposal.strategy) == (pytest.approx(0.3), "rolling")
    assert decided(p=0.6).lower_it == ()


SLOW = ServiceContext("checkout", rollback_speed=0.4)


def test_a_flag_is_proposed_with_the_score_of_a_fast_rollback() -> None:
    """The plan is that of the strategy feature-flag, under the same policy."""
    found = decided(context=SLOW)

    assert found.assessment.score == pytest.approx(0.75)
    [proposal] = found.lower_it
    assert proposal.action == "ship it behind a flag, off until released: rollback speed 1 for 0.4"
    assert (proposal.score, proposal.strategy, proposal.initial_traffic) == (pytest.approx(0.3), "feature-flag", 1)
    assert to_wire(found)["lower_it"] == [
        {"action": proposal.action, "score": proposal.score, "strategy": "feature-flag", "initial_traffic": 1}]


@pytest.mark.parametrize("context", [
    ServiceContext("checkout", rollback_speed=0.4, flags=False), ServiceContext("checkout"),
    ServiceContext("checkout", rollback_speed=0.4, requests_per_minute=0.001),
])
def test_no_flag_is_proposed_that_is_not_possible_or_brings_nothing(context: ServiceContext) -> None:
    """No flag service, a rollback that is as fast already, too little traffic to judge a share by."""
    assert decided(context=context).lower_it == ()


@pytest.mark.parametrize("path", ["README.md", "pom.xml", "db/migrations/7.sql", ".github/workflows/ci.yml"])
def test_what_no_flag_can_switch_off_gets_none(path: str) -> None:
    """Prose, a build, a migration, a pipeline."""
    assert not any("flag" in proposal.action for proposal in decided(path, context=SLOW).lower_it)


def test_there_are_never_more_than_three() -> None:
    """The best ones, least careful first."""
    files = tuple(FileDiff(p, p, hunks=(Hunk(9, 0, 10, 9),), added=b"x()\n" * 9, lines_before=9) for p in ("a/b.py", "a/c.py"))
    suite = SuiteRun(coverage={p: FileCoverage(frozenset(), frozenset(range(10, 19))) for p in ("a/b.py", "a/c.py")})

    class Lines(FlatScorer):
        def score(self, vector: Any) -> Scored:
            p = min(0.9, vector["la"] / 30)
            return Scored(p, 0.0, 0.0, {"la": 0.0}, p, p)

    change = Change((*files, FileDiff("d.py", "d.py", hunks=(Hunk(9, 0, 10, 9),), added=b"x()\n" * 9)), (Commit("a" * 40),))
    found = judge(change, None, suite, Lines(0), GUARDED, id="1", now=NOW, repository="r", context=SLOW)

    assert 1 < len(found.lower_it) <= 3
    assert all(p.action for p in found.lower_it)
