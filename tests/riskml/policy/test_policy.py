"""Reading a policy: the default, and what is refused."""

from __future__ import annotations

import pytest

from riskml.errors import PolicyError
from riskml.policy.facts import facts_of_score
from riskml.policy.policy import default_policy, default_text, load_policy, read_policy

MINIMAL = {"version": 1, "rules": [{"strategy": "rolling"}]}


def test_the_default_is_the_founding_rule() -> None:
    """The file that ships says what the project was founded on."""
    assert default_text() == (
        "version: 1\nrules:\n"
        '  - when: {score: "> 0.7"}\n    strategy: canary\n    initial_traffic: 1\n'
        '  - when: {score: "> 0.4"}\n    strategy: blue-green\n    stage: 2\n'
        "  - strategy: rolling\n"
        "rollback: {error_rate_percent: 5, latency_p99_ms: 1000}\n"
    )


def test_bands_come_from_the_rules() -> None:
    """High and medium start where the policy's own thresholds are, so no second copy can disagree."""
    strict = read_policy({"version": 1, "rules": [{"when": {"score": "> 0.1"}, "strategy": "canary"}, {"strategy": "rolling"}]})

    assert [default_policy().band(s) for s in (0.4, 0.5, 0.7, 0.8)] == ["low", "medium", "medium", "high"]
    assert [strict.band(s) for s in (0.1, 0.2)] == ["low", "high"]
    assert read_policy(MINIMAL).band(0.9) == "unknown"


def test_the_version_follows_the_content() -> None:
    """Two policies that decide differently never share a version; spacing and order of keys do not matter."""
    one, same = (
        load_policy("{version: 1, rules: [{strategy: rolling}]}"),
        load_policy("rules:\n- strategy: rolling\nversion: 1\n"),
    )
    other = load_policy("{version: 1, rules: [{strategy: full}]}")

    assert one.ref.version == same.ref.version != other.ref.version
    assert one.ref.version.startswith("1-")


def test_the_first_rule_that_matches_wins_and_unjudged_ones_are_told() -> None:
    """A rule about something unknown is passed over, and named."""
    policy = read_policy(
        {
            "version": 1,
            "rules": [
                {"when": {"percentile": "> 95"}, "strategy": "canary"},
                {"when": {"score": "> 0.2"}, "strategy": "blue-green"},
                {"when": {"score": "> 0.1"}, "strategy": "canary"},
                {"strategy": "rolling"},
            ],
        }
    )

    rule, unjudged = policy.rule_for(facts_of_score(0.5))

    assert rule.strategy == "blue-green"
    assert [str(r) for r in unjudged] == ["percentile > 95"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rules: [", r"policy:1:9"),
        ("version: 1\nversion: 1\nrules: []", r"the key 'version' is given twice at policy:2:1"),
        ("a: &x 1\nb: *x", "aliases are not allowed"),
        ("a: !!python/object:os.system x", "could not determine a constructor"),
        ("a: 2026-13-40", "not YAML"),
        ("- 1", "not an object at the top"),
        ("", "not an object at the top"),
        ("rules: [{strategy: rolling}]", "missing key at version"),
        ("{version: 2, rules: [{strategy: rolling}]}", "wrong value at version: got 2"),
        ("{version: 1, rules: []}", "wrong number of items at rules"),
        ("{version: 1, rulez: []}", "did you mean rules"),
        ("{version: 1, rules: [{strategy: rollin}]}", r"rules\[0\]\.strategy: got 'rollin'; expected one of: full, rolling"),
        (
            "{version: 1, rules: [{strategy: rolling, initial_traffic: 5}]}",
            r"rolling has no shares at rules\[0\]\.initial_traffic",
        ),
        ("{version: 1, rules: [{strategy: canary, initial_traffic: 0}]}", r"rules\[0\]\.initial_traffic"),
        ("{version: 1, rules: [{strategy: canary, initial_traffic: 100}]}", "starts with everybody"),
        ("{version: 1, rules: [{strategy: canary, initial_traffic: 0.001}]}", "too fine"),
        ("{version: 1, rules: [{strategy: canary, stage: 2}]}", "canary has no stage"),
        ("{version: 1, rules: [{strategy: blue-green, stage: 3}]}", r"rules\[0\]\.stage: got 3"),
        ("{version: 1, rules: [{strategy: rolling, stages: [{traffic: 5}]}]}", "rolling has no ladder"),
        (
            "{version: 1, rules: [{strategy: canary, stages: [{traffic: 5}, {traffic: 1}]}]}",
            r"the share falls at rules\[0\]\.stages\[1\]",
        ),
        ("{version: 1, rules: [{strategy: canary, stages: [{traffic: 1, name: a}, {traffic: 2, name: a}]}]}", "given twice"),
        ('{version: 1, rules: [{strategy: rolling, when: {score: "> 1"}}]}', "the last rule must catch the rest"),
        ("{version: 1, rules: [{strategy: rolling}, {strategy: full}]}", r"can never match at rules\[0\]"),
        (
            '{version: 1, rules: [{when: {scor: "> 1"}, strategy: full}, {strategy: full}]}',
            r"rules\[0\]\.when\.scor.*did you mean score",
        ),
        ("{version: 1, rules: [{strategy: full}], rollback: {error_rate_percent: 0}}", r"rollback\.error_rate_percent: got 0"),
        ("{version: 1, rules: [{strategy: full}], mode: enforced}", "expected one of: shadow, advise, enforce"),
        ("{version: 1, rules: [{strategy: full}], freeze: [{reason: x}]}", r"not one window at freeze\[0\]"),
        (
            "{version: 1, rules: [{strategy: full}], freeze: [{reason: x, starts: 2026-01-02T00Z, ends: 2026-01-01T00Z}]}",
            r"ends before it starts at freeze\[0\]\.ends",
        ),
        ("{version: 1, rules: [{strategy: full}], freeze: [{reason: x, weekly: {starts: friday, ends: mon 08:00}}]}", "freeze"),
        (
            "{version: 1, rules: [{strategy: full}], overrides: [{change: '!42', expires: 2026-01-01T00:00:00Z}]}",
            r"missing key at overrides\[0\]\.reason",
        ),
        (
            "{version: 1, rules: [{strategy: full}], overrides: [{change: '!42', reason: ' ', expires: 2026-01-01T00:00:00Z}]}",
            r"overrides\[0\]\.reason",
        ),
        ("{version: 1, rules: [{strategy: full}], timing: {min_stage_s: 600, max_stage_s: 300}}", r"timing\.max_stage_s"),
        ("{version: 1, rules: [{strategy: full}], guardrails: [{when: {}, reason: x}]}", r"guardrails\[0\]\.when"),
    ],
)
def test_a_policy_that_cannot_be_read_is_refused(text: str, words: str) -> None:
    """Each mistake names its place, the value and what is legal."""
    with pytest.raises(PolicyError, match=words):
        load_policy(text, features={"la"})


def test_a_huge_or_deep_file_is_refused() -> None:
    """Size and nesting are bounded before anything is built."""
    with pytest.raises(PolicyError, match="too long"):
        load_policy("#" * 300_000)
    with pytest.raises(PolicyError, match="not YAML"):
        load_policy("[" * 50_000)
