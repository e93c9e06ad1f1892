"""A validation as it is written in YAML, and what it makes of a plan: tighter gates and the team's own shares.

A validation can only add care. A limit looser than the policy's, or a ladder that is wider, faster, less watched, or lets more
users meet the new version than the policy's in the same time, is refused with what would be right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from riskml import document
from riskml.document import Limits
from riskml.errors import PolicyError
from riskml.plan import ALL_BP
from riskml.policy.quantity import METRICS, criterion, duration_s, share_bp
from riskml.policy.stages import INTERVAL_S
from riskml.policy.yaml_text import read_yaml
from riskml.validation import Criterion, LoadTest, Method, Step, Validation

# A path of our own host: no "//", which names another host, no space or control character, no fragment.
UrlPath = Annotated[str, Limits(pattern=r"\A/(?![/\\])[^\s\x00-\x20\x7f#\\\ud800-\udfff]{0,2000}\Z")]


@dataclass(frozen=True, slots=True)
class _CriteriaText:
    """Limits by metric, each with its unit: ``"< 0.5 %"``, ``"< 800 ms"``."""

    error_rate: str | None = None
    latency_p50: str | None = None
    latency_p90: str | None = None
    latency_p95: str | None = None
    latency_p99: str | None = None
    latency_p999: str | None = None


@dataclass(frozen=True, slots=True)
class _LoadTestText:
    """The load: how many users, how many of them start each second, for how long, on which path (default: the API's)."""

    users: Annotated[int, Limits(minimum=1, maximum=1_000_000)]
    spawn_rate: Annotated[float, Limits(above=0, maximum=100_000)]
    duration: str
    endpoint: UrlPath | None = None
    method: Method = "GET"
    body: Annotated[str | None, Limits(pattern=r"\A[^\ud800-\udfff]*\Z")] = None
    content_type: Annotated[str, Limits(pattern=r"\A[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?\Z")] = "application/json"


@dataclass(frozen=True, slots=True)
class _StageText:
    """One share of the traffic and how long it lasts at least; everybody lasts."""

    traffic: str
    duration: str | None = None


@dataclass(frozen=True, slots=True)
class _ValidationText:
    """The file: a feature, its API, its limits, its load test and its shares."""

    version: Annotated[int, Limits(minimum=1, maximum=1)]
    feature: Annotated[str, Limits(pattern=r"\A(?=.*\S).{1,200}\Z")]
    api: UrlPath
    criteria: _CriteriaText
    load_test: _LoadTestText | None = None
    stages: Annotated[tuple[_StageText, ...], Limits(max_items=49)] = ()


def load_validation(text: str | bytes, *, name: str = "validation") -> Validation:
    """Read a validation from YAML text; every mistake is a ``PolicyError`` with its path, the value and what is legal.

    >>> load_validation('{version: 1, feature: cart, api: /cart, criteria: {latency_p95: "< 800"}}')
    Traceback (most recent call last):
    riskml.errors.PolicyError: not a limit at criteria.latency_p95: got '< 800'; expected such as "< 800 ms"
    """
    return read_validation(read_yaml(text, name=name))


def read_validation(value: object) -> Validation:
    """Read a validation from plain values, as ``load_validation`` does from text."""
    read = document.read(_ValidationText, value, error=PolicyError)
    return Validation(read.feature, read.api, _criteria(read.criteria), _load_test(read), _steps(read.stages))


def _criteria(text: _CriteriaText) -> tuple[Criterion, ...]:
    written = [(metric, getattr(text, metric)) for metric in METRICS]
    found = tuple(criterion(metric, limit, f"criteria.{metric}") for metric, limit in written if limit is not None)
    if not found:
        raise PolicyError("no limit", where="criteria", expected=f"at least one of: {', '.join(METRICS)}")
    return found


def _load_test(read: _ValidationText) -> LoadTest | None:
    text = read.load_test
    if text is None:
        return None
    if text.body is not None and text.method in ("GET", "HEAD"):
        raise PolicyError(f"{text.method} sends no body", where="load_test.body", got=text.body,
                          expected="no such key, or POST")
    length = duration_s(text.duration, "load_test.duration")
    return LoadTest(text.users, text.spawn_rate, length, text.endpoint or read.api, text.method, text.body, text.content_type)


def _steps(texts: tuple[_StageText, ...]) -> tuple[Step, ...]:
    """Read the shares: each larger than the one before, ended by everybody whether that is written or not."""
    steps: list[Step] = []
    for i, text in enumerate(texts):
        share = share_bp(text.traffic, f"stages[{i}].traffic")
        if steps and share <= steps[-1].traffic_bp:
            raise PolicyError("the share does not rise", where=f"stages[{i}].traffic", got=text.traffic,
                              expected=f"more than {steps[-1].traffic_bp / 100:g} %")
        if share < ALL_BP and text.duration is None:
            raise PolicyError("missing key", where=f"stages[{i}].duration", expected="a length such as 1h")
        length = 0 if text.duration is None else duration_s(text.duration, f"stages[{i}].duration")
        if length % INTERVAL_S:
            raise PolicyError("too fine", where=f"stages[{i}].duration", got=text.duration,
                              expected="whole minutes, such as 5m")
        steps.append(Step(share, length))
    if steps and steps[-1].traffic_bp < ALL_BP:
        steps.append(Step(ALL_BP, 0))
    return tuple(steps)
