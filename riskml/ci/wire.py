"""Reading a decision that comes from a job nobody can vouch for: what is passed on has the right shape, whatever the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any, NoReturn, get_args

from riskml.assessment import Band
from riskml.errors import InputError, TooLarge
from riskml.plan import Strategy

LARGEST = 4 * 1024 * 1024
"""Bytes of a decision; a real one has some ten thousand."""

_MEASURED = ("probability", "score")  # null where there is nothing to release
_LEGAL = {"band": get_args(Band), "strategy": get_args(Strategy)}

_Shape = Any
_NUMBER, _TEXT, _FLAG = float, str, bool
_PART = {"changes": _NUMBER, "score": _NUMBER, "strategy": _TEXT}
_WHOLE_REASON = {"feature": _TEXT, "text": _TEXT, "contribution": _NUMBER}
_SHAPE: Mapping[str, _Shape] = {
    "probability": _NUMBER, "score": _NUMBER, "band": _TEXT, "strategy": _TEXT, "created_at": _TEXT,
    "reasons": [_WHOLE_REASON], "files": [{"path": _TEXT, "share": _NUMBER}],
    "lower_it": [{"action": _TEXT, "score": _NUMBER, "strategy": _TEXT}], "unknown": [_TEXT],
    "plan": {}, "model": {}, "policy": {},
}
_IF_THERE: Mapping[str, Mapping[str, _Shape]] = {
    "": {"id": _TEXT, "repository": _TEXT, "head": _TEXT, "base": _TEXT, "base_rate": _NUMBER, "percentile": _NUMBER,
         "initial_traffic": _NUMBER, "stage": _NUMBER, "lower": _NUMBER, "upper": _NUMBER, "hold": _FLAG, "notes": [_TEXT],
         "release": {}, "empty": _FLAG},
    "plan": {"stages": [{"name": _TEXT, "traffic_bp": _NUMBER, "min_duration_s": _NUMBER}], "hold": [_TEXT], "notes": [_TEXT],
             "rules_fired": [_TEXT]},
    "plan.stages[]": {"min_requests": _NUMBER, "mirror_bp": _NUMBER, "gates": [_TEXT], "approval": _TEXT, "audience": {}},
    "plan.stages[].audience": {"segment": _TEXT},
    "reasons[]": {"percentile": _NUMBER, "files": [_TEXT]},
    "lower_it[]": {"initial_traffic": _NUMBER, "hold": _FLAG},
    "release": {"changes": _NUMBER, "expected_harmful": _NUMBER, "at_least": _NUMBER, "at_most": _NUMBER,
                "one_diff": {"probability": _NUMBER},
                "ranked": [{"commit": _TEXT, "probability": _NUMBER, "share": _NUMBER}],
                "cancelled": [{"commit": _TEXT, "by": _TEXT}], "splits": [{"action": _TEXT, "parts": [_PART]}]},
    "release.ranked[]": {"subject": _TEXT, "reason": {"text": _TEXT}, "can_wait": _FLAG},
    "release.cancelled[]": {"subject": _TEXT},
    "release.splits[]": {"count": _NUMBER, "kind": _TEXT},
    "release.splits[].parts[]": {"up_to": _TEXT, "expected_harmful": _NUMBER, "initial_traffic": _NUMBER, "hold": [_TEXT]},
}


def read_decision(data: bytes, name: str = "decision") -> dict[str, Any]:
    """Return a decision as ``POST /predict`` answers it, every part that is shown being of its type.

    Raises ``InputError`` with the path of what is wrong, ``TooLarge``.
    """
    if len(data) > LARGEST:
        raise TooLarge("the decision is too large", where=name, got=len(data), expected=f"at most {LARGEST} bytes")
    try:
        value = json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise InputError("not JSON", where=name, expected="what `riskml predict --format json` writes") from None
    if not isinstance(value, dict):
        raise InputError("not a decision", where=name, got=value, expected="a JSON object")
    for key, shape in _SHAPE.items():
        if key not in value:
            raise InputError("not a decision", where=name, got=sorted(value)[:9], expected=f"the key {key}")
        if value[key] is None and key in _MEASURED and value.get("empty") is True:
            continue
        _check(value[key], shape, key, name)
    _check_given(value, "", name)
    for key, top in (("probability", 1), ("score", 1), ("percentile", 100), ("base_rate", 1)):
        number = value.get(key)
        if number is not None and not 0 <= number <= top:
            raise InputError("out of range", where=f"{name}: {key}", got=number, expected=f"0 to {top}")
    for key, legal in _LEGAL.items():
        if value[key] not in legal:
            raise InputError("not a decision", where=f"{name}: {key}", got=value[key], expected=f"one of: {', '.join(legal)}")
    return value


def _check(value: Any, shape: _Shape, path: str, name: str) -> None:
    if isinstance(shape, list):
        if not isinstance(value, list):
            raise _wrong(path, name, value, "a list")
        for item in value:
            _check(item, shape[0], f"{path}[]", name)
    elif isinstance(shape, Mapping):
        if not isinstance(value, dict):
            raise _wrong(path, name, value, "an object")
        for key, inner in shape.items():
            if key not in value:
                raise _wrong(f"{path}.{key}", name, None, "a value")
            _check(value[key], inner, f"{path}.{key}", name)
        _check_given(value, path, name)
    elif shape is _NUMBER:
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_sane(value):
            raise _wrong(path, name, value, "a number")
    elif not isinstance(value, shape):
        raise _wrong(path, name, value, "a text" if shape is _TEXT else "true or false")


def _check_given(value: Mapping[str, Any], path: str, name: str) -> None:
    """Check what may be absent or null."""
    for key, shape in _IF_THERE.get(path, {}).items():
        if value.get(key) is not None:
            _check(value[key], shape, f"{path}.{key}".lstrip("."), name)


def _is_sane(value: float) -> bool:
    return isfinite(value) and abs(value) < 1e15 if isinstance(value, float) else abs(value) < 10**15


def _wrong(path: str, name: str, got: object, expected: str) -> InputError:
    return InputError("not a decision", where=f"{name}: {path}", got=got, expected=expected)


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)
