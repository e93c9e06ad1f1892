"""The check of a policy: what it warns of, and what it lets pass."""

from __future__ import annotations

from typing import Any

import pytest

from riskml.policy.check import check
from riskml.policy.policy import default_policy, read_policy

CANARY = {"strategy": "canary", "initial_traffic": 1}
ROLLING = {"strategy": "rolling"}


def warnings(*rules: dict[str, Any], **keys: Any) -> tuple[str, ...]:
    """Check a policy of these rules."""
    return check(read_policy({"version": 1, "rules": list(rules), **keys}))


def test_the_default_policy_passes() -> None:
    """What ships has no warning."""
    assert check(default_policy()) == ()


@pytest.mark.parametrize(
    ("rules", "word"),
    [
        ([{"when": {"score": "> 0.8"}, **ROLLING}, CANARY], "rules[0] (score > 0.8: rolling) is less careful than rules[1]"),
        ([{"when": {"score": "< 0.5"}, **CANARY}, ROLLING], "rules[1] (otherwise: rolling) is less careful than rules[0]"),
        ([{"when": {"score": "> 0.4, < 0.6"}, **CANARY}, ROLLING], "rules[1]"),
        ([{"when": {"percentile": "> 90"}, **ROLLING}, CANARY], "rules[0]"),
        ([{"when": {"score": "> 0.7"}, "strategy": "canary", "initial_traffic": 20}, CANARY], "rules[0]"),
        (
            [{"when": {"score": "> 0.7"}, **CANARY}, {"strategy": "canary", "initial_traffic": 1, "approval": "manual"}],
            "rules[0]",
        ),
    ],
)
def test_less_care_for_a_higher_score_is_warned_of(rules: list[dict[str, Any]], word: str) -> None:
    """Rules upside down, ranges that end, wider shares, approvals that vanish."""
    found = warnings(*rules)

    assert found
    assert word in found[0]


@pytest.mark.parametrize(
    "rules",
    [
        [{"when": {"tests_failed": True}, "strategy": "full"}, CANARY],
        [{"when": {"tier": 3}, **ROLLING}, {"when": {"score": "> 0.3"}, **CANARY}, ROLLING],
        [
            {"when": {"tier": 3, "score": "> 0.9"}, **CANARY},
            {"when": {"tier": 3}, **ROLLING},
            {"when": {"tier": 1}, "strategy": "full"},
            CANARY,
        ],
        [{"when": {"score": "> 0.9"}, "strategy": "dark-launch"}, {"when": {"score": "> 0.5"}, **CANARY}, ROLLING],
    ],
)
def test_what_does_not_depend_on_the_score_is_no_fault(rules: list[dict[str, Any]]) -> None:
    """A rule about tests or tiers may be as careless as it likes; conditions that exclude each other never meet."""
    assert warnings(*rules) == ()


def test_a_guardrail_that_holds_low_scores_only_is_warned_of() -> None:
    """Holding what is harmless and releasing what is not is upside down, too."""
    found = warnings(ROLLING, guardrails=[{"when": {"score": "< 0.2"}, "reason": "why not"}])

    assert found == ("guardrails[0] (why not) holds low scores and lets higher ones pass",)
