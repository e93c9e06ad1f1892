"""The page that documents the policy: prose here, tables made from what the code reads and decides by."""

from __future__ import annotations

from collections.abc import Sequence

from riskml import document
from riskml.policy.eligibility import CHECKS
from riskml.policy.file import PolicyText
from riskml.policy.policy import default_text
from riskml.policy.strategies import WAYS

_PAGE = """# Policy

A policy says which risk is released how. It is one YAML file. Without one, the founding rule of the project decides:

```yaml
{default}```

`riskml policy check FILE` reads a policy and warns of rules that would treat a higher score less carefully. A policy
that lives in the scored repository is read at the base of the change, so that no change edits its own judge.

Every mistake in the file is refused with the key's path, the value that was found, and what is legal. No key is ever
ignored.

## How a plan comes about

1. **Rules.** From the top, the first rule whose conditions all hold wins; the last one has no `when`. What is unknown
   satisfies no comparison: the rule is passed over, and the plan says so.
2. **Guardrails and freezes** hold a release whatever its rule: its first stage then waits for a person, and the reasons
   stand in the plan. Unless the policy has guardrails of its own, failed tests hold. A migration that takes data away
   always does.
3. **Overrides** are a person's decision for one change. They need a reason and an end, and stay visible in the plan.
4. **Eligibility.** What is not possible for this service is replaced by the next more careful way that is. If there is
   none, a less careful way remains, and a person must approve it.
5. **Stages.** Each share of the traffic lasts until it has brought the sample that its verdict needs. Where the longest
   stage is too short for that, the ramp starts with a larger share; where half of the traffic is too little, no share
   is shown at all.

## Score

`score = min(1, impact × probability / detection_capability / rollback_speed)`. The factors describe the service and lie
in (0, 1]; each is 1 unless the service says otherwise, which leaves the score equal to the calibrated probability of
harm. The plan carries all four.

A score is called **high** above the largest score that a rule of the policy starts at, **medium** above the smallest,
and **low** below. What would be low only because nothing is known of the past is **unknown**.

## Conditions

Keys of `when` are `score`, `probability`, `percentile` (among the repository's recent changes), `tier` (of the
service), `tests_failed`, `destructive_migration`, `unknown`, and every feature by its name. All of one `when` must
hold.

| written | holds when |
| --- | --- |
| `"> 0.7"`, `">= 0.7"`, `"< 0.7"`, `"<= 0.7"`, `"== 1"`, `"!= 1"` | the comparison does |
| `"> 0.4, <= 0.7"` | both comparisons do |
| `3` | the value is 3 |
| `true`, `false` | the value is above 0, is 0 |
| `known`, `unknown` | there is a value, there is none |
| `unknown: [coverage_changed_lines, nuc]` | one of the named features is unknown |

## Strategies

{strategies}

From top to bottom they are more careful: a plan of a lower row never shows the new version to more users at once, never
sooner, and never less watched. `canary` and `feature-flag` are equally careful.

## Eligibility

{checks}

A migration takes data away when its added lines drop or rename a table or a column, truncate, or delete without a
condition.

## Sample and length of a stage

A stage must be able to see that the error rate rises from `sample.baseline_error_rate_percent` to
`sample.detectable_ratio` times that, with chance `sample.power`, at `sample.alpha`. The two-proportion test with
unequal arms gives the requests that the new version needs for one look at the end; a test that may look at every minute
is given 2.5 times as many. With the defaults that is 4,046 requests at 1 % and 9,202 at 50 %. The length follows from
the service's `requests_per_minute`; without it stages have `timing.default_stage_s`, and the plan says how many
requests a verdict needs.

With `ramp: optimise`, of the ladders that begin with the rule's share the one is taken that has the least expected harm
(`score` × share of users × time until seen and rolled back) and delay. A higher score never gets a shorter ladder.

## More than the default

```yaml
version: 1
name: payments
mode: advise
rules:
  - when: {{score: "> 0.7", tier: 1}}
    strategy: canary
    stages:
      - {{traffic: 0, audience: {{segment: internal}}, min_duration_s: 3600}}
      - {{traffic: 1, min_duration_s: 3600}}
      - {{traffic: 10, min_duration_s: 14400}}
      - {{traffic: 50}}
  - when: {{score: "> 0.7"}}
    strategy: canary
    initial_traffic: 1
  - when: {{score: "> 0.3"}}
    strategy: blue-green
  - when: {{percentile: "> 95"}}
    strategy: blue-green
  - strategy: rolling
rollback: {{error_rate_percent: 2, latency_p99_ms: 800, drain_s: 30}}
guardrails:
  - {{when: {{tests_failed: true}}, reason: tests failed}}
  - {{when: {{sensitive_files: "> 0", unknown: tests_run}}, reason: sensitive files without a test report}}
freeze:
  - reason: weekend
    weekly: {{starts: fri 16:00, ends: mon 08:00, utc_offset_minutes: 60}}
    allow_below: 0.1
overrides:
  - {{change: "!42", reason: rehearsed twice, expires: 2026-12-01T00:00:00Z, strategy: rolling}}
sample: {{baseline_error_rate_percent: 0.2, detectable_ratio: 3}}
```

## Service

What a policy needs to know of a service is a YAML or JSON file of its own; every key may be left out:

```yaml
name: checkout
impact: 0.8
detection_capability: 0.9
rollback_speed: 1.0
requests_per_minute: 1200
replicas: 12
tier: 1
targets: [flagger]
stateful: false
flags: true
mesh: true
```

## All keys

{keys}
"""

MEANINGS: dict[str, str] = {
    "version": "the format of the file; 1",
    "name": "how the policy is called in answers; else the file's name",
    "mode": "`enforce` binds; `advise` and `shadow` decide the same, and close no gate",
    "fail_mode": "what a gate answers when it cannot judge: `closed` holds, `open` lets pass",
    "rules": "first match wins; the last one has no `when`",
    "rules[].when": "conditions that must all hold",
    "rules[].strategy": "the way to release",
    "rules[].initial_traffic": "first share in percent (for a dark launch: the mirrored share)",
    "rules[].stage": "stages of blue-green: a preview and the switch",
    "rules[].stages": "a ladder of your own, in place of the policy's `stages`",
    "rules[].stages[].traffic": "share in percent; 0 for a stage without users",
    "rules[].stages[].name": "its name, a DNS label",
    "rules[].stages[].mirror": "share of the traffic that is copied, in percent",
    "rules[].stages[].audience": "who may see it",
    "rules[].stages[].audience.segment": "a named audience",
    "rules[].stages[].audience.match_any": "or any of these conditions on a request or user",
    "rules[].stages[].audience.match_any[].kind": "where to look",
    "rules[].stages[].audience.match_any[].name": "name of the header, cookie or attribute",
    "rules[].stages[].audience.match_any[].op": "how to compare",
    "rules[].stages[].audience.match_any[].value": "with what",
    "rules[].stages[].min_duration_s": "at least so long; lengthened where the traffic needs it",
    "rules[].stages[].max_duration_s": "at most so long",
    "rules[].stages[].approval": "`manual`: a person must let it begin",
    "rules[].stages[].on_inconclusive": "what follows when the longest time brings no verdict",
    "rules[].approval": "`manual`: a person must let the release begin",
    "rules[].ramp": "overrides the policy's `ramp`",
    "rollback": "limits that undo a release, and the default gates",
    "rollback.error_rate_percent": "failed requests, percent",
    "rollback.latency_p50_ms": "median latency",
    "rollback.latency_p95_ms": "latency of the 95th percentile",
    "rollback.latency_p99_ms": "latency of the 99th percentile",
    "rollback.drain_s": "how long old connections may end",
    "rollback.notify": "who is told",
    "guardrails": "looked at whatever the score; unless given: failed tests hold",
    "guardrails[].when": "conditions that must all hold",
    "guardrails[].reason": "shown to people",
    "guardrails[].action": "`hold` keeps the release from starting on its own, `warn` only tells",
    "eligibility": "checks of feasibility, before preference",
    "eligibility.destructive_migration": "switch the check off with `false`",
    "eligibility.mesh": "switch the check off with `false`",
    "eligibility.flags": "switch the check off with `false`",
    "eligibility.stateful": "switch the check off with `false`",
    "eligibility.traffic": "switch the check off with `false`",
    "stages": "the steps of a ramp after its first share, percent",
    "ramp": "`optimise` takes the ladder with least expected harm and delay",
    "ramp_cost": "what `optimise` weighs",
    "ramp_cost.delay": "an hour of delay, in hours of full exposure to harm",
    "ramp_cost.rollback_s": "how long a rollback takes",
    "sample": "what a verdict must be able to see",
    "sample.baseline_error_rate_percent": "errors of the healthy service",
    "sample.detectable_ratio": "how many times as many errors must be seen",
    "sample.alpha": "chance of a false rollback, per release",
    "sample.power": "chance to see the degradation",
    "sample.min_requests": "a sample size of your own, in place of the computed one",
    "timing": "lengths of stages",
    "timing.min_stage_s": "no stage is shorter",
    "timing.max_stage_s": "no stage is lengthened beyond",
    "timing.default_stage_s": "length when the traffic is unknown",
    "timing.expires_s": "how long a plan is good for",
    "gates": "gates of your own, in place of those made from `rollback`",
    "gates[].id": "its name",
    "gates[].metric": "what is measured",
    "gates[].op": "how it must compare",
    "gates[].value": "with what",
    "gates[].unit": "in which unit",
    "gates[].window_s": "over which time",
    "gates[].max_ratio_to_baseline": "and at most so many times the old version's",
    "gates[].bad_query": "query that counts the bad events",
    "gates[].total_query": "query that counts all events",
    "gates[].value_query": "query of the value itself",
    "gates[].severity": "what a failure does",
    "freeze": "windows in which nothing starts on its own",
    "freeze[].reason": "shown to people",
    "freeze[].starts": "first moment of a single window",
    "freeze[].ends": "first moment after it",
    "freeze[].weekly": "or a window that returns every week",
    "freeze[].weekly.starts": "such as `fri 16:00`",
    "freeze[].weekly.ends": "such as `mon 08:00`",
    "freeze[].weekly.utc_offset_minutes": "the zone of both",
    "freeze[].allow_below": "scores below this may go out all the same",
    "overrides": "decisions of a person, for one change, with a reason and an end",
    "overrides[].change": "its commit (7 hex digits or more) or its change id",
    "overrides[].reason": "shown to people",
    "overrides[].expires": "after this it has no effect",
    "overrides[].strategy": "in place of the rule's",
    "overrides[].initial_traffic": "in place of the rule's, percent",
    "overrides[].lift_hold": "lets a held release start; what held it stays visible",
}


def page() -> str:
    """Write the page as Markdown.

    >>> page().splitlines()[0]
    '# Policy'
    """
    return _PAGE.format(default=default_text(), strategies=strategies_table(), checks=checks_table(), keys=keys_table())


def keys() -> dict[str, tuple[str, str, str]]:
    """Return every key of a policy file: its type and limits, its default, and what it means."""
    found: dict[str, tuple[str, str, str]] = {}
    for path, wanted, default in document.paths(PolicyText):
        found[path] = (wanted, default, MEANINGS[path])
    return found


def keys_table() -> str:
    """Return the table of all keys."""
    rows = [(f"`{path}`", *told) for path, told in keys().items()]
    return _table(("key", "what", "default", "meaning"), rows)


def strategies_table() -> str:
    """Return the table of the six ways to release."""
    ways = sorted(WAYS.values(), key=lambda w: w.caution)
    rows = [(f"`{w.name}`", w.meaning, w.switching, w.resources, w.undo) for w in ways]
    return _table(("strategy", "what happens", "switching", "resources", "undoing it"), rows)


def checks_table() -> str:
    """Return the table of the checks of feasibility."""
    rows = [(f"`{c.name}`", ", ".join(c.rules_out), c.why, c.remedy) for c in CHECKS]
    return _table(("check", "rules out", "because", "what would help"), rows)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
