"""The table of all features, and the vector that they make of a change.

``FEATURE_SET`` goes up when a name, its meaning or the set changes,
so that a model never reads numbers it was not trained on.
To bump it: change the features, raise the number here, run ``make docs``, and train the bundled model again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Literal

from riskml.errors import BadFeatureValue, FeatureError, UnknownFeature
from riskml.features import content, diffusion, flow, past, people, purpose, reported, repository, size, testing
from riskml.features.feature import UNKNOWN, Evidence, Feature, Group

FEATURE_SET = 1
Profile = Literal["default", "people"]

GROUPS: tuple[Group, ...] = (
    size.GROUP, diffusion.GROUP, past.GROUP, reported.GROUP, repository.GROUP, people.GROUP, purpose.GROUP, content.GROUP,
    flow.GROUP, testing.GROUP,
)
CATALOGUE: tuple[Feature, ...] = tuple(feature for group in GROUPS for feature in group.features)
NAMES: tuple[str, ...] = tuple(feature.name for feature in CATALOGUE)

_BY_NAME: Mapping[str, Feature] = {feature.name: feature for feature in CATALOGUE}
_PLANS: Mapping[str, tuple[tuple[Callable[[Evidence], Sequence[float]] | None, tuple[float, ...]], ...]] = {
    profile: tuple((group.compute if profile == "people" or not any(f.person for f in group.features) else None,
                    (UNKNOWN,) * len(group.features)) for group in GROUPS)
    for profile in ("default", "people")
}


def extract(evidence: Evidence, profile: Profile = "default") -> dict[str, float]:
    r"""Compute every feature, in the order of ``NAMES``; NaN is unknown.

    What describes a person is computed with ``profile="people"`` only, and NaN otherwise.

    >>> from riskml.change import Change, FileDiff, Hunk
    >>> change = Change((FileDiff("a.py", "a.py", hunks=(Hunk(1, 1, 1, 2),), added=b"if x:\\n  y()\\n", removed=b"y()\\n"),))
    >>> vector = extract(Evidence(change))
    >>> vector["la"], vector["ld"], vector["conditionals_added"], vector["nuc"]
    (2.0, 1.0, 1.0, nan)
    """
    return dict(zip(NAMES, values(evidence, profile), strict=True))


def values(evidence: Evidence, profile: Profile = "default") -> tuple[float, ...]:
    """Compute the same as ``extract`` without the names, for whoever asks a hundred thousand times."""
    plan = _PLANS.get(profile)
    if plan is None:
        raise FeatureError("unknown profile", where="profile", got=profile, expected="one of: default, people")
    vector: list[float] = []
    for compute, unknown in plan:
        vector += map(float, compute(evidence)) if compute is not None else unknown
    return tuple(vector)


def by_name(name: str) -> Feature:
    """Look a feature up. Raises UnknownFeature, which names the nearest one.

    >>> by_name("la").unit
    'lines'
    """
    feature = _BY_NAME.get(name)
    if feature is None:
        raise UnknownFeature("no such feature", where="features", got=name, expected=_nearest(name))
    return feature


def validate(mapping: object) -> dict[str, float]:
    """Check a vector that somebody else computed; absent names and ``None`` are unknown (NaN).

    >>> validate({"la": 12, "fix": None})["la"]
    12.0

    Raises UnknownFeature for a name that the catalogue does not have, BadFeatureValue for what is not a number of its range.
    """
    if not isinstance(mapping, Mapping):
        raise BadFeatureValue("not a mapping of features", where="features", got=mapping,
        expected='an object such as {"la": 120}')
    vector = dict.fromkeys(NAMES, UNKNOWN)
    for name, value in mapping.items():
        vector[name] = _checked(by_name(name) if isinstance(name, str) else by_name(repr(name)), value)
    return vector


def _checked(feature: Feature, value: object) -> float:
    where = f"features.{feature.name}"
    if value is None:
        return UNKNOWN
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadFeatureValue("not a number", where=where, got=value,
        expected=f"a number of {feature.unit}, or null when unknown")
    if value != value:  # NaN; isnan would choke on an integer too large for a float
        return UNKNOWN
    if not feature.low <= value <= feature.high or abs(value) > 1e15:
        raise BadFeatureValue("outside of its range", where=where, got=value,
                              expected=f"a number from {feature.low:g} to {min(feature.high, 1e15):g}, or null when unknown")
    return float(value)


def _nearest(name: str) -> str:
    close = get_close_matches(name.lower(), NAMES, n=1, cutoff=0.5)
    return f"a name of the catalogue, such as {close[0]}" if close else "a name of the catalogue: see `riskml features --list`"
