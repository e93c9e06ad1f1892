"""A policy: which risk is released how. Read from YAML, checked to the last key, identified by its content."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from riskml import document
from riskml.assessment import Band, PolicyRef
from riskml.errors import PolicyError
from riskml.plan import ALL_BP, Strategy
from riskml.policy.condition import Condition, read_when
from riskml.policy.facts import Facts
from riskml.policy.file import FreezeText, PolicyText, RuleText, StageText
from riskml.policy.yaml_text import read_yaml


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, read: conditions that must all hold (none: always), and the way to release with its shares in basis points."""

    when: tuple[Condition, ...]
    strategy: Strategy
    initial_bp: int | None
    stage: int | None
    stages: tuple[StageText, ...]
    approval: Literal["automatic", "manual"]
    ramp: Literal["standard", "optimise"]

    def matches(self, facts: Facts) -> bool | None:
        """Return whether all conditions hold; ``None`` when none fails but one cannot be judged."""
        found = [c.holds(facts) for c in self.when]
        return False if False in found else None if None in found else True

    def __str__(self) -> str:
        return " and ".join(str(c) for c in self.when) or "otherwise"


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A condition that holds a release, or warns, whatever its score."""

    when: tuple[Condition, ...]
    reason: str
    action: Literal["hold", "warn"]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that was read and makes sense. ``ref.version`` is the format version and twelve digits of the content's hash."""

    ref: PolicyRef
    text: PolicyText
    rules: tuple[Rule, ...]
    guardrails: tuple[Guardrail, ...]

    def rule_for(self, facts: Facts) -> tuple[Rule, tuple[Rule, ...]]:
        """Return the first rule that matches, and the earlier ones that could not be judged."""
        unjudged: list[Rule] = []
        for rule in self.rules:
            matched = rule.matches(facts)
            if matched:
                return rule, tuple(unjudged)
            if matched is None:
                unjudged.append(rule)
        raise PolicyError("no rule matches", where="rules", expected="a last rule without when")

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The scores above which a rule on the score alone starts, lowest first: the borders of the bands."""
        found = {c.span[0] for rule in self.rules for c in rule.when if len(rule.when) == 1 and c.key == "score"}
        return tuple(sorted(t for t in found if 0 <= t <= 1))

    def band(self, score: float) -> Band:
        """Return ``high`` above the policy's highest score threshold, ``medium`` above its lowest, else ``low``.

        >>> [default_policy().band(s) for s in (0.4, 0.41, 0.7, 0.71)]
        ['low', 'medium', 'medium', 'high']
        """
        borders = self.thresholds
        if not borders:
            return "unknown"
        if score > borders[-1]:
            return "high"
        return "medium" if score > borders[0] else "low"


def load_policy(text: str | bytes, *, name: str = "policy", features: Collection[str] | None = None) -> Policy:
    """Read a policy from YAML text. ``features`` are the names that a ``when`` may test (``None``: any identifier).

    Every mistake is a ``PolicyError`` with the key's path, the value, and what is legal.

    >>> load_policy("{version: 1, rules: [{strategy: rolling, stage: 2}]}")
    Traceback (most recent call last):
    riskml.errors.PolicyError: rolling has no stage at rules[0].stage: got 2; expected strategy blue-green
    """
    return read_policy(read_yaml(text, name=name), name=name, features=features)


def read_policy(value: object, *, name: str = "policy", features: Collection[str] | None = None) -> Policy:
    """Read a policy from plain values, as ``load_policy`` does from text."""
    text = document.read(PolicyText, value, error=PolicyError)
    rules = tuple(_read_rule(r, f"rules[{i}]", features, text) for i, r in enumerate(text.rules))
    for i, rule in enumerate(rules):
        last = i == len(rules) - 1
        if last and rule.when:
            raise PolicyError("the last rule must catch the rest", where=f"rules[{i}].when", got=str(rule), expected="no when")
        if not last and not rule.when:
            raise PolicyError("the rules after this one can never match", where=f"rules[{i}]", expected="a when")
    guardrails = tuple(
        Guardrail(read_when(g.when, where=f"guardrails[{i}].when", features=features), g.reason, g.action)
        for i, g in enumerate(text.guardrails)
    )
    _check_ladder(text.stages, "stages")
    _unique([g.id for g in text.gates], "gates")
    _check_freeze(text.freeze)
    if text.timing.max_stage_s < text.timing.min_stage_s:
        raise PolicyError("shorter than min_stage_s", where="timing.max_stage_s", got=text.timing.max_stage_s,
                          expected=f"at least {text.timing.min_stage_s}")
    digest = hashlib.sha256(document.canonical(_plain(document.write(text)))).hexdigest()
    return Policy(PolicyRef(text.name or name, f"{text.version}-{digest[:12]}"), text, rules, guardrails)


@cache
def default_policy() -> Policy:
    """Return the policy that decides where none is given: the file ``default.yaml`` of this package."""
    return load_policy(default_text(), name="default")


def default_text() -> str:
    """Return the default policy as it is written."""
    return files("riskml.policy").joinpath("default.yaml").read_text(encoding="utf-8")


def _read_rule(rule: RuleText, where: str, features: Collection[str] | None, text: PolicyText) -> Rule:
    way = rule.strategy
    shares = way in ("canary", "feature-flag", "dark-launch")
    if rule.initial_traffic is not None and not shares:
        raise PolicyError(f"{way} has no shares", where=f"{where}.initial_traffic", got=rule.initial_traffic,
                          expected="no such key, or strategy canary, feature-flag or dark-launch")
    if rule.stage is not None and way != "blue-green":
        raise PolicyError(f"{way} has no stage", where=f"{where}.stage", got=rule.stage, expected="strategy blue-green")
    if rule.stages and way not in ("canary", "feature-flag"):
        raise PolicyError(f"{way} has no ladder", where=f"{where}.stages", expected="strategy canary or feature-flag")
    _check_ladder(tuple(s.traffic for s in rule.stages if s.audience is None), f"{where}.stages")
    _unique([s.name for s in rule.stages if s.name is not None], f"{where}.stages")
    initial = None
    if shares:
        percent = rule.initial_traffic
        if percent is None:
            percent = next((s.traffic for s in rule.stages if s.traffic), text.stages[0]) if way != "dark-launch" else 100.0
        initial = basis_points(percent, f"{where}.initial_traffic")
        if way != "dark-launch" and initial == ALL_BP:
            raise PolicyError(f"a {way} that starts with everybody", where=f"{where}.initial_traffic", got=percent,
                              expected="less than 100")
    when = () if rule.when is None else read_when(rule.when, where=f"{where}.when", features=features)
    return Rule(when, way, initial, (rule.stage or 2) if way == "blue-green" else None, rule.stages, rule.approval,
                rule.ramp or text.ramp)


def basis_points(percent: float, where: str) -> int:
    """Return a share in basis points; what is finer than 0.01 % is refused, because no target can express it."""
    found = round(percent * 100)
    if abs(found - percent * 100) > 1e-6:
        raise PolicyError("too fine", where=where, got=percent, expected="a percentage with at most two decimals")
    return found


def _unique(names: list[str], where: str) -> None:
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise PolicyError("given twice", where=where, got=twice[0], expected="a name of its own")


def _check_ladder(shares: tuple[float, ...], where: str) -> None:
    for i, share in enumerate(shares):
        basis_points(share, f"{where}[{i}]")
        if i and share < shares[i - 1]:
            raise PolicyError("the share falls", where=f"{where}[{i}]", got=share, expected=f"at least {shares[i - 1]:g}")


def _check_freeze(windows: tuple[FreezeText, ...]) -> None:
    for i, window in enumerate(windows):
        once = window.starts is not None and window.ends is not None
        half = (window.starts is None) != (window.ends is None)
        if half or once == (window.weekly is not None):
            raise PolicyError("not one window", where=f"freeze[{i}]", expected="starts and ends, or weekly")
        if window.starts is not None and window.ends is not None and window.ends <= window.starts:
            raise PolicyError("ends before it starts", where=f"freeze[{i}].ends", got=window.ends.isoformat(),
                              expected=f"a time after {window.starts.isoformat()}")


def _plain(value: Any) -> Any:
    """Return values that JSON can spell: what a ``when`` may hold beyond it is written as text."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
